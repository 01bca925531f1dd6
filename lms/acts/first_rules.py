"""Rules, permissions and limits of the first day; dated rows replace rules and limits (decision 0019)."""

from typing import Final

from core.acts.registry import ApprovalRule

BACKDATED: Final = "lms.approve_backdated"
CONCESSION: Final = "lms.approve_concession"
NEW_TERMS: Final = "lms.approve_new_terms"
MONEY_BACK: Final = "lms.approve_money_back"

_LAKH: Final = 1_00_000_00
_CRORE: Final = 100 * _LAKH

# Nothing but what the act itself names asks for a second person.
PLAIN: Final = ApprovalRule()
ORDINARY: Final = ApprovalRule(backdated_over_days=7)
ALWAYS: Final = ApprovalRule(is_always=True)
TRANSFER: Final = ApprovalRule(above_paise=_LAKH, backdated_over_days=7)

BY_MANAGER: Final = {"manager": _CRORE}
BY_FINANCE: Final = {"finance": 10 * _LAKH, "manager": _CRORE}
