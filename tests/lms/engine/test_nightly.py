"""Interest night by night: rounded apart, so its sum may differ from the period's interest."""

from datetime import date
from decimal import Decimal

from lms.engine.facts import Disburse
from lms.engine.nightly import nightly_interest
from lms.engine.schedule import build_schedule
from lms.engine.terms import Terms

TERMS = Terms(principal_paise=10_00_000_00, annual_rate_pct=Decimal(28), instalment_count=24)
DISBURSAL = Disburse(sequence=1, value_date=date(2025, 1, 5), amount_paise=10_00_000_00)


def test_every_night_of_the_first_month_is_listed_from_the_day_of_disbursal() -> None:
    nights = nightly_interest(terms=TERMS, facts=[DISBURSAL], from_date=date(2025, 1, 1), to_date=date(2025, 2, 4))

    assert (nights[0].on_date, nights[-1].on_date, len(nights)) == (date(2025, 1, 5), date(2025, 2, 4), 31)
    assert {night.interest_paise for night in nights} == {767_12}


def test_sum_of_rounded_nights_drifts_from_the_interest_of_the_period() -> None:
    nights = nightly_interest(terms=TERMS, facts=[DISBURSAL], from_date=date(2025, 1, 5), to_date=date(2025, 2, 4))

    assert sum(night.interest_paise for night in nights) == 23_780_72
    assert build_schedule(terms=TERMS, start_date=date(2025, 1, 5))[0].due.interest == 23_780_82


def test_the_last_night_is_the_one_before_the_last_due_date() -> None:
    nights = nightly_interest(terms=TERMS, facts=[DISBURSAL], from_date=date(2026, 12, 30), to_date=date(2027, 1, 31))

    assert nights[-1].on_date == date(2027, 1, 4)


def test_nothing_is_earned_before_the_disbursal() -> None:
    assert nightly_interest(terms=TERMS, facts=[], from_date=date(2025, 1, 1), to_date=date(2025, 1, 3)) == ()
