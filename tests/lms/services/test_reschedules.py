"""Other dates, tenor and grace, and what a restructuring does to the class."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lms.models import ClassificationEntry, Instalment, Loan, LoanFact
from lms.services.day_end import day_end_run
from lms.services.rebuilds import loan_rebuild
from lms.services.reschedules import interest_pause, loan_reschedule, moratorium_grant
from lms.services.write_offs import loan_write_off
from tests.factories.book import assert_verified, balances, owed, receive, refused, reverse
from tests.factories.lms import make_loan, next_key, set_business_date

LENT = date(2026, 1, 1)
FIRST_DUE = date(2026, 2, 1)
LATER = date(2026, 2, 2)


@pytest.fixture
def paid(loan: Loan) -> Loan:
    """Return the loan on the day after its first due date, with that instalment paid: eleven are left."""
    set_business_date(FIRST_DUE)
    receive(loan, 11_348_00, FIRST_DUE)
    set_business_date(LATER)
    return loan


def reschedule(loan: Loan, value_date: date = LATER, **options: Any) -> LoanFact:
    """Reschedule a loan, and read it anew."""
    values = {"reason": "Lost the job", "idempotency_key": next_key("move"), **options}
    fact = loan_reschedule(loan_id=loan.pk, value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def suspend(loan: Loan, end_date: date, value_date: date = LATER, **options: Any) -> LoanFact:
    """Grant a moratorium, and read the loan anew."""
    values = {"reason": "Flood", "idempotency_key": next_key("moratorium"), **options}
    fact = moratorium_grant(loan_id=loan.pk, value_date=value_date, end_date=end_date, **values)
    loan.refresh_from_db()
    return fact


def pause(loan: Loan, end_date: date, value_date: date, **options: Any) -> LoanFact:
    """Pause the interest of a loan, and read it anew."""
    values = {"reason": "Disaster relief", "idempotency_key": next_key("pause"), **options}
    fact = interest_pause(loan_id=loan.pk, value_date=value_date, end_date=end_date, **values)
    loan.refresh_from_db()
    return fact


def to_come(loan: Loan) -> list[tuple[date, int]]:
    """List due date and open amount of the instalments that are still to be paid."""
    rows = Instalment.objects.filter(loan=loan, open_paise__gt=0).order_by("number")
    return list(rows.values_list("due_date", "open_paise"))


def diary(loan: Loan) -> list[tuple[str, str, str]]:
    """List the changes of class in their order: class before, class after, reason."""
    rows = ClassificationEntry.objects.filter(loan=loan).order_by("pk")
    return list(rows.values_list("previous_class", "asset_class", "reason"))


def test_new_due_date_moves_the_later_ones_with_it(paid: Loan) -> None:
    reschedule(paid, from_due_date=date(2026, 3, 1), new_due_date=date(2026, 3, 5))

    assert [due for due, _ in to_come(paid)][:3] == [date(2026, 3, 5), date(2026, 4, 5), date(2026, 5, 5)]
    assert (paid.asset_class, paid.restructured_on) == ("STANDARD", None)
    assert_verified(paid)


def test_more_instalments_are_smaller(paid: Loan) -> None:
    reschedule(paid, extra_instalments=6)

    assert len(to_come(paid)) == 17
    # 1,11,098.03 at 2 % a month over 17 months are 7,773.51; instalments are whole rupees, rounded up.
    assert paid.instalment_paise == 7_774_00
    assert_verified(paid)


def test_grace_leaves_interest_alone_due(paid: Loan) -> None:
    reschedule(paid, grace_principal_count=1)

    # February on 1,11,098.03 at 24 %.
    assert to_come(paid)[0] == (date(2026, 3, 1), 2_045_42)
    assert_verified(paid)


def test_restructured_loan_is_sub_standard_at_once_and_its_income_waits(paid: Loan) -> None:
    reschedule(paid, extra_instalments=6, annual_rate_pct=Decimal(18), is_restructure=True)

    assert (paid.asset_class, paid.npa_since, paid.restructured_on) == ("SUB_STANDARD", LATER, LATER)
    assert diary(paid) == [("STANDARD", "SUB_STANDARD", "Restructured for financial difficulty")]
    assert balances()["INTEREST_SUSPENSE"] == -paid.interest_outstanding_paise
    assert_verified(paid)


def test_restructured_loan_stays_non_performing_though_nothing_is_overdue(paid: Loan) -> None:
    other = make_loan(version=paid.product_version, customer=paid.customer, first_due_date=date(2026, 4, 1))
    reschedule(paid, extra_instalments=6, is_restructure=True)

    day_end_run(to_date=date(2026, 2, 4))

    paid.refresh_from_db()
    other.refresh_from_db()
    assert (paid.asset_class, paid.npa_since, paid.days_past_due) == ("SUB_STANDARD", LATER, 0)
    assert (other.asset_class, other.npa_since) == ("SUB_STANDARD", LATER)
    assert other.classification_entries.get().caused_by == paid
    assert len(diary(paid)) == 1
    assert_verified(paid)


def test_reversed_restructuring_gives_class_income_and_instalments_back(paid: Loan) -> None:
    receive(paid, 1_00, LATER)
    before = (paid.asset_class, paid.npa_since, balances(), to_come(paid))
    fact = reschedule(paid, extra_instalments=6, is_restructure=True)

    reverse(paid, fact.sequence)

    assert (paid.asset_class, paid.npa_since, balances(), to_come(paid)) == before
    assert paid.restructured_on is None
    assert diary(paid)[-1] == ("SUB_STANDARD", "STANDARD", "Entry 4 was reversed")
    assert_verified(paid)


def test_class_stays_while_another_restructuring_stands(paid: Loan) -> None:
    first = reschedule(paid, extra_instalments=2, is_restructure=True)
    suspend(paid, date(2026, 3, 31), is_restructure=True)

    reverse(paid, first.sequence)

    assert (paid.asset_class, paid.restructured_on) == ("SUB_STANDARD", LATER)
    assert_verified(paid)


def test_rebuilt_loan_is_restructured_again(paid: Loan) -> None:
    reschedule(paid, extra_instalments=2, is_restructure=True)
    Loan.objects.filter(pk=paid.pk).update(restructured_on=None)
    paid.refresh_from_db()

    found = loan_rebuild(loan_id=paid.pk, reason="Damaged")

    assert [difference.figure for difference in found] == ["restructured_on"]
    assert_verified(paid)


def test_moratorium_puts_instalments_to_the_end(paid: Loan) -> None:
    suspend(paid, date(2026, 4, 30))

    assert to_come(paid)[0][0] == date(2026, 5, 1)
    assert to_come(paid)[-1][0] == date(2027, 3, 1)
    assert (len(to_come(paid)), paid.asset_class) == (11, "STANDARD")
    assert_verified(paid)


def test_pause_earns_nothing_on_its_days(loan: Loan) -> None:
    set_business_date(date(2026, 1, 11))

    pause(loan, date(2026, 1, 20), date(2026, 1, 6))
    set_business_date(date(2026, 1, 25))
    receive(loan, 1_00, date(2026, 1, 24))

    # Nights of the 1st to the 5th, and of the 21st to the 24th: nine at 78.9041.
    assert owed(loan)["interest"] == 710_14
    assert_verified(loan)


def test_reschedule_without_a_change_is_refused(paid: Loan) -> None:
    with refused("lms.reschedule_empty"):
        reschedule(paid, from_due_date=date(2026, 3, 1))


@pytest.mark.parametrize("name", ["extra_instalments", "grace_principal_count", "grace_interest_count"])
@pytest.mark.parametrize("count", [-1, 121])
def test_count_that_cannot_be_is_refused(paid: Loan, name: str, count: int) -> None:
    with refused("lms.reschedule_count_invalid"):
        reschedule(paid, LATER, **{name: count})


@pytest.mark.parametrize("name", ["from_due_date", "new_due_date"])
def test_dates_before_the_value_date_are_not_moved(paid: Loan, name: str) -> None:
    with refused("lms.reschedule_of_past"):
        reschedule(paid, extra_instalments=1, **{name: FIRST_DUE})


def test_reschedule_behind_the_last_instalment_is_refused(paid: Loan) -> None:
    with refused("lms.no_instalment_left"):
        reschedule(paid, from_due_date=date(2027, 6, 1), extra_instalments=1)


def test_rate_of_a_reschedule_keeps_to_the_product(paid: Loan) -> None:
    with refused("lms.rate_outside_product"):
        reschedule(paid, annual_rate_pct=Decimal(60))


def test_range_that_ends_before_it_starts_is_refused(paid: Loan) -> None:
    with refused("lms.range_ends_before_start"):
        suspend(paid, FIRST_DUE)
    with refused("lms.range_ends_before_start"):
        pause(paid, FIRST_DUE, LATER)


def test_moratorium_in_which_nothing_falls_due_is_refused(paid: Loan) -> None:
    with refused("lms.moratorium_without_due"):
        suspend(paid, date(2026, 2, 20))


def test_relief_needs_a_reason_a_day_that_has_come_and_a_running_loan(paid: Loan) -> None:
    with refused("lms.reason_missing"):
        pause(paid, date(2026, 3, 1), LATER, reason="")
    with refused("lms.value_date_in_future"):
        suspend(paid, date(2026, 4, 30), date(2026, 2, 3))
    with refused("lms.value_date_before_disbursal"):
        pause(paid, date(2026, 3, 1), date(2025, 12, 31))
    loan_write_off(loan_id=paid.pk, value_date=LATER, is_technical=True, reason="Lost", idempotency_key="off")
    with refused("lms.loan_closed"):
        reschedule(paid, extra_instalments=1)


def test_same_key_reschedules_once(paid: Loan) -> None:
    first = reschedule(paid, extra_instalments=2, idempotency_key="once")

    assert reschedule(paid, extra_instalments=2, idempotency_key="once") == first
    with refused("lms.idempotency_key_reused"):
        reschedule(paid, extra_instalments=3, idempotency_key="once")
