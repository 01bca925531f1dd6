"""How soon and how often a vendor is asked what became of a call: by rows of its contract."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.clock import database_now
from core.models import AuditEntry
from lms.models import Loan
from lms.services.holidays import holidays_publish
from payments.errors import RouteLooksInvalid
from payments.models import Operation, ProviderAttempt, Rail, Vendor, VendorRoute
from payments.protocol import STANDARD_LADDER, looks_within, pause_before_next_look
from payments.services.attempts import attempt_open
from payments.services.looks import pause_before_look
from payments.services.vendor_changes import RouteTerms, vendor_route_add
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TWO_HOURS = timedelta(hours=2)
FRIDAY = datetime(2026, 1, 2, 10, tzinfo=UTC)


def seconds(*pauses: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=pause) for pause in pauses)


def test_looks_become_rarer_and_daily_after_the_third_working_day() -> None:
    instants = [FRIDAY]
    while len(instants) < 26:
        pause = pause_before_next_look(
            ladder=STANDARD_LADDER, looks=len(instants) - 1, sent_at=FRIDAY, now=instants[-1]
        )
        instants.append(instants[-1] + pause)
    pauses = [after - before for before, after in itertools.pairwise(instants)]

    assert pauses[:5] == [*seconds(90, 300, 900, 6300, 7200)]
    # Friday, Saturday, Sunday, Monday and Tuesday; on Wednesday at the same hour three working days have passed.
    assert set(pauses[5:24]) == {6 * HOUR}
    assert instants[24] < FRIDAY + 5 * DAY <= instants[25]
    assert pause_before_next_look(ladder=STANDARD_LADDER, looks=25, sent_at=FRIDAY, now=instants[25]) == DAY


def test_holidays_put_off_the_third_working_day() -> None:
    def pause(now: datetime, *holidays: date) -> timedelta:
        return pause_before_next_look(
            ladder=STANDARD_LADDER, looks=5, sent_at=FRIDAY, now=now, holidays=frozenset(holidays)
        )

    wednesday, monday, saturday = FRIDAY + 5 * DAY, date(2026, 1, 5), date(2026, 1, 3)

    assert [pause(wednesday), pause(wednesday, saturday), pause(wednesday, monday)] == [DAY, DAY, 6 * HOUR]
    assert [pause(wednesday + DAY - HOUR, monday), pause(wednesday + DAY, monday)] == [6 * HOUR, DAY]


@pytest.mark.parametrize(
    ("ladder", "most", "is_within"),
    [
        (STANDARD_LADDER, 3, True),
        (seconds(90, 300, 900, 3600, 7200), 3, False),
        (seconds(10, 30, 90, 300, 900, 3600, 7200), 3, False),
        (seconds(90, 300, 900, 3600, 7200), 4, True),
        (seconds(90), 1, True),
        (seconds(90, 300), 1, False),
    ],
)
def test_ladder_keeps_within_what_the_vendor_allows_or_does_not(
    ladder: tuple[timedelta, ...], most: int, is_within: bool
) -> None:
    assert looks_within(ladder=ladder, most=most, window=TWO_HOURS) is is_within


@pytest.fixture
def loan(db: None) -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    return make_vendor(address="http://127.0.0.1:9")


def sent_on_friday(vendor: Vendor, loan: Loan) -> ProviderAttempt:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    payout = ask_payout(loan=loan, account=account)
    assert payout.saga_id is not None
    attempt = attempt_open(
        saga_id=payout.saga_id,
        step="send",
        vendor=vendor,
        operation=Operation.PAYOUT,
        rail=Rail.IMPS,
        amount_paise=payout.amount_paise,
    )
    attempt.first_sent_at = FRIDAY
    attempt.save()
    return attempt


def test_pauses_are_those_of_the_row_in_force_when_the_call_left(vendor: Vendor, loan: Loan) -> None:
    attempt = sent_on_friday(vendor, loan)
    assert pause_before_look(attempt=attempt, looks=0, now=database_now()) == timedelta(seconds=90)

    rows = VendorRoute.objects.filter(vendor=vendor, operation=Operation.PAYOUT, rail=Rail.IMPS)
    rows.update(look_seconds="7, 8", valid_to=date(2026, 1, 3))
    later: dict[str, Any] = {"operation": Operation.PAYOUT, "rail": Rail.IMPS, "most_paise": 1}
    VendorRoute.objects.create(vendor=vendor, valid_from=date(2026, 1, 4), look_seconds="1", **later)
    VendorRoute.objects.create(
        vendor=vendor, valid_from=date(2026, 1, 1), look_seconds="2", **{**later, "rail": Rail.UPI}
    )

    assert [pause_before_look(attempt=attempt, looks=looks, now=database_now()) for looks in (0, 1, 2)] == [
        *seconds(7, 8),
        DAY,
    ]
    VendorRoute.objects.all().delete()
    assert pause_before_look(attempt=attempt, looks=3, now=database_now()) == timedelta(seconds=6300)


def test_ladder_knows_the_calendar_of_holidays(vendor: Vendor, loan: Loan, django_assert_num_queries: Any) -> None:
    attempt = sent_on_friday(vendor, loan)
    for day in (5, 6):
        holidays_publish(added={date(2026, 1, day): "A holiday"}, removed=[], reason="Bank holidays")
    holidays_publish(added={}, removed=[date(2026, 1, 6)], reason="The bank works after all")

    def pause(now: datetime) -> timedelta:
        return pause_before_look(attempt=attempt, looks=5, now=now)

    # One working day later than without the holiday of Monday.
    assert [pause(FRIDAY + 6 * DAY - HOUR), pause(FRIDAY + 6 * DAY)] == [6 * HOUR, DAY]
    with django_assert_num_queries(1):
        pause_before_look(attempt=attempt, looks=4, now=FRIDAY)


@pytest.mark.parametrize(
    ("look_seconds", "most", "problem"),
    [
        ("10, 30, 90, 300", 3, "Whoever waits so asks more often than 3 times in two hours"),
        ("", 3, "Give up to 12 pauses in whole seconds, with commas between them"),
        ("90, soon", 3, "Give up to 12 pauses in whole seconds, with commas between them"),
        ("0", 0, "Give up to 12 pauses in whole seconds, with commas between them"),
        ("1.5", 0, "Give up to 12 pauses in whole seconds, with commas between them"),
        (", ".join(["900"] * 13), 0, "Give up to 12 pauses in whole seconds, with commas between them"),
    ],
)
def test_route_that_would_ask_too_often_is_refused(vendor: Vendor, look_seconds: str, most: int, problem: str) -> None:
    terms: dict[str, Any] = {
        "operation": Operation.PAYOUT,
        "rail": Rail.IMPS,
        "rank": 10,
        "cost_paise": 0,
        "least_paise": 1,
        "most_paise": 10,
        "valid_from": date(2026, 1, 2),
    }
    before = VendorRoute.objects.count()

    with pytest.raises(RouteLooksInvalid) as refusal:
        vendor_route_add(
            vendor_id=vendor.pk,
            terms=RouteTerms(**terms, look_seconds=look_seconds, looks_in_two_hours=most),
            reason="New contract",
            actor=None,
        )

    assert refusal.value.message.startswith(f"{problem}. The standard is 90,")
    assert VendorRoute.objects.count() == before
    added = vendor_route_add(
        vendor_id=vendor.pk,
        terms=RouteTerms(**terms, look_seconds="10, 30", looks_in_two_hours=0),
        reason="Its test system may be asked at any time",
        actor=None,
    )
    assert added.ladder == seconds(10, 30)
    assert AuditEntry.objects.filter(action="payments.route_add").count() == 1
