"""Why a figure of the books is what it is: by account, by what happened, down to the lines of a statement."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Sum

from ledger.models import Account, AccountKind, Transfer
from ledger.questions import Question


class BookFigure(StrEnum):
    """What can be asked for of one account, of a kind of accounts or of the whole book."""

    BALANCE = "balance"
    DEBITS = "debits"
    CREDITS = "credits"
    PROFIT = "profit"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookNode:
    """One node: what it is, how much in paise, by which formula, made of which parts, which add up to it.

    `account_id` and `question` name the statement whose lines the amount is the sum of; None where it is no leaf.
    """

    label: str
    amount_paise: int
    formula: str
    parts: tuple["BookNode", ...] = ()
    account_id: int | None = None
    question: Question | None = None


def figure_explain(
    *, question: Question, figure: BookFigure, account: Account | None = None, kind: AccountKind | None = None
) -> BookNode:
    """Explain a figure of a report.

    Args:
        question: the days, the clock, what was known and the product of the report.
        figure: balances are on the side where their kind grows; of one account debits less credits.
        account: whose figure it is.
        kind: of all accounts of this kind, where no account is named; of every account without either.

    Source: design promise 3 (every rupee explains itself).
    """
    if figure is BookFigure.PROFIT:
        income = figure_explain(question=question, figure=BookFigure.BALANCE, kind=AccountKind.INCOME)
        expenses = figure_explain(question=question, figure=BookFigure.BALANCE, kind=AccountKind.EXPENSE)
        return _sum("Profit", "income less expenses", [income, _turned(expenses)])
    if account is not None:
        return _of_account(account, _sums(question, [account.pk]), question, figure, sign=1)
    accounts = Account.objects.order_by("code")
    if kind is not None:
        accounts = accounts.filter(kind=kind)
    rows = list(accounts)
    sign = -1 if kind in (AccountKind.LIABILITY, AccountKind.EQUITY, AccountKind.INCOME) else 1
    sums = _sums(question, [row.pk for row in rows])
    parts = [_of_account(row, sums, question, figure, sign=sign) for row in rows]
    label = "All accounts" if kind is None else str(AccountKind(kind).label)
    return _sum(label, "sum of the accounts", parts)


_Sums = dict[tuple[int, str], Counter[str]]


def _sums(question: Question, account_ids: Sequence[int]) -> _Sums:
    """Sum both sides of accounts by what happened, with two queries."""
    found: _Sums = {}
    for side, name in (("debit_account", "debits"), ("credit_account", "credits")):
        rows = Transfer.objects.filter(question.transfers(), **{f"{side}__in": account_ids}).order_by()
        for account_id, event, amount in rows.values_list(side, "journal__event").annotate(Sum("amount_paise")):
            found.setdefault((account_id, event), Counter())[name] += int(amount)
    return found


def _of_account(account: Account, sums: _Sums, question: Question, figure: BookFigure, *, sign: int) -> BookNode:
    events = sorted(event for account_id, event in sums if account_id == account.pk)
    parts = []
    for event in events:
        sides = sums[account.pk, event]
        amounts = {
            BookFigure.DEBITS: sides["debits"],
            BookFigure.CREDITS: sides["credits"],
            BookFigure.BALANCE: sign * (sides["debits"] - sides["credits"]),
        }
        parts.append(
            BookNode(
                label=event,
                amount_paise=amounts[figure],
                formula=f"debits {sides['debits']} less credits {sides['credits']}",
                account_id=account.pk,
                question=replace(question, event=event),
            )
        )
    formula = {
        BookFigure.DEBITS: "debits, by what happened",
        BookFigure.CREDITS: "credits, by what happened",
        BookFigure.BALANCE: "debits less credits, by what happened"
        if sign > 0
        else "credits less debits, by what happened",
    }[figure]
    whole = _sum(f"{account.code} {account.name}", formula, parts)
    return replace(whole, account_id=account.pk, question=question)


def _sum(label: str, formula: str, parts: Iterable[BookNode]) -> BookNode:
    shown = tuple(part for part in parts if part.amount_paise or part.parts)
    return BookNode(label=label, amount_paise=sum(part.amount_paise for part in shown), formula=formula, parts=shown)


def _turned(node: BookNode) -> BookNode:
    """Turn the sign of a node and of all below it."""
    return replace(node, amount_paise=-node.amount_paise, parts=tuple(_turned(part) for part in node.parts))
