"""Template filters that show money, dates, rates and states the way Indian lenders write them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.apps import apps
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.money import format_rupees
from core.page_sections import Shown, buttons_of, sections_of
from core.staff_pages import object_address

register = template.Library()

_LAKH_PAISE = 10_000_000
_CRORE_PAISE = 1_000_000_000

# Shade of a state's badge; what is not named here is grey.
_TONES = {
    "ACTIVE": "green",
    "CLOSED": "grey",
    "DONE": "green",
    "COMMITTED": "green",
    "SANCTIONED": "blue",
    "RUNNING": "blue",
    "PENDING": "grey",
    "SMA_0": "amber",
    "SMA_1": "amber",
    "SMA_2": "orange",
    "SUB_STANDARD": "red",
    "DOUBTFUL_1": "red",
    "DOUBTFUL_2": "red",
    "DOUBTFUL_3": "red",
    "LOSS": "red",
    "WRITTEN_OFF": "red",
    "FAILED": "red",
    "SETTLED": "orange",
    "APPLIED": "green",
    "IGNORED": "grey",
    "PARKED": "amber",
    "POISON": "red",
    "REFUSED": "red",
    "NEW": "blue",
    "MANUAL": "red",
    "COMPENSATING": "orange",
    "COMPENSATED": "grey",
    "CLAIMED": "blue",
    "COMP_PENDING": "orange",
    "COMP_CLAIMED": "orange",
    "COMP_DONE": "grey",
    "WAITING": "blue",
    "UNPROVEN": "grey",
    "INVALID": "red",
    "ENDED": "red",
    "VALID": "green",
    "REJECT": "red",
    "REVIEW": "amber",
    "PASS": "green",
    "PROCESSED": "green",
    "PROCESSING": "amber",
    "UNKNOWN": "red",
    "SENDING": "blue",
    "CANCELLED": "grey",
    "REVERSED": "orange",
    "PAID": "green",
    "SENT": "amber",
    "REQUESTED": "blue",
    "WON": "green",
    "LOST": "red",
    "RECEIVED": "blue",
    "DEPOSITED": "amber",
    "CLEARED": "green",
    "BOUNCED": "red",
    "SUSPENSE": "amber",
    "HELD": "blue",
    "OPEN": "green",
    "OPENING": "blue",
    "CLOSING": "amber",
}
_UPPER_WORDS = {"SMA", "NPA", "EMI", "GST", "KYC", "DPD", "UPI", "NEFT", "IMPS", "RTGS"}


@register.filter
def at(values: Sequence[object], place: int) -> object:
    """Return the value at a place of a list."""
    return values[place]


@register.filter
def rupees(paise: int | None) -> str:
    """Show paise as ₹12,34,567.50; nothing as a dash."""
    return "–" if paise is None else format_rupees(paise)


@register.filter
def rupees_or_dash(paise: int | None) -> str:
    """Show paise as rupees, and zero as a dash so that a table's real amounts stand out."""
    return format_rupees(paise) if paise else "–"


@register.filter
def rupees_short(paise: int | None) -> str:
    """Show a large amount in lakh or crore with two decimals, a small one in full."""
    if paise is None:
        return "–"
    for unit, name in ((_CRORE_PAISE, "Cr"), (_LAKH_PAISE, "L")):
        if abs(paise) >= unit:
            hundredths = (abs(paise) * 200 + unit) // (2 * unit)
            return f"{format_rupees(hundredths if paise > 0 else -hundredths)} {name}"
    return format_rupees(paise)


@register.filter
def grouped(number: int | None) -> str:
    """Show a count with lakh and crore commas."""
    return "–" if number is None else format_rupees(number * 100)[1:-3] if number >= 0 else f"-{grouped(-number)}"


@register.filter
def amount(paise: int | None) -> SafeString:
    """Show an amount to the right of a list's column, zero as a dash."""
    return format_html('<span class="k-amount">{}</span>', rupees_or_dash(paise))


@register.filter
def day(value: date | None) -> str:
    """Show a date as 05 Mar 2026; nothing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return f"{value:%d %b %Y}"


@register.filter
def instant(value: datetime | None) -> str:
    """Show an instant in local time as 05 Mar 2026, 18:04."""
    return "–" if value is None else f"{timezone.localtime(value):%d %b %Y, %H:%M}"


@register.filter
def pct(value: Decimal | None) -> str:
    """Show a yearly rate with at least two decimals: 18.00 %."""
    if value is None:
        return "–"
    shown = f"{Decimal(value):.4f}".rstrip("0")
    whole, _, fraction = shown.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')} %"


@register.filter
def pct2(value: Decimal | None) -> str:
    """Show a rate that was worked out with two decimals: 16.24 %."""
    return "–" if value is None else f"{value.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)} %"


@register.filter
def words(code: object) -> str:
    """Show a stored code as words: SUB_STANDARD as Sub standard, SMA_1 as SMA 1."""
    text = str(code or "").replace(".", " ").replace("_", " ").replace("-", " ").split()
    shown = [part if part.upper() in _UPPER_WORDS and part.isupper() else part.lower() for part in text]
    sentence = " ".join(shown)
    return sentence[:1].upper() + sentence[1:]


@register.filter
def tone(code: object) -> str:
    """Name the colour of a state's badge."""
    return _TONES.get(str(code), "grey")


@register.filter
def badge(code: object) -> SafeString:
    """Show a state as a coloured badge."""
    return format_html('<span class="k-badge k-badge--{}">{}</span>', tone(code), words(code))


@register.filter
def days_badge(days: int) -> SafeString:
    """Show days past due as a badge whose colour deepens at 1, 31, 61 and 91 days."""
    shade = "grey" if days == 0 else "amber" if days <= 30 else "orange" if days <= 90 else "red"
    return format_html('<span class="k-badge k-badge--{}">{}</span>', shade, days)


@register.filter
def masked(value: str) -> str:
    """Hide all but the last four characters of what identifies a person."""
    return "X" * max(len(value) - 4, 0) + value[-4:] if len(value) > 4 else "X" * len(value)


@register.filter
def masked_email(value: str) -> str:
    """Show the first letter of an address and its domain."""
    name, at, domain = value.partition("@")
    return f"{name[:1]}{'x' * max(len(name) - 1, 1)}{at}{domain}"


@register.filter
def lookup(mapping: dict[str, str], key: str) -> str:
    """Take a text out of a mapping by a key that the template holds; empty when it has none."""
    return mapping.get(key, "")


def kind_of(object_type: str) -> str:
    """Name a kind of object, such as `lms.loanfact`, in words."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        return words(object_type.rpartition(".")[2])


@register.simple_tag
def object_link(object_type: str, object_id: int | str, text: str = "") -> SafeString | str:
    """Link to an object's screen; its name alone where it has none."""
    label = text or f"{kind_of(object_type)} {object_id}"
    address = object_address(object_type=object_type, object_id=object_id)
    return format_html('<a class="k-link" href="{}">{}</a>', address, label) if address else label


@register.simple_tag(takes_context=True)
def page_sections(context: Context, page: str, obj: object = None) -> list[Shown]:
    """List what apps above show on a page; nothing where nobody is logged in."""
    request = context.get("request")
    return [] if request is None else sections_of(page=page, user=request.user, obj=obj)


@register.simple_tag(takes_context=True)
def page_buttons(context: Context, page: str, obj: object) -> list[Shown]:
    """List the acts of apps above that are offered on a page."""
    request = context.get("request")
    return [] if request is None else buttons_of(page=page, user=request.user, obj=obj)
