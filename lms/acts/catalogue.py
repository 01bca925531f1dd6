"""Every act that the book offers on a loan, in the order of the buttons."""

from datetime import date
from typing import Final

from core.acts.registry import Values
from core.acts.rules import rule_of
from lms.acts.amounts import reversed_entry, reversed_paise, reversed_value_date
from lms.acts.calls import calls
from lms.acts.claims import BOUNCE_ACT, CHARGE_ACT, PENAL_ACT, SETTLE_ACT, WAIVE_ACT, WRITE_OFF_ACT
from lms.acts.first_rules import BACKDATED, BY_FINANCE, ORDINARY
from lms.acts.inputs import ReversalInput
from lms.acts.money import DISBURSE_ACT, FORECLOSE_ACT, PREPAY_ACT, RECEIPT_ACT, RECOVER_ACT, REFUND_ACT, TRANSFER_ACT
from lms.acts.new_terms import MORATORIUM_ACT, PAUSE_ACT, RATE_ACT, RESCHEDULE_ACT
from lms.acts.registry import LoanAct
from lms.acts.servicing import SERVICING_ACTS
from lms.errors.act_requests import ActUnknown
from lms.models import FactKind
from lms.services.reversals import fact_reverse


def _reversal_cause(loan_id: int, values: Values, on_date: date) -> str:
    """Tell why a reversal needs a second person: the entry that it undoes needed one."""
    target = reversed_entry(loan_id, values)
    if target is None:
        return ""
    act = _BY_KIND.get(FactKind(target.kind))
    was_approved = target.idempotency_key.startswith("approval:")
    is_always = act is not None and rule_of(act=act, on_date=on_date).is_always
    return f"entry {target.sequence} needed a second person" if was_approved or is_always else ""


REVERSE_ACT: Final = LoanAct(
    slug="reverse",
    title="Reverse an entry",
    permission="lms.reverse_fact",
    approve_permission=BACKDATED,
    input=ReversalInput,
    run=calls(fact_reverse),
    is_reason_required=True,
    rule=ORDINARY,
    amount_paise=reversed_paise,
    value_date=reversed_value_date,
    cause=_reversal_cause,
    limits_paise=BY_FINANCE,
)

ACTS: Final[tuple[LoanAct, ...]] = (
    DISBURSE_ACT,
    RECEIPT_ACT,
    PREPAY_ACT,
    FORECLOSE_ACT,
    CHARGE_ACT,
    PENAL_ACT,
    BOUNCE_ACT,
    RATE_ACT,
    RESCHEDULE_ACT,
    MORATORIUM_ACT,
    PAUSE_ACT,
    WAIVE_ACT,
    SETTLE_ACT,
    WRITE_OFF_ACT,
    RECOVER_ACT,
    REFUND_ACT,
    TRANSFER_ACT,
    REVERSE_ACT,
    *SERVICING_ACTS,
)
ACT_BY_SLUG: Final = {act.slug: act for act in ACTS}
_BY_KIND: Final = {act.kind: act for act in ACTS if act.kind is not None}


def act_of(*, slug: str) -> LoanAct:
    """Return an act by its name.

    Raises:
        ActUnknown: there is none.
    """
    if slug not in ACT_BY_SLUG:
        raise ActUnknown(act=slug)
    return ACT_BY_SLUG[slug]
