"""Template filters of the loan book: kinds of entries and what they carry, in words."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import template

from core.money import format_rupees
from core.templatetags.kist import day, words
from lms.engine.state import Instalment
from lms.models.loan import FactKind

register = template.Library()

_KINDS = dict(FactKind.choices) | {"DAY_END": "Day-end", "LOANS_BOOKED": "Loans booked at once"}


@register.filter
def kind_words(kind: str) -> str:
    """Name a kind of entry as lenders do; other codes as plain words."""
    return _KINDS.get(kind) or words(kind)


_FIGURES = {
    "asset_class": "Asset class",
    "current_rate_pct": "Yearly rate",
    "instalment_paise": "Instalment",
    "principal_outstanding_paise": "Principal outstanding",
    "interest_outstanding_paise": "Interest outstanding",
    "fee_outstanding_paise": "Fees",
    "tax_outstanding_paise": "GST on fees",
    "penal_outstanding_paise": "Penal charges",
    "excess_paise": "Excess held",
    "next_due_date": "Next due on",
    "next_due_paise": "Next due",
    "overdue_paise": "Overdue",
    "days_past_due": "Days past due",
}


@register.filter
def figure_label(name: str) -> str:
    """Name a figure of a loan as the screens do."""
    return _FIGURES.get(name) or detail_label(name)


@register.filter
def figure_value(text: str, name: str) -> str:
    """Show a figure of an effect, which is stored as text, by the unit that its name ends in."""
    return detail_value(text, name) if text else "–"


@register.filter
def detail_label(name: str) -> str:
    """Name a field of an entry, without its unit."""
    return words(name.removesuffix("_paise").removesuffix("_pct").removeprefix("is_"))


@register.filter
def detail_value(value: Any, name: str) -> str:
    """Show a field of an entry by the unit that its name ends in."""
    if name.endswith("_paise"):
        return format_rupees(int(value))
    if name.endswith("_pct"):
        return f"{Decimal(value):f} %"
    if name.endswith(("_date", "_on")):
        return day(date.fromisoformat(str(value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words(value) if str(value).isupper() else str(value)


@register.filter
def charges_due(row: Instalment) -> int:
    """Sum fees, tax and penal charges of a row."""
    return row.due.fee + row.due.tax + row.due.penal


@register.filter
def moved_value(value: Any, name: str) -> str:
    """Show a figure before or after a correction by the unit that its name ends in; nothing as a dash."""
    return "–" if value is None else detail_value(value, name)
