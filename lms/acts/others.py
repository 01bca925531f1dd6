"""The acts of lending that are not on a loan: on customers, credit lines, changes of rates, and dated rows."""

from typing import Final

from core.acts.approval import act_register
from core.acts.registry import Act
from lms.acts.customers import CUSTOMER_ACTS
from lms.acts.lines import LINE_ACTS, LINE_SANCTION_ACT
from lms.acts.publications import PUBLICATIONS
from lms.acts.rate_campaigns import CAMPAIGN_ACTS, NOTICE_ACTS
from lms.acts.sanctions import LOAN_SANCTION_ACT

OTHER_ACTS: Final[tuple[Act, ...]] = (
    LOAN_SANCTION_ACT,
    LINE_SANCTION_ACT,
    *LINE_ACTS,
    *CUSTOMER_ACTS,
    *CAMPAIGN_ACTS,
    *NOTICE_ACTS,
    *PUBLICATIONS,
)
OTHER_ACT_BY_SLUG: Final = {act.slug: act for act in OTHER_ACTS}


def acts_register() -> None:
    """Make these acts known to the rules and to maker and checker."""
    for act in OTHER_ACTS:
        act_register(act)
