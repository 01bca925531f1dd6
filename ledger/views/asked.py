"""Read from a page's address which transfers it is about."""

from datetime import date, datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from ledger.models import ProductAccount
from ledger.questions import Clock, Question


def day_of(text: str | None) -> date | None:
    """Read a day; nothing or nonsense is None."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def instant_of(text: str | None) -> datetime | None:
    """Read an instant as a browser writes local time; nothing or nonsense is None."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    # The browser gives minutes: everything recorded within the minute counts.
    found = found.replace(second=59, microsecond=999_999) if len(text or "") <= len("2026-04-10T12:30") else found
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def question_of(request: HttpRequest, *, clock: Clock, from_name: str = "from", to_name: str = "to") -> Question:
    """Read days, clock, instant and product; what is missing does not narrow the question."""
    asked_clock = request.GET.get("clock", "")
    product = request.GET.get("product")
    return Question(
        from_date=day_of(request.GET.get(from_name)),
        to_date=day_of(request.GET.get(to_name)),
        clock=Clock(asked_clock) if asked_clock in set(Clock) else clock,
        known_at=instant_of(request.GET.get("known_at")),
        product_code=None if product in (None, "*") else product,
    )


def products() -> list[str]:
    """Return the codes of all products that have accounts."""
    return sorted(set(ProductAccount.objects.order_by().values_list("product_code", flat=True)))


def address_of(question: Question, **more: object) -> str:
    """Write a question as the query of an address, so that a figure leads to exactly what it is made of."""
    asked = {
        "from": question.from_date,
        "to": question.to_date,
        "clock": question.clock.value,
        "known_at": timezone.localtime(question.known_at).strftime("%Y-%m-%dT%H:%M:%S.%f")
        if question.known_at
        else None,
        "product": question.product_code,
        **more,
    }

    return urlencode({name: value for name, value in asked.items() if value is not None})
