"""A borrower who stops paying: class by class, date by date, with the ledger after every step."""

from datetime import date

import pytest

from core.business_date import business_date
from ledger.models import Journal
from ledger.selectors import balance_of, trial_balance
from lms.models import ClassificationEntry, DayEnd, Loan, LoanAccrual
from lms.services.day_end import day_end_run
from lms.services.receipts import receipt_post
from tests.factories.lms import make_customer, make_loan, make_version, next_key, set_business_date

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """One lakh at 24 % in 12 instalments of 31 March onwards, lent on 28 February, books on that day."""
    set_business_date(date(2026, 2, 28))
    return make_loan(
        principal_paise=1_00_000_00,
        first_due_date=date(2026, 3, 31),
        sanctioned_on=date(2026, 2, 28),
        value_date=date(2026, 2, 28),
    )


def close_to(day: date) -> DayEnd:
    """Run the day-end."""
    return day_end_run(to_date=day)


def diary(loan: Loan) -> list[tuple[str, str]]:
    """List the changes of class with their dates."""
    entries = ClassificationEntry.objects.filter(loan=loan).order_by("on_date")
    return [(entry.on_date.isoformat(), entry.asset_class) for entry in entries]


def role(name: str) -> int:
    """Debits less credits of an account of the product."""
    return balance_of(product_code="PL", role=name)


def test_classes_begin_on_the_dates_of_the_regulators_example(loan: Loan) -> None:
    close_to(date(2026, 6, 29))

    assert diary(loan) == [
        ("2026-03-31", "SMA_0"),
        ("2026-04-30", "SMA_1"),
        ("2026-05-30", "SMA_2"),
        ("2026-06-29", "SUB_STANDARD"),
    ]
    loan.refresh_from_db()
    assert (loan.days_past_due, loan.npa_since) == (91, date(2026, 6, 29))
    assert business_date() == date(2026, 6, 30)


def test_nights_are_booked_as_differences_of_the_rounded_total(loan: Loan) -> None:
    # The disbursal booked the night of its own day: 1,00,000.00 at 24 % for one night of 365.
    assert role("INTEREST_RECEIVABLE") == 6575

    day_end = close_to(date(2026, 3, 1))

    # Two nights are 131.506849 rupees; the second one is what is left of them.
    assert role("INTEREST_RECEIVABLE") == 13151
    assert role("INTEREST_INCOME") == -13151
    assert list(LoanAccrual.objects.values_list("booked_on", "movement", "head", "amount_paise")) == [
        (date(2026, 3, 1), "ACCRUED", "INTEREST", 6576)
    ]
    assert day_end.state == DayEnd.State.CLOSED
    assert [check["name"] for check in day_end.certificate["checks"] if not check["is_held"]] == []
    assert Journal.objects.filter(booked_on=date(2026, 3, 1)).values_list("idempotency_key", "total_paise").get() == (
        "day-end:2026-03-01:PL:STANDARD:ACCRUED:INTEREST",
        6576,
    )


def test_income_moves_to_suspense_on_the_day_the_loan_turns_npa_and_stays_there(loan: Loan) -> None:
    close_to(date(2026, 6, 28))
    earned = role("INTEREST_RECEIVABLE")
    assert role("INTEREST_INCOME") == -earned
    assert role("INTEREST_SUSPENSE") == 0

    close_to(date(2026, 6, 29))
    assert role("INTEREST_INCOME") == 0
    assert role("INTEREST_SUSPENSE") == -role("INTEREST_RECEIVABLE")
    assert role("INTEREST_RECEIVABLE") > earned

    close_to(date(2026, 7, 5))
    assert role("INTEREST_INCOME") == 0
    assert role("INTEREST_SUSPENSE") == -role("INTEREST_RECEIVABLE")
    assert trial_balance().is_balanced


def test_income_of_an_npa_is_booked_when_it_is_received(loan: Loan) -> None:
    close_to(date(2026, 6, 30))
    suspended = role("INTEREST_SUSPENSE")

    receipt_post(
        loan_id=loan.pk, amount_paise=1000_00, value_date=date(2026, 7, 1), reference="UTR1", idempotency_key="k1"
    )

    # The oldest instalment's interest comes first: all of it is income now.
    assert role("INTEREST_INCOME") == -1000_00
    loan.refresh_from_db()
    accrued = loan.booked["ACCRUED:INTEREST"]
    assert role("INTEREST_SUSPENSE") == -(accrued - 1000_00)
    assert suspended < 0
    assert loan.asset_class == "SUB_STANDARD"


def test_upgrade_waits_until_every_arrear_is_paid(loan: Loan) -> None:
    close_to(date(2026, 6, 30))
    loan.refresh_from_db()
    arrears = loan.overdue_paise

    pay(loan, arrears - 1, date(2026, 7, 1))
    close_to(date(2026, 7, 1))
    loan.refresh_from_db()
    assert (loan.asset_class, loan.npa_since, loan.overdue_paise) == ("SUB_STANDARD", date(2026, 6, 29), 1)

    pay(loan, 1, date(2026, 7, 2))
    close_to(date(2026, 7, 2))
    loan.refresh_from_db()
    assert (loan.asset_class, loan.npa_since) == ("STANDARD", None)
    assert role("INTEREST_SUSPENSE") == 0
    assert role("INTEREST_INCOME") == -loan.booked["ACCRUED:INTEREST"]
    assert diary(loan)[-1] == ("2026-07-02", "STANDARD")


def test_one_bad_loan_makes_the_borrower_npa_and_both_are_upgraded_together() -> None:
    set_business_date(date(2026, 2, 28))
    customer, version = make_customer(), make_version()
    bad, good = (
        make_loan(
            customer=customer,
            version=version,
            principal_paise=1_00_000_00,
            first_due_date=date(2026, 3, 31),
            sanctioned_on=date(2026, 2, 28),
            value_date=date(2026, 2, 28),
        )
        for _ in range(2)
    )
    for _ in range(122):
        today = business_date()
        good.refresh_from_db()
        pay_dues(good, today)
        close_to(today)
    assert business_date() == date(2026, 6, 30)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.asset_class, good.asset_class, good.days_past_due) == ("SUB_STANDARD", "SUB_STANDARD", 0)
    entry = ClassificationEntry.objects.get(loan=good)
    assert (entry.on_date, entry.caused_by_id, entry.reason) == (
        date(2026, 6, 29),
        bad.pk,
        "Another loan of the borrower is non-performing",
    )

    # The good loan goes one instalment behind, the bad one pays everything: still non-performing, both.
    pay(bad, bad.overdue_paise, date(2026, 6, 30))
    close_to(date(2026, 6, 30))
    assert classes(bad, good) == ["SUB_STANDARD", "SUB_STANDARD"]

    for each in (bad, good):
        each.refresh_from_db()
        pay(each, each.overdue_paise, date(2026, 7, 1))
    close_to(date(2026, 7, 1))
    assert classes(bad, good) == ["STANDARD", "STANDARD"]
    assert role("INTEREST_SUSPENSE") == 0


def pay(loan: Loan, amount_paise: int, day: date) -> None:
    """Post a receipt."""
    receipt_post(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=day,
        reference=next_key("UTR"),
        idempotency_key=next_key("receipt"),
    )


def pay_dues(loan: Loan, day: date) -> None:
    """Pay what falls due on a day, except on the last one of June."""
    dues = loan.instalments.filter(due_date=day).exclude(due_date=date(2026, 6, 30))
    for due in dues:
        pay(loan, due.open_paise, day)


def classes(*loans: Loan) -> list[str]:
    """Read the classes anew."""
    return [Loan.objects.get(pk=loan.pk).asset_class for loan in loans]
