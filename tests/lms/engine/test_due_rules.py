"""First due dates by the rule of a product."""

from datetime import date

import pytest

from lms.engine.due_rules import DueDateRule, first_due_date


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        ("2022-10-17", DueDateRule.SAME_DAY_NEXT_MONTH, "2022-11-17"),
        ("2024-01-31", DueDateRule.SAME_DAY_NEXT_MONTH, "2024-02-29"),
        ("2022-10-17", DueDateRule.FIRST_OF_NEXT_MONTH, "2022-11-01"),
        ("2022-12-01", DueDateRule.FIRST_OF_NEXT_MONTH, "2023-01-01"),
        ("2022-10-17", DueDateRule.LAST_OF_MONTH, "2022-10-31"),
        ("2024-02-03", DueDateRule.LAST_OF_MONTH, "2024-02-29"),
        ("2024-04-01", DueDateRule.CYCLE_DAY, "2024-04-05"),
        ("2024-04-05", DueDateRule.CYCLE_DAY, "2024-05-05"),
        ("2024-12-20", DueDateRule.CYCLE_DAY, "2025-01-05"),
    ],
)
def test_first_due_date_follows_the_rule(start: str, rule: DueDateRule, expected: str) -> None:
    found = first_due_date(start_date=date.fromisoformat(start), rule=rule, cycle_day=5)

    assert found == date.fromisoformat(expected)


def test_cycle_day_that_the_month_lacks_is_its_last_day() -> None:
    assert first_due_date(start_date=date(2026, 2, 3), rule=DueDateRule.CYCLE_DAY, cycle_day=31) == date(2026, 2, 28)


def test_a_date_too_near_moves_on_by_whole_months() -> None:
    found = first_due_date(start_date=date(2024, 4, 1), rule=DueDateRule.CYCLE_DAY, cycle_day=5, minimum_gap_days=15)

    assert found == date(2024, 5, 5)
