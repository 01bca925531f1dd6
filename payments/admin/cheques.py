"""What the bank says of a cheque: credited, or bounced with the charge of the terms."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user
from payments.models import ChequeReturn, CounterKind, CounterReceipt, IncomingPayment, SlipState
from payments.services.counter_effects import loan_effect
from payments.services.deposits import cheque_bounce, cheque_clear


class ChequeForm(StaffForm):
    """What became of a cheque."""

    decision = forms.ChoiceField(label="The bank says")
    reason_code = forms.ChoiceField(
        label="Reason of the return", required=False, choices=[("", "None: it was credited"), *ChequeReturn.choices]
    )
    is_charged = forms.BooleanField(label="Levy the bounce charge of the terms", required=False, initial=True)
    reason = reason_field(required=True)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = choices
        self.show_with("decision=bounce", "reason_code", "is_charged")

    def clean(self) -> dict[str, Any]:
        """Ask for the reason that the bank gives."""
        entered = super().clean() or {}
        if entered.get("decision") == "bounce" and not entered.get("reason_code"):
            self.add_error("reason_code", "The memo of the bank names one.")
        return entered


def cheque_form(request: HttpRequest, receipt: CounterReceipt) -> ChequeForm | None:
    """Return the form for a cheque that the bank may still speak about; None where there is nothing to say."""
    choices = {
        SlipState.DEPOSITED: [("clear", "credited"), ("bounce", "bounced")],
        SlipState.CLEARED: [("bounce", "bounced after it was credited")],
    }.get(SlipState(receipt.state))
    if receipt.kind != CounterKind.CHEQUE or choices is None or not request.user.has_perm("payments.clear_cheque"):
        return None
    return ChequeForm(request.POST or None, choices=choices)


def cheque_decided(request: HttpRequest, receipt: CounterReceipt, form: ChequeForm) -> dict[str, Any]:
    """Do what was chosen, or tell what it would do; a refusal is on the form then."""
    assert receipt.payment.loan_id is not None  # noqa: S101  # taken for one
    act = _act(request, receipt, form)
    try:
        if "check" in request.POST:
            return {"effect": loan_effect(loan_id=receipt.payment.loan_id, act=act), "is_preview": True}
        act()
    except KistError as error:
        form.refuse(error)
        return {}
    messages.success(request, "Noted, and booked on the loan.")
    return {}


def _act(request: HttpRequest, receipt: CounterReceipt, form: ChequeForm) -> Callable[[], IncomingPayment]:
    entered, actor = form.cleaned_data, acting_user(request)
    if entered["decision"] == "clear":
        return lambda: cheque_clear(payment_id=receipt.payment_id, reason=entered["reason"], actor=actor)
    return lambda: cheque_bounce(
        payment_id=receipt.payment_id,
        reason=entered["reason"],
        reason_code=entered["reason_code"],
        is_charged=entered["is_charged"],
        actor=actor,
    )
