"""Explanations of what is earned: interest and penal charges, stretch by stretch, and where they are rounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from lms.engine.account import Account, Night, penal_item
from lms.engine.accruals import interest_until, split_periods, whole_interest
from lms.engine.explanation import Explanation, Rule, negative, rounded, total_of
from lms.engine.interest import RATE_DENOMINATOR, InterestRule, Stretch
from lms.engine.plan import INTEREST, InterestDue, Period
from lms.engine.recalculation import really_owed
from lms.engine.state import Head, LoanStatus, Movement, RowKind
from lms.engine.terms import InterestMethod

_ONE_DAY = timedelta(days=1)
_STRETCH = "balance x rate x share of the year"
_FORMULA = "balance x rate x share of the year over the stretches of days, rounded once"
_SCALE = RATE_DENOMINATOR // 100


def explain_accrued_interest(*, account: Account, as_of: date, amount: int) -> Explanation:
    """Explain the interest earned up to and with the night of a day: finished periods, the running one, what is late.

    Args:
        account: the working account that the state came from.
        as_of: the day.
        amount: the total of the state.
    """
    rows = account.plan.periods
    if account.closed_as in (LoanStatus.CLOSED, LoanStatus.SETTLED):
        parts = [_fallen_due(row, number) for number, row in enumerate(rows, 1)]
    else:
        parts = list(_nights_of_periods(account, as_of))
    parts += [_late(account, row, number) for number, row in enumerate(rows, 1)]
    if account.accrued_elsewhere:
        elsewhere = Explanation("elsewhere", account.accrued_elsewhere, "earned before the loan was taken over")
        parts.append(negative(elsewhere))
    formula = "interest of every night up to this day's: finished periods, and the nights of the running one"
    return total_of(_label(Movement.ACCRUED, Head.INTEREST), amount, formula, parts)


def explain_accrued_penal(*, account: Account, amount: int) -> Explanation:
    """Explain the planned penal charges so far, night by night where they grow daily."""
    label = _label(Movement.ACCRUED, Head.PENAL)
    rows = account.plan.periods
    nights = [night for night in account.nights or () if night.head is Head.PENAL]
    if nights:
        formula = "the penal rate on principal and interest in default, night by night, rounded as a running total"
        return rounded(label, amount, formula, tuple(_night(night, rows) for night in nights))
    parts = [
        Explanation(f"penal of no. {number}", item.amount, "the penal plan's amount for a row in default")
        for number, row in enumerate(rows, 1)
        if (item := penal_item(row)) is not None
    ]
    return total_of(label, amount, "the penal plan's amounts for the rows in default", parts)


def explain_capitalised(*, account: Account, as_of: date, amount: int) -> Explanation:
    """Explain the interest that became principal, row by row."""
    has_ended = account.closed_as in (LoanStatus.CLOSED, LoanStatus.SETTLED)
    parts = [
        explain_period(account=account, row=row, number=number)
        for number, row in enumerate(account.plan.periods, 1)
        if row.capitalised and (has_ended or row.end <= as_of)
    ]
    return total_of(
        _label(Movement.CAPITALISED, Head.INTEREST), amount, "interest of rows that was added to the principal", parts
    )


def explain_period(*, account: Account, row: Period, number: int) -> Explanation:
    """Explain the interest of a whole period."""
    label = f"interest of no. {number}"
    if row.shared_interest is not None:
        return Explanation(label, row.interest, "its part of the flat interest, which is rounded once over the loan")
    return _rounded(account, row, row.end, label, row.interest)


def is_earned_on_balance_owed(*, account: Account) -> bool:
    """Tell whether interest runs on what is really owed and not on the balances of the schedule."""
    return account.terms.is_interest_recalculated and account.closed_as is None


def _nights_of_periods(account: Account, as_of: date) -> Iterator[Explanation]:
    rows = account.plan.periods
    _, current = split_periods(account=account, as_of=as_of)
    for number, row in enumerate(rows, 1):
        if row is current:
            numerator, denominator = interest_until(account=account, row=row, day=as_of + _ONE_DAY)
            amount = _half_up(Fraction(numerator, denominator))
            yield _rounded(
                account, row, as_of + _ONE_DAY, f"running interest of no. {number}", amount, is_by_terms=False
            )
            return
        if current is not None or row.start <= as_of:
            amount = whole_interest(account=account, row=row, as_of=as_of)
            explained = explain_period(account=account, row=row, number=number)
            same = explained.amount == amount
            yield explained if same else _rounded(account, row, row.end, f"interest of no. {number}", amount)


def _rounded(
    account: Account, row: Period, until: date, label: str, amount: int, *, is_by_terms: bool = True
) -> Explanation:
    terms = account.terms
    pieces = tuple(_pieces(account, row, until))
    if not is_by_terms:
        return rounded(label, amount, _FORMULA, pieces)
    return rounded(label, amount, _FORMULA, pieces, mode=terms.interest_rounding, unit_paise=terms.interest_unit_paise)


def _pieces(account: Account, row: Period, until: date) -> Iterator[Explanation]:
    """Cut a period into stretches with one balance and one rate; the exact interest of each."""
    plan = account.plan
    if row.interest_due is InterestDue.FREE or until <= row.start:
        return
    opening, moves = row.opening, row.moves
    if plan.terms.interest_method is InterestMethod.FLAT and row.kind is RowKind.REGULAR:
        opening, moves = plan.flat_base, []
    elif is_earned_on_balance_owed(account=account):
        opening, moves = really_owed(plan=plan, index=plan.index_at(row.start))
    yield from interest_pieces(rule=plan.rule, opening=opening, moves=moves, stretch=row, until=until)


def interest_pieces(
    *, rule: InterestRule, opening: int, moves: list[tuple[date, int]], stretch: Stretch, until: date
) -> Iterator[Explanation]:
    """Explain each sub-period of a stretch; their amounts are fractions that add up to what `rule.exact` gives."""
    for piece in rule.pieces(opening=opening, moves=moves, stretch=stretch, until=until):
        rate = Decimal(piece.rate_numerator) / _SCALE
        inputs = (
            ("from_date", piece.start),
            ("until_date", piece.end),
            ("balance_paise", piece.balance),
            ("rate_pct", rate),
            ("share_of_year", piece.share),
        )
        label = "stretch"
        exact = piece.balance * piece.share * piece.rate_numerator / RATE_DENOMINATOR
        if piece.in_digits is not None:
            yield Explanation(label, piece.in_digits, f"{_STRETCH}, in as many digits as the terms say", inputs)
        elif exact:
            yield Explanation(label, exact, _STRETCH, inputs, rule=Rule.INTEREST)


def _fallen_due(row: Period, number: int) -> Explanation:
    amount = row.due_interest - row.extra_interest + row.capitalised
    return Explanation(f"interest of no. {number}", amount, "what fell due until the loan ended")


def _late(account: Account, row: Period, number: int) -> Explanation:
    amount = sum(item.amount for item in row.items or () if item.component == INTEREST)
    return Explanation(f"overdue interest of no. {number}", amount, "contract interest on its overdue principal")


def _night(night: Night, rows: list[Period]) -> Explanation:
    number = next((place for place, row in enumerate(rows, 1) if row is night.row), 0)
    share = Fraction(night.nights, 365)
    inputs = (
        ("from_date", night.start),
        ("nights", night.nights),
        ("balance_paise", night.base),
        ("rate_pct", Decimal(night.rate) / _SCALE),
        ("share_of_year", share),
    )
    label = f"penal nights of no. {number}" if number else "penal nights"
    exact = Fraction(night.exact, RATE_DENOMINATOR * 365)
    if exact == night.base * share * night.rate / RATE_DENOMINATOR:
        return Explanation(
            label, exact, "principal and interest in default x penal rate x nights of 365", inputs, rule=Rule.INTEREST
        )
    return Explanation(label, exact, "what the cap of the row leaves", inputs)


def _label(movement: Movement, head: Head) -> str:
    return f"totals.{movement}.{head}"


def _half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
