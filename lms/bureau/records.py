"""The records of a range of loans: worked out once, and again from what was kept of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Max

from core.errors import KistError
from lms.bureau.entries import Account, Entry, Member
from lms.bureau.layout import Layout, whole_rupees
from lms.bureau.layouts import LAYOUTS
from lms.bureau.persons import persons_known
from lms.bureau.rows import account_types_on
from lms.bureau.standings import Standing, classes_at, facts_at, facts_counted, standings_of
from lms.bureau.writing import content_mark, entry_problems
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.state import LoanStatus
from lms.models import (
    BureauChunk,
    BureauCycle,
    BureauProblem,
    BureauRecord,
    BureauRejection,
    FileKind,
    Loan,
    RecordCause,
)

_DEFERRED: Final = ("accrual_lines", "booked", "booked_with_batch", "content_hash", "idempotency_key")
_ENDED: Final = (LoanStatus.CLOSED, LoanStatus.SETTLED)
# What a damaged row can raise when it is replayed: the loan is set aside, the rest goes on.
_LOAN_ERRORS: Final = (KistError, EngineRefusal, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that is not saved yet, and what it says."""

    record: BureauRecord
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMany:
    """Records in the order of the loans, and loans that would be rejected."""

    records: tuple[Found, ...]
    problems: tuple[BureauProblem, ...]


def records_find(*, cycle: BureauCycle, chunk: BureauChunk, loans: Sequence[Loan], member: Member) -> FoundMany:
    """Return the records that the loans of a part have in the files of a cycle, and those that no bureau would take.

    Args:
        member: any of those who report: what is missing does not depend on whom.
    """
    layout = LAYOUTS[cycle.layout]
    ids = [loan.pk for loan in loans]
    # What the books had when they left the reference date: the next file carries what was entered since.
    facts = facts_at(loan_ids=ids, on_date=cycle.reference_date, known_at=cycle.cut_off_at)
    standings, damaged = _standings(loans, facts, cycle.reference_date)
    classes = classes_at(loan_ids=ids, on_date=cycle.reference_date, known_at=cycle.cut_off_at)
    customers = {loan.pk: loan.customer_id for loan in loans}
    entries = _entries(cycle, layout, standings, classes, customers)
    earlier = records_last_sent(loan_ids=ids, before=cycle.reference_date)
    fixed = _fixed(ids)
    records, problems = [], [BureauProblem(cycle=cycle, chunk=chunk, loan_id=pk, codes=["damaged"]) for pk in damaged]
    for loan_id, standing in standings.items():
        if standing.status is LoanStatus.SANCTIONED:
            continue
        record = _record(chunk, standing, classes[loan_id], entries[loan_id])
        cause = _cause(cycle, standing, record, earlier.get(loan_id), is_fixed=loan_id in fixed)
        if cause is None:
            continue
        if codes := entry_problems(layout=layout, entry=entries[loan_id], member=member):
            problems.append(BureauProblem(cycle=cycle, chunk=chunk, loan_id=loan_id, codes=list(codes)))
        else:
            record.cause = cause.value
            records.append(Found(record=record, entry=entries[loan_id]))
    return FoundMany(records=tuple(records), problems=tuple(problems))


def entries_rebuild(*, cycle: BureauCycle, records: Sequence[BureauRecord]) -> list[Entry]:
    """Return what records said, worked out anew from the book and the cut-off of their cycle, in their order."""
    loans = list(Loan.objects.filter(pk__in=[record.loan_id for record in records]).defer(*_DEFERRED).order_by("pk"))
    facts = facts_counted(counts={record.loan_id: record.fact_count for record in records})
    standings = standings_of(loans=loans, facts=facts, on_date=cycle.reference_date)
    classes = {record.loan_id: record.asset_class for record in records}
    customers = {record.loan_id: record.customer_id for record in records}
    entries = _entries(cycle, LAYOUTS[cycle.layout], standings, classes, customers)
    return [entries[record.loan_id] for record in records]


def loans_of_range(*, cycle: BureauCycle, chunk: BureauChunk) -> list[Loan]:
    """Return the loans that a part may have records of: all but those of which every bureau knows that they ended."""
    loans = Loan.objects.filter(pk__gte=chunk.first_loan_id, pk__lte=chunk.last_loan_id, fact_count__gt=0)
    ended = loans.filter(closed_on__lte=cycle.previous_date, status__in=_ENDED).order_by("pk")
    ids = list(ended.values_list("pk", flat=True))
    told = records_last_sent(loan_ids=ids, before=cycle.reference_date)
    fixed = _fixed(ids)
    known = {pk for pk in ids if pk not in fixed and (pk not in told or told[pk].is_closed)}
    return list(loans.exclude(pk__in=known).defer(*_DEFERRED).order_by("pk"))


def records_last_sent(*, loan_ids: Sequence[int], before: date) -> dict[int, BureauRecord]:
    """Return the last record of each loan that every bureau has, from cycles before a reference date."""
    sent = BureauRecord.objects.filter(
        loan_id__in=loan_ids, cycle__is_sent=True, cycle__reference_date__lt=before
    ).order_by()
    last = [pk for _, pk in sent.values_list("loan_id").annotate(Max("pk"))]
    return {record.loan_id: record for record in BureauRecord.objects.filter(pk__in=last)}


def _fixed(loan_ids: Sequence[int]) -> set[int]:
    """Return the loans of which a rejected record was put right and has not been sent again."""
    rejections = BureauRejection.objects.filter(loan_id__in=loan_ids, state=BureauRejection.State.FIXED)
    return set(rejections.order_by().values_list("loan_id", flat=True))


def _standings(
    loans: Sequence[Loan], facts: Mapping[int, tuple[Fact, ...]], on_date: date
) -> tuple[dict[int, Standing], list[int]]:
    """Return the standings, and the loans that cannot be replayed."""
    try:
        return standings_of(loans=loans, facts=facts, on_date=on_date), []
    except _LOAN_ERRORS:
        found: dict[int, Standing] = {}
        damaged = []
        for loan in loans:
            try:
                found |= standings_of(loans=[loan], facts=facts, on_date=on_date)
            except _LOAN_ERRORS:
                damaged.append(loan.pk)
        return found, damaged


def _entries(
    cycle: BureauCycle,
    layout: Layout,
    standings: Mapping[int, Standing],
    classes: Mapping[int, str],
    customers: Mapping[int, int],
) -> dict[int, Entry]:
    persons = persons_known(
        customer_ids=[customers[loan_id] for loan_id in standings], known_at=cycle.cut_off_at, layout=layout
    )
    types = account_types_on(on_date=cycle.reference_date)
    return {
        loan_id: Entry(
            person=persons[customers[loan_id]],
            account=account_of(
                standing=standing,
                asset_class=classes[loan_id],
                account_type=types.get(standing.loan.product_code, ""),
                layout=layout,
            ),
        )
        for loan_id, standing in standings.items()
    }


def account_of(*, standing: Standing, asset_class: str, account_type: str, layout: Layout) -> Account:
    """Return what a loan's standing is in a layout: whole rupees and codes.

    Args:
        asset_class: by the diary.

    Source: regulation 8.
    """
    loan = standing.loan
    paid_on, paid = standing.last_payment or (None, None)
    is_claim = standing.status is LoanStatus.WRITTEN_OFF
    return Account(
        number=loan.number,
        account_type=account_type,
        ownership=layout.ownership,
        opened_on=standing.opened_on,
        paid_on=paid_on,
        closed_on=standing.closed_on,
        sanctioned_rupees=whole_rupees(loan.principal_paise),
        balance_rupees=whole_rupees(standing.claim_paise if is_claim else standing.outstanding_paise),
        overdue_rupees=whole_rupees(standing.claim_paise if is_claim else standing.overdue_paise),
        days_past_due=standing.days_past_due,
        facility_status=_facility(standing, layout),
        asset_class=layout.asset_classes[asset_class],
        rate_pct=standing.rate_pct,
        tenor_months=standing.tenor_months,
        instalment_rupees=whole_rupees(standing.instalment_paise),
        frequency=layout.frequencies.get(f"{loan.terms.get('unit', 'MONTH')}:{loan.terms.get('every', 1)}", ""),
        paid_rupees=None if paid is None else whole_rupees(paid),
        written_off_rupees=whole_rupees(standing.written_off_paise) if is_claim else None,
        written_off_principal_rupees=whole_rupees(standing.written_off_principal_paise) if is_claim else None,
        settled_rupees=whole_rupees(standing.settled_paise) if standing.settled_paise else None,
    )


def _facility(standing: Standing, layout: Layout) -> str:
    if standing.status is LoanStatus.WRITTEN_OFF:
        if standing.claim_paise:
            return layout.facility["WRITTEN_OFF"]
        return layout.facility["SETTLED_AFTER_WRITE_OFF" if standing.settled_paise else "CLOSED_AFTER_WRITE_OFF"]
    if standing.status is LoanStatus.SETTLED:
        return layout.facility["SETTLED"]
    return layout.facility["RESTRUCTURED"] if standing.is_restructured else ""


def _record(chunk: BureauChunk, standing: Standing, asset_class: str, entry: Entry) -> BureauRecord:
    account = entry.account
    return BureauRecord(
        cycle_id=chunk.cycle_id,
        chunk=chunk,
        loan_id=standing.loan.pk,
        customer_id=standing.loan.customer_id,
        fact_count=standing.fact_count,
        asset_class=asset_class,
        days_past_due=account.days_past_due,
        overdue_rupees=account.overdue_rupees,
        balance_rupees=account.balance_rupees,
        facility_status=account.facility_status,
        is_closed=account.closed_on is not None,
        content_mark=content_mark(entry=entry),
    )


def _cause(
    cycle: BureauCycle, standing: Standing, record: BureauRecord, earlier: BureauRecord | None, *, is_fixed: bool
) -> RecordCause | None:
    """Return why an account is in the files; None where it is not."""
    ended_on = standing.closed_on
    if is_fixed:
        return RecordCause.RESENT
    if earlier is None:
        is_known = ended_on is not None and ended_on <= cycle.previous_date
        first = RecordCause.CLOSED if ended_on is not None else RecordCause.OPENED
        return None if is_known else first
    if earlier.content_mark == record.content_mark:
        is_left_out = ended_on is not None or cycle.kind == FileKind.INCREMENTAL
        return None if is_left_out else RecordCause.UNCHANGED
    return _change(earlier, record)


def _change(earlier: BureauRecord, record: BureauRecord) -> RecordCause:
    if record.is_closed and not earlier.is_closed:
        return RecordCause.CLOSED
    return RecordCause.OVERDUE if _overdue_of(earlier) != _overdue_of(record) else RecordCause.CHANGED


def _overdue_of(record: BureauRecord) -> tuple[int, str, str]:
    return record.days_past_due, record.asset_class, record.facility_status
