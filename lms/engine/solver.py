"""Size of the instalment: annuities, equal principal, steps and balloons, solved exactly in integers."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import period_interest
from lms.engine.interest import RATE_DENOMINATOR
from lms.engine.plan import Period, Plan
from lms.engine.rounding import round_ratio
from lms.engine.state import RowKind
from lms.engine.terms import (
    Amortisation,
    DayCount,
    InstalmentMethod,
    InterestMethod,
    PeriodUnit,
    RoundingMode,
    Terms,
)

_SCALE: int = 10**30
_ONE_DAY = timedelta(days=1)
_STEP_DAYS = {PeriodUnit.MONTH: 30, PeriodUnit.WEEK: 7, PeriodUnit.DAY: 1}
_YEAR_DAYS = {
    DayCount.ACTUAL_360: 360,
    DayCount.ACTUAL_364: 364,
    DayCount.THIRTY_360: 360,
    DayCount.THIRTY_E_360: 360,
}


def solve_instalments(*, plan: Plan, first: int, balance: int, is_agreed: bool = False) -> None:
    """Set the instalments of the periods from `first` on, so that `balance` paise are paid back by the end.

    The periods are not evaluated; custom rows are left as they are. `is_agreed` lets `Terms.instalment_paise` hold.

    Raises:
        EngineRefusal: no period is left that pays principal.
    """
    terms = plan.terms
    if terms.amortisation is Amortisation.CUSTOM:
        return
    paying = [
        period for period in plan.periods[first:] if period.kind is RowKind.REGULAR and period.is_paying_principal
    ]
    if not paying:
        raise EngineRefusal(
            "engine.no_instalment_left", "No instalment is left to carry the principal; add instalments."
        )
    if terms.amortisation is Amortisation.EQUAL_PRINCIPAL:
        _share_principal(terms, paying, balance)
    elif terms.amortisation in (Amortisation.BULLET, Amortisation.INTEREST_ONLY):
        _share_principal(terms, paying[-1:], balance)
    elif terms.interest_method is InterestMethod.FLAT:
        _share_flat(plan, first, paying, balance)
    elif is_agreed and terms.instalment_paise is not None:
        for period in paying:
            period.agree(terms.instalment_paise)
    else:
        _set_annuity(plan, paying, balance)


def round_instalment(terms: Terms, numerator: int, denominator: int) -> int:
    """Round an instalment by the terms; one that would become nil is rounded to the minor unit instead.

    Half-even rounds twice, to the minor unit and then to the instalment's, as ledgers that use it do.
    """
    if terms.instalment_rounding is RoundingMode.HALF_EVEN:
        numerator, denominator = round_ratio(numerator, denominator, RoundingMode.HALF_EVEN), 1
    rounded = round_ratio(numerator, denominator, terms.instalment_rounding, terms.instalment_unit_paise)
    return rounded or round_ratio(numerator, denominator, terms.instalment_rounding, terms.interest_unit_paise)


def textbook_instalment(
    *, principal_paise: int, rate_numerator: int, steps_a_year: tuple[int, int], count: int
) -> tuple[int, int]:
    """Give the annuity on the nominal rate of one step, exactly, as numerator and denominator in paise.

    `steps_a_year` is the length of a step as a fraction of a year: (1, 12) for months.
    """
    if rate_numerator == 0:
        return principal_paise, count
    rate = rate_numerator * steps_a_year[0]
    base = RATE_DENOMINATOR * steps_a_year[1]
    grown, flat = int((base + rate) ** count), int(base**count)
    return principal_paise * rate * grown, base * (grown - flat)


def _share_principal(terms: Terms, paying: list[Period], balance: int) -> None:
    share = round_instalment(terms, balance, len(paying))
    for period in paying:
        period.fixed_principal = share


def _share_flat(plan: Plan, first: int, paying: list[Period], balance: int) -> None:
    if plan.terms.is_flat_interest_shared_equally:
        _share_interest(plan, first)
    interest = sum(period_interest(plan=plan, period=period) for period in plan.periods[first:])
    _set_all(plan.terms, paying, balance + interest, len(paying))


def _share_interest(plan: Plan, first: int) -> None:
    """Round flat interest once over the periods from `first` on, and give each the same part, the last the rest."""
    terms, rows = plan.terms, [row for row in plan.periods[first:] if row.kind is RowKind.REGULAR]
    total = Fraction(0)
    for row in rows:
        total += Fraction(*plan.interest_until(row, row.end))
    rounded = round_ratio(total.numerator, total.denominator, terms.interest_rounding, terms.interest_unit_paise)
    share = round_ratio(rounded, len(rows), terms.interest_rounding, terms.interest_unit_paise)
    for row in rows[:-1]:
        row.shared_interest = share
    rows[-1].shared_interest = rounded - share * (len(rows) - 1)


def _set_annuity(plan: Plan, paying: list[Period], balance: int) -> None:
    terms = plan.terms
    is_plain = not terms.balloon_paise and all(period.step_percent is None for period in paying)
    if is_plain and terms.instalment_method is InstalmentMethod.TEXTBOOK:
        rule = plan.rule
        numerator, denominator = textbook_instalment(
            principal_paise=balance,
            rate_numerator=rule.rate_at(paying[0].end - _ONE_DAY),
            steps_a_year=_step_of_a_year(plan),
            count=len(paying),
        )
        _set_all(terms, paying, numerator, denominator)
        return
    numerator, denominator = _general_annuity(plan, paying, balance)
    _set_all(terms, paying, numerator, denominator)


def _step_of_a_year(plan: Plan) -> tuple[int, int]:
    """Give one step of the rhythm as a part of the year, for the textbook annuity."""
    terms, rule = plan.terms, plan.rule
    if not terms.is_textbook_rate_by_days or terms.unit not in _STEP_DAYS:
        return rule.whole_numerator, rule.whole_denominator
    return _STEP_DAYS[terms.unit] * terms.every, _YEAR_DAYS.get(terms.day_count, 365)


def _general_annuity(plan: Plan, paying: list[Period], balance: int) -> tuple[int, int]:
    """Solve balance x prod(1 + f) = instalment x sum(weight x later growth) + balloon, with the periods' factors f."""
    grown, annuity = balance * _SCALE, 0
    for period in paying:
        factor = _period_factor(plan, period)
        grown = grown * (_SCALE + factor) // _SCALE
        weight, of = period.step_percent or (1, 1)
        annuity = annuity * (_SCALE + factor) // _SCALE + _SCALE * weight // of
    return grown - plan.terms.balloon_paise * _SCALE, annuity


def _period_factor(plan: Plan, period: Period) -> int:
    """Give rate x fraction of a year of one period; pauses do not make instalments smaller."""
    rule = plan.rule
    if plan.terms.instalment_method is InstalmentMethod.TEXTBOOK:
        step, of = _step_of_a_year(plan)
        return _SCALE * rule.rate_at(period.end - _ONE_DAY) * step // (RATE_DENOMINATOR * of)
    numerator, denominator = rule.without_pauses().exact(opening=1, moves=[], stretch=period, until=period.end)
    return _SCALE * numerator // denominator


def _set_all(terms: Terms, paying: list[Period], numerator: int, denominator: int) -> None:
    level = round_instalment(terms, numerator, denominator)
    for period in paying:
        if period.step_percent is None:
            period.agree(level)
        else:
            weight, of = period.step_percent
            period.agree(round_instalment(terms, numerator * weight, denominator * of))
