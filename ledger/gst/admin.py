"""Screens of the tax: documents with their figures and journals, rules and registrations with their days."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin, ChoicesDropdownFilter, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.money import format_rupees
from core.staff_pages import staff_response
from core.templatetags.kist import object_link
from ledger.gst.booking import REFERENCE_TYPE
from ledger.gst.documents import document_left
from ledger.gst.selectors import invoice_of, tax_documents
from ledger.models import GstDeadline, GstLimit, GstRegistration, TaxDocument, TaxDocumentKind, TaxRule
from ledger.selectors import journals_for


@admin.register(TaxDocument)
class TaxDocumentAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every invoice, credit note and debit note."""

    list_display = ("number", "kind", "issued_on", "recipient_name", "place_of_supply", "value", "tax", "about")
    list_filter = (("kind", ChoicesDropdownFilter), ("reason", ChoicesDropdownFilter), ("issued_on", RangeDateFilter))
    search_fields = ("number",)
    search_help_text = "Number of a document, or its beginning"
    ordering = ("-id",)
    sortable_by = ("number", "issued_on")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TaxDocument], search_term: str
    ) -> tuple[QuerySet[TaxDocument], bool]:
        """Look for a number by its beginning, which an index answers."""
        wanted = search_term.strip().upper()
        return (queryset.filter(number__startswith=wanted) if wanted else queryset), False

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the document with its notes and its journal."""
        document = get_object_or_404(tax_documents(), pk=pk)
        is_invoice = document.kind == TaxDocumentKind.INVOICE
        return staff_response(
            request,
            "ledger/gst_document.html",
            title=document.number,
            document=document,
            invoice=invoice_of(document=document),
            notes=list(tax_documents().filter(original=document).order_by("pk")) if is_invoice else [],
            left=document_left(invoice=document) if is_invoice else None,
            journals=list(journals_for(reference_type=REFERENCE_TYPE, reference_id=document.pk)),
        )

    @admin.display(description="Value")
    def value(self, document: TaxDocument) -> SafeString:
        """Show the value without tax, to the right; what a credit note takes back is negative."""
        return _amount(document.sign * document.taxable_paise)

    @admin.display(description="Tax")
    def tax(self, document: TaxDocument) -> SafeString:
        """Show the tax, to the right."""
        return _amount(document.sign * document.tax_paise)

    @admin.display(description="About")
    def about(self, document: TaxDocument) -> SafeString | str:
        """Link to what was charged."""
        return object_link(document.reference_type, document.reference_id, document.reference_label)


@admin.register(TaxRule)
class TaxRuleAdmin(AddedByPageAdmin):
    """How charges are taxed, by the day from which it counts."""

    add_permission, add_page = "ledger.publish_taxrule", "staff-books:gst-rule"
    list_display = ("supply", "charge_code", "effective_from", "treatment", "rate_bps", "sac", "source")
    list_filter = (("supply", ChoicesDropdownFilter), ("treatment", ChoicesDropdownFilter))
    ordering = ("supply", "charge_code", "-effective_from")


@admin.register(GstRegistration)
class GstRegistrationAdmin(AddedByPageAdmin):
    """The lender's registrations, by the day from which they read so."""

    add_permission, add_page = "ledger.publish_gstregistration", "staff-books:gst-registration"
    list_display = ("state_code", "effective_from", "gstin", "legal_name", "is_principal", "is_active")
    ordering = ("state_code", "-effective_from")


@admin.register(GstLimit)
class GstLimitAdmin(ReadOnlyModelAdmin):
    """Figures of the return law, by the day from which they count."""

    list_display = ("name", "effective_from", "amount", "source")
    ordering = ("name", "-effective_from")

    @admin.display(description="Amount")
    def amount(self, limit: GstLimit) -> SafeString:
        """Show the figure in rupees."""
        return _amount(limit.amount_paise)


@admin.register(GstDeadline)
class GstDeadlineAdmin(ReadOnlyModelAdmin):
    """Until when tax is taken back, by the day from which it counts."""

    list_display = ("effective_from", "month", "day", "source")
    ordering = ("-effective_from",)


def _amount(paise: int) -> SafeString:
    return format_html('<span class="k-amount">{}</span>', format_rupees(paise))
