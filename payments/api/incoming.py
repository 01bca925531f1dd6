"""Endpoints that ask borrowers for payments, and of what one person decides about money that arrived."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.inputs import ReasonInput
from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from lms.acts.submitting import loans_lock
from lms.models import Loan
from payments.api.rows import row_of, rows_of
from payments.api.views import PaymentSerializer, payment_shown
from payments.models import IncomingPayment, LinkForm, LinkState, PaymentLink
from payments.services.links import HOURS_MOST, LinkRequest, link_request
from payments.services.suspense import payment_take_back, suspense_keep

_SEE_LINKS = ("payments.view_paymentlink",)


class LinkSerializer(serializers.ModelSerializer[PaymentLink]):
    """A payment that a borrower is asked for; `pay_at` is where it is paid, once the gateway has opened it."""

    form = serializers.CharField()
    state = serializers.CharField()
    loan = serializers.CharField(source="loan.number")
    customer = serializers.CharField(source="customer.number")
    vendor = serializers.CharField(source="vendor.code", default=None, allow_null=True)
    pay_at = serializers.CharField(source="address")
    address = serializers.SerializerMethodField()

    class Meta:
        model = PaymentLink
        fields = (
            "number",
            "form",
            "state",
            "loan",
            "customer",
            "vendor",
            "amount_paise",
            "pay_at",
            "expires_at",
            "problem",
            "requested_at",
            "changed_at",
            "address",
        )

    def get_address(self, link: PaymentLink) -> str:
        """Return where the link is read."""
        return reverse("api-payment-link", args=[link.number])


class LinksQuery(serializers.Serializer[Any]):
    """Which links."""

    state = serializers.ChoiceField(choices=LinkState.values, required=False)
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")


class LinkInput(serializers.Serializer[Any]):
    """A payment that a borrower is asked for."""

    loan: serializers.SlugRelatedField[Loan] = serializers.SlugRelatedField(
        slug_field="number", queryset=Loan.objects.all(), help_text="Number of the loan."
    )
    amount_paise = serializers.IntegerField(help_text="In paise.")
    form = serializers.ChoiceField(choices=LinkForm.choices, default=LinkForm.LINK)
    hours = serializers.IntegerField(min_value=1, max_value=HOURS_MOST, default=72, help_text="How long it is open.")


class LinksView(PagedView):
    """Links and orders."""

    permissions = _SEE_LINKS

    @extend_schema(operation_id="payment_links_list", parameters=[LinksQuery], responses=LinkSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List what borrowers were asked for, latest first."""
        return self.page(rows_of(_links(), self.asked(LinksQuery), loan="loan__number"), LinkSerializer)


class LinkView(StaffView):
    """One link."""

    permissions = _SEE_LINKS

    @extend_schema(operation_id="payment_links_read", responses=LinkSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show where a link is paid, and whether it was."""
        return Response(LinkSerializer(row_of(_links(), number=number)).data)


class LinkAskView(KeyedView):
    """A new link."""

    permissions = ("payments.request_paymentlink",)

    @extend_schema(operation_id="payment_links_ask", request=LinkInput, responses={201: LinkSerializer})
    def post(self, request: Request) -> Response:
        """Ask a borrower for a payment; the gateway opens the link, and its address follows by itself."""
        if (repeat := self.earlier()) is not None:
            return repeat
        sent = self.sent(LinkInput)
        order = LinkRequest(
            loan_id=sent["loan"].pk,
            amount_paise=sent["amount_paise"],
            form=LinkForm(sent["form"]),
            hours=sent["hours"],
            idempotency_key=self.service_key(),
            actor=self.actor(),
        )
        # Read before the transaction begins, whose first statements are the locks.
        lock = loans_lock(loan_ids=[order.loan_id])

        def ask() -> Answer:
            lock()
            return Answer(status_code=201, body=dict(LinkSerializer(link_request(request=order)).data))

        return self.once(ask)


class _PaymentDecisionView(KeyedView):
    def decide(self, number: str, act: Callable[..., IncomingPayment]) -> Response:
        """Decide about a payment, once for each key."""
        if (repeat := self.earlier()) is not None:
            return repeat
        payment, sent = row_of(IncomingPayment.objects.all(), number=number), self.sent(ReasonInput)
        lock = loans_lock(loan_ids=[] if payment.loan_id is None else [payment.loan_id])

        def decide() -> Answer:
            lock()
            act(payment_id=payment.pk, actor=self.actor(), **sent)
            return Answer(status_code=200, body=payment_shown(number))

        return self.once(decide)


class PaymentKeepView(_PaymentDecisionView):
    """Money that stays in suspense."""

    permissions = ("payments.resolve_suspense",)

    @extend_schema(operation_id="payments_keep", request=ReasonInput, responses=PaymentSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Keep money in suspense with a reason, so that it leaves the worklist."""
        return self.decide(number, suspense_keep)


class PaymentTakeBackView(_PaymentDecisionView):
    """Money that leaves its loan."""

    permissions = ("payments.move_payment",)

    @extend_schema(operation_id="payments_take_back", request=ReasonInput, responses=PaymentSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Take a payment off its loan into suspense: its receipt is reversed, its money waits for a decision."""
        return self.decide(number, payment_take_back)


def _links() -> QuerySet[PaymentLink]:
    return PaymentLink.objects.select_related("loan", "customer", "vendor")
