"""First due date by the rule of a product, when the borrower does not choose one."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum

from lms.engine.day_count import add_months


class DueDateRule(StrEnum):
    """Where the first instalment falls."""

    SAME_DAY_NEXT_MONTH = "SAME_DAY_NEXT_MONTH"
    FIRST_OF_NEXT_MONTH = "FIRST_OF_NEXT_MONTH"
    LAST_OF_MONTH = "LAST_OF_MONTH"
    CYCLE_DAY = "CYCLE_DAY"


def first_due_date(*, start_date: date, rule: DueDateRule, cycle_day: int = 1, minimum_gap_days: int = 0) -> date:
    """Return the first due date of a loan disbursed on `start_date`.

    Args:
        start_date: day of disbursal.
        rule: of the product.
        cycle_day: day of the month of CYCLE_DAY; a month without it is due on its last day.
        minimum_gap_days: least number of days from disbursal; a date that is nearer moves on by whole months.
    """
    found, months = _candidate(start_date, rule, cycle_day), 0
    while (found - start_date).days < minimum_gap_days:
        months += 1
        found = _candidate(add_months(start_date, months), rule, cycle_day)
    return found


def _candidate(start_date: date, rule: DueDateRule, cycle_day: int) -> date:
    last_day = monthrange(start_date.year, start_date.month)[1]
    if rule is DueDateRule.SAME_DAY_NEXT_MONTH:
        return add_months(start_date, 1)
    if rule is DueDateRule.FIRST_OF_NEXT_MONTH:
        return add_months(start_date.replace(day=1), 1)
    if rule is DueDateRule.LAST_OF_MONTH:
        return start_date.replace(day=last_day)
    this_month = start_date.replace(day=min(cycle_day, last_day))
    if this_month > start_date:
        return this_month
    following = add_months(start_date.replace(day=1), 1)
    return following.replace(day=min(cycle_day, monthrange(following.year, following.month)[1]))
