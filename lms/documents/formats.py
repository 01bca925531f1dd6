"""Days, amounts and rates as they stand on paper."""

from datetime import date
from decimal import Decimal

from core.money import format_rupees


def on_day(iso: str | None) -> str:
    """Write a day that JSON carries as 05-03-2026; nothing as a dash.

    Source: regulation 14 (DD-MM-YYYY).
    """
    return f"{date.fromisoformat(iso):%d-%m-%Y}" if iso else "–"


def rupees(paise: int) -> str:
    """Write an amount with its sign of currency: ₹12,34,567.50."""
    return format_rupees(paise)


def cell(paise: int) -> str:
    """Write an amount for a column that says its currency above; zero as a dash."""
    return format_rupees(paise).replace("₹", "") if paise else "–"


def rate(pct: str) -> str:
    """Write a yearly rate that JSON carries with two decimals at least: 18.00 %."""
    whole, _, fraction = f"{Decimal(pct):.4f}".rstrip("0").partition(".")
    return f"{whole}.{fraction.ljust(2, '0')} %"
