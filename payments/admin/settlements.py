"""Settlements of gateways: what each is made of, what nobody can explain, and its credit at the bank."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_base import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from core.business_date import business_date
from core.errors import KistError
from core.inbox.models import InboxMessage, MessageState
from core.staff_forms import DayField, RupeesField, StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount, day
from ledger.selectors import journals_for
from payments.admin.lists import PagedAdmin
from payments.models import Settlement, SettlementStanding
from payments.services.rules import rules_on
from payments.services.settlement_parts import settlement_credit_seen, settlement_problems
from payments.services.settlements import REFERENCE_TYPE
from payments.settlement_selectors import credit_days, settlement_sums

# So many parts are shown; all of them are counted.
_SHOWN: Final = 200
_TONES: Final = {
    SettlementStanding.WAITING: "grey",
    SettlementStanding.EXPLAINED: "green",
    SettlementStanding.DIFFERS: "red",
}


class CreditForm(StaffForm):
    """The credit as it stands on the bank's statement."""

    utr = forms.CharField(label="UTR on the statement", max_length=35)
    amount_paise = RupeesField(label="Amount in rupees")
    credited_on = DayField(label="Day of the credit")


@admin.register(Settlement)
class SettlementAdmin(PagedAdmin):
    """What gateways say they have paid to our bank; what does not add up is red."""

    page_name, argument = "staff-payments:settlement", "settlement_id"
    list_display = ("name", "vendor", "paid", "fees", "standing_badge", "left", "reference", "told_on", "credit")
    list_select_related = ("vendor",)
    list_filter = (
        ("standing", ChoicesDropdownFilter),
        ("vendor", RelatedDropdownFilter),
        ("booked_on", RangeDateFilter),
        ("credited_on", admin.EmptyFieldListFilter),
    )
    search_fields = ("vendor_reference", "utr", "parts__vendor_reference")
    search_help_text = "The settlement's or a payment's reference at the gateway, or the UTR, in full"
    list_before_template = "payments/_settlements_refused.html"

    def rows_prepare(self, rows: Iterable[Any]) -> None:
        """Hold each row beside the business date and its threshold."""
        today = business_date()
        late_after_days = rules_on(day=today).settlement_late_days
        for row in rows:
            row.seen_on, row.late_after_days = today, late_after_days

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Put what was told and could not be booked above the list."""
        return super().changelist_view(request, {"refused": settlements_refused(), **(extra_context or {})})

    @admin.display(description="Settlement")
    def name(self, row: Settlement) -> str:
        """Show the gateway's name of it."""
        return row.vendor_reference

    @admin.display(description="UTR")
    def reference(self, row: Settlement) -> str:
        """Show the reference at the bank."""
        return row.utr

    @admin.display(description="To the bank")
    def paid(self, row: Settlement) -> SafeString:
        """Show what reaches the bank."""
        return amount(row.amount_paise)

    @admin.display(description="Fees with tax")
    def fees(self, row: Settlement) -> SafeString:
        """Show what the gateway keeps."""
        return amount(row.fee_paise)

    @admin.display(description="Parts")
    def standing_badge(self, row: Settlement) -> SafeString:
        """Show in colour whether it adds up."""
        return standing_badge(row)

    @admin.display(description="Not explained")
    def left(self, row: Settlement) -> SafeString:
        """Show what the parts do not explain."""
        return amount(row.difference_paise)

    @admin.display(description="Told")
    def told_on(self, row: Settlement) -> str:
        """Show the day on which it was booked."""
        return day(row.booked_on)

    @admin.display(description="At the bank")
    def credit(self, row: Any) -> SafeString:
        """Show when it was seen on the statement, or for how long it was not."""
        return credit_words(row, today=row.seen_on, late_after_days=row.late_after_days)


@staff_page("payments.view_settlement")
def settlement_page(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """Show a settlement with its parts and journals; on submit note its credit at the bank."""
    settlement = get_object_or_404(Settlement.objects.select_related("vendor", "credited_by"), pk=settlement_id)
    parts = list(settlement.parts.select_related("payment__loan").order_by("kind", "pk"))
    may_confirm = request.user.has_perm("payments.confirm_settlement") and settlement.credited_on is None
    form = CreditForm(request.POST or None, initial={"credited_on": business_date()})
    if request.method == "POST":
        if not may_confirm:
            raise PermissionDenied
        if form.is_valid() and _seen(request, settlement, form):
            return redirect("staff-payments:settlement", settlement.pk)
    today = business_date()
    return staff_response(
        request,
        "payments/settlement.html",
        status=422 if form.errors else 200,
        title=f"Settlement {settlement.vendor_reference}",
        settlement=settlement,
        badge=standing_badge(settlement),
        credit=credit_words(settlement, today=today),
        fee_paise=settlement.fee_paise - settlement.tax_paise,
        sums=settlement_sums(parts=parts),
        parts=parts[:_SHOWN],
        part_count=len(parts),
        problems=settlement_problems(settlement=settlement, parts=parts),
        journals=journals_for(reference_type=REFERENCE_TYPE, reference_id=settlement.pk),
        form=form if may_confirm else None,
    )


def settlements_refused(*, limit: int = 20) -> list[InboxMessage]:
    """Return messages about settlements that wait or could not be booked, the oldest first."""
    rows = InboxMessage.objects.filter(
        state__in=(MessageState.PARKED, MessageState.POISON), kind__istartswith="settlement"
    )
    return list(rows.defer("raw", "headers").order_by("received_at")[:limit])


def standing_badge(row: Settlement) -> SafeString:
    """Show in colour whether a settlement adds up."""
    standing = SettlementStanding(row.standing)
    return format_html('<span class="k-badge k-badge--{}">{}</span>', _TONES[standing], standing.label)


def credit_words(row: Settlement, *, today: date, late_after_days: int | None = None) -> SafeString:
    """Tell when the credit was seen at the bank; red for one that was not seen in time."""
    credit = credit_days(settlement=row, today=today, late_after_days=late_after_days)
    if credit is None:
        return format_html("{}", day(row.credited_on))
    days, tone = credit.days, "red" if credit.is_late else "grey"
    text = f"not seen for {days} day{'' if days == 1 else 's'}" if days else "not seen yet"
    return format_html('<span class="k-badge k-badge--{}">{}</span>', tone, text)


def _seen(request: HttpRequest, settlement: Settlement, form: CreditForm) -> bool:
    try:
        settlement_credit_seen(settlement_id=settlement.pk, actor=acting_user(request), **form.cleaned_data)
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, "Noted: the credit stands on the statement.")
    return True
