"""Thresholds of payments: the rows by their day, and the form that publishes the next one."""

from dataclasses import fields
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin
from core.business_date import business_date
from core.staff_forms import DayField, RupeesField, StaffForm, reason_field, rupees_text
from core.staff_pages import acting_user, staff_page
from core.templatetags.kist import amount
from payments.admin.form_pages import form_page, number_field
from payments.models import PaymentParameters
from payments.services.rules import RANGES, PaymentRules, payment_parameters_publish, rules_on

_MONEY: Final = ("payout_approval_above_paise", "cash_receipt_limit_paise")
_INTRO: Final = "What is published is never changed; the latest row that is in force counts."


def _time(label: str, name: str) -> forms.IntegerField:
    least, most = RANGES[name]
    return number_field(label, least=least, most=most)


class ParametersForm(StaffForm):
    """The next row of thresholds; it starts from the one in force."""

    valid_from = DayField(label="In force from", help_text="The business date or later.")
    payout_approval_above_paise = RupeesField(label="Payouts need a second person above, in rupees")
    cash_receipt_limit_paise = RupeesField(label="Cash of one event at most, in rupees")
    payee_proof_days = _time("A proof counts for days", "payee_proof_days")
    name_pass_score = number_field("Names are one person's from score", most=100)
    name_review_score = number_field("Somebody looks from score", most=100)
    name_complete_score = number_field("Names are the same from score", most=100)
    name_high_score = number_field("Nearly the same from score", most=100)
    name_moderate_score = number_field("Alike from score", most=100)
    name_low_score = number_field("Something in common from score", most=100)
    proof_unknown_minutes = _time("A lost check is asked for again after minutes", "proof_unknown_minutes")
    reversal_watch_days = _time("A paid payout is watched for days", "reversal_watch_days")
    cheque_late_days = _time("A cheque at the bank is late after days", "cheque_late_days")
    settlement_late_days = _time("A settlement is late after days", "settlement_late_days")
    cheque_valid_months = _time("A cheque is good for months", "cheque_valid_months")
    undo_late_minutes = _time("What is undone is stuck after minutes", "undo_late_minutes")
    unproven_late_minutes = _time("A call without proof is told after minutes", "unproven_late_minutes")
    webhook_late_minutes = _time("A webhook about nothing we know is told after minutes", "webhook_late_minutes")
    look_late_minutes = _time("A look that nobody makes is told after minutes", "look_late_minutes")
    transfer_late_hours = _time("Money on its way is late after hours", "transfer_late_hours")
    call_asked_days = _time("A call without an end is a person's after days", "call_asked_days")
    source = forms.CharField(max_length=200, help_text="The circular or the policy.")
    reason = reason_field(required=True)


@admin.register(PaymentParameters)
class PaymentParametersAdmin(AddedByPageAdmin):
    """Thresholds of payments, by the day from which they count."""

    add_permission, add_page = "payments.publish_paymentparameters", "staff-payments:parameters-publish"
    list_display = (
        "valid_from",
        "second_person_above",
        "payee_proof_days",
        "name_pass_score",
        "name_review_score",
        "reversal_watch_days",
        "cash_limit",
        "source",
    )
    sortable_by = ()

    @admin.display(description="Second person above")
    def second_person_above(self, row: PaymentParameters) -> SafeString:
        """Show the limit of payouts by one person."""
        return amount(row.payout_approval_above_paise)

    @admin.display(description="Cash at most")
    def cash_limit(self, row: PaymentParameters) -> SafeString:
        """Show the limit of cash."""
        return amount(row.cash_receipt_limit_paise)


@staff_page("payments.publish_paymentparameters")
def parameters_publish_page(request: HttpRequest) -> HttpResponse:
    """Publish the next row of thresholds."""
    today = business_date()
    columns: dict[str, Any] = dict(rules_on(day=today).as_columns())
    initial = columns | {"valid_from": today} | {name: rupees_text(columns[name]) for name in _MONEY}
    form = ParametersForm(request.POST or None, initial=initial)
    back = reverse("admin:payments_paymentparameters_changelist")

    def act(entered: dict[str, Any]) -> str:
        rules = PaymentRules(**{field.name: entered[field.name] for field in fields(PaymentRules)})
        payment_parameters_publish(
            valid_from=entered["valid_from"],
            rules=rules,
            source=entered["source"],
            reason=entered["reason"],
            actor=acting_user(request),
        )
        return back

    return form_page(request, form, act, title="New thresholds of payments", button="Publish", back=back, intro=_INTRO)
