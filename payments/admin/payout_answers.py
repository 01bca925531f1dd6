"""The page that enters what the bank has written about a payout."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.staff_forms import DayField
from core.staff_pages import staff_page
from payments.acts.answers import BANK_ANSWER_ACT
from payments.models import Payout
from payments.services.payout_answers import FINAL_WORDS


class BankAnswerForm(ActForm):
    """What the bank's letter or statement says, with the paper itself."""

    act = BANK_ANSWER_ACT
    button = "Enter it"
    done = "The bank's answer is entered; the payout goes on by itself."
    icon = "contact_support"
    intro = (
        "Only what the bank has finally said, with its letter or the page of its statement. What was paid is booked "
        "on the loan, what was not comes back into the balance; nothing is sent again before that."
    )

    told = forms.ChoiceField(
        label="What the bank says", choices=[(told.value, say) for told, say in FINAL_WORDS.items()]
    )
    utr = forms.CharField(label="UTR or RRN", required=False, max_length=35, help_text="Of a payout that was paid.")
    reference = forms.CharField(
        label="The paper", max_length=64, help_text="Number of the letter, or statement and its page."
    )
    answered_on = DayField(label="Day of the paper")


@staff_page(BANK_ANSWER_ACT.permission)
def payout_answer_page(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Enter the bank's answer; a second person agrees to it with the paper before them."""
    payout = get_object_or_404(Payout.objects.select_related("loan"), pk=payout_id)
    return act_page(
        request,
        BankAnswerForm,
        subject_id=payout.pk,
        title=f"The bank's answer: payout {payout.number}",
        heading=BANK_ANSWER_ACT.title,
        back=reverse("admin:payments_payout_change", args=[payout.pk]),
        back_words=f"Back to payout {payout.number}",
        told=lambda form, _row: form.done,
    )
