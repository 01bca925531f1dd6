"""The register of a month and registration: documents by the tables of the return, beside what the ledger says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from core.states import STATES, state_by_code
from ledger.gst.accounts import CGST, IGST, SGST, payable_code
from ledger.gst.booking import REFERENCE_TYPE
from ledger.gst.rules import gst_limit_on
from ledger.gst.selectors import tax_documents
from ledger.gst.tables import ExemptSupplies, IssuedRange, LedgerLine, Register, RegisterRow, TaxSums
from ledger.models import (
    Account,
    AccountRole,
    GstLimit,
    ProductAccount,
    TaxDocument,
    TaxDocumentKind,
    TaxDocumentReason,
    Transfer,
)

# Loans that come with their histories: what they earned before was returned by the system that they come from.
_ELSEWHERE: Final = "LOANS_BOOKED"
_LEVIES: Final = (TaxDocumentReason.LEVIED, TaxDocumentReason.REVERSED)
_COLUMNS: Final = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def register_documents(*, state_code: str, first_day: date, last_day: date) -> QuerySet[TaxDocument]:
    """Return the documents that a registration issued in some days, first issued first."""
    return (
        tax_documents()
        .filter(supplier_state=state_code, issued_on__gte=first_day, issued_on__lte=last_day)
        .order_by("pk")
    )


def register_of(*, state_code: str, month: date, is_principal: bool) -> Register:
    """Return the register of a month.

    Args:
        month: any day of it.
        is_principal: the registration reports the supplies without tax, which belong to no other.

    Source: regulation 10 (GSTR-1 tables 5, 7, 8, 9, 12 and 13).
    """
    first, last = month_of(month)
    documents = register_documents(state_code=state_code, first_day=first, last_day=last)
    limit = gst_limit_on(name=GstLimit.Name.B2C_LARGE_ABOVE, on_date=last)
    large = _large(documents, limit)
    everywhere = _cells(first, last)
    cells = [cell for cell in everywhere if cell.supplier_state == state_code]
    total = sum((cell.sums for cell in cells), TaxSums())
    return Register(
        state_code=state_code,
        first_day=first,
        last_day=last,
        large_above_paise=limit,
        large=tuple(document for document in large if document.original is None),
        small=_rows([*cells, *(_taken_out(document) for document in large)], is_by_place=True),
        large_notes=tuple(document for document in large if document.original is not None),
        exempt=_exempt(first, last, everywhere) if is_principal else ExemptSupplies(),
        by_sac=_rows(cells, is_by_place=False),
        issued=_issued(cells),
        by_kind=_by_kind(cells),
        total=total,
        ledger=_ledger(state_code, first, last, total),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """The smallest sum that the tables are made of."""

    supplier_state: str
    kind: str
    reason: str
    series: str
    place: str
    sac: str
    rate_bps: int
    documents: int
    sums: TaxSums
    first_number: str = ""
    last_number: str = ""


def _cells(first: date, last: date) -> tuple[_Cell, ...]:
    """Sum the documents of all registrations: what one of them reports as exempt is what no other has taxed."""
    columns = ("supplier_state", "kind", "reason", "series", "place_of_supply", "sac", "rate_bps")
    # All states by name, so that the index of state and day serves.
    states = [state.code for state in STATES]
    documents = TaxDocument.objects.filter(supplier_state__in=states, issued_on__gte=first, issued_on__lte=last)
    rows = documents.order_by(*columns).values_list(*columns)
    return tuple(
        _Cell(
            supplier_state=state,
            kind=kind,
            reason=reason,
            series=series,
            place=place,
            sac=sac,
            rate_bps=rate,
            documents=count,
            first_number=lowest,
            last_number=highest,
            sums=_signed(kind, sums),
        )
        for state, kind, reason, series, place, sac, rate, count, lowest, highest, *sums in rows.annotate(
            Count("pk"), Min("number"), Max("number"), *map(Sum, _COLUMNS)
        )
    )


def _taken_out(document: TaxDocument) -> _Cell:
    """Return the cell that takes a document of table 5 or 9 out of table 7."""
    sums = _signed(document.kind, [-getattr(document, column) for column in _COLUMNS])
    return _Cell(
        supplier_state=document.supplier_state,
        kind=document.kind,
        reason=document.reason,
        series=document.series,
        place=document.place_of_supply,
        sac=document.sac,
        rate_bps=document.rate_bps,
        documents=-1,
        sums=sums,
    )


def _large(documents: QuerySet[TaxDocument], limit: int) -> tuple[TaxDocument, ...]:
    """Return inter-State invoices above the limit (table 5), and the notes on such (table 9B)."""
    # The tax is at most the value itself, so that more than half of such a total is value.
    is_candidate = Q(original=None, taxable_paise__gt=limit // 2) | Q(original__taxable_paise__gt=limit // 2)
    found = documents.filter(is_candidate, igst_paise__gt=0)
    return tuple(document for document in found if (document.original or document).total_paise > limit)


def _rows(cells: Sequence[_Cell], *, is_by_place: bool) -> tuple[RegisterRow, ...]:
    """Add cells up by place and rate, or by service code and rate; what is left of nothing is left out."""
    found: dict[tuple[str, int], tuple[int, TaxSums]] = {}
    for cell in cells:
        key = cell.place if is_by_place else cell.sac, cell.rate_bps
        count, sums = found.get(key, (0, TaxSums()))
        found[key] = count + cell.documents, sums + cell.sums
    return tuple(
        RegisterRow(
            place=value if is_by_place else "",
            place_name=_state_name(value) if is_by_place else "",
            sac="" if is_by_place else value,
            rate_bps=rate,
            documents=count,
            sums=sums,
        )
        for (value, rate), (count, sums) in sorted(found.items(), key=lambda item: item[0])
        if count
    )


def _by_kind(cells: Sequence[_Cell]) -> tuple[tuple[str, int, TaxSums], ...]:
    return tuple(
        (
            kind.value,
            sum(cell.documents for cell in cells if cell.kind == kind),
            sum((cell.sums for cell in cells if cell.kind == kind), TaxSums()),
        )
        for kind in TaxDocumentKind
        if any(cell.kind == kind for cell in cells)
    )


def _issued(cells: Sequence[_Cell]) -> tuple[IssuedRange, ...]:
    series = sorted({(cell.kind, cell.series) for cell in cells}, reverse=True)
    return tuple(
        IssuedRange(
            kind=kind,
            series=name,
            first_number=min(cell.first_number for cell in cells if cell.series == name),
            last_number=max(cell.last_number for cell in cells if cell.series == name),
            count=sum(cell.documents for cell in cells if cell.series == name),
        )
        for kind, name in series
    )


def _signed(kind: str, sums: Sequence[int]) -> TaxSums:
    sign = -1 if kind == TaxDocumentKind.CREDIT_NOTE else 1
    return TaxSums(*(sign * int(amount) for amount in sums))


def _exempt(first: date, last: date, cells: Sequence[_Cell]) -> ExemptSupplies:
    """Sum what loans were charged without tax: interest, penal charges, and fees that no document has."""
    moved: Counter[tuple[str, str]] = Counter()
    roles = dict(ProductAccount.objects.values_list("account_id", "role"))
    transfers = Transfer.objects.filter(booked_on__gte=first, booked_on__lte=last).exclude(journal__event=_ELSEWHERE)
    pairs = transfers.order_by().values_list("debit_account", "credit_account").annotate(Sum("amount_paise"))
    for debit, credit, amount in pairs:
        moved[roles.get(debit, ""), roles.get(credit, "")] += int(amount)
        moved[roles.get(credit, ""), roles.get(debit, "")] -= int(amount)
    taxed = sum(cell.sums.taxable_paise for cell in cells if cell.reason in _LEVIES)
    return ExemptSupplies(
        interest_paise=moved[AccountRole.INTEREST_RECEIVABLE, AccountRole.INTEREST_INCOME],
        fees_paise=moved[AccountRole.FEE_RECEIVABLE, AccountRole.FEE_INCOME] - taxed,
        penal_paise=moved[AccountRole.PENAL_RECEIVABLE, AccountRole.PENAL_INCOME],
    )


def _ledger(state_code: str, first: date, last: date, total: TaxSums) -> tuple[LedgerLine, ...]:
    wanted = {CGST: total.cgst_paise, SGST: total.sgst_paise, IGST: total.igst_paise}
    codes = {payable_code(tax=tax, state_code=state_code): amount for tax, amount in wanted.items()}
    accounts = list(Account.objects.filter(code__in=codes).order_by("code"))
    sums = {account.pk: [0, 0, 0] for account in accounts}
    is_own = Q(journal__reference_type=REFERENCE_TYPE)
    columns = (
        Sum("amount_paise", filter=Q(booked_on__lt=first), default=0),
        Sum("amount_paise", filter=Q(booked_on__gte=first) & is_own, default=0),
        Sum("amount_paise", filter=Q(booked_on__gte=first) & ~is_own, default=0),
    )
    for side, sign in (("credit_account", 1), ("debit_account", -1)):
        transfers = Transfer.objects.filter(booked_on__lte=last, **{f"{side}__in": list(sums)}).order_by()
        named = dict(zip(("before", "own", "others"), columns, strict=True))
        for account_id, *amounts in transfers.values_list(side).annotate(**named):
            sums[account_id] = [old + sign * int(new) for old, new in zip(sums[account_id], amounts, strict=True)]
    return tuple(
        LedgerLine(
            account_id=account.pk,
            code=account.code,
            name=account.name,
            opening_paise=sums[account.pk][0],
            register_paise=codes[account.code],
            documents_paise=sums[account.pk][1],
            others_paise=sums[account.pk][2],
        )
        for account in accounts
    )


def _state_name(code: str) -> str:
    state = state_by_code(code)
    return f"{state.gst_code} {state.name}" if state else code
