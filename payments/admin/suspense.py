"""Money in suspense: the worklist, the oldest first, by age."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from core.clock import database_now
from core.staff_pages import staff_page, staff_response
from payments.models import PaymentState
from payments.suspense_list import BANDS, band_totals, oldest_waiting, suspense_page

_STATES: Final = (("", "All that lies in suspense"), ("SUSPENSE", "Needs a person"), ("KEPT", "Kept with a reason"))


@staff_page("payments.view_incomingpayment")
def suspense_list_page(request: HttpRequest) -> HttpResponse:
    """List money in suspense with its age, by state, band and reference; a row leads to the payment."""
    asked = {name: request.GET.get(name, "")[:64] for name in ("state", "band", "q", "after")}
    now = database_now()
    page = suspense_page(
        now=now,
        state=asked["state"],
        band=asked["band"],
        text=asked["q"],
        after=int(asked["after"]) if asked["after"].isdecimal() else 0,
    )
    context: dict[str, Any] = {
        "page": page,
        "asked": asked,
        "bands": BANDS,
        "states": _STATES,
        "totals": band_totals(now=now),
        "oldest_at": oldest_waiting(),
        "is_filtered": any(asked[name] for name in ("state", "band", "q", "after")),
        "kept": PaymentState.KEPT,
    }
    return staff_response(request, "payments/suspense.html", title="Money in suspense", **context)
