"""Forms about documents: what to issue for a loan, for many loans, and how the lender is named on them."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django import forms

from core.dates import financial_year
from core.money import format_rupees
from core.staff_forms import DayField, OnceForm, StaffForm, reason_field
from core.templatetags.kist import day
from ledger.gst.selectors import tax_documents_about
from lms.documents.cases import Subject
from lms.documents.kinds import KINDS
from lms.models import Loan, LoanFact, StoredQuote
from lms.models.document import DocumentKind, DocumentLanguage
from lms.models.loan import FactKind
from lms.services.facts import REFERENCE_TYPE

_PAYMENTS = (FactKind.RECEIVE, FactKind.PREPAY, FactKind.FORECLOSE, FactKind.SETTLE, FactKind.RECOVER)
_TAX_KINDS = {
    DocumentKind.GST_INVOICE: "INVOICE",
    DocumentKind.GST_CREDIT_NOTE: "CREDIT_NOTE",
    DocumentKind.GST_DEBIT_NOTE: "DEBIT_NOTE",
}
_SHOWN = 100


def _language_field() -> forms.ChoiceField:
    return forms.ChoiceField(label="Language", choices=DocumentLanguage.choices)


class DocumentForm(OnceForm):
    """One document of a loan; it asks only for what its kind is about."""

    language = _language_field()
    from_date = DayField(label="From", required=False, help_text="The first disbursal when left empty.")
    as_of = DayField(label="As of", required=False, help_text="The last closed day when left empty.")
    year = forms.TypedChoiceField(label="Financial year", coerce=int)
    sequence = forms.TypedChoiceField(label="Payment", coerce=int)
    tax_number = forms.ChoiceField(label="Number")
    quote = forms.ChoiceField(
        label="Stored quote", required=False, help_text="Its own days and figures; leave the day empty then."
    )

    def __init__(self, *args: Any, loan: Loan, kind: DocumentKind, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = KINDS[kind]
        for name in ("from_date", "as_of", "year", "sequence", "tax_number", "quote"):
            if name not in (*rule.needs, *rule.takes):
                del self.fields[name]
        self._offer("year", lambda: _years(loan, today))
        self._offer("sequence", lambda: _payments(loan))
        self._offer("quote", lambda: _quotes(loan, today))
        self._offer("tax_number", lambda: _tax_numbers(loan, kind))
        if kind is DocumentKind.FORECLOSURE:
            self.fields["as_of"].label, self.fields["as_of"].help_text = "To be closed on", "Today when left empty."

    def _offer(self, name: str, read: Callable[[], Sequence[tuple[int | str, str]]]) -> None:
        """Fill a field's choices, if the form has it."""
        if name in self.fields:
            self.fields[name].choices = read()  # type: ignore[attr-defined]  # a field of choices

    def subject(self) -> Subject:
        """Return what the document is about."""
        values = dict(self.cleaned_data)
        return Subject(**{name: values[name] for name in Subject.__slots__ if values.get(name)})


class DocumentJobForm(OnceForm):
    """One kind of document for many loans."""

    kind = forms.ChoiceField(
        label="Document", choices=[(kind.value, kind.label) for kind, rule in KINDS.items() if rule.is_bulk]
    )
    language = _language_field()
    year = forms.TypedChoiceField(
        label="Financial year", coerce=int, required=False, empty_value=None, help_text="For interest certificates."
    )
    as_of = DayField(label="As of", required=False, help_text="The last closed day of each loan when left empty.")
    product_code = forms.ChoiceField(label="Product", required=False)

    def __init__(self, *args: Any, today: date, products: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = financial_year(today).first_day.year
        years = [(year, financial_year(date(year, 4, 1)).label) for year in range(first, first - 8, -1)]
        self.fields["year"].choices = [("", "–"), *years]  # type: ignore[attr-defined]  # a field of choices
        self.fields["product_code"].choices = [("", "All"), *products]  # type: ignore[attr-defined]  # likewise

    def subject(self) -> Subject:
        """Return what each document is about."""
        kept = KINDS[DocumentKind(self.cleaned_data["kind"])]
        taken = (*kept.needs, *kept.takes)
        return Subject(
            year=self.cleaned_data["year"] if "year" in taken else None,
            as_of=self.cleaned_data["as_of"] if "as_of" in taken else None,
        )


class ReissueForm(StaffForm):
    """Why documents are issued again."""

    reason = reason_field(required=True)


class LenderForm(StaffForm):
    """The next row of how the lender is named; it starts from the latest one."""

    effective_from = DayField(label="Effective from", help_text="The business date or later.")
    name = forms.CharField(label="Name", max_length=160)
    address = forms.CharField(label="Address", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    registration_number = forms.CharField(
        label="RBI registration", max_length=60, help_text="The number of the certificate of registration."
    )
    company_number = forms.CharField(label="CIN", max_length=21, required=False)
    phone = forms.CharField(label="Phone", max_length=30)
    email = forms.EmailField(label="E-mail")
    grievance_officer = forms.CharField(
        label="Grievance officer", max_length=120, help_text="Name and how to reach that person."
    )
    site = forms.CharField(
        label="Public address",
        max_length=120,
        help_text="Where borrowers verify documents, such as https://loans.example.in, without a slash at its end.",
    )
    reason = reason_field(required=True)


def _years(loan: Loan, today: date) -> list[tuple[int | str, str]]:
    last = financial_year(today).first_day.year
    first = financial_year(loan.disbursed_on).first_day.year if loan.disbursed_on else last
    return [(year, financial_year(date(year, 4, 1)).label) for year in range(last, first - 1, -1)]


def _payments(loan: Loan) -> list[tuple[int | str, str]]:
    rows = LoanFact.objects.filter(loan=loan, kind__in=_PAYMENTS).order_by("-value_date", "-sequence")[:_SHOWN]
    return [(row.sequence, f"{day(row.value_date)}, {format_rupees(row.amount_paise)}") for row in rows]


def _quotes(loan: Loan, today: date) -> list[tuple[int | str, str]]:
    rows = StoredQuote.objects.filter(loan=loan, valid_until__gte=today, fact_count=loan.fact_count)[:_SHOWN]
    return [("", "–"), *((row.number, f"{row.number}, until {day(row.valid_until)}") for row in rows)]


def _tax_numbers(loan: Loan, kind: DocumentKind) -> list[tuple[int | str, str]]:
    about = tax_documents_about(reference_type=REFERENCE_TYPE, reference_id=loan.pk)
    rows = about.filter(kind=_TAX_KINDS[kind])[:_SHOWN]
    return [(row.number, f"{row.number}, {day(row.issued_on)}, {format_rupees(row.total_paise)}") for row in rows]
