"""How stories move on and what they look at."""

from datetime import date, timedelta

from ledger.checks import ledger_check
from lms.models import Loan
from lms.services.day_end import day_end_run
from tests.factories.book import assert_verified, balances, owed
from tests.factories.lms import set_business_date


def go_to(day: date, *loans: Loan) -> None:
    """Close the day before `day`, and with it every loan that is behind; read the loans anew."""
    set_business_date(day - timedelta(days=1))
    night_by_night(day, *loans)


def night_by_night(day: date, *loans: Loan) -> None:
    """Close every day before `day`, one after the other, and read the loans anew."""
    day_end_run(to_date=day - timedelta(days=1))
    for loan in loans:
        loan.refresh_from_db()


def seen(loan: Loan) -> tuple[str, str, int, dict[str, int]]:
    """Return status, class, days past due and what is owed in paise; with every cache and account proved first."""
    assert_verified(loan)
    return loan.status, loan.asset_class, loan.days_past_due, owed(loan)


def books(product_code: str = "PL") -> dict[str, int]:
    """Return debits less credits by role; with every invariant of the ledger proved first."""
    assert ledger_check().is_held
    return balances(product_code)
