"""The one way a fact enters the book: locked, once, replayed, cached, posted and written to the audit trail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.services import journal_post
from lms.engine.classification import AssetClass
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, Reverse
from lms.engine.replay import replay
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms
from lms.errors import IdempotencyKeyReused, LaterFactInTheWay, LoanUnknown, ReferenceReused, refusal_of
from lms.locks import facts_for_update, loans_of_customer_for_update
from lms.models import Loan, LoanFact
from lms.services.act_classes import class_set_by_act
from lms.services.checks import key_check, reason_check
from lms.services.day_end import loan_close_upto
from lms.services.fact_rows import content_hash, fact_columns, facts_of, first_lent_on, last_restructured_on
from lms.services.positions import (
    booked_totals,
    day_before,
    is_income_suspended,
    movements_between,
    position_save,
    terms_of,
)

REFERENCE_TYPE = "lms.loan"


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
        KistError: what `decide` refuses, and the refusals of the engine as ours.

    Source: style 9, money "the rules in short".
    """
    key_check(idempotency_key=order.idempotency_key)
    reason_check(reason=order.reason, is_required=order.is_reason_required)
    # Read before the transaction begins: under repeatable read its first read fixes what it sees, and that has to be
    # after the lock was got. The borrower of a loan never changes.
    customer_id = borrower_of(loan_id=order.loan_id)
    return run_in_transaction(lambda: _record(order, customer_id, decide))


def borrower_of(*, loan_id: int) -> int:
    """Return the key of the customer who has the loan.

    Raises:
        LoanUnknown: there is no such loan.
    """
    customer_id = Loan.objects.filter(pk=loan_id).values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise LoanUnknown(loan=loan_id)
    return customer_id


def loan_lock(*, loan_id: int, customer_id: int | None = None) -> Loan:
    """Lock the loans of a loan's borrower in key order and return the loan; inside a transaction.

    Args:
        customer_id: the borrower, where it was read before the transaction.

    Raises:
        LoanUnknown: there is no such loan.
    """
    borrower = borrower_of(loan_id=loan_id) if customer_id is None else customer_id
    return next(loan for loan in loans_of_customer_for_update(customer_id=borrower) if loan.pk == loan_id)


def as_of_after(*, loan: Loan, facts: tuple[Fact, ...]) -> date:
    """Return the day-end that the caches of a loan show: its last closed day, or a later fact's value date."""
    assert loan.closed_upto is not None  # noqa: S101  # set with the first disbursal
    return max([loan.closed_upto, *(fact.value_date for fact in facts)])


def _record(order: FactOrder, customer_id: int, decide: Callable[[LoanBook], Fact]) -> LoanFact:
    loan = loan_lock(loan_id=order.loan_id, customer_id=customer_id)
    if earlier := _earlier(order, LoanFact.objects.all()):
        return earlier
    today = business_date()
    _close_if_behind(loan, today)
    facts = facts_of(loan_id=loan.pk)
    book = LoanBook(
        loan=loan, terms=terms_of(loan=loan), facts=facts, business_date=today, next_sequence=len(facts) + 1
    )
    fact = decide(book)
    known = (*facts, fact)
    loan.disbursed_on = first_lent_on(facts=known)
    loan.restructured_on = last_restructured_on(facts=known)
    loan.closed_upto = max(loan.closed_upto or date.min, day_before(today))
    state = _replay(book, fact, as_of_after(loan=loan, facts=known))
    row, is_new = _fact_insert(order, book, fact)
    if is_new:
        # Before the booking: income of a class that is non-performing from now on is suspended with it.
        class_set_by_act(loan=loan, fact=fact, on_date=today)
        _book(loan=loan, state=state, row=row, today=today, fact_count=len(known))
        _credit_release(loan, fact)
        audit.record(
            actor=order.actor,
            action=order.action,
            obj=row,
            reason=order.reason,
            detail={"loan": loan.number, "sequence": row.sequence, **order.content},
        )
    return row


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


def _replay(book: LoanBook, fact: Fact, as_of: date) -> LoanState:
    try:
        return replay(terms=book.terms, facts=(*book.facts, fact), as_of=as_of)
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
    try:
        with transaction.atomic():
            row = LoanFact.objects.create(
                loan=book.loan,
                **fact_columns(fact=fact),
                credit_reference=order.credit_reference,
                reason=order.reason,
                idempotency_key=order.idempotency_key,
                content_hash=order.content_hash,
                recorded_on=book.business_date,
                recorded_by=order.actor,
            )
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        earlier = _earlier(order, LoanFact.objects.all()) or _earlier(order, facts_for_update())
        if earlier is None:
            raise
        return earlier, False
    return row, True


def _book(*, loan: Loan, state: LoanState, row: LoanFact, today: date, fact_count: int) -> None:
    """Post what the fact changed and save the caches."""
    totals = booked_totals(state=state, is_income_suspended=is_income_suspended(loan=loan))
    journal_post(
        idempotency_key=f"lms.fact:{row.pk}",
        event=row.kind,
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=movements_between(before=loan.booked, after=totals),
        value_date=row.value_date,
        booked_on=today,
        narration=f"{loan.number} entry {row.sequence}",
    )
    loan.booked = totals
    loan.fact_count = fact_count
    position_save(loan=loan, state=state)


def _credit_release(loan: Loan, fact: Fact) -> None:
    """Set the bank reference of a reversed fact free: its money may be posted to the right loan.

    A bounce keeps it: the bank gives a payment that is presented again a reference of its own.
    """
    if isinstance(fact, Reverse):
        LoanFact.objects.filter(loan=loan, sequence=fact.reversed_sequence).update(credit_reference=None)


def asset_class_on(*, loan: Loan, value_date: date) -> AssetClass:
    """Return the class that the loan was carried in on a day, by its diary."""
    entry = loan.classification_entries.filter(on_date__lt=value_date).order_by("-on_date", "-pk").first()
    return AssetClass(entry.asset_class) if entry else AssetClass.STANDARD
