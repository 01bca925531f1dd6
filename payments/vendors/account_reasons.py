"""Reasons of a vendor's final answer about a payout that speak of the account, not of the request or the day."""

from typing import Final

# Source: money 4 and 5; the gateways' own lists of reasons. What speaks of limits, modes, balances, names or a bank
# that is offline is left out: the same account takes the next payout.
_OF_ACCOUNT: Final = frozenset(
    {
        # The gateway that counts in paise.
        "bank_account_invalid",
        "bank_account_closed",
        "bank_account_frozen",
        "bank_account_dormant",
        "beneficiary_vpa_invalid",
        "invalid_ifsc_code",
        # The one that counts in rupees, of transfers and of verifications.
        "INVALID_ACCOUNT_FAIL",
        "INVALID_IFSC_FAIL",
        "NRE_ACCOUNT_FAIL",
        "ACCOUNT_BLOCKED",
        "INVALID_BANK_ACCOUNT",
        "INVALID_IFSC",
        "INVALID_VPA",
    }
)


def is_about_account(*, reason: str) -> bool:
    """Tell whether a reason says that the account itself takes no money."""
    return reason in _OF_ACCOUNT
