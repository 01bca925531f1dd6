"""Tax of charges: its rate by the published rules, and the invoices and notes that entries of a loan cause."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import QuerySet

from ledger.gst.arithmetic import tax_on
from ledger.gst.booking import tax_elsewhere_post
from ledger.gst.documents import InvoiceOrder, SupplyReference, document_left, invoice_issue, note_issue
from ledger.gst.rules import charge_tax_on, credit_note_last_day
from ledger.models import TaxDocument, TaxDocumentKind, TaxDocumentReason
from lms.engine.facts import Bounce, Charge, Fact, Foreclose, Reverse, Waive
from lms.engine.quote import FORECLOSURE_CODE, ForeclosureQuote
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Component, Terms
from lms.models import Loan

REFERENCE_TYPE: Final = "lms.loan"
BOUNCE_CODE: Final = "BOUNCE"
# Not the loan itself: its own journals are proved against what it says is booked.
ELSEWHERE_TYPE: Final = "lms.loan_tax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy:
    """A charge that an entry puts on a loan: its code, and paise without and of tax."""

    code: str
    amount_paise: int
    tax_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivedCharge:
    """What a waiver gives up of one charge that is invoiced: fee and tax in paise."""

    sequence: int
    fee_paise: int
    tax_paise: int


def charge_tax(*, code: str, amount_paise: int, on_date: date) -> int:
    """Return the tax on a charge of a day, in paise rounded half up, by the rule in force on that day.

    Source: regulation 10.
    """
    return charge_tax_on(charge_code=code, amount_paise=amount_paise, on_date=on_date).tax_paise


def levy_of(*, fact: Fact) -> Levy | None:
    """Return the charge that an entry levies; None for an entry without one."""
    if isinstance(fact, Charge):
        return Levy(code=fact.code, amount_paise=fact.amount_paise, tax_paise=fact.tax_paise)
    if isinstance(fact, Bounce) and fact.charge_paise:
        return Levy(code=BOUNCE_CODE, amount_paise=fact.charge_paise, tax_paise=fact.tax_paise)
    if isinstance(fact, Foreclose) and fact.charge_paise:
        return Levy(code=FORECLOSURE_CODE, amount_paise=fact.charge_paise, tax_paise=fact.tax_paise)
    return None


def quote_taxed(*, quote: ForeclosureQuote) -> ForeclosureQuote:
    """Return the price of closing a loan with the tax of the day on the charge for it."""
    tax = charge_tax(code=FORECLOSURE_CODE, amount_paise=quote.charge_paise, on_date=quote.on_date)
    owed = quote.principal_paise + quote.interest_paise + quote.fee_paise + quote.tax_paise + quote.penal_paise
    total = max(owed + quote.charge_paise + tax - quote.excess_paise, 0)
    return replace(quote, charge_tax_paise=tax, total_paise=total)


def fee_waiver_tax(
    *,
    loan: Loan,
    terms: Terms,
    facts: Sequence[Fact],
    value_date: date,
    amount_paise: int,
    on_date: date,
    charge_sequence: int | None = None,
) -> tuple[WaivedCharge, ...]:
    """Return what a waiver of fees gives up charge by charge, with the tax that a credit note gives back.

    Only tax that the borrower still owes is given up, in the proportion of the fee; charges that were invoiced
    elsewhere, or too long ago for a credit note, keep theirs.

    Args:
        on_date: the business date.
        facts: the loan's entries before the waiver.
        amount_paise: of fees, oldest first; of the one charge where `charge_sequence` names it.
    """
    state = replay(terms=terms, facts=facts, as_of=value_date)
    invoices = {document.reference_entry: document for document in _invoices(loan)}
    waived, left = [], amount_paise
    for sequence, open_paise in _open_fees(state, value_date, charge_sequence):
        part = min(left, open_paise)
        left -= part
        invoice = invoices.get(sequence)
        if part and invoice is not None and _is_correctable(invoice, on_date):
            tax = _tax_with(invoice, part, _open_tax(state, sequence))
            waived.append(WaivedCharge(sequence=sequence, fee_paise=part, tax_paise=tax))
    return tuple(item for item in waived if item.tax_paise)


def tax_documents_issue(
    *, loan: Loan, terms: Terms, fact: Fact, facts: Sequence[Fact], issued_on: date
) -> tuple[TaxDocument, ...]:
    """Issue what an entry asks for: an invoice for a charge, notes for a waiver or reversal; with its booking.

    Args:
        fact: the new entry, saved and posted.
        facts: the entries before it.
        issued_on: the business date: a charge of an earlier day is invoiced today, in the month that is open.

    Raises:
        The refusals of `invoice_issue` and `note_issue`.

    Source: decision 0017.
    """
    if levy := levy_of(fact=fact):
        return _invoice(loan, fact, levy, issued_on)
    if isinstance(fact, Waive) and fact.tax_paise:
        return _credit_waiver(loan, terms, fact, facts, issued_on)
    if isinstance(fact, Reverse):
        target = next(other for other in facts if other.sequence == fact.reversed_sequence)
        if levy := levy_of(fact=target):
            return _credit_levy(loan, fact, levy, issued_on)
        if isinstance(target, Waive) and target.tax_paise:
            return _debit_waiver(loan, fact, issued_on)
    return ()


def _invoice(loan: Loan, fact: Fact, levy: Levy, issued_on: date) -> tuple[TaxDocument, ...]:
    rule = charge_tax_on(charge_code=levy.code, amount_paise=levy.amount_paise, on_date=fact.value_date)
    if rule.rate_bps == 0 and levy.tax_paise == 0:
        return ()
    order = InvoiceOrder(
        reference=_reference(loan, fact.sequence),
        customer_id=loan.customer_id,
        charge_code=levy.code,
        sac=rule.sac,
        rate_bps=rule.rate_bps,
        taxable_paise=levy.amount_paise,
        tax_paise=levy.tax_paise,
        supplied_on=fact.value_date,
    )
    return (invoice_issue(order=order, issued_on=issued_on),)


def _credit_levy(loan: Loan, fact: Reverse, levy: Levy, issued_on: date) -> tuple[TaxDocument, ...]:
    invoice = _invoices(loan).filter(reference_entry=fact.reversed_sequence).first()
    if invoice is None or not _is_correctable(invoice, issued_on):
        # The charge came with the loan's history, and its invoice is another system's; or its time is over.
        tax_elsewhere_post(
            tax_paise=-levy.tax_paise,
            key=f"lms.tax:{loan.pk}:{fact.sequence}",
            reference_type=ELSEWHERE_TYPE,
            reference_id=loan.pk,
            booked_on=issued_on,
            narration=f"{loan.number} entry {fact.sequence}",
            is_borne=invoice is not None,
        )
        return ()
    note = note_issue(
        kind=TaxDocumentKind.CREDIT_NOTE,
        original=invoice,
        reference=_reference(loan, fact.sequence),
        reason=TaxDocumentReason.REVERSED,
        taxable_paise=levy.amount_paise,
        tax_paise=levy.tax_paise,
        issued_on=issued_on,
    )
    return (note,)


def _credit_waiver(
    loan: Loan, terms: Terms, fact: Waive, facts: Sequence[Fact], issued_on: date
) -> tuple[TaxDocument, ...]:
    parts = fee_waiver_tax(
        loan=loan,
        terms=terms,
        facts=facts,
        value_date=fact.value_date,
        amount_paise=fact.amount_paise,
        on_date=issued_on,
        charge_sequence=fact.charge_sequence,
    )
    assert sum(part.tax_paise for part in parts) == fact.tax_paise  # noqa: S101  # decided from the same entries
    invoices = {document.reference_entry: document for document in _invoices(loan)}
    return tuple(
        note_issue(
            kind=TaxDocumentKind.CREDIT_NOTE,
            original=invoices[part.sequence],
            reference=_reference(loan, fact.sequence),
            reason=TaxDocumentReason.WAIVED,
            taxable_paise=part.fee_paise,
            tax_paise=part.tax_paise,
            issued_on=issued_on,
        )
        for part in parts
    )


def _debit_waiver(loan: Loan, fact: Reverse, issued_on: date) -> tuple[TaxDocument, ...]:
    credited = TaxDocument.objects.filter(
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        reference_entry=fact.reversed_sequence,
        kind=TaxDocumentKind.CREDIT_NOTE,
    ).select_related("original__registration")
    return tuple(
        note_issue(
            kind=TaxDocumentKind.DEBIT_NOTE,
            original=_original(note),
            reference=_reference(loan, fact.sequence),
            reason=TaxDocumentReason.WAIVER_REVERSED,
            taxable_paise=note.taxable_paise,
            tax_paise=note.tax_paise,
            issued_on=issued_on,
        )
        for note in credited.order_by("pk")
    )


def _is_correctable(invoice: TaxDocument, on_date: date) -> bool:
    return on_date <= credit_note_last_day(invoiced_on=invoice.issued_on, on_date=on_date)


def _original(note: TaxDocument) -> TaxDocument:
    assert note.original is not None  # noqa: S101  # a constraint of the table
    return note.original


def _invoices(loan: Loan) -> QuerySet[TaxDocument]:
    return TaxDocument.objects.filter(
        reference_type=REFERENCE_TYPE, reference_id=loan.pk, kind=TaxDocumentKind.INVOICE
    ).select_related("registration")


def _reference(loan: Loan, sequence: int) -> SupplyReference:
    return SupplyReference(reference_type=REFERENCE_TYPE, reference_id=loan.pk, entry=sequence, label=loan.number)


def _open_fees(state: LoanState, value_date: date, charge_sequence: int | None) -> list[tuple[int, int]]:
    """List the fees that a waiver meets, oldest first, by the entry that levied each (0: by the terms alone)."""
    return [
        (charge.fact_sequence or 0, charge.open_paise)
        for charge in state.charges
        if charge.component is Component.FEE
        and charge.open_paise
        and (charge.due_date <= value_date if charge_sequence is None else charge.fact_sequence == charge_sequence)
    ]


def _open_tax(state: LoanState, sequence: int) -> int:
    return sum(
        charge.open_paise
        for charge in state.charges
        if charge.component is Component.TAX and charge.fact_sequence == sequence
    )


def _tax_with(invoice: TaxDocument, fee_paise: int, open_paise: int) -> int:
    """Return the tax that goes with a part of a fee: all parts of a fee together take exactly its tax."""
    left = document_left(invoice=invoice)
    credited = invoice.taxable_paise - left.taxable_paise
    given = invoice.tax_paise - left.tax.total_paise
    due = tax_on(taxable_paise=credited + fee_paise, rate_bps=invoice.rate_bps)
    return max(min(due - given, open_paise), 0)
