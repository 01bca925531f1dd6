"""Statement of one account: what moved it, line by line, with the balance after each line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from heapq import merge
from itertools import islice

from django.db.models import Q, QuerySet, Sum

from ledger.models import Account, Transfer


@dataclass(frozen=True, slots=True)
class StatementCursor:
    """The line after which a page begins; lines are in the order of value date and transfer."""

    value_date: date
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


def account_statement(
    *,
    account: Account,
    from_date: date | None = None,
    to_date: date | None = None,
    limit: int = 100,
    after: StatementCursor | None = None,
) -> AccountStatement:
    """Return one page of an account's statement by value date.

    Args:
        account: whose statement it is.
        from_date: first value date shown; what was before is in the opening balance. None for the beginning.
        to_date: last value date shown; None for no end.
        limit: lines per page, 1 to 1,000.
        after: `next_page` of the page before; None for the first page.
    """
    if not 1 <= limit <= 1_000:
        raise ValueError("A page has 1 to 1,000 lines.")
    before, shown = _before(from_date, after), _shown(from_date, to_date, after)
    opening = _signed_sum(account, before) if before is not None else 0
    fetched = _in_order(account, shown, limit + 1)
    page = fetched[:limit]
    lines = tuple(_lines(account, page, opening))
    has_more = len(fetched) > limit
    return AccountStatement(
        account_id=account.pk,
        opening_paise=opening,
        lines=lines,
        closing_paise=lines[-1].balance_paise if lines else opening,
        next_page=StatementCursor(page[-1].value_date, page[-1].pk) if has_more else None,
    )


def _before(from_date: date | None, after: StatementCursor | None) -> Q | None:
    """Return the condition for what the opening balance consists of."""
    if after is not None:
        # The first condition alone finds the range in the index; the second cuts within its last day.
        within = Q(value_date__lt=after.value_date) | Q(pk__lte=after.transfer_id)
        return Q(value_date__lte=after.value_date) & within
    return None if from_date is None else Q(value_date__lt=from_date)


def _shown(from_date: date | None, to_date: date | None, after: StatementCursor | None) -> Q:
    condition = Q()
    if to_date is not None:
        condition &= Q(value_date__lte=to_date)
    if after is not None:
        within = Q(value_date__gt=after.value_date) | Q(pk__gt=after.transfer_id)
        return condition & Q(value_date__gte=after.value_date) & within
    return condition if from_date is None else condition & Q(value_date__gte=from_date)


def _signed_sum(account: Account, condition: Q) -> int:
    return _sum(Transfer.objects.filter(condition, debit_account=account)) - _sum(
        Transfer.objects.filter(condition, credit_account=account)
    )


def _sum(transfers: QuerySet[Transfer]) -> int:
    return int(transfers.order_by().aggregate(total=Sum("amount_paise"))["total"] or 0)


def _in_order(account: Account, condition: Q, count: int) -> list[Transfer]:
    """Return the first debits and credits of an account together.

    Their keys are read first, from the index of each side alone: with the joins in the same query, the database would
    sort all movements of the account to find the first few.
    """
    sides = [
        Transfer.objects.filter(condition, **{side: account})
        .order_by("value_date", "pk")
        .values_list("value_date", "pk")[:count]
        for side in ("debit_account", "credit_account")
    ]
    keys = [key for _, key in islice(merge(*sides), count)]
    transfers = Transfer.objects.filter(pk__in=keys).prefetch_related("journal", "debit_account", "credit_account")
    return list(transfers.order_by("value_date", "pk"))


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
