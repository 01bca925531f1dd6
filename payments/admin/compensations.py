"""What late transfers cost: the dated rules, and every amount that was booked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin, ChoicesDropdownFilter, RangeDateFilter
from core.business_date import business_date
from core.staff_forms import DayField, RupeesField, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page
from core.templatetags.kist import amount
from payments.admin.form_pages import form_page
from payments.admin.lists import FoundByName
from payments.models import CompensationRule, PayoutCompensation, Rail
from payments.services.compensations import CompensationTerms, compensation_rule_publish
from payments.services.vendors import COMPENSATION, COMPENSATION_OWED

_PUBLISH = "payments.publish_compensationrule"
_LIST = "admin:payments_compensationrule_changelist"
_INTRO = (
    "Counts for transfers that are sent from that day on; a row is never changed. Days are those of the calendar, T "
    "is the day on which the transfer was first sent."
)


class RuleForm(StaffForm):
    """What a late transfer on a rail costs from a day on."""

    rail = forms.ChoiceField(choices=Rail.choices)
    valid_from = DayField(label="From the day")
    free_days = forms.IntegerField(label="Days that are free", min_value=0, max_value=30)
    paise_per_day = RupeesField(label="Each further day, in rupees")
    expense_code = forms.CharField(label="Expense account", max_length=32)
    owed_code = forms.CharField(label="Account of what is owed", max_length=32)
    source = forms.CharField(max_length=200, help_text="The circular or the policy.")
    reason = reason_field(required=True)


@admin.register(CompensationRule)
class CompensationRuleAdmin(AddedByPageAdmin):
    """Terms of compensation by rail, from the day from which they count."""

    add_permission, add_page = _PUBLISH, "staff-payments:compensation-publish"
    list_display = ("rail", "valid_from", "free_days", "per_day", "expense_code", "owed_code", "source")
    list_filter = (("rail", ChoicesDropdownFilter),)
    ordering = ("rail", "-valid_from")
    sortable_by = ()

    @admin.display(description="Each further day")
    def per_day(self, rule: CompensationRule) -> SafeString:
        """Show what a day costs."""
        return amount(rule.paise_per_day)


@admin.register(PayoutCompensation)
class PayoutCompensationAdmin(FoundByName):
    """Compensation that was booked for late payouts."""

    list_display = ("payout", "loan", "owed", "late_days", "sent_on", "ended_on", "booked_on")
    list_select_related = ("payout__loan",)
    list_filter = (("booked_on", RangeDateFilter),)
    search_fields = ("payout__number__exact", "payout__loan__number__exact")
    search_help_text = "Number of the payout or the loan, in full"
    ordering = ("-id",)
    sortable_by = ()

    @admin.display(description="Loan")
    def loan(self, row: PayoutCompensation) -> str:
        """Show the borrower's loan."""
        return row.payout.loan.number

    @admin.display(description="Owed to the borrower")
    def owed(self, row: PayoutCompensation) -> SafeString:
        """Show the amount."""
        return amount(row.amount_paise)


@staff_page(_PUBLISH)
def compensation_publish_page(request: HttpRequest) -> HttpResponse:
    """Publish what a late transfer on a rail costs."""
    initial = {"valid_from": business_date(), "expense_code": COMPENSATION, "owed_code": COMPENSATION_OWED}
    form = RuleForm(request.POST or None, initial=initial)
    back = reverse(_LIST)

    def act(entered: dict[str, Any]) -> str:
        terms = CompensationTerms(**{name: entered.pop(name) for name in CompensationTerms.__slots__})
        compensation_rule_publish(rail=Rail(entered.pop("rail")), terms=terms, actor=acting_user(request), **entered)
        return back

    return form_page(request, form, act, title="New terms of compensation", button="Publish", back=back, intro=_INTRO)
