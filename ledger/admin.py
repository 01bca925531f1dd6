"""Screens of the ledger: accounts and their mapping may be set up; journals are facts and only shown."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import audit
from core.admin_base import ChoicesDropdownFilter, ModelAdmin, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.errors import KistError
from core.money import format_rupees
from core.staff_forms import RupeesField, rupees_text
from core.staff_pages import object_address, staff_response
from core.templatetags.kist import object_link, words
from ledger.gst import admin as gst_admin  # noqa: F401  # its screens register themselves
from ledger.models import Account, AccountBalance, AccountMode, Journal, ProductAccount
from ledger.services import account_limits_set, account_open

# Objects that a journal is booked for one by one, by the first word of its key.
_ENTRY_OF_KEY = {"lms.fact": "lms.loanfact"}


class _AuditedAdmin(ModelAdmin):
    """A screen whose changes go to the audit trail; rows that postings point at are never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to delete."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:
        """Save, and write who changed which fields to what."""
        super().save_model(request, obj, form, change)
        changed = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        action = f"{obj._meta.label_lower}_{'change' if change else 'add'}"
        audit.record(actor=request.user, action=action, obj=obj, detail=changed)


class AccountForm(ModelForm):  # type: ignore[type-arg]  # the class takes no argument when it runs
    """An account with its limits, which only one that is posted at once can have."""

    min_paise = RupeesField(label="Least balance", required=False, help_text="Debits less credits; empty for none.")
    max_paise = RupeesField(label="Largest balance", required=False, help_text="Debits less credits; empty for none.")

    class Meta:
        model = Account
        fields = ("code", "name", "kind", "mode", "is_manual_allowed", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        balance = AccountBalance.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        for side in ("min_paise", "max_paise"):
            limit = getattr(balance, side, None)
            self.fields[side].initial = None if limit is None else rupees_text(limit)

    def clean(self) -> dict[str, Any]:
        """Refuse limits on an account that the roller serves."""
        entered = super().clean() or {}
        mode = entered.get("mode") or self.instance.mode
        if mode != AccountMode.SYNC and any(entered.get(side) is not None for side in ("min_paise", "max_paise")):
            raise ValidationError("Limits are kept with the posting. Leave them empty, or choose that mode.")
        return entered


@admin.register(Account)
class AccountAdmin(_AuditedAdmin):
    """The chart of accounts."""

    form = AccountForm
    list_display = ("code", "name", "kind", "mode", "is_manual_allowed", "is_active", "statement")
    list_filter = (("kind", ChoicesDropdownFilter), ("mode", ChoicesDropdownFilter), "is_manual_allowed", "is_active")
    search_fields = ("code__startswith", "name__icontains")
    ordering = ("code",)
    list_per_page = 100

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        """Keep code, kind and mode of an account that exists: reports and entries of the past speak of them."""
        return ("code", "kind", "mode") if obj else ()

    def save_model(self, request: HttpRequest, obj: Account, form: "ModelForm[Any]", change: bool) -> None:
        """Save the account, open its balance, and set its limits."""
        super().save_model(request, obj, form, change)
        account_open(account=obj)
        if obj.mode != AccountMode.SYNC:
            return
        limits = {side: form.cleaned_data[side] for side in ("min_paise", "max_paise")}
        try:
            account_limits_set(account=obj, **limits)
        except KistError as refusal:
            messages.error(request, refusal.message)

    @admin.display(description="Movements")
    def statement(self, account: Account) -> SafeString:
        """Link to the account's statement."""
        return format_html('<a href="{}">Statement</a>', reverse("staff-books:account", args=[account.pk]))


@admin.register(ProductAccount)
class ProductAccountAdmin(_AuditedAdmin):
    """Which account plays which role for a product."""

    list_display = ("product_code", "role", "account")
    list_select_related = ("account",)
    list_filter = (("role", ChoicesDropdownFilter),)
    search_fields = ("product_code__startswith",)
    autocomplete_fields = ("account",)
    list_per_page = 100

    def get_readonly_fields(self, request: HttpRequest, obj: ProductAccount | None = None) -> tuple[str, ...]:
        """Keep what the mapping is for; only its account may change."""
        return ("product_code", "role") if obj else ()


@admin.register(Journal)
class JournalAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every posting with its debits and credits."""

    list_display = ("id", "happened", "about", "product_code", "value_date", "booked_on", "amount")
    list_filter = (("booked_on", RangeDateFilter), ("value_date", RangeDateFilter))
    search_fields = ("id__exact", "idempotency_key__exact")
    search_help_text = "Number of a journal, or its key"
    ordering = ("-id",)
    sortable_by = ("id", "value_date", "booked_on")

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the journal with its debits and credits."""
        journal = get_object_or_404(Journal.objects.select_related("reverses", "reversed_by"), pk=pk)
        transfers = journal.transfers.select_related("debit_account", "credit_account").order_by("leg")
        return staff_response(
            request,
            "ledger/journal.html",
            title=f"Journal {journal.pk}",
            journal=journal,
            transfers=list(transfers),
            reversed_by=getattr(journal, "reversed_by", None),
            entry_address=_entry_address(journal),
        )

    @admin.display(description="Event", ordering="event")
    def happened(self, journal: Journal) -> str:
        """Show the event in words."""
        return words(journal.event)

    @admin.display(description="Amount", ordering="total_paise")
    def amount(self, journal: Journal) -> SafeString:
        """Show the total in rupees, to the right."""
        return format_html('<span class="k-amount">{}</span>', format_rupees(journal.total_paise))

    @admin.display(description="About")
    def about(self, journal: Journal) -> SafeString | str:
        """Link to the object that the journal is about, where it has a screen."""
        return object_link(journal.reference_type, journal.reference_id)


def _entry_address(journal: Journal) -> str | None:
    """Return where the entry is shown that a journal's key names, such as lms.fact:12; None where it names none."""
    kind, _, key = journal.idempotency_key.partition(":")
    object_type = _ENTRY_OF_KEY.get(kind)
    return object_address(object_type=object_type, object_id=key) if object_type and key.isdecimal() else None
