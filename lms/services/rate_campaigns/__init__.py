"""Changes of the rate of many loans, with notice: worked out, announced, done loan by loan, undone one by one."""

from lms.services.rate_campaigns.campaigns import (
    rate_campaign_announce,
    rate_campaign_cancel,
    rate_campaign_create,
    rate_campaign_summary,
)
from lms.services.rate_campaigns.preparing import rate_campaign_prepare
from lms.services.rate_campaigns.running import (
    rate_campaign_run,
    rate_campaigns_due,
    rate_choice_set,
    rate_notice_undo,
)

__all__ = [
    "rate_campaign_announce",
    "rate_campaign_cancel",
    "rate_campaign_create",
    "rate_campaign_prepare",
    "rate_campaign_run",
    "rate_campaign_summary",
    "rate_campaigns_due",
    "rate_choice_set",
    "rate_notice_undo",
]
