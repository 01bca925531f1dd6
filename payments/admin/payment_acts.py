"""The pages of acts about one payment: put it on a loan, give it back, move it; a second person agrees."""

from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.staff_pages import staff_page, staff_response
from lms.models import Loan
from payments.acts.incoming import APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT, STATES
from payments.matching import suggestions_for
from payments.models import IncomingPayment, PaymentPayer

_SEE: Final = "payments.view_incomingpayment"


class _TargetForm(ActForm):
    """The loan that money goes to, by its number."""

    loan = forms.CharField(label="Loan", max_length=32, help_text="Its number, such as L00000012.")

    def clean_loan(self) -> Loan:
        """Find the loan."""
        found = Loan.objects.select_related("customer").filter(number=self.cleaned_data["loan"].strip().upper()).first()
        if found is None:
            raise ValidationError("There is no loan with this number. Look it up by the search above.")
        return found


class ApplyForm(_TargetForm):
    """Money in suspense goes to a loan."""

    act = APPLY_ACT
    button = "Put it on the loan"
    done = "The money is on the loan."
    icon = "move_to_inbox"
    intro = "The money becomes a receipt as of the day on which it came."


class GiveBackForm(ActForm):
    """Money goes back to its payer."""

    act = GIVE_BACK_ACT
    button = "Give it back"
    done = "The refund is under way."
    icon = "undo"
    is_danger = True
    intro = (
        "The gateway sends the whole payment back to the account or card that it came from. Money on a loan is taken "
        "off it first, and the loan owes again."
    )


class MoveForm(_TargetForm):
    """Money goes from one borrower's loan to another's."""

    act = MOVE_ACT
    button = "Move it"
    done = "The money is on the other loan."
    icon = "swap_horiz"
    intro = "The receipt is reversed on the one loan and posted on the other as of the same day, both or neither."


FORMS: Final[dict[str, type[ActForm]]] = {"apply": ApplyForm, "give-back": GiveBackForm, "move": MoveForm}


@staff_page(*(form.act.permission for form in FORMS.values()))
def payment_act_page(request: HttpRequest, payment_id: int, what: str) -> HttpResponse:
    """Show the form of an act about a payment with its effect; on submit ask a second person for it."""
    form_class = FORMS.get(what)
    if form_class is None:
        raise Http404
    if not request.user.has_perm(form_class.act.permission):
        raise PermissionDenied
    payment = get_object_or_404(IncomingPayment.objects.select_related("loan", "vendor", "payer"), pk=payment_id)
    return act_page(
        request,
        form_class,
        subject_id=payment.pk,
        title=f"{form_class.act.title}: {payment.number}",
        heading=form_class.act.title,
        back=reverse("staff-payments:payment", args=[payment.pk]),
        back_words=f"Back to payment {payment.number}",
        told=lambda form, _row: form.done,
        initial={"loan": request.GET.get("loan", "")[:32]},
        template="payments/payment_act.html",
        payment=payment,
        payer=payer_of(payment),
        suggestions=suggestions_for(payment=payment) if what == "apply" else (),
    )


@staff_page(_SEE)
def payment_matches_part(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Show which loans a payment in suspense may be for, as a part of its page or alone."""
    payment = get_object_or_404(IncomingPayment.objects.select_related("link", "virtual_account"), pk=payment_id)
    context: dict[str, Any] = {"payment": payment, "suggestions": suggestions_for(payment=payment)}
    if "part" in request.GET:
        return render(request, "payments/_matches.html", context)
    return staff_response(request, "payments/matches.html", title=f"Loans for payment {payment.number}", **context)


def payer_of(payment: IncomingPayment) -> PaymentPayer | None:
    """Return what a payment says of its payer."""
    return PaymentPayer.objects.filter(payment=payment).first()


def acts_open_to(*, request: HttpRequest, payment: IncomingPayment) -> list[tuple[str, type[ActForm]]]:
    """Return the acts that a user may ask for about a payment as it stands: their names in addresses, and forms."""
    return [
        (what, form)
        for what, form in FORMS.items()
        if payment.state in STATES[form.act.slug]
        and request.user.has_perm(form.act.permission)
        and (form is not GiveBackForm or payment.vendor_id is not None)
    ]
