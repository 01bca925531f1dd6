"""Endpoints of slips: what is brought to the bank together, asked for by one person and confirmed by another."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import WaitingSerializer, waiting_answer
from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from payments.api.counter import CounterReceiptSerializer, receipts
from payments.api.rows import row_of, rows_of
from payments.counter_selectors import SLIP_MOST
from payments.models import CounterKind, CounterReceipt, Deposit
from payments.services.deposit_asking import DepositOrder, deposit_request_of, deposit_submit

_SEE = ("payments.view_deposit",)


class DepositSerializer(serializers.ModelSerializer[Deposit]):
    """A slip that a second person has confirmed."""

    kind = serializers.CharField()
    deposited_by = serializers.CharField(source="deposited_by.username", default=None, allow_null=True)
    address = serializers.SerializerMethodField()

    class Meta:
        model = Deposit
        fields = (
            "number",
            "kind",
            "amount_paise",
            "bank_reference",
            "deposited_on",
            "deposited_by",
            "created_at",
            "address",
        )

    def get_address(self, deposit: Deposit) -> str:
        """Return where the slip is read."""
        return reverse("api-deposit", args=[deposit.number])


class DepositDetailSerializer(serializers.Serializer[Any]):
    """A slip with everything on it."""

    deposit = DepositSerializer()
    request = serializers.IntegerField(allow_null=True, help_text="The request by which it was confirmed.")
    receipts = CounterReceiptSerializer(many=True)


class DepositsQuery(serializers.Serializer[Any]):
    """Which slips."""

    kind = serializers.ChoiceField(choices=CounterKind.values, required=False)
    deposited_on = serializers.DateField(required=False)
    bank_reference = serializers.CharField(max_length=64, required=False, help_text="Number of the slip, in full.")


class DepositInput(serializers.Serializer[Any]):
    """What is counted for one slip."""

    payments = serializers.ListField(
        child=serializers.CharField(max_length=20),
        min_length=1,
        max_length=SLIP_MOST,
        help_text="Numbers of what goes to the bank: all of it cash, or all cheques.",
    )
    bank_reference = serializers.CharField(max_length=64, help_text="Number of the slip.")
    deposited_on = serializers.DateField(help_text="Day on which it is brought to the bank.")
    reason = serializers.CharField(max_length=200, help_text="Who carries it, which branch: for who confirms it.")

    def validate_payments(self, numbers: list[str]) -> list[int]:
        """Return the keys of the payments.

        Raises:
            ValidationError: one of them was not taken over the counter.
        """
        found = dict(
            CounterReceipt.objects.filter(payment__number__in=numbers).values_list("payment__number", "payment_id")
        )
        if unknown := sorted(set(numbers) - found.keys()):
            raise serializers.ValidationError(f"Nothing was taken over the counter as {unknown[0]}.")
        return sorted(found.values())


class DepositsView(PagedView):
    """Slips."""

    permissions = _SEE

    @extend_schema(operation_id="deposits_list", parameters=[DepositsQuery], responses=DepositSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List slips that were confirmed, latest first; those that wait are requests of `payments.deposit`."""
        rows = Deposit.objects.select_related("deposited_by")
        return self.page(rows_of(rows, self.asked(DepositsQuery)), DepositSerializer)


class DepositView(StaffView):
    """One slip."""

    permissions = _SEE

    @extend_schema(operation_id="deposits_read", responses=DepositDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show a slip with everything on it."""
        deposit = row_of(Deposit.objects.select_related("deposited_by"), number=number)
        asked = deposit_request_of(deposit=deposit)
        shown = {
            "deposit": deposit,
            "request": asked.pk if asked else None,
            "receipts": receipts().filter(deposit=deposit).order_by("pk"),
        }
        return Response(DepositDetailSerializer(shown).data)


class DepositAskView(KeyedView):
    """A new slip."""

    permissions = ("payments.deposit_cash",)

    @extend_schema(
        operation_id="deposits_ask",
        request=DepositInput,
        responses={202: OpenApiResponse(WaitingSerializer, "A second person has to confirm it.")},
    )
    def post(self, request: Request) -> Response:
        """Ask a second person to confirm what goes to the bank on one slip."""
        if (repeat := self.earlier()) is not None:
            return repeat
        sent = self.sent(DepositInput)
        order = DepositOrder(
            payment_ids=sent.pop("payments"), actor=self.actor(), idempotency_key=self.service_key(), **sent
        )

        def ask() -> Answer:
            return waiting_answer(deposit_submit(order=order))

        return self.once(ask)
