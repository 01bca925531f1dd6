"""Endpoints that read payments, payouts and disputes; nothing of them names a payer or an account."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import PagedView, StaffView
from payments.api.rows import row_of, rows_of
from payments.models import Dispute, DisputeState, IncomingPayment, PaymentState, Payout, PayoutState

_SEE_PAYMENTS = ("payments.view_incomingpayment",)
_SEE_PAYOUTS = ("payments.view_payout",)
_SEE_DISPUTES = ("payments.view_dispute",)


class PaymentSerializer(serializers.ModelSerializer[IncomingPayment]):
    """Money that arrived: on a loan, in suspense, or gone back."""

    came_by = serializers.CharField(source="source")
    state = serializers.CharField()
    loan = serializers.CharField(source="loan.number", default=None, allow_null=True)
    customer = serializers.CharField(source="customer.number", default=None, allow_null=True)
    vendor = serializers.CharField(source="vendor.code", default=None, allow_null=True)

    class Meta:
        model = IncomingPayment
        fields = (
            "id",
            "number",
            "came_by",
            "state",
            "amount_paise",
            "lost_paise",
            "method",
            "utr",
            "loan",
            "customer",
            "vendor",
            "taken_on",
            "problem",
            "created_at",
            "changed_at",
        )


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    """Money that goes to a borrower's own account."""

    kind = serializers.CharField()
    rail = serializers.CharField()
    state = serializers.CharField()
    loan = serializers.CharField(source="loan.number")
    customer = serializers.CharField(source="customer.number")
    address = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields = (
            "id",
            "number",
            "kind",
            "loan",
            "customer",
            "amount_paise",
            "rail",
            "state",
            "utr",
            "paid_on",
            "problem",
            "requested_at",
            "changed_at",
            "address",
        )

    def get_address(self, payout: Payout) -> str:
        """Return where the payout is read."""
        return reverse("api-payout", args=[payout.number])


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    """A payment that its payer disputes."""

    state = serializers.CharField()
    answer = serializers.CharField()
    payment = serializers.CharField(source="payment.number")
    vendor = serializers.CharField(source="vendor.code")

    class Meta:
        model = Dispute
        fields = (
            "id",
            "payment",
            "vendor",
            "vendor_reference",
            "amount_paise",
            "state",
            "reason",
            "opened_at",
            "respond_by",
            "answer",
            "answered_at",
            "decided_at",
        )


class PaymentsQuery(serializers.Serializer[Any]):
    """Which payments."""

    state = serializers.ChoiceField(choices=PaymentState.values, required=False)
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")


class PayoutsQuery(serializers.Serializer[Any]):
    """Which payouts."""

    state = serializers.ChoiceField(choices=PayoutState.values, required=False)
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")


class DisputesQuery(serializers.Serializer[Any]):
    """Which disputes."""

    state = serializers.ChoiceField(choices=DisputeState.values, required=False)


class PaymentsView(PagedView):
    """Payments."""

    permissions = _SEE_PAYMENTS

    @extend_schema(operation_id="payments_list", parameters=[PaymentsQuery], responses=PaymentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List payments, latest first."""
        return self.page(rows_of(_payments(), self.asked(PaymentsQuery), loan="loan__number"), PaymentSerializer)


class PaymentView(StaffView):
    """One payment."""

    permissions = _SEE_PAYMENTS

    @extend_schema(operation_id="payments_read", responses=PaymentSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show where a payment is."""
        return Response(payment_shown(number))


class PayoutsView(PagedView):
    """Payouts."""

    permissions = _SEE_PAYOUTS

    @extend_schema(operation_id="payouts_list", parameters=[PayoutsQuery], responses=PayoutSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List payouts, latest first."""
        return self.page(rows_of(_payouts(), self.asked(PayoutsQuery), loan="loan__number"), PayoutSerializer)


class PayoutView(StaffView):
    """One payout."""

    permissions = _SEE_PAYOUTS

    @extend_schema(operation_id="payouts_read", responses=PayoutSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show how far a payout is."""
        return Response(payout_shown(number))


class DisputesView(PagedView):
    """Disputes."""

    permissions = _SEE_DISPUTES

    @extend_schema(operation_id="disputes_list", parameters=[DisputesQuery], responses=DisputeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List disputes, latest first."""
        return self.page(rows_of(_disputes(), self.asked(DisputesQuery)), DisputeSerializer)


class DisputeView(StaffView):
    """One dispute."""

    permissions = _SEE_DISPUTES

    @extend_schema(operation_id="disputes_read", responses=DisputeSerializer)
    def get(self, request: Request, dispute_id: int) -> Response:
        """Show a dispute and what was answered."""
        return Response(DisputeSerializer(row_of(_disputes(), pk=dispute_id)).data)


def payment_id_of(number: str) -> int:
    """Return the key of a payment.

    Raises:
        NotFound: no payment has the number.
    """
    return row_of(IncomingPayment.objects.all(), number=number).pk


def payout_id_of(number: str) -> int:
    """Return the key of a payout.

    Raises:
        NotFound: no payout has the number.
    """
    return row_of(Payout.objects.all(), number=number).pk


def payment_shown(number: str) -> dict[str, Any]:
    """Return a payment as it is shown.

    Raises:
        NotFound: no payment has the number.
    """
    return dict(PaymentSerializer(row_of(_payments(), number=number)).data)


def payout_shown(number: str) -> dict[str, Any]:
    """Return a payout as it is shown.

    Raises:
        NotFound: no payout has the number.
    """
    return dict(PayoutSerializer(row_of(_payouts(), number=number)).data)


def dispute_id_of(dispute_id: int) -> int:
    """Return the key of a dispute.

    Raises:
        NotFound: there is none.
    """
    return row_of(Dispute.objects.all(), pk=dispute_id).pk


def _payments() -> QuerySet[IncomingPayment]:
    return IncomingPayment.objects.select_related("loan", "customer", "vendor")


def _payouts() -> QuerySet[Payout]:
    return Payout.objects.select_related("loan", "customer")


def _disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("payment", "vendor")
