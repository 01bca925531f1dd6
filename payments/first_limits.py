"""Limits of the first day for approvers of money that leaves the house; dated rows replace them."""

from typing import Final

_LAKH: Final = 1_00_000_00

OUTGOING_PAISE: Final = {"finance": 50 * _LAKH, "manager": 500 * _LAKH}
