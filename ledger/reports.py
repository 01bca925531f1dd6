"""Profit and loss, balance sheet and day book."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db.models import Count, QuerySet, Sum

from ledger.models import Account, AccountKind, Journal
from ledger.moved import moved_by
from ledger.questions import Question

_READ_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One account: its amount in paise on the side where its kind grows, in total and by product."""

    account_id: int
    code: str
    name: str
    kind: str
    total_paise: int
    by_product: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """The accounts of one kind, and their sum."""

    kind: str
    rows: tuple[ReportRow, ...]
    total_paise: int
    by_product: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitAndLoss:
    """Income less expenses of some days; `products` names the columns, "" is what has no product."""

    products: tuple[str, ...]
    income: ReportPart
    expenses: ReportPart
    profit_paise: int
    profit_by_product: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSheet:
    """What there is and whose it is on a day. Profit is what income and expenses made since the books began."""

    products: tuple[str, ...]
    assets: ReportPart
    liabilities: ReportPart
    equity: ReportPart
    profit_paise: int
    profit_by_product: tuple[int, ...]

    @property
    def claims_paise(self) -> int:
        """Liabilities, equity and profit together."""
        return self.liabilities.total_paise + self.equity.total_paise + self.profit_paise

    @property
    def is_balanced(self) -> bool:
        """Whether assets equal the claims on them."""
        return self.assets.total_paise == self.claims_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBook:
    """One page of a day's journals in the order of their numbers; `next_after` is None on the last page."""

    journals: tuple[Journal, ...]
    journal_count: int
    total_paise: int
    next_after: int | None


def profit_and_loss(*, question: Question) -> ProfitAndLoss:
    """Return income and expenses of the days that a question names.

    A month that is closed keeps its result when the question goes by the day of booking: nothing more is booked there.
    """
    balances = _balances(question)
    products = _products(balances)
    income, expenses = (_part(kind, balances, products) for kind in (AccountKind.INCOME, AccountKind.EXPENSE))
    by_product = _less(income.by_product, expenses.by_product)
    return ProfitAndLoss(
        products=products,
        income=income,
        expenses=expenses,
        profit_paise=sum(by_product),
        profit_by_product=by_product,
    )


def balance_sheet(*, question: Question) -> BalanceSheet:
    """Return assets and the claims on them at the end of a question's last day; its first day does not count."""
    balances = _balances(replace(question, from_date=None))
    products = _products(balances)
    parts = {kind: _part(kind, balances, products) for kind in AccountKind}
    by_product = _less(parts[AccountKind.INCOME].by_product, parts[AccountKind.EXPENSE].by_product)
    return BalanceSheet(
        products=products,
        assets=parts[AccountKind.ASSET],
        liabilities=parts[AccountKind.LIABILITY],
        equity=parts[AccountKind.EQUITY],
        profit_paise=sum(by_product),
        profit_by_product=by_product,
    )


def day_book(*, booked_on: date, known_at: datetime | None = None, limit: int = 50, after: int = 0) -> DayBook:
    """Return one page of the journals booked on a day, with their transfers and accounts.

    Args:
        known_at: only what was recorded by this instant.
        limit: journals per page.
        after: `next_after` of the page before.
    """
    journals = _of_day(booked_on, known_at)
    sums = journals.order_by().aggregate(count=Count("pk"), total=Sum("total_paise"))
    page = list(_with_transfers(journals.filter(pk__gt=after))[: limit + 1])
    return DayBook(
        journals=tuple(page[:limit]),
        journal_count=sums["count"],
        total_paise=int(sums["total"] or 0),
        next_after=page[limit - 1].pk if len(page) > limit else None,
    )


def day_book_journals(*, booked_on: date, known_at: datetime | None = None) -> Iterator[Journal]:
    """Yield every journal booked on a day in the order of their numbers, with their transfers and accounts."""
    yield from _with_transfers(_of_day(booked_on, known_at)).iterator(_READ_AT_ONCE)


def _of_day(booked_on: date, known_at: datetime | None) -> QuerySet[Journal]:
    journals = Journal.objects.filter(booked_on=booked_on)
    return journals if known_at is None else journals.filter(recorded_at__lte=known_at)


def _with_transfers(journals: QuerySet[Journal]) -> QuerySet[Journal]:
    return journals.order_by("pk").prefetch_related("transfers__debit_account", "transfers__credit_account")


Balances = dict[int, dict[str, int]]


def _balances(question: Question) -> Balances:
    """Sum debits less credits by account and product."""
    return {
        account_id: {product: debits - credits_ for product, (debits, credits_) in of_account.items()}
        for account_id, of_account in moved_by(question).items()
    }


def _products(balances: Balances) -> tuple[str, ...]:
    return tuple(sorted({product for of_account in balances.values() for product in of_account}))


def _part(kind: AccountKind, balances: Balances, products: tuple[str, ...]) -> ReportPart:
    sign = 1 if kind in (AccountKind.ASSET, AccountKind.EXPENSE) else -1
    rows = []
    for account in Account.objects.filter(kind=kind, pk__in=balances).order_by("code"):
        by_product = tuple(sign * balances[account.pk].get(product, 0) for product in products)
        if any(by_product):
            rows.append(
                ReportRow(
                    account_id=account.pk,
                    code=account.code,
                    name=account.name,
                    kind=kind.value,
                    total_paise=sum(by_product),
                    by_product=by_product,
                )
            )
    sums = _columns((row.by_product for row in rows), len(products))
    return ReportPart(kind=kind.value, rows=tuple(rows), total_paise=sum(sums), by_product=sums)


def _columns(rows: Iterable[tuple[int, ...]], width: int) -> tuple[int, ...]:
    return tuple(map(sum, zip((0,) * width, *rows, strict=True)))


def _less(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(left, right, strict=True))
