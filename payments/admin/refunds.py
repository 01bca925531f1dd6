"""Payments given back through their gateway: the list, and a page that follows each refund."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString

from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter
from core.sagas.models import Saga
from core.selectors import saga_picture
from core.staff_pages import staff_page, staff_response
from core.templatetags.kist import amount, badge, instant
from ledger.selectors import journals_for
from payments.admin.lists import FoundByName
from payments.models import PaymentRefund, Payout, PayoutKind, PayoutState, ProviderAttempt
from payments.services.incoming import REFERENCE_TYPE

_OPEN = (PayoutState.REQUESTED, PayoutState.SENT)
_SHOWN = 20


@admin.register(PaymentRefund)
class PaymentRefundAdmin(PageAdmin, FoundByName):
    """Every payment that was asked to be given back; a row leads to its page."""

    list_display = (
        "number",
        "payment",
        "loan",
        "paid",
        "state_badge",
        "call_badge",
        "asked",
        "requested_by",
        "problem",
    )
    list_select_related = ("payment__loan", "requested_by")
    list_filter = (("state", ChoicesDropdownFilter), ("requested_at", RangeDateFilter))
    list_before_template = "payments/_refunds_of_excess.html"
    search_fields = ("number__exact", "payment__number__exact", "payment__utr__exact")
    search_help_text = "Number of the refund or of the payment, or UTR, in full"
    ordering = ("-id",)
    sortable_by = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentRefund]:
        """Read what is known of each refund's call beside it."""
        calls = ProviderAttempt.objects.filter(saga_id=OuterRef("saga_id")).order_by("-generation")
        rows: QuerySet[PaymentRefund] = super().get_queryset(request)
        return rows.annotate(call_state=Subquery(calls.values("state")[:1]))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Put refunds of excess that are under way above the list: they are payouts."""
        rows = Payout.objects.filter(kind=PayoutKind.REFUND, state__in=_OPEN).select_related("loan").order_by("pk")
        return super().changelist_view(request, {"excess": list(rows[:_SHOWN]), **(extra_context or {})})

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the refund's page in place of a form."""
        refund = _refund(pk)
        return staff_response(request, "payments/refund.html", title=f"Refund {refund.number}", **_picture(refund))

    @admin.display(description="Loan")
    def loan(self, refund: PaymentRefund) -> str:
        """Show the loan that it was on."""
        return refund.payment.loan.number if refund.payment.loan else "–"

    @admin.display(description="Amount")
    def paid(self, refund: PaymentRefund) -> SafeString:
        """Show the amount."""
        return amount(refund.amount_paise)

    @admin.display(description="State")
    def state_badge(self, refund: PaymentRefund) -> SafeString:
        """Show the state in colour."""
        return badge(refund.state)

    @admin.display(description="At the gateway")
    def call_badge(self, refund: Any) -> SafeString | str:
        """Show what is known of the call; UNKNOWN is red until somebody or something proves it."""
        return badge(refund.call_state) if refund.call_state else "–"

    @admin.display(description="Asked for")
    def asked(self, refund: PaymentRefund) -> str:
        """Show when it was asked for."""
        return instant(refund.requested_at)


@staff_page("payments.view_paymentrefund")
def refund_part(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Show the moving part of a refund's page; it loads itself again while workers are at it."""
    return render(request, "payments/_refund_live.html", _picture(_refund(refund_id)))


def _refund(refund_id: int) -> PaymentRefund:
    rows = PaymentRefund.objects.select_related("payment__loan", "payment__vendor", "requested_by")
    return get_object_or_404(rows, pk=refund_id)


def _picture(refund: PaymentRefund) -> dict[str, Any]:
    saga = Saga.objects.filter(pk=refund.saga_id or 0).first()
    attempts = ProviderAttempt.objects.filter(saga_id=refund.saga_id or 0).select_related("vendor")
    return {
        "refund": refund,
        "saga": saga,
        "steps": saga_picture(saga=saga) if saga else (),
        "attempts": list(attempts.prefetch_related("events").order_by("generation")),
        "journals": list(journals_for(reference_type=REFERENCE_TYPE, reference_id=refund.payment_id)),
        "is_moving": saga is not None and saga.state in ("RUNNING", "COMPENSATING"),
    }
