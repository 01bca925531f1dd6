"""Statement of one account: what moved it, line by line, with the balance after each line."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from heapq import merge
from itertools import islice
from typing import Final

from django.db.models import Q, QuerySet, Sum

from ledger.models import Account, Entry, Transfer
from ledger.questions import Clock, Question

_READ_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class StatementCursor:
    """The line after which a page begins; lines are in the order of the clock's date and transfer."""

    on_date: date
    transfer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One transfer seen from one of its accounts: debit or credit is zero, the balance is debits less credits."""

    transfer_id: int
    journal_id: int
    value_date: date
    booked_on: date
    event: str
    narration: str
    reference_type: str
    reference_id: int
    counter_account_code: str
    counter_account_name: str
    debit_paise: int
    credit_paise: int
    balance_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """One page: balance before its first line, the lines, balance after its last; `next_page` None on the last page."""

    account_id: int
    opening_paise: int
    lines: tuple[StatementLine, ...]
    closing_paise: int
    next_page: StatementCursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry of an account in the order in which the ledger numbered it, with the balance that it left."""

    seq: int
    journal_id: int
    leg: int
    value_date: date
    booked_on: date
    event: str
    reference_type: str
    reference_id: int
    delta_paise: int
    balance_after_paise: int


def account_statement(
    *,
    account: Account,
    from_date: date | None = None,
    to_date: date | None = None,
    limit: int = 100,
    after: StatementCursor | None = None,
    clock: Clock = Clock.VALUE_DATE,
    known_at: datetime | None = None,
    product_code: str | None = None,
    event: str | None = None,
) -> AccountStatement:
    """Return one page of an account's statement.

    Args:
        account: whose statement it is.
        from_date: first day shown; what was before is in the opening balance. None for the beginning.
        to_date: last day shown; None for no end.
        limit: lines per page, 1 to 1,000.
        after: `next_page` of the page before; None for the first page.
        clock: go by the day that movements count from, or by the day on which they were booked.
        known_at: only what was recorded by this instant, as the books showed it then.
        product_code: only what journals of this product moved.
        event: only what journals of this event moved.
    """
    if not 1 <= limit <= 1_000:
        raise ValueError("A page has 1 to 1,000 lines.")
    everything = Question(clock=clock, known_at=known_at, product_code=product_code, event=event).transfers()
    before, shown = _before(from_date, after, clock), _shown(from_date, to_date, after, clock)
    opening = _signed_sum(account, before & everything) if before is not None else 0
    fetched = _in_order(account, shown & everything, limit + 1, clock)
    page = fetched[:limit]
    lines = tuple(_lines(account, page, opening))
    has_more = len(fetched) > limit
    return AccountStatement(
        account_id=account.pk,
        opening_paise=opening,
        lines=lines,
        closing_paise=lines[-1].balance_paise if lines else opening,
        next_page=StatementCursor(getattr(page[-1], clock.value), page[-1].pk) if has_more else None,
    )


def statement_lines(*, account: Account, question: Question) -> Iterator[StatementLine]:
    """Yield every line of a statement in order, with the balance after it."""
    clock, from_date, to_date = question.clock, question.from_date, question.to_date
    everything = replace(question, from_date=None, to_date=None).transfers()
    before = _before(from_date, None, clock)
    balance = _signed_sum(account, before & everything) if before is not None else 0
    after: StatementCursor | None = None
    while page := _in_order(account, _shown(from_date, to_date, after, clock) & everything, _READ_AT_ONCE, clock):
        for line in _lines(account, page, balance):
            yield line
            balance = line.balance_paise
        after = StatementCursor(getattr(page[-1], clock.value), page[-1].pk)


def entry_lines(*, account: Account, after_seq: int = 0, limit: int = 100) -> tuple[EntryLine, ...]:
    """Return entries of an account in their own sequence, from the one after `after_seq`: one range of the table."""
    rows = Entry.objects.filter(account=account, seq__gt=after_seq).order_by("seq").select_related("journal")[:limit]
    return tuple(
        EntryLine(
            seq=row.seq,
            journal_id=row.journal_id,
            leg=row.leg,
            value_date=row.journal.value_date,
            booked_on=row.journal.booked_on,
            event=row.journal.event,
            reference_type=row.journal.reference_type,
            reference_id=row.journal.reference_id,
            delta_paise=row.delta_paise,
            balance_after_paise=row.balance_after_paise,
        )
        for row in rows
    )


def _before(from_date: date | None, after: StatementCursor | None, clock: Clock) -> Q | None:
    """Return the condition for what the opening balance consists of."""
    day = clock.value
    if after is not None:
        # The first condition alone finds the range in the index; the second cuts within its last day.
        within = Q((f"{day}__lt", after.on_date)) | Q(pk__lte=after.transfer_id)
        return Q((f"{day}__lte", after.on_date)) & within
    return None if from_date is None else Q((f"{day}__lt", from_date))


def _shown(from_date: date | None, to_date: date | None, after: StatementCursor | None, clock: Clock) -> Q:
    day = clock.value
    condition = Q()
    if to_date is not None:
        condition &= Q((f"{day}__lte", to_date))
    if after is not None:
        within = Q((f"{day}__gt", after.on_date)) | Q(pk__gt=after.transfer_id)
        return condition & Q((f"{day}__gte", after.on_date)) & within
    return condition if from_date is None else condition & Q((f"{day}__gte", from_date))


def _signed_sum(account: Account, condition: Q) -> int:
    return _sum(Transfer.objects.filter(condition, debit_account=account)) - _sum(
        Transfer.objects.filter(condition, credit_account=account)
    )


def _sum(transfers: QuerySet[Transfer]) -> int:
    return int(transfers.order_by().aggregate(total=Sum("amount_paise"))["total"] or 0)


def _in_order(account: Account, condition: Q, count: int, clock: Clock) -> list[Transfer]:
    """Return the first debits and credits of an account together.

    Their keys are read first, from the index of each side alone: with the joins in the same query, the database would
    sort all movements of the account to find the first few.
    """
    sides = [
        Transfer.objects.filter(condition, **{side: account})
        .order_by(clock.value, "pk")
        .values_list(clock.value, "pk")[:count]
        for side in ("debit_account", "credit_account")
    ]
    keys = [key for _, key in islice(merge(*sides), count)]
    # Journals are joined: to look up a thousand of them by themselves is more than a query of SQLite takes.
    transfers = Transfer.objects.filter(pk__in=keys).select_related("journal")
    transfers = transfers.prefetch_related("debit_account", "credit_account")
    return list(transfers.order_by(clock.value, "pk"))


def _lines(account: Account, transfers: list[Transfer], opening: int) -> Iterator[StatementLine]:
    balance = opening
    for transfer in transfers:
        is_debit = transfer.debit_account_id == account.pk
        balance += transfer.amount_paise if is_debit else -transfer.amount_paise
        counter = transfer.credit_account if is_debit else transfer.debit_account
        yield StatementLine(
            transfer_id=transfer.pk,
            journal_id=transfer.journal_id,
            value_date=transfer.value_date,
            booked_on=transfer.booked_on,
            event=transfer.journal.event,
            narration=transfer.journal.narration,
            reference_type=transfer.journal.reference_type,
            reference_id=transfer.journal.reference_id,
            counter_account_code=counter.code,
            counter_account_name=counter.name,
            debit_paise=transfer.amount_paise if is_debit else 0,
            credit_paise=0 if is_debit else transfer.amount_paise,
            balance_paise=balance,
        )
