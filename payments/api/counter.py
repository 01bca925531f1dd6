"""Endpoints of the counter: take cash or a cheque, see what became of it, and what lies in the drawers."""

from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import KeyedView, PagedView, StaffView
from core.business_date import business_date
from core.idempotency.services import Answer
from lms.acts.submitting import loans_lock
from lms.models import Loan
from payments.api.rows import row_of, rows_of
from payments.counter_selectors import cheques_at_bank, till_on
from payments.models import CounterKind, CounterReceipt, PaymentState, SlipState
from payments.sagas.receipt_document import receipt_document_of
from payments.services.counter_effects import counter_effect
from payments.services.deposit_asking import deposits_waiting
from payments.services.deposits import Cheque, CounterOrder, counter_take

_SEE = ("payments.view_incomingpayment",)
_TAKE = ("payments.take_cash",)


class CounterReceiptSerializer(serializers.ModelSerializer[CounterReceipt]):
    """Cash or a cheque that was taken over the counter."""

    number = serializers.CharField(source="payment.number")
    loan = serializers.CharField(source="payment.loan.number", default=None, allow_null=True)
    customer = serializers.CharField(source="payment.customer.number", default=None, allow_null=True)
    amount_paise = serializers.IntegerField(source="payment.amount_paise")
    payment_state = serializers.CharField(source="payment.state")
    kind = serializers.CharField()
    state = serializers.CharField()
    taken_by = serializers.CharField(source="taken_by.username", default=None, allow_null=True)
    deposit = serializers.CharField(source="deposit.number", default=None, allow_null=True)
    address = serializers.SerializerMethodField()

    class Meta:
        model = CounterReceipt
        fields = (
            "number",
            "kind",
            "state",
            "payment_state",
            "loan",
            "customer",
            "amount_paise",
            "cheque_number",
            "cheque_bank",
            "cheque_date",
            "taken_on",
            "taken_by",
            "deposit",
            "address",
        )

    def get_address(self, receipt: CounterReceipt) -> str:
        """Return where it is read."""
        return reverse("api-counter-receipt", args=[receipt.payment.number])


class CounterDetailSerializer(serializers.Serializer[Any]):
    """What was taken, and what became of it."""

    receipt = CounterReceiptSerializer()
    document = serializers.CharField(allow_null=True, help_text="Number of the receipt on paper, when it is issued.")
    request = serializers.IntegerField(allow_null=True, help_text="The slip on which it waits for a second person.")
    days_at_bank = serializers.IntegerField(allow_null=True, help_text="Of a cheque that the bank has said nothing of.")
    is_late = serializers.BooleanField(help_text="The bank has taken longer than the thresholds give it.")


class CounterQuery(serializers.Serializer[Any]):
    """Which of what was taken."""

    kind = serializers.ChoiceField(choices=CounterKind.values, required=False)
    state = serializers.ChoiceField(choices=SlipState.values, required=False)
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")
    taken_on = serializers.DateField(required=False)


class TillQuery(serializers.Serializer[Any]):
    """Which day."""

    day = serializers.DateField(required=False, help_text="The business date when it is not given.")


class DrawerSerializer(serializers.Serializer[Any]):
    """What a member of staff took on the day, and what of all that they took is still with them."""

    username = serializers.CharField()
    cash_paise = serializers.IntegerField()
    cash_count = serializers.IntegerField()
    cheque_paise = serializers.IntegerField()
    cheque_count = serializers.IntegerField()
    left_cash_paise = serializers.IntegerField()
    left_cheques = serializers.IntegerField()
    oldest_on = serializers.DateField(allow_null=True, help_text="Since when the oldest of it is with them.")


class TillSerializer(serializers.Serializer[Any]):
    """All drawers, and whether the books have as much cash as they hold."""

    drawers = DrawerSerializer(many=True)
    cash_paise = serializers.IntegerField()
    booked_paise = serializers.IntegerField()
    difference_paise = serializers.IntegerField()
    cheque_paise = serializers.IntegerField()
    cheque_count = serializers.IntegerField()


class ChequeInput(serializers.Serializer[Any]):
    """What is written on a cheque."""

    number = serializers.CharField(max_length=12, help_text="The six digits.")
    bank = serializers.CharField(max_length=80, help_text="Bank and branch that it is drawn on.")
    dated = serializers.DateField(help_text="Date on the cheque.")


class CounterInput(serializers.Serializer[Any]):
    """What lies on the counter."""

    loan: serializers.SlugRelatedField[Loan] = serializers.SlugRelatedField(
        slug_field="number", queryset=Loan.objects.all(), help_text="Number of the loan."
    )
    amount_paise = serializers.IntegerField(help_text="In paise.")
    cheque = ChequeInput(required=False, help_text="Left out for cash.")


class LoanEffectSerializer(serializers.Serializer[Any]):
    """What it would do to the loan; nothing was done."""

    effect = serializers.JSONField(help_text="Figures, entries, postings, schedule before and after, by loan.")


class CounterReceiptsView(PagedView):
    """Cash and cheques."""

    permissions = _SEE

    @extend_schema(
        operation_id="counter_receipts_list", parameters=[CounterQuery], responses=CounterReceiptSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List what was taken over the counter, latest first."""
        rows = rows_of(receipts(), self.asked(CounterQuery), loan="payment__loan__number")
        return self.page(rows, CounterReceiptSerializer)


class CounterReceiptView(StaffView):
    """One receipt."""

    permissions = _SEE

    @extend_schema(operation_id="counter_receipts_read", responses=CounterDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show what was taken, its receipt on paper and its slip."""
        return Response(receipt_shown(receipt_of(number)))


class TillView(StaffView):
    """Drawers."""

    permissions = _SEE

    @extend_schema(operation_id="counter_till_read", parameters=[TillQuery], responses=TillSerializer)
    def get(self, request: Request) -> Response:
        """Show what each member of staff took on a day and what has not gone to the bank."""
        return Response(TillSerializer(till_on(day=self.asked(TillQuery).get("day") or business_date())).data)


class CounterTakeView(KeyedView):
    """Money that is handed over."""

    permissions = _TAKE

    @extend_schema(operation_id="counter_take", request=CounterInput, responses={201: CounterReceiptSerializer})
    def post(self, request: Request) -> Response:
        """Take cash or a cheque on a loan; the receipt on paper follows by itself, that of a cheque when it cleared."""
        if (repeat := self.earlier()) is not None:
            return repeat
        order = _order(self.sent(CounterInput), actor=self.actor(), key=self.service_key())
        # Read before the transaction begins, whose first statements are the locks.
        lock = loans_lock(loan_ids=[order.loan_id])

        def take() -> Answer:
            lock()
            return Answer(status_code=201, body=dict(CounterReceiptSerializer(counter_take(order=order)).data))

        return self.once(take)


class CounterTakePreviewView(StaffView):
    """Where money would go."""

    permissions = _TAKE
    is_question = True

    @extend_schema(operation_id="counter_take_preview", request=CounterInput, responses=LoanEffectSerializer)
    def post(self, request: Request) -> Response:
        """Tell what cash would pay, or a cheque if it had cleared today; refused as the taking would be."""
        order = _order(self.sent(CounterInput), actor=self.actor(), key=uuid4().hex)
        return Response({"effect": counter_effect(order=order).as_json()})


def receipts() -> QuerySet[CounterReceipt]:
    """Return what was taken over the counter, with everything that is told of it."""
    return CounterReceipt.objects.select_related("payment__loan", "payment__customer", "taken_by", "deposit")


def receipt_of(number: str) -> CounterReceipt:
    """Return what a payment was taken as.

    Raises:
        NotFound: nothing was taken over the counter under the number.
    """
    return row_of(receipts(), payment__number=number)


def receipt_shown(receipt: CounterReceipt) -> dict[str, Any]:
    """Return what was taken with its papers, and for how long a cheque lies at the bank."""
    waiting = deposits_waiting().get(receipt.payment_id)
    # What was taken off its loan again has no receipt of its own.
    is_applied = receipt.payment.state == PaymentState.APPLIED
    document = receipt_document_of(payment=receipt.payment) if is_applied else None
    at_bank = next(iter(cheques_at_bank(receipts=[receipt], today=business_date())), None)
    shown = {
        "receipt": receipt,
        "document": document.number if document else None,
        "request": waiting.pk if waiting else None,
        "days_at_bank": at_bank.days if at_bank else None,
        "is_late": at_bank is not None and at_bank.is_late,
    }
    return dict(CounterDetailSerializer(shown).data)


def _order(sent: dict[str, Any], *, actor: Any, key: str) -> CounterOrder:
    written = sent.get("cheque")
    return CounterOrder(
        loan_id=sent["loan"].pk,
        amount_paise=sent["amount_paise"],
        cheque=Cheque(**written) if written else None,
        idempotency_key=key,
        actor=actor,
    )
