"""The one way a fact enters a credit line: locked before the loans, once, folded, booked and audited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from lms.engine.lines import LineEvent, LineState, fold_line
from lms.engine.state import LoanStatus
from lms.errors import IdempotencyKeyReused
from lms.errors.lines import LineClosed, LineUnknown
from lms.errors.servicing import BorrowerMoved
from lms.locks import line_facts_for_update, lines_of_customer_for_update, loans_of_customer_for_update
from lms.models import CreditLine, LineFact, Loan
from lms.services.borrowers import owner_transaction
from lms.services.checks import key_check, reason_check
from lms.services.day_end import loan_close_upto
from lms.services.fact_rows import content_hash
from lms.services.lines.commitments import commitment_book
from lms.services.lines.standing import LineStanding, cache_set, events_of, standing_of

CACHED = (
    "limit_paise",
    "valid_until",
    "is_blocked",
    "closed_on",
    "fact_count",
    "committed_paise",
    "commitment_count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOrder:
    """What a caller asks for, before the line is looked at; `content` makes a repeat the same request."""

    action: str
    line_id: int
    content: Mapping[str, object]
    idempotency_key: str
    reason: str = ""
    is_reason_required: bool = False
    actor: User | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of the request."""
        return content_hash(content={"action": self.action, "line": self.line_id, **self.content})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEntry:
    """What a service decided: the event, and what is kept with it for the next reader."""

    event: LineEvent
    reference: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBook:
    """A locked line with its customer's locked loans, closed up to yesterday: what a service decides on."""

    line: CreditLine
    events: tuple[LineEvent, ...]
    state: LineState
    standing: LineStanding
    loans: tuple[Loan, ...]
    business_date: date

    @property
    def next_sequence(self) -> int:
        """Number of the next fact."""
        return len(self.events) + 1


def line_record(*, order: LineOrder, decide: Callable[[LineBook], LineEntry]) -> LineFact:
    """Append one fact to a line, in a transaction that is run again when the database could not serialise it.

    The order of locks: the customer's lines, the customer's loans, then what loans and ledger lock themselves.

    Args:
        order: the request.
        decide: builds the entry from the locked line; raises the act's own refusals.

    Returns:
        The new fact, or that of the first call with the same key and content.

    Raises:
        LineUnknown, LineClosed: there is no such line, or it was closed.
        IdempotencyKeyReused: the key belongs to other content.
        KistError: what `decide` refuses.

    Source: decision 0010.
    """
    key_check(idempotency_key=order.idempotency_key)
    reason_check(reason=order.reason, is_required=order.is_reason_required)
    return owner_transaction(
        owner=lambda: customer_of_line(line_id=order.line_id),
        act=lambda customer_id: _record(order, customer_id, decide),
    )


def customer_of_line(*, line_id: int) -> int:
    """Return the key of the customer who has the line.

    Raises:
        LineUnknown: there is no such line.
    """
    customer_id = CreditLine.objects.filter(pk=line_id).values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise LineUnknown(line=line_id)
    return customer_id


def _record(order: LineOrder, customer_id: int, decide: Callable[[LineBook], LineEntry]) -> LineFact:
    lines = lines_of_customer_for_update(customer_id=customer_id)
    line = next((found for found in lines if found.pk == order.line_id), None)
    if line is None:
        raise BorrowerMoved(account=f"Line {order.line_id}")
    loans = list(loans_of_customer_for_update(customer_id=customer_id))
    if earlier := _earlier(order, LineFact.objects.all()):
        return earlier
    today = business_date()
    book = _book(line, _closed_upto_yesterday(loans, today), today)
    if book.state.closed_on is not None:
        raise LineClosed(line=line.number, closed_on=book.state.closed_on)
    entry = decide(book)
    row, is_new = _insert(order, book, entry)
    if is_new:
        _cache(book, entry)
        audit.record(
            actor=order.actor,
            action=order.action,
            obj=line,
            reason=order.reason,
            detail={"line": line.number, "sequence": row.sequence, **order.content},
        )
    return row


def _closed_upto_yesterday(loans: list[Loan], today: date) -> list[Loan]:
    """Close the days before today first: dues and classes that decide must be those of last night."""
    yesterday = today - timedelta(days=1)
    behind = next(
        (loan for loan in loans if loan.status == LoanStatus.ACTIVE and (loan.closed_upto or yesterday) < yesterday),
        None,
    )
    if behind is None:
        return loans
    loan_close_upto(loan=behind, to_date=yesterday)
    return list(Loan.objects.filter(customer_id=behind.customer_id).order_by("pk"))


def _book(line: CreditLine, loans: list[Loan], today: date) -> LineBook:
    events = events_of(line_ids=[line.pk])[line.pk]
    state = fold_line(events=events, as_of=today)
    assert state is not None  # noqa: S101  # a line is written with its first fact, on the day of that fact
    return LineBook(
        line=line,
        events=events,
        state=state,
        standing=standing_of(state=state, loans=loans),
        loans=tuple(loans),
        business_date=today,
    )


def _earlier(order: LineOrder, facts: QuerySet[LineFact]) -> LineFact | None:
    earlier = facts.filter(idempotency_key=order.idempotency_key).first()
    if earlier is not None and earlier.content_hash != order.content_hash:
        raise IdempotencyKeyReused(key=order.idempotency_key)
    return earlier


def _insert(order: LineOrder, book: LineBook, entry: LineEntry) -> tuple[LineFact, bool]:
    """Insert the fact; the unique index catches a key that the writer of another line used meanwhile."""
    try:
        with transaction.atomic():
            row = LineFact.objects.create(
                line=book.line,
                **event_columns(event=entry.event),
                reference=entry.reference,
                details=dict(entry.details),
                reason=order.reason,
                idempotency_key=order.idempotency_key,
                content_hash=order.content_hash,
                recorded_on=book.business_date,
                recorded_by=order.actor,
            )
    except IntegrityError:
        # A snapshot may be older than the row that was collided with; a locking read sees it.
        earlier = _earlier(order, line_facts_for_update())
        if earlier is None:
            raise
        return earlier, False
    return row, True


def event_columns(*, event: LineEvent) -> dict[str, Any]:
    """Return the columns of a row that hold an event."""
    return {name: getattr(event, name) for name in LineEvent.__slots__} | {"kind": event.kind.value}


def _cache(book: LineBook, entry: LineEntry) -> None:
    line = book.line
    state = fold_line(events=(*book.events, entry.event), as_of=book.business_date)
    assert state is not None  # noqa: S101  # an event was added to a line that was open
    cache_set(line=line, state=state)
    line.fact_count = entry.event.sequence
    # A drawdown made a loan meanwhile, so the loans are read again; nobody else can have changed them.
    loans = Loan.objects.filter(customer_id=line.customer_id)
    commitment_book(line=line, standing=standing_of(state=state, loans=loans), today=book.business_date)
    line.save(update_fields=CACHED)
