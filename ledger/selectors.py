"""Questions to the ledger: balances, the trial balance, statements, journals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from ledger.errors import ProductAccountMissing
from ledger.models import Account, AccountBalance, DeferredEntry, Journal, ProductAccount, Transfer
from ledger.moved import moved_by
from ledger.questions import Clock, Question
from ledger.reports import BalanceSheet, DayBook, ProfitAndLoss, balance_sheet, day_book, profit_and_loss
from ledger.statements import (
    AccountStatement,
    EntryLine,
    StatementCursor,
    StatementLine,
    account_statement,
    entry_lines,
)

__all__ = [
    "AccountStatement",
    "BalanceSheet",
    "Clock",
    "DayBook",
    "EntryLine",
    "ProductBalance",
    "ProfitAndLoss",
    "Question",
    "StatementCursor",
    "StatementLine",
    "TrialBalance",
    "TrialBalanceRow",
    "account_balance",
    "account_statement",
    "balance_now",
    "balance_of",
    "balance_sheet",
    "day_book",
    "entry_lines",
    "journals_for",
    "product_balances",
    "profit_and_loss",
    "reference_balances",
    "trial_balance",
]


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """One account with its balance on the side where it falls; the other side is zero. Turnover is both sums."""

    account_id: int
    code: str
    name: str
    kind: str
    debit_paise: int
    credit_paise: int
    debit_turnover_paise: int
    credit_turnover_paise: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account that ever moved, by code; the two totals are equal, or the ledger is damaged."""

    rows: tuple[TrialBalanceRow, ...]
    debit_total_paise: int
    credit_total_paise: int

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits."""
        return self.debit_total_paise == self.credit_total_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductBalance:
    """What a product's journals made of one account: debits less credits in paise, and the roles it plays for it."""

    product_code: str
    account_code: str
    roles: tuple[str, ...]
    balance_paise: int


def trial_balance(
    *,
    as_of: date | None = None,
    clock: Clock = Clock.VALUE_DATE,
    known_at: datetime | None = None,
    product_code: str | None = None,
    is_proof: bool = False,
) -> TrialBalance:
    """Sum every account up to a date.

    Args:
        as_of: last day that counts; None for everything.
        clock: go by the day that movements count from, or by the day on which they were booked.
        known_at: only what was recorded by this instant, as the books showed it then.
        product_code: only what journals of this product moved.
        is_proof: sum every transfer anew, not what was summed when it was sealed.
    """
    question = Question(to_date=as_of, clock=clock, known_at=known_at, product_code=product_code)
    moved = moved_by(question, is_proof=is_proof)
    rows = tuple(
        _row(account, *(sum(side) for side in zip(*moved[account.pk].values(), strict=True)))
        for account in Account.objects.filter(pk__in=moved).order_by("code")
    )
    return TrialBalance(rows, sum(row.debit_paise for row in rows), sum(row.credit_paise for row in rows))


def balance_of(*, product_code: str, role: str, as_of: date | None = None, clock: Clock = Clock.VALUE_DATE) -> int:
    """Return debits less credits, in paise, that a product's journals made on the account of a role.

    Args:
        product_code: the product; of an account that several products use, only this product's part counts.
        role: an AccountRole.
        as_of: last day that counts; None for everything.
        clock: which date `as_of` is about.

    Raises:
        ProductAccountMissing: the product has no account for the role.
    """
    mapped = ProductAccount.objects.filter(product_code=product_code, role=role).first()
    if mapped is None:
        raise ProductAccountMissing(product_code=product_code, role=str(role))
    transfers = _until(as_of=as_of, clock=clock)
    if ProductAccount.objects.filter(account=mapped.account_id).exclude(product_code=product_code).exists():
        transfers = transfers.filter(journal__product_code=product_code)
    return _balance(transfers, mapped.account_id)


def account_balance(*, account: Account, as_of: date | None = None, clock: Clock = Clock.VALUE_DATE) -> int:
    """Return debits less credits of an account in paise, up to and including a date."""
    return _balance(_until(as_of=as_of, clock=clock), account.pk)


def balance_now(*, account: Account) -> int:
    """Return where an account stands at this moment: its balance and the legs that wait for the roller, in paise."""
    waiting = (
        DeferredEntry.objects.filter(account=OuterRef("account"))
        .order_by()
        .values("account")
        .annotate(total=Sum("delta_paise"))
        .values("total")
    )
    rows = AccountBalance.objects.filter(account=account).annotate(waiting=Subquery(waiting))
    # One statement, so that a leg which is being rolled is counted once.
    found = rows.values_list("balance_paise", "waiting").first()
    return int(found[0]) + int(found[1] or 0) if found else 0


def product_balances() -> tuple[ProductBalance, ...]:
    """Return every account that plays a role for a product, with the product's part of its balance.

    One pass over all transfers: this is for proofs over the whole book, `balance_of` is for one figure.
    """
    balances: Counter[tuple[str, int]] = Counter()
    pairs = Transfer.objects.order_by().values_list("journal__product_code", "debit_account", "credit_account")
    for product_code, debited, credited, amount in pairs.annotate(Sum("amount_paise")):
        balances[product_code, debited] += int(amount)
        balances[product_code, credited] -= int(amount)
    roles: dict[tuple[str, str, int], list[str]] = {}
    for mapped in ProductAccount.objects.select_related("account").order_by("product_code", "account__code", "role"):
        roles.setdefault((mapped.product_code, mapped.account.code, mapped.account_id), []).append(mapped.role)
    return tuple(
        ProductBalance(
            product_code=product_code,
            account_code=account_code,
            roles=tuple(played),
            balance_paise=balances[product_code, account_id],
        )
        for (product_code, account_code, account_id), played in roles.items()
    )


def journals_for(*, reference_type: str, reference_id: int) -> QuerySet[Journal]:
    """Return the journals behind an object, first posted first, with their transfers and accounts."""
    return (
        Journal.objects.filter(reference_type=reference_type, reference_id=reference_id)
        .order_by("pk")
        .prefetch_related("transfers__debit_account", "transfers__credit_account")
    )


def reference_balances(*, reference_type: str, reference_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what the journals behind objects made of each account: debits less credits in paise by account code.

    Args:
        reference_type: `app.model` of the objects.
        reference_ids: their keys; those without journals are left out of the answer.
    """
    balances: dict[int, dict[str, int]] = {}
    for side, sign in (("debit_account", 1), ("credit_account", -1)):
        sums = (
            Transfer.objects.filter(journal__reference_type=reference_type, journal__reference_id__in=reference_ids)
            .order_by()
            .values_list("journal__reference_id", f"{side}__code")
            .annotate(Sum("amount_paise"))
        )
        for reference_id, code, amount in sums:
            found = balances.setdefault(reference_id, {})
            found[code] = found.get(code, 0) + sign * int(amount)
    return balances


def _row(account: Account, debits: int, credits_: int) -> TrialBalanceRow:
    balance = debits - credits_
    return TrialBalanceRow(
        account_id=account.pk,
        code=account.code,
        name=account.name,
        kind=account.kind,
        debit_paise=max(balance, 0),
        credit_paise=max(-balance, 0),
        debit_turnover_paise=debits,
        credit_turnover_paise=credits_,
    )


def _until(*, as_of: date | None, clock: Clock) -> QuerySet[Transfer]:
    return Transfer.objects.filter(Question(to_date=as_of, clock=clock).transfers()).order_by()


def _balance(transfers: QuerySet[Transfer], account_id: int) -> int:
    return _sum(transfers.filter(debit_account=account_id)) - _sum(transfers.filter(credit_account=account_id))


def _sum(transfers: QuerySet[Transfer]) -> int:
    return int(transfers.aggregate(total=Sum("amount_paise"))["total"] or 0)
