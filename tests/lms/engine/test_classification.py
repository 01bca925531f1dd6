"""RBI's date vectors, the borrower as one, and the way back from non-performing."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.engine.classification import (
    AssetClass,
    ClassificationRule,
    ClassReason,
    DayThreshold,
    LoanStanding,
    class_of_days,
    classify_borrower,
    days_past_due,
    is_out_of_order,
    rule_on,
    tag_dates,
)

RULE = ClassificationRule(effective_from=date(2022, 10, 1))


def standing(loan_id: int, unpaid: str | None, **changes: object) -> LoanStanding:
    """Build one facility; arrears of 1,000 paise where something is unpaid."""
    values: dict[str, object] = {
        "loan_id": loan_id,
        "oldest_unpaid_due_date": None if unpaid is None else date.fromisoformat(unpaid),
        "arrears_paise": 0 if unpaid is None else 1_000,
    }
    return LoanStanding(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "overdue", "sma_1", "sma_2", "npa"),
    [
        ("2021-03-31", "2021-03-31", "2021-04-30", "2021-05-30", "2021-06-29"),
        ("2026-12-01", "2026-12-01", "2026-12-31", "2027-01-30", "2027-03-01"),
        ("2024-01-31", "2024-01-31", "2024-03-01", "2024-03-31", "2024-04-30"),
    ],
)
def test_classes_begin_on_the_days_of_the_circular(due: str, overdue: str, sma_1: str, sma_2: str, npa: str) -> None:
    tags = tag_dates(due_date=date.fromisoformat(due), rule=RULE)

    assert {asset_class: day.isoformat() for asset_class, day in tags.items()} == {
        AssetClass.SMA_0: overdue,
        AssetClass.SMA_1: sma_1,
        AssetClass.SMA_2: sma_2,
        AssetClass.SUB_STANDARD: npa,
    }


@given(due=st.dates(date(2000, 1, 1), date(2090, 1, 1)), days=st.integers(0, 400))
def test_class_of_a_day_is_the_last_tag_reached(due: date, days: int) -> None:
    as_of = due + timedelta(days=days)
    tags = tag_dates(due_date=due, rule=RULE)

    found = class_of_days(days=days_past_due(oldest_unpaid_due_date=due, as_of=as_of), rule=RULE)

    assert found == [asset_class for asset_class, day in tags.items() if day <= as_of][-1]


def test_due_date_is_day_one_and_the_eve_is_none() -> None:
    due = date(2024, 10, 5)

    assert days_past_due(oldest_unpaid_due_date=due, as_of=date(2024, 10, 4)) == 0
    assert days_past_due(oldest_unpaid_due_date=due, as_of=due) == 1
    assert days_past_due(oldest_unpaid_due_date=due, as_of=date(2024, 10, 8)) == 4
    assert days_past_due(oldest_unpaid_due_date=None, as_of=due) == 0


def test_revolving_facility_has_no_sma_0() -> None:
    assert class_of_days(days=30, rule=RULE, is_revolving=True) is AssetClass.STANDARD
    assert class_of_days(days=31, rule=RULE, is_revolving=True) is AssetClass.SMA_1


def test_one_non_performing_loan_makes_all_of_the_borrower_so() -> None:
    loans = (standing(1, "2024-04-05"), standing(2, "2024-07-05"), standing(3, None))

    found = classify_borrower(as_of=date(2024, 7, 6), loans=loans, rule=RULE)

    assert found.npa_since == date(2024, 7, 4)
    assert [(loan.own_class, loan.asset_class, loan.reason, loan.cause_loan_id) for loan in found.loans] == [
        (AssetClass.SUB_STANDARD, AssetClass.SUB_STANDARD, ClassReason.OWN_ARREARS, 1),
        (AssetClass.SMA_0, AssetClass.SUB_STANDARD, ClassReason.OTHER_LOAN, 1),
        (AssetClass.STANDARD, AssetClass.SUB_STANDARD, ClassReason.OTHER_LOAN, 1),
    ]


def test_special_mention_stays_with_the_loan() -> None:
    loans = (standing(1, "2024-05-05"), standing(2, None))

    found = classify_borrower(as_of=date(2024, 7, 6), loans=loans, rule=RULE)

    assert found.asset_class is AssetClass.SMA_2
    assert [loan.asset_class for loan in found.loans] == [AssetClass.SMA_2, AssetClass.STANDARD]


def test_part_payment_does_not_upgrade_whatever_the_days_past_due() -> None:
    loans = (standing(1, "2024-07-05", npa_since=date(2024, 7, 4)), standing(2, None, npa_since=date(2024, 7, 4)))

    found = classify_borrower(as_of=date(2024, 7, 6), loans=loans, rule=RULE)

    assert found.npa_since == date(2024, 7, 4)
    assert [(loan.days_past_due, loan.asset_class, loan.reason, loan.cause_loan_id) for loan in found.loans] == [
        (2, AssetClass.SUB_STANDARD, ClassReason.ARREARS_LEFT, 1),
        (0, AssetClass.SUB_STANDARD, ClassReason.OTHER_LOAN, 1),
    ]


def test_all_arrears_of_all_loans_paid_upgrades_every_loan() -> None:
    loans = (standing(1, None, npa_since=date(2024, 7, 4)), standing(2, None, npa_since=date(2024, 7, 4)))

    found = classify_borrower(as_of=date(2024, 7, 6), loans=loans, rule=RULE)

    assert found.npa_since is None
    assert {(loan.asset_class, loan.reason) for loan in found.loans} == {(AssetClass.STANDARD, ClassReason.UPGRADED)}


def test_arrears_of_a_loan_never_marked_hold_the_others_back() -> None:
    loans = (standing(1, None, npa_since=date(2024, 7, 4)), standing(2, "2024-07-06"))

    found = classify_borrower(as_of=date(2024, 7, 6), loans=loans, rule=RULE)

    assert {loan.asset_class for loan in found.loans} == {AssetClass.SUB_STANDARD}
    assert {loan.cause_loan_id for loan in found.loans} == {2}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-07-03", AssetClass.SUB_STANDARD),
        ("2025-07-04", AssetClass.DOUBTFUL_1),
        ("2026-07-04", AssetClass.DOUBTFUL_2),
        ("2028-07-03", AssetClass.DOUBTFUL_2),
        ("2028-07-04", AssetClass.DOUBTFUL_3),
    ],
)
def test_doubtful_follows_from_the_age_as_non_performing(as_of: str, expected: AssetClass) -> None:
    loans = (standing(1, "2024-04-05", npa_since=date(2024, 7, 4)),)

    assert classify_borrower(as_of=date.fromisoformat(as_of), loans=loans, rule=RULE).asset_class is expected


def test_identified_loss_is_not_shared_but_makes_the_others_non_performing() -> None:
    loans = (standing(1, "2024-04-05", marked_class=AssetClass.LOSS), standing(2, None))

    found = classify_borrower(as_of=date(2024, 5, 1), loans=loans, rule=RULE)

    assert [(loan.asset_class, loan.reason) for loan in found.loans] == [
        (AssetClass.LOSS, ClassReason.MARKED),
        (AssetClass.SUB_STANDARD, ClassReason.OTHER_LOAN),
    ]


def test_restructured_loan_is_non_performing_from_that_day() -> None:
    loans = (standing(1, None, marked_class=AssetClass.SUB_STANDARD),)

    found = classify_borrower(as_of=date(2024, 5, 1), loans=loans, rule=RULE)

    assert (found.asset_class, found.npa_since) == (AssetClass.SUB_STANDARD, date(2024, 5, 1))


def test_thresholds_are_data_of_a_dated_rule() -> None:
    older = ClassificationRule(
        effective_from=date(2015, 4, 1), by_days=(DayThreshold(AssetClass.SUB_STANDARD, 181),), by_npa_age=()
    )
    rules = (RULE, older)

    assert rule_on(as_of=date(2022, 9, 30), rules=rules) is older
    assert rule_on(as_of=date(2022, 10, 1), rules=rules) is RULE
    assert class_of_days(days=180, rule=older) is AssetClass.STANDARD
    with pytest.raises(ValueError, match="No classification rule"):
        rule_on(as_of=date(2015, 3, 31), rules=rules)


@pytest.mark.parametrize(
    ("over_limit", "without_credit", "credited", "interest", "expected"),
    [
        (0, 0, 28_000_00, 35_000_00, True),
        (0, 0, 38_000_00, 35_000_00, False),
        (90, 0, 38_000_00, 35_000_00, True),
        (89, 89, 35_000_00, 35_000_00, False),
        (0, 90, 0, 0, True),
    ],
)
def test_out_of_order_overdraft(
    over_limit: int, without_credit: int, credited: int, interest: int, *, expected: bool
) -> None:
    found = is_out_of_order(
        days_over_limit=over_limit,
        days_without_credit=without_credit,
        credits_paise=credited,
        interest_debited_paise=interest,
        rule=RULE,
    )

    assert found is expected


def test_a_borrower_without_live_loans_is_standard() -> None:
    assert classify_borrower(as_of=date(2026, 1, 1), loans=(), rule=RULE).asset_class is AssetClass.STANDARD
