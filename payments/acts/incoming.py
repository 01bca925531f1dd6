"""Acts about money that arrived: put it on a loan, give it back, move it to another borrower."""

from typing import Any, Final

from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from core.approvals.registry import Lock
from lms.acts.first_rules import ALWAYS, BY_FINANCE
from lms.acts.submitting import loans_lock
from lms.models import Loan
from lms.services.effects import loans_version
from payments.acts.effects import money_effect
from payments.models import UNDECIDED, IncomingPayment, PaymentRefund, PaymentState
from payments.services.incoming import REFERENCE_TYPE, payment_get
from payments.services.refunds import refund_request
from payments.services.suspense import suspense_apply
from payments.services.transfers import payment_move

APPROVE: Final = "payments.approve_payment"


class TargetInput(serializers.Serializer[Any]):
    """The loan that money goes to."""

    loan: serializers.SlugRelatedField[Loan] = serializers.SlugRelatedField(
        slug_field="number", queryset=Loan.objects.all(), help_text="Number of the loan."
    )


class NothingInput(serializers.Serializer[Any]):
    """Nothing beside the reason."""


def payment_name(payment_id: int) -> str:
    """Return the number of a payment, "" for one that does not exist."""
    return IncomingPayment.objects.values_list("number", flat=True).filter(pk=payment_id).first() or ""


def _apply(call: ActCall) -> IncomingPayment:
    return suspense_apply(
        payment_id=call.subject_id, loan_id=call.values["loan"].pk, reason=call.reason, actor=call.actor
    )


def _apply_effect(call: ActCall) -> dict[str, Any]:
    return {**_about(call), "to_loan": call.values["loan"].number, **_effect(call, _apply)}


def _give_back(call: ActCall) -> PaymentRefund:
    return refund_request(payment_id=call.subject_id, reason=call.reason, actor=call.actor)


def _give_back_effect(call: ActCall) -> dict[str, Any]:
    payment = payment_get(payment_id=call.subject_id)
    way = payment.vendor.name if payment.vendor else "–"
    return {
        **_about(call),
        "goes_back_through": f"{way}, to the account or card that it was paid from",
        "follows": "in suspense until the gateway has given it back; in suspense again if the payer's bank refuses it",
        **_effect(call, _give_back),
    }


def _move(call: ActCall) -> IncomingPayment:
    return payment_move(
        payment_id=call.subject_id, to_loan_id=call.values["loan"].pk, reason=call.reason, actor=call.actor
    )


def _move_effect(call: ActCall) -> dict[str, Any]:
    payment = payment_get(payment_id=call.subject_id)
    target = call.values["loan"]
    return {
        **_about(call),
        "loan_before": payment.loan.number if payment.loan else "–",
        "loan_after": target.number,
        "borrower_before": payment.customer.full_name if payment.customer else "–",
        "borrower_after": target.customer.full_name,
        **_effect(call, _move),
    }


def _about(call: ActCall) -> dict[str, Any]:
    payment = payment_get(payment_id=call.subject_id)
    return {
        "payment": payment.number,
        "amount_paise": payment.left_paise,
        "where_it_is": payment.get_state_display(),
        "reference": payment.utr or payment.vendor_reference or "–",
    }


def _effect(call: ActCall, act: Any) -> dict[str, Any]:
    return money_effect(
        reference_type=REFERENCE_TYPE,
        reference_id=call.subject_id,
        loan_ids=_loan_ids(call.subject_id, call.values),
        act=lambda: act(call),
    )


def _loan_ids(payment_id: int, values: Values) -> list[int]:
    """Return the loan that a payment is on and the one that it goes to, whichever there are, in key order."""
    found = {IncomingPayment.objects.values_list("loan_id", flat=True).filter(pk=payment_id).first()}
    if "loan" in values:
        found.add(values["loan"].pk)
    return sorted(key for key in found if key is not None)


def _lock(payment_id: int, values: Values) -> Lock:
    return loans_lock(loan_ids=_loan_ids(payment_id, values))


def _version(payment_id: int, values: Values) -> str:
    """Name what the effect follows from: where the payment is, and the loans as they stand."""
    columns = ("state", "turn", "lost_paise", "loan_id")
    payment = IncomingPayment.objects.filter(pk=payment_id).values_list(*columns).first()
    return f"{payment}|{loans_version(loan_ids=_loan_ids(payment_id, values))}"


def _amount(payment_id: int, _values: Values) -> int:
    return payment_get(payment_id=payment_id).left_paise


def _act(slug: str, title: str, permission: str, **described: Any) -> Act:
    return Act(
        slug=slug,
        code=f"payments.{slug}",
        title=title,
        permission=permission,
        approve_permission=APPROVE,
        subject=IncomingPayment,
        name=payment_name,
        version=_version,
        lock=_lock,
        amount_paise=_amount,
        rule=ALWAYS,
        limits_paise=BY_FINANCE,
        **described,
    )


APPLY_ACT: Final = _act(
    "payment-apply",
    "Put a payment on a loan",
    "payments.resolve_suspense",
    input=TargetInput,
    run=_apply,
    effect=_apply_effect,
)
GIVE_BACK_ACT: Final = _act(
    "payment-give-back",
    "Give a payment back",
    "payments.refund_payment",
    input=NothingInput,
    run=_give_back,
    effect=_give_back_effect,
)
MOVE_ACT: Final = _act(
    "payment-move",
    "Move a payment to another loan",
    "payments.move_payment",
    input=TargetInput,
    run=_move,
    effect=_move_effect,
)
# Where a payment may be for each of them.
STATES: Final = {
    APPLY_ACT.slug: UNDECIDED,
    GIVE_BACK_ACT.slug: (*UNDECIDED, PaymentState.APPLIED),
    MOVE_ACT.slug: (PaymentState.APPLIED,),
}
