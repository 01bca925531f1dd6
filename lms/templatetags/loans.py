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
    if name.endswith("_date"):
        return day(date.fromisoformat(str(value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words(value) if str(value).isupper() else str(value)


@register.filter
def charges_due(row: Instalment) -> int:
    """Sum fees, tax and penal charges of a row."""
    return row.due.fee + row.due.tax + row.due.penal
