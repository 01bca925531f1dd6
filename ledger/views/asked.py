"""Read from a page's address which transfers it is about."""

from urllib.parse import urlencode

from django.http import HttpRequest

from core.moments import day_of, instant_of, instant_text
from ledger.models import ProductAccount
from ledger.questions import Clock, Question


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
        event=request.GET.get("event") or None,
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
        "known_at": instant_text(question.known_at),
        "product": question.product_code,
        "event": question.event,
        **more,
    }

    return urlencode({name: value for name, value in asked.items() if value is not None})
