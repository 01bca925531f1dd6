"""Interest, principal and balance of every period, one after the other."""

from __future__ import annotations

from lms.engine.interest import RATE_DENOMINATOR
from lms.engine.plan import INTEREST, PRINCIPAL, InterestDue, Period, Plan
from lms.engine.recalculation import evaluate_recalculated
from lms.engine.rounding import round_ratio
from lms.engine.state import RowKind
from lms.engine.terms import InterestMethod, RoundingMode, Terms


def evaluate(*, plan: Plan, first: int = 0) -> None:
    """Work out the periods from `first` to the end from their instalments; earlier ones stay as they are.

    Interest is exact over the sub-periods and rounded once. The last period takes the balance that is left.
    """
    terms, periods = plan.terms, plan.periods
    if terms.is_interest_recalculated:
        evaluate_recalculated(plan=plan)
        return
    is_quick = _is_quick(plan)
    balance = periods[first - 1].closing if first else 0
    waiting = _Waiting(plan, first)
    last = len(periods) - 1 - (periods[-1].kind is RowKind.CHARGE)
    for index in range(first, len(periods)):
        period = periods[index]
        period.opening = balance
        if period.kind is RowKind.DOWN_PAYMENT:
            settle_down_payment(plan=plan, index=index)
            balance = period.closing
            continue
        if is_quick and not period.moves and period.interest_due is not InterestDue.FREE:
            numerator, denominator = plan.rule.weight(period.start, period.end, period)
            denominator *= RATE_DENOMINATOR
            interest = 2 * balance * numerator * plan.rule.rate_numerators[0]
            period.interest = (interest + denominator) // (2 * denominator)
        else:
            period.interest = period_interest(plan=plan, period=period)
            balance = period.lent()
        waiting.settle(period, terms, is_last=index == last)
        if period.paid is not None:
            _keep_paid(period, period.paid)
        balance = _settle_principal(period, balance, is_last=index == last)
        period.closing = balance


def settle_down_payment(*, plan: Plan, index: int) -> None:
    """Work out a down-payment row: what is lent that day less the part paid at once."""
    row = plan.periods[index]
    if index:
        before = plan.periods[index - 1]
        row.opening, row.deferred_after, row.carried_after = before.closing, before.deferred_after, before.carried_after
    row.due_principal = row.fixed_principal or 0
    row.closing = row.lent() - row.due_principal


def period_interest(*, plan: Plan, period: Period) -> int:
    """Give the interest of a whole period, rounded by the terms."""
    if period.interest_due is InterestDue.FREE:
        return 0
    if period.shared_interest is not None:
        return period.shared_interest
    numerator, denominator = plan.interest_until(period, period.end)
    return round_ratio(numerator, denominator, plan.terms.interest_rounding, plan.terms.interest_unit_paise)


class _Waiting:
    """Interest of earlier periods that has not fallen due yet: deferred by grace, or more than the instalment held."""

    __slots__ = ("carried", "deferred")

    def __init__(self, plan: Plan, first: int) -> None:
        self.deferred = self.carried = 0
        if first and (before := plan.periods[first - 1]):
            self.deferred, self.carried = before.deferred_after, before.carried_after

    def settle(self, period: Period, terms: Terms, *, is_last: bool) -> None:
        period.capitalised = 0
        if period.interest_due is InterestDue.PAID:
            interest = period.interest + self.carried
            self.carried = 0
            if terms.is_unpaid_interest_carried and not is_last and period.is_paying_principal:
                self.carried = max(interest - period.instalment, 0)
                interest -= self.carried
            period.due_interest = interest + self.deferred + period.extra_interest
            period.principal_room = period.instalment - interest
            self.deferred = 0
        else:
            period.due_interest = period.extra_interest
            period.principal_room = period.instalment - period.interest
            if period.interest_due is InterestDue.DEFERRED:
                self.deferred += period.interest
            elif period.interest_due is InterestDue.CAPITALISED:
                period.capitalised = period.interest
        period.deferred_after, period.carried_after = self.deferred, self.carried


def _is_quick(plan: Plan) -> bool:
    terms = plan.terms
    return (
        plan.rule.is_plain()
        and terms.interest_method is InterestMethod.DECLINING_BALANCE
        and terms.interest_rounding is RoundingMode.HALF_UP
        and terms.interest_unit_paise == 1
        and not terms.calculation_digits
    )


def _keep_paid(period: Period, paid: list[int]) -> None:
    """Let interest due not fall below what was paid ahead of a change; less is left for principal then."""
    missing = paid[INTEREST] - period.overdue_settled - period.due_interest
    if missing > 0:
        period.due_interest += missing
        period.principal_room -= missing


def _settle_principal(period: Period, balance: int, *, is_last: bool) -> int:
    if is_last:
        principal = balance
    elif not period.is_paying_principal:
        principal = 0
    elif period.fixed_principal is not None:
        principal = min(period.fixed_principal, balance)
    else:
        principal = min(max(period.principal_room, 0), balance)
    if period.paid is not None:
        principal = min(max(principal, period.paid[PRINCIPAL]), balance)
    period.due_principal = principal
    return balance - principal + period.capitalised
