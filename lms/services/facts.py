"""The one way a fact enters the book: locked, once, replayed, cached, posted and written to the audit trail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.errors import KistError
from core.events import publish
from core.prepared import PreparedQuery, row_insert
from ledger.services import journal_post
from lms.engine.arrears import ArrearsWatch
from lms.engine.classification import AssetClass
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, Reverse
from lms.engine.replay import replay
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms
from lms.errors import IdempotencyKeyReused, LaterFactInTheWay, ReferenceReused, refusal_of
from lms.errors.lines import DrawdownPaysOwnDues
from lms.events import LoanPastMoved
from lms.locks import facts_for_update, loans_of_customer_lock
from lms.models import ClassificationEntry, Document, FactKind, Loan, LoanFact
from lms.services.act_classes import class_set_by_act
from lms.services.borrowers import borrower_transaction, loan_of_borrower
from lms.services.checks import key_check, reason_check
from lms.services.corrections import BackDating, class_watch, classes_correct
from lms.services.day_end import loan_close_upto
from lms.services.fact_rows import (
    content_hash,
    fact_columns,
    fact_from_values,
    first_lent_on,
    last_restructured_on,
)
from lms.services.plan_states import plan_follow
from lms.services.positions import (
    day_before,
    loan_booked_totals,
    movements_between,
    position_save,
    terms_of,
)
from lms.services.row_reach import reach_of
from lms.services.tax_documents import tax_documents_issue

REFERENCE_TYPE = "lms.loan"
# First what `fact_from_values` takes, then what a repeat is known by.
_FACTS: Final = PreparedQuery(
    lambda loan_id: (
        LoanFact.objects.filter(loan_id=loan_id)
        .order_by("sequence")
        .values_list(
            *("kind", "sequence", "value_date", "amount_paise", "reference", "details"),
            *("idempotency_key", "credit_reference"),
        )
    )
)
_CLASS: Final = PreparedQuery(
    lambda loan_id, day: (
        ClassificationEntry.objects.filter(loan_id=loan_id, on_date__lt=day)
        .order_by("-on_date", "-pk")
        .values_list("asset_class", flat=True)[:1]
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactOrder:
    """What a caller asks for, before the loan is looked at.

    `content` is everything that makes a repeat the same request, as JSON can carry it; `credit_reference` is the
    bank's reference that may be credited once.
    """

    action: str
    loan_id: int
    content: Mapping[str, object]
    idempotency_key: str
    reason: str = ""
    is_reason_required: bool = False
    actor: User | None = None
    credit_reference: str | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of the request."""
        return content_hash(content={"action": self.action, "loan": self.loan_id, **self.content})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanBook:
    """A locked loan with what is known of it: what a service decides on."""

    loan: Loan
    terms: Terms
    facts: tuple[Fact, ...]
    business_date: date
    next_sequence: int = field(default=1)


def fact_record(*, order: FactOrder, decide: Callable[[LoanBook], Fact]) -> LoanFact:
    """Append one fact to a loan, in a transaction that is run again when the database could not serialise it.

    The order of work: lock the borrower's loans, look for an earlier call, close a loan that is behind, decide,
    replay, save the fact and the caches, post the difference to the ledger, write to the audit trail.

    Args:
        order: the request.
        decide: builds the fact, with `LoanBook.next_sequence`, from the locked loan; raises the act's own refusals.

    Returns:
        The new fact, or that of the first call with the same key, or the same bank reference, and the same content.

    Raises:
        LoanUnknown: there is no such loan.
        IdempotencyKeyReused, ReferenceReused: the key or the bank reference belongs to other content.
        DrawdownPaysOwnDues: the money was paid out by a drawdown of the same borrower.
        KistError: what `decide` refuses, and the refusals of the engine as ours.

    Source: style 9, money "the rules in short".
    """
    key_check(idempotency_key=order.idempotency_key)
    reason_check(reason=order.reason, is_required=order.is_reason_required)
    return borrower_transaction(loan_id=order.loan_id, act=lambda customer_id: _record(order, customer_id, decide))


def as_of_after(*, loan: Loan, facts: tuple[Fact, ...]) -> date:
    """Return the day-end that the caches of a loan show: its last closed day, or a later fact's value date."""
    assert loan.closed_upto is not None  # noqa: S101  # set with the first disbursal
    return max([loan.closed_upto, *(fact.value_date for fact in facts)])


def _record(order: FactOrder, customer_id: int, decide: Callable[[LoanBook], Fact]) -> LoanFact:
    loans = loans_of_customer_lock(customer_id=customer_id)
    loan = loan_of_borrower(loans=loans, loan_id=order.loan_id)
    rows = _FACTS.rows(loan.pk)
    if _is_repeat(order, rows) and (earlier := _earlier(order, LoanFact.objects.all())):
        return earlier
    try:
        _own_money_check(order, loans)
        return _append(order, loan, tuple(fact_from_values(values=row[:6]) for row in rows), decide)
    except KistError:
        # A key or a bank reference that another loan has is refused before anything else is.
        _earlier(order, LoanFact.objects.all())
        raise


def _own_money_check(order: FactOrder, loans: Sequence[Loan]) -> None:
    """Refuse as a payment the money that a drawdown paid out to the same borrower, whoever had it before a merge."""
    drawn = [loan for loan in loans if loan.is_drawdown]
    if order.credit_reference is None or not drawn:
        return
    reference = order.credit_reference.partition(":")[2]
    # A payout that is reversed has given its name back.
    payouts = LoanFact.objects.filter(loan__in=drawn, kind=FactKind.DISBURSE, credit_reference__isnull=False)
    for payout in payouts.select_related("loan"):
        if payout.reference.upper() == reference:
            raise DrawdownPaysOwnDues(loan=payout.loan.number)


def _append(order: FactOrder, loan: Loan, facts: tuple[Fact, ...], decide: Callable[[LoanBook], Fact]) -> LoanFact:
    today = business_date()
    _close_if_behind(loan, today)
    book = LoanBook(
        loan=loan, terms=terms_of(loan=loan), facts=facts, business_date=today, next_sequence=len(facts) + 1
    )
    fact = decide(book)
    known = (*facts, fact)
    loan.disbursed_on = first_lent_on(facts=known)
    loan.restructured_on = last_restructured_on(facts=known)
    loan.closed_upto = max(loan.closed_upto or date.min, day_before(today))
    watch = class_watch(loan=loan, terms=book.terms, facts=known)
    state = _replay(book, fact, as_of_after(loan=loan, facts=known), watch)
    row, is_new = _fact_insert(order, book, fact)
    if is_new:
        # Before the booking: income of a class that is non-performing from now on is suspended with it.
        class_set_by_act(loan=loan, fact=fact, on_date=today)
        if fact.value_date < today:
            classes_correct(
                back_dating=BackDating(loan=loan, earlier=facts, fact=fact, row=row, state=state, watch=watch)
            )
        _book(book=book, fact=fact, state=state, row=row)
        _credit_release(loan, fact)
        _past_announce(loan, fact, today)
        tax_documents_issue(loan=loan, terms=book.terms, fact=fact, facts=facts, issued_on=today)
        if loan.is_watched:
            plan_follow(loan=loan, row=row, facts=known, today=today)
        audit.record(
            actor=order.actor,
            action=order.action,
            obj=row,
            reason=order.reason,
            detail={"loan": loan.number, "sequence": row.sequence, **order.content},
        )
    return row


def _is_repeat(order: FactOrder, rows: Sequence[Any]) -> bool:
    """Tell whether the loan has the key or the bank reference already; of other loans the unique indexes know."""
    credited = order.credit_reference
    return any(key == order.idempotency_key or (credited and held == credited) for *_, key, held in rows)


def _earlier(order: FactOrder, facts: QuerySet[LoanFact]) -> LoanFact | None:
    """Return the fact of an earlier call with the same key or bank reference; refuse other content."""
    by_key = facts.filter(idempotency_key=order.idempotency_key).first()
    if by_key is not None:
        if by_key.content_hash != order.content_hash:
            raise IdempotencyKeyReused(key=order.idempotency_key)
        return by_key
    if order.credit_reference is None:
        return None
    by_reference = facts.filter(credit_reference=order.credit_reference).first()
    if by_reference is not None and by_reference.content_hash != order.content_hash:
        raise ReferenceReused(
            reference=order.credit_reference, loan=by_reference.loan.number, sequence=by_reference.sequence
        )
    return by_reference


def _close_if_behind(loan: Loan, today: date) -> None:
    """Close the days before today first: an act counts on a loan that is up to date."""
    yesterday = day_before(today)
    if loan.status == LoanStatus.ACTIVE and loan.closed_upto is not None and loan.closed_upto < yesterday:
        loan_close_upto(loan=loan, to_date=yesterday)
        loan.refresh_from_db()


def _replay(book: LoanBook, fact: Fact, as_of: date, watch: ArrearsWatch | None) -> LoanState:
    try:
        return replay(terms=book.terms, facts=(*book.facts, fact), as_of=as_of, watch=watch)
    except EngineRefusal as error:
        if hindrance := _hindrance(book, fact):
            raise LaterFactInTheWay(
                sequence=hindrance.sequence, value_date=hindrance.value_date, problem=error.message
            ) from error
        raise refusal_of(error) from error


def _hindrance(book: LoanBook, fact: Fact) -> Fact | None:
    """Find the later fact that could not stand beside the new one; None when the new one itself is refused."""
    place = (fact.value_date, fact.reversed_sequence if isinstance(fact, Reverse) else fact.sequence)
    later = [other for other in book.facts if (other.value_date, other.sequence) > place]
    known = [other for other in book.facts if other not in later] + [fact]
    if not _is_possible(book.terms, known, fact.value_date):
        return None
    for other in sorted(later, key=lambda other: (other.value_date, other.sequence)):
        known.append(other)
        if not _is_possible(book.terms, known, other.value_date):
            return other
    return None


def _is_possible(terms: Terms, facts: list[Fact], as_of: date) -> bool:
    try:
        replay(terms=terms, facts=facts, as_of=as_of)
    except EngineRefusal:
        return False
    return True


def _fact_insert(order: FactOrder, book: LoanBook, fact: Fact) -> tuple[LoanFact, bool]:
    """Insert the fact; the unique indexes catch a key or bank reference that another loan's writer used meanwhile."""
    row = LoanFact(
        loan=book.loan,
        **fact_columns(fact=fact),
        credit_reference=order.credit_reference,
        reason=order.reason,
        idempotency_key=order.idempotency_key,
        content_hash=order.content_hash,
        recorded_on=book.business_date,
        recorded_by=order.actor,
    )
    try:
        row_insert(row)
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        earlier = _earlier(order, LoanFact.objects.all()) or _earlier(order, facts_for_update())
        if earlier is None:
            raise
        return earlier, False
    return row, True


def _book(*, book: LoanBook, fact: Fact, state: LoanState, row: LoanFact) -> None:
    """Post what the fact changed and save the caches."""
    loan = book.loan
    totals = loan_booked_totals(loan=loan, state=state)
    journal_post(
        idempotency_key=f"lms.fact:{row.pk}",
        event=row.kind,
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=movements_between(before=loan.booked, after=totals),
        value_date=row.value_date,
        booked_on=book.business_date,
        narration=f"{loan.number} entry {row.sequence}",
    )
    reach = reach_of(terms=book.terms, fact=fact, shown_upto=loan.as_of, state=state)
    loan.booked = totals
    loan.fact_count = book.next_sequence
    position_save(loan=loan, state=state, reach=reach)


def _credit_release(loan: Loan, fact: Fact) -> None:
    """Set the bank reference of a reversed fact free: its money may be posted to the right loan.

    A bounce keeps it: the bank gives a payment that is presented again a reference of its own.
    """
    if isinstance(fact, Reverse):
        LoanFact.objects.filter(loan=loan, sequence=fact.reversed_sequence).update(credit_reference=None)


def _past_announce(loan: Loan, fact: Fact, today: date) -> None:
    """Tell that documents may be outdated, where the loan has any; they are issued again after this transaction."""
    is_past = fact.value_date < today or isinstance(fact, Reverse)
    if is_past and Document.objects.filter(loan_id=loan.pk, withdrawn_at=None).exists():
        publish(LoanPastMoved(loan_id=loan.pk, sequence=fact.sequence))


def due_on(*, book: LoanBook, on_date: date) -> int:
    """Return what is due at the day-end of a date, by the entries known, in paise."""
    try:
        return replay(terms=book.terms, facts=book.facts, as_of=on_date).overdue.total
    except EngineRefusal as error:
        raise refusal_of(error) from error


def asset_class_on(*, loan: Loan, value_date: date) -> AssetClass:
    """Return the class that the loan was carried in on a day, by its diary."""
    found = _CLASS.rows(loan.pk, value_date.isoformat())
    return AssetClass(found[0]) if found else AssetClass.STANDARD
