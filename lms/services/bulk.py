"""Many loans with their histories at once, for imports and the demo lender: same rules, same caches, few statements."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

from django.contrib.auth.models import User
from django.db import IntegrityError

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.gst.booking import tax_elsewhere_post
from ledger.services import journal_post
from lms.engine.classification import AssetClass
from lms.engine.facts import Fact, Foreclose, Prepay, Receive, Reverse
from lms.engine.state import Head, LoanState, LoanStatus, Movement
from lms.errors import (
    IdempotencyKeyReused,
    LoanNumberTaken,
    ReferenceReused,
    ReferenceTwiceInBatch,
)
from lms.models import ClassificationEntry, Loan, LoanFact
from lms.services.checks import credit_reference_of, key_check, reason_check
from lms.services.drafts import LoanDraft, loan_states
from lms.services.fact_rows import content_hash, fact_columns, first_lent_on, last_restructured_on
from lms.services.loans import loan_numbers_take, loan_unsaved
from lms.services.position_rows import ROW_CACHES, rows_create
from lms.services.positions import booked_totals, day_before, movements_between, position_set

__all__ = ["LoanDraft", "loans_book_many"]

_BATCH = 500
_CREDITS = (Receive, Prepay, Foreclose)


def loans_book_many(
    *, drafts: Sequence[LoanDraft], batch_key: str, reason: str = "", actor: User | None = None
) -> tuple[Loan, ...]:
    """Book loans with their histories: all of them, or none.

    Every loan is replayed to the last closed day and gets the caches that booking its facts one by one today would
    give. It is STANDARD until the next day-end classifies it, or a LOSS when it was written off. The ledger gets one
    journal per product, with the sum of what the loans need, booked today. A batch of about 1,000 is a good size.

    Args:
        drafts: the loans; keys, numbers and external references differ.
        batch_key: names the batch for ever; with the product it is the key of the journal.

    Returns:
        The loans in the order of the drafts; those of the first call when the batch was booked before.

    Raises:
        BulkRefused: one loan cannot be booked; `context` names it and the reason.
        IdempotencyKeyReused: a part of the loans, or other content, was booked under these keys.
        LoanNumberTaken: a number, external reference or bank reference is in use.
        ProductAccountMissing: the product has no accounts in the ledger.
    """
    key_check(idempotency_key=batch_key)
    reason_check(reason=reason)
    if not drafts:
        return ()
    try:
        return run_in_transaction(lambda: _book_many(drafts, batch_key, reason, actor))
    except IntegrityError:
        # Another writer was first in between; the second look finds what it wrote, and names it.
        return run_in_transaction(lambda: _book_many(drafts, batch_key, reason, actor))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    draft: LoanDraft
    loan: Loan
    state: LoanState | None


def _book_many(drafts: Sequence[LoanDraft], batch_key: str, reason: str, actor: User | None) -> tuple[Loan, ...]:
    loans = [_loan(draft) for draft in drafts]
    if earlier := _earlier(loans):
        return earlier
    today = business_date()
    states = loan_states(drafts=drafts, today=today)
    entries = [
        _Entry(draft=draft, loan=loan, state=state) for draft, loan, state in zip(drafts, loans, states, strict=True)
    ]
    _numbers_give(loans)
    for entry in entries:
        _position(entry, today)
    _loans_insert(loans)
    _facts_insert(entries, today, actor, reason)
    _caches_insert(entries)
    _diary_insert(entries)
    _journals_post(loans, batch_key, today)
    audit.record(
        actor=actor,
        action="lms.loans_book_many",
        object_type="lms.batch",
        object_id=content_hash(content={"batch": batch_key}),
        reason=reason,
        detail={"batch": batch_key, "loans": len(loans), "first": loans[0].number, "last": loans[-1].number},
    )
    return tuple(loans)


def _loan(draft: LoanDraft) -> Loan:
    loan = loan_unsaved(
        customer_id=draft.customer_id,
        version=draft.product_version,
        terms=draft.terms,
        sanctioned_on=draft.sanctioned_on,
        idempotency_key=draft.key,
        number=draft.number,
        external_reference=draft.external_reference,
    )
    if draft.facts:
        facts = [fact_columns(fact=fact) for fact in draft.facts]
        loan.content_hash = content_hash(content={"loan": loan.content_hash, "facts": facts})
    return loan


def _earlier(loans: Sequence[Loan]) -> tuple[Loan, ...] | None:
    """Return the loans of the first call; None when none of them exists."""
    found: dict[str, Loan] = {}
    keys = [loan.idempotency_key for loan in loans]
    for start in range(0, len(keys), _BATCH):
        found |= {
            loan.idempotency_key: loan for loan in Loan.objects.filter(idempotency_key__in=keys[start : start + _BATCH])
        }
    if not found:
        return None
    for loan in loans:
        known = found.get(loan.idempotency_key)
        if known is None or known.content_hash != loan.content_hash:
            raise IdempotencyKeyReused(key=loan.idempotency_key)
    return tuple(found[key] for key in keys)


def _numbers_give(loans: Sequence[Loan]) -> None:
    unnumbered = [loan for loan in loans if not loan.number]
    if unnumbered:
        for loan, number in zip(unnumbered, loan_numbers_take(count=len(unnumbered)), strict=True):
            loan.number = number
    _taken_refuse("number", [loan.number for loan in loans])
    _taken_refuse("external_reference", [loan.external_reference for loan in loans if loan.external_reference])


def _taken_refuse(column: str, values: Sequence[str]) -> None:
    """Refuse the first value that another loan has, in the table or in the batch."""
    repeated = [value for value, count in Counter(values).items() if count > 1]
    for start in range(0, len(values), _BATCH):
        held = Loan.objects.filter(**{f"{column}__in": values[start : start + _BATCH]})
        repeated += held.values_list(column, flat=True)[:1]
    if repeated:
        raise LoanNumberTaken(number=repeated[0])


def _position(entry: _Entry, today: date) -> None:
    if entry.state is None:
        return
    loan, facts = entry.loan, entry.draft.facts
    loan.disbursed_on = first_lent_on(facts=facts)
    loan.restructured_on = last_restructured_on(facts=facts)
    loan.closed_upto = day_before(today)
    loan.booked = booked_totals(state=entry.state, is_income_suspended=False)
    loan.booked_with_batch = loan.booked
    loan.fact_count = len(facts)
    if entry.state.status is LoanStatus.WRITTEN_OFF:
        loan.asset_class, loan.npa_since = AssetClass.LOSS.value, entry.state.closed_on
    position_set(loan=loan, state=entry.state)


def _loans_insert(loans: Sequence[Loan]) -> None:
    Loan.objects.bulk_create(loans, batch_size=_BATCH)
    if any(loan.pk is None for loan in loans):
        # MySQL, unlike MariaDB and SQLite, does not return the keys of a bulk insert.
        keys = dict(Loan.objects.filter(number__in=[loan.number for loan in loans]).values_list("number", "pk"))
        for loan in loans:
            loan.pk = keys[loan.number]


def _facts_insert(entries: Sequence[_Entry], today: date, actor: User | None, reason: str) -> None:
    rows = [
        LoanFact(
            loan=entry.loan,
            **columns,
            credit_reference=_credit_reference(entry.draft, fact),
            reason=reason,
            idempotency_key=f"{entry.draft.key}:{fact.sequence}",
            content_hash=content_hash(content={"loan": entry.loan.number, **columns}),
            recorded_on=today,
            recorded_by=actor,
        )
        for entry in entries
        for fact in entry.draft.facts
        for columns in [fact_columns(fact=fact)]
    ]
    credited = [row.credit_reference for row in rows if row.credit_reference]
    _credited_refuse(credited)
    LoanFact.objects.bulk_create(rows, batch_size=_BATCH)


def _credit_reference(draft: LoanDraft, fact: Fact) -> str | None:
    """Return the credit reference of a receipt that stands; a reversed one leaves its reference free."""
    if not isinstance(fact, _CREDITS) or not fact.reference:
        return None
    if any(isinstance(other, Reverse) and other.reversed_sequence == fact.sequence for other in draft.facts):
        return None
    return credit_reference_of(channel=draft.channel, reference=fact.reference)


def _credited_refuse(references: Sequence[str]) -> None:
    repeated = [reference for reference, count in Counter(references).items() if count > 1]
    if repeated:
        raise ReferenceTwiceInBatch(reference=repeated[0])
    for start in range(0, len(references), _BATCH):
        held = LoanFact.objects.filter(credit_reference__in=references[start : start + _BATCH]).select_related("loan")
        for row in held[:1]:
            raise ReferenceReused(reference=row.credit_reference, loan=row.loan.number, sequence=row.sequence)


def _caches_insert(entries: Sequence[_Entry]) -> None:
    held = [(entry.loan.pk, entry.state) for entry in entries if entry.state is not None]
    for cache in ROW_CACHES:
        rows_create(cache=cache, rows=((loan_id, row) for loan_id, state in held for row in cache.rows_of(state)))


def _diary_insert(entries: Sequence[_Entry]) -> None:
    """Note why a loan that comes in written off is a loss: no day-end will look at it any more."""
    ClassificationEntry.objects.bulk_create(
        [
            ClassificationEntry(
                loan=entry.loan,
                on_date=entry.state.closed_on,
                previous_class=AssetClass.STANDARD,
                asset_class=AssetClass.LOSS,
                days_past_due=0,
                caused_by=entry.loan,
                reason="Written off before it was booked here",
            )
            for entry in entries
            if entry.state is not None and entry.state.status is LoanStatus.WRITTEN_OFF and entry.state.closed_on
        ]
    )


def _journals_post(loans: Sequence[Loan], batch_key: str, today: date) -> None:
    """Post the sum of what the loans need, one journal per product."""
    for product_code, group in groupby(sorted(loans, key=attrgetter("product_code")), key=attrgetter("product_code")):
        members = list(group)
        totals: Counter[str] = Counter()
        for loan in members:
            totals.update(loan.booked)
        journal_post(
            idempotency_key=f"lms.batch:{batch_key}:{product_code}",
            event="LOANS_BOOKED",
            reference_type="lms.batch",
            reference_id=min(loan.pk for loan in members),
            product_code=product_code,
            movements=movements_between(before={}, after=totals),
            value_date=today,
            booked_on=today,
            narration=f"{len(members)} loans booked at once",
        )
        # Charges of a history were invoiced by the system that the loans come from.
        tax_elsewhere_post(
            tax_paise=totals[f"{Movement.CHARGED}:{Head.TAX}"],
            key=f"lms.batch_tax:{batch_key}:{product_code}",
            reference_type="lms.batch",
            reference_id=min(loan.pk for loan in members),
            booked_on=today,
            narration=f"{len(members)} loans booked at once",
        )
