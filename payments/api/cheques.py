"""Endpoints of cheques at the bank: credited, or bounced with the charge of the terms."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.inputs import ReasonInput
from core.api.views import KeyedView, StaffView
from core.idempotency.services import Answer
from lms.acts.submitting import loans_lock
from payments.api.counter import CounterDetailSerializer, LoanEffectSerializer, receipt_of, receipt_shown
from payments.models import ChequeReturn, CounterReceipt, IncomingPayment
from payments.services.counter_effects import loan_effect
from payments.services.deposits import cheque_bounce, cheque_clear

_BANK_SAYS = ("payments.clear_cheque",)


class BounceInput(ReasonInput):
    """Why the bank gave a cheque back."""

    reason_code = serializers.ChoiceField(choices=ChequeReturn.choices, help_text="As the memo of the bank has it.")
    is_charged = serializers.BooleanField(default=True, help_text="Levy the bounce charge of the terms.")


class _ChequeView(KeyedView):
    permissions = _BANK_SAYS

    def decide(
        self, number: str, act: Callable[..., IncomingPayment], form: type[serializers.Serializer[Any]]
    ) -> Response:
        """Do what the bank's word brings, once for each key."""
        if (repeat := self.earlier()) is not None:
            return repeat
        receipt, sent = receipt_of(number), self.sent(form)
        lock = loans_lock(loan_ids=[_loan_id(receipt)])

        def decide() -> Answer:
            lock()
            act(payment_id=receipt.payment_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=receipt_shown(receipt_of(number)))

        return self.once(decide)


class _ChequePreviewView(StaffView):
    permissions = _BANK_SAYS
    is_question = True

    def preview(
        self, number: str, act: Callable[..., IncomingPayment], form: type[serializers.Serializer[Any]]
    ) -> Response:
        """Tell what the bank's word would bring."""
        receipt, sent = receipt_of(number), self.sent(form)
        effect = loan_effect(
            loan_id=_loan_id(receipt), act=lambda: act(payment_id=receipt.payment_id, actor=self.actor(), **sent)
        )
        return Response({"effect": effect.as_json()})


class ChequeClearView(_ChequeView):
    """A cheque that was credited."""

    @extend_schema(operation_id="cheques_clear", request=ReasonInput, responses=CounterDetailSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Put a cheque that the bank has credited on its loan, as of today."""
        return self.decide(number, cheque_clear, ReasonInput)


class ChequeClearPreviewView(_ChequePreviewView):
    """What crediting would do."""

    @extend_schema(operation_id="cheques_clear_preview", request=ReasonInput, responses=LoanEffectSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Tell what a credited cheque would pay."""
        return self.preview(number, cheque_clear, ReasonInput)


class ChequeBounceView(_ChequeView):
    """A cheque that bounced."""

    @extend_schema(operation_id="cheques_bounce", request=BounceInput, responses=CounterDetailSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Record that a cheque bounced: the charge is levied, and a receipt for it is undone."""
        return self.decide(number, cheque_bounce, BounceInput)


class ChequeBouncePreviewView(_ChequePreviewView):
    """What bouncing would do."""

    @extend_schema(operation_id="cheques_bounce_preview", request=BounceInput, responses=LoanEffectSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Tell what a bounced cheque would do to its loan."""
        return self.preview(number, cheque_bounce, BounceInput)


def _loan_id(receipt: CounterReceipt) -> int:
    assert receipt.payment.loan_id is not None  # noqa: S101  # taken for one
    return receipt.payment.loan_id
