"""Rupees as text at the edge, integer paise inside."""

import re

from core.errors import KistError

MAX_PAISE = 10**18 - 1

_AMOUNT = re.compile(
    r"(?P<sign>-?)(?:₹ ?)?(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3})(?:\.(?P<fraction>[0-9]{1,2}))?"
)


class MoneyInvalid(KistError):
    """The text is not an amount of rupees with at most two decimals."""

    code = "core.money_invalid"
    template = "'{text}' is not an amount in rupees. Write digits with at most two decimals, such as 12,34,567.50."


class MoneyTooLarge(KistError):
    """The amount has more than eighteen digits of paise."""

    code = "core.money_too_large"
    template = "The amount has more than 18 digits in paise. Check the amount, or split it."


def format_rupees(paise: int) -> str:
    """Show an amount in rupees with lakh and crore grouping: -₹12,34,567.50.

    Args:
        paise: the amount, of either sign.

    Source: regulation 14 (numbers are grouped 3-2-2 from the right).
    """
    rupees, fraction = divmod(abs(paise), 100)
    sign = "-" if paise < 0 else ""
    return f"{sign}₹{_group(str(rupees))}.{fraction:02d}"


def parse_rupees(text: str) -> int:
    """Read an amount in rupees and return paise.

    Args:
        text: digits, optionally with a leading minus, a rupee sign, grouping commas and one or two decimals.

    Raises:
        MoneyInvalid: empty, letters, an exponent, three decimals, misplaced commas.
        MoneyTooLarge: more than eighteen digits of paise.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise MoneyInvalid(text=text[:40])
    whole = match["whole"].replace(",", "").lstrip("0")
    if len(whole) > 16:
        raise MoneyTooLarge()
    paise = int(whole or "0") * 100 + int((match["fraction"] or "").ljust(2, "0"))
    return -paise if match["sign"] else paise


def _group(digits: str) -> str:
    """Put commas into a row of digits: three from the right, then twos."""
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])
