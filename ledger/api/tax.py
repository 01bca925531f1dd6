"""Endpoints of GST: the register of a month, and the invoices and notes."""

import re
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import PagedView, StaffView
from core.business_date import business_date
from ledger.gst.register import month_of, register_of
from ledger.gst.registrations import registrations_on
from ledger.gst.selectors import tax_document_by_number, tax_documents
from ledger.models import TaxDocument, TaxDocumentKind, TaxDocumentReason

_SEE = ("ledger.view_taxdocument",)
_MONTH = re.compile(r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])\Z")


class TaxDocumentSerializer(serializers.ModelSerializer[TaxDocument]):
    """An invoice or a note as it was issued; whom it names is on its page."""

    kind = serializers.ChoiceField(choices=TaxDocumentKind.choices)
    reason = serializers.ChoiceField(choices=TaxDocumentReason.choices)
    original = serializers.CharField(source="original.number", default=None, allow_null=True)
    about = serializers.CharField(source="reference_label", help_text="Number of the loan.")

    class Meta:
        model = TaxDocument
        fields = (
            "id",
            "number",
            "kind",
            "reason",
            "original",
            "issued_on",
            "supplied_on",
            "supplier_state",
            "place_of_supply",
            "about",
            "reference_type",
            "reference_id",
            "charge_code",
            "sac",
            "rate_bps",
            "taxable_paise",
            "cgst_paise",
            "sgst_paise",
            "igst_paise",
        )


class SumsSerializer(serializers.Serializer[Any]):
    """Value and taxes in paise; what gives back counts as negative."""

    taxable_paise = serializers.IntegerField()
    cgst_paise = serializers.IntegerField()
    sgst_paise = serializers.IntegerField()
    igst_paise = serializers.IntegerField()


class RegisterRowSerializer(serializers.Serializer[Any]):
    """One line of a table: place and rate, or service code and rate."""

    place = serializers.CharField(allow_blank=True)
    sac = serializers.CharField(allow_blank=True)
    rate_bps = serializers.IntegerField()
    documents = serializers.IntegerField()
    sums = SumsSerializer()


class ExemptSerializer(serializers.Serializer[Any]):
    """What is supplied without tax, in paise."""

    interest_paise = serializers.IntegerField()
    fees_paise = serializers.IntegerField()
    penal_paise = serializers.IntegerField()


class IssuedSerializer(serializers.Serializer[Any]):
    """Documents of one series."""

    kind = serializers.CharField()
    series = serializers.CharField()
    first_number = serializers.CharField()
    last_number = serializers.CharField()
    count = serializers.IntegerField()


class LedgerLineSerializer(serializers.Serializer[Any]):
    """One tax account in the month, credits positive."""

    code = serializers.CharField()
    name = serializers.CharField()
    opening_paise = serializers.IntegerField()
    register_paise = serializers.IntegerField()
    documents_paise = serializers.IntegerField()
    others_paise = serializers.IntegerField()
    closing_paise = serializers.IntegerField()
    is_equal = serializers.BooleanField()


class RegisterSerializer(serializers.Serializer[Any]):
    """A month of a registration by the tables of the return, beside the ledger."""

    state_code = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    large = TaxDocumentSerializer(many=True)
    small = RegisterRowSerializer(many=True)
    large_notes = TaxDocumentSerializer(many=True)
    exempt = ExemptSerializer()
    by_sac = RegisterRowSerializer(many=True)
    issued = IssuedSerializer(many=True)
    total = SumsSerializer()
    ledger = LedgerLineSerializer(many=True)
    is_equal = serializers.BooleanField(help_text="Whether the register says what the ledger booked.")


class RegisterQuery(serializers.Serializer[Any]):
    """Which month, and of which registration."""

    month = serializers.RegexField(_MONTH, required=False, help_text="YYYY-MM; that of the business date by default.")
    state = serializers.CharField(max_length=2, required=False, help_text="The principal registration by default.")


class TaxDocumentsQuery(serializers.Serializer[Any]):
    """Which documents."""

    kind = serializers.ChoiceField(choices=TaxDocumentKind.choices, required=False)
    supplier_state = serializers.CharField(max_length=2, required=False)
    reference_type = serializers.CharField(max_length=40, required=False, help_text="Kind of object, `lms.loan`.")
    reference_id = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    issued_on = serializers.DateField(required=False)


class RegisterView(StaffView):
    """The GST register."""

    permissions = _SEE

    @extend_schema(operation_id="gst_register_read", parameters=[RegisterQuery], responses=RegisterSerializer)
    def get(self, request: Request) -> Response:
        """Show a month of a registration; there is nothing where nobody is registered."""
        asked = self.asked(RegisterQuery)
        first, last = month_of(date.fromisoformat(f"{asked['month']}-01") if "month" in asked else business_date())
        wanted = asked.get("state")
        rows = registrations_on(on_date=last)
        chosen = next((row for row in rows if (row.state_code == wanted if wanted else row.is_principal)), None)
        if chosen is None:
            raise NotFound
        register = register_of(state_code=chosen.state_code, month=first, is_principal=chosen.is_principal)
        return Response(RegisterSerializer(register).data)


class TaxDocumentsView(PagedView):
    """Tax documents."""

    permissions = _SEE

    @extend_schema(
        operation_id="tax_documents_list", parameters=[TaxDocumentsQuery], responses=TaxDocumentSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List invoices and notes, latest first."""
        return self.page(tax_documents().filter(**self.asked(TaxDocumentsQuery)), TaxDocumentSerializer)


class TaxDocumentView(StaffView):
    """One tax document."""

    permissions = _SEE

    @extend_schema(operation_id="tax_documents_read", responses=TaxDocumentSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show an invoice or a note."""
        document = tax_document_by_number(number=number)
        if document is None:
            raise NotFound
        return Response(TaxDocumentSerializer(document).data)
