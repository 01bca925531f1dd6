"""Freezes: which acts they keep from happening, on which loans, and until when."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from lms.engine.terms import Component
from lms.models import Freeze, Loan, LoanFact
from lms.services.charges import penal_levy
from lms.services.foreclosures import loan_foreclose
from lms.services.freezes import customer_freeze, freeze_lift, loan_freeze
from lms.services.guards import is_contact_frozen
from lms.services.loans import loan_disburse
from lms.services.prepayments import prepayment_post
from lms.services.refunds import refund_post
from lms.services.transfers import excess_transfer
from lms.services.waivers import waiver_grant
from tests.callers import at_once
from tests.factories.book import assert_verified, owed, receive, refused
from tests.factories.lms import make_loan, make_sanctioned_loan, make_version, next_key, set_business_date

LENT = date(2026, 1, 1)
MARCH = date(2026, 3, 10)
NEXT = date(2026, 3, 11)
PENAL = {"penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24", "grace_days": 0}}


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Return the loan on 10 March, two instalments unpaid."""
    set_business_date(MARCH)
    return loan


def freeze(loan: Loan, *effects: str, **options: Any) -> Freeze:
    """Freeze a loan, and read it anew."""
    values: dict[str, Any] = {"reason": "Police notice", "idempotency_key": next_key("freeze"), **options}
    done = loan_freeze(loan_id=loan.pk, effects=effects, **values)
    loan.refresh_from_db()
    return done


def freeze_all(loan: Loan, *effects: str, **options: Any) -> Freeze:
    """Freeze the customer of a loan, and read the loan anew."""
    values: dict[str, Any] = {"reason": "Court order", "idempotency_key": next_key("freeze"), **options}
    done = customer_freeze(customer_id=loan.customer_id, effects=effects, **values)
    loan.refresh_from_db()
    return done


def lift(found: Freeze, loan: Loan) -> Freeze:
    """Lift a freeze, and read the loan anew."""
    done = freeze_lift(freeze_id=found.pk, reason="Settled")
    loan.refresh_from_db()
    return done


def money_out(loan: Loan, act: Any, **more: Any) -> Any:
    """Call an act on today's date under a new key and reference."""
    values: dict[str, Any] = {
        "value_date": MARCH,
        "reference": next_key("OUT"),
        "idempotency_key": next_key("out"),
        **more,
    }
    return act(loan_id=loan.pk, **values)


def test_no_fresh_money_goes_to_a_frozen_loan(late: Loan) -> None:
    other = make_sanctioned_loan(customer=late.customer, version=late.product_version, first_due_date=date(2026, 4, 1))
    found = freeze(other, "DISBURSAL")

    with refused("lms.loan_frozen") as caught:
        money_out(other, loan_disburse, amount_paise=1_000_00)
    lift(found, other)
    money_out(other, loan_disburse, amount_paise=1_000_00)

    assert f"freeze {found.pk}): No fresh money" in caught.value.message


def test_excess_of_a_frozen_loan_stays(loan: Loan) -> None:
    receive(loan, 500_00, LENT)
    other = make_loan(customer=loan.customer, version=loan.product_version)
    freeze(loan, "REFUND")

    with refused("lms.loan_frozen"):
        money_out(loan, refund_post, amount_paise=100_00, value_date=LENT, reason="Asked for")
    with refused("lms.loan_frozen"):
        excess_transfer(
            from_loan_id=loan.pk,
            to_loan_id=other.pk,
            amount_paise=100_00,
            value_date=LENT,
            reason="Asked for",
            idempotency_key="move",
        )


def test_frozen_loan_takes_what_is_due_and_no_more(late: Loan) -> None:
    freeze(late, "AHEAD")
    due = 2 * 11_348_00

    with refused("lms.loan_frozen_beyond_dues") as caught:
        receive(late, due + 1, MARCH)
    with refused("lms.loan_frozen"):
        money_out(late, prepayment_post, amount_paise=50_000_00)
    with refused("lms.loan_frozen"):
        money_out(late, loan_foreclose, amount_paise=2_00_000_00)
    receive(late, due, MARCH)

    assert f"takes the {due} paise" in caught.value.message
    assert late.overdue_paise == 0


@pytest.fixture
def with_penal(db: None) -> Loan:
    """Return a loan with penal charges by the night, two instalments unpaid on 10 March."""
    set_business_date(LENT)
    loan = make_loan(version=make_version(terms=PENAL))
    set_business_date(MARCH)
    return loan


def penal_on(loan: Loan, day: date) -> int:
    """Move the books to a day, bring the loan up to it by a receipt of one paisa, and read the penal charges."""
    set_business_date(day)
    receive(loan, 1, day)
    return loan.penal_outstanding_paise


def test_no_penal_accrues_while_frozen_and_again_afterwards(with_penal: Loan) -> None:
    start = penal_on(with_penal, MARCH)
    found = freeze(with_penal, "PENAL")
    with refused("lms.loan_frozen"):
        penal_levy(loan_id=with_penal.pk, amount_paise=1_00, value_date=MARCH, idempotency_key="p", reason="By hand")

    frozen = penal_on(with_penal, date(2026, 3, 15))
    lift(found, with_penal)
    after = penal_on(with_penal, date(2026, 3, 16))

    # 48 instalment nights at 24 % on 11,348; the freeze takes that of 10 March and the next four; then two of two.
    assert (start, frozen, after) == (358_16, 343_24, 373_08)
    assert_verified(with_penal)


def test_no_interest_accrues_while_frozen_and_again_afterwards(loan: Loan) -> None:
    found = freeze(loan, "INTEREST", from_date=date(2026, 1, 11))
    set_business_date(date(2026, 1, 21))

    lift(found, loan)
    set_business_date(date(2026, 1, 31))
    receive(loan, 1, date(2026, 1, 30))

    # Ten nights, ten nights without, ten nights; the night of the 30th is open.
    assert loan.facts.filter(kind="PAUSE").count() == 2
    assert loan.interest_outstanding_paise == round(1_20_000_00 * 24 * 20 / 36_500)
    assert_verified(loan)


def test_freeze_lifted_before_it_began_leaves_nothing(loan: Loan) -> None:
    found = freeze(loan, "INTEREST", from_date=date(2026, 2, 1), until_date=date(2026, 2, 5))
    before = loan.facts.get(kind="PAUSE")

    lift(found, loan)

    assert list(loan.facts.filter(sequence__gt=before.sequence).values_list("kind", flat=True)) == ["REVERSE"]


def test_freeze_that_is_over_forbids_nothing(late: Loan) -> None:
    freeze(late, "AHEAD", until_date=MARCH)
    set_business_date(NEXT)

    receive(late, 30_000_00, NEXT)

    assert late.excess_paise == 30_000_00 - 2 * 11_348_00


def test_freeze_that_has_not_begun_forbids_nothing(late: Loan) -> None:
    freeze(late, "AHEAD", from_date=NEXT)

    receive(late, 30_000_00, MARCH)

    assert late.excess_paise == 30_000_00 - 2 * 11_348_00


def test_frozen_customer_is_frozen_on_every_loan_and_gets_no_other(loan: Loan) -> None:
    receive(loan, 500_00, LENT)
    other = make_loan(customer=loan.customer, version=loan.product_version)
    receive(other, 500_00, LENT)
    found = freeze_all(loan, "REFUND", "DISBURSAL")

    for each in (loan, other):
        with refused("lms.loan_frozen"):
            money_out(each, refund_post, amount_paise=100_00, value_date=LENT, reason="Asked for")
    with refused("lms.customer_frozen"):
        make_sanctioned_loan(customer=loan.customer, version=loan.product_version)
    lift(found, loan)

    assert make_sanctioned_loan(customer=loan.customer, version=loan.product_version).status == "SANCTIONED"


def test_loan_that_came_after_the_freeze_of_its_customer_is_frozen_too(loan: Loan) -> None:
    freeze_all(loan, "REFUND")
    later = make_loan(customer=loan.customer, version=loan.product_version)
    receive(later, 500_00, LENT)

    with refused("lms.loan_frozen"):
        money_out(later, refund_post, amount_paise=100_00, value_date=LENT, reason="Asked for")


def test_contact_is_frozen_for_the_customer_by_a_freeze_of_one_loan(loan: Loan) -> None:
    stranger = make_loan(version=loan.product_version)
    found = freeze(loan, "CONTACT")

    assert is_contact_frozen(customer_id=loan.customer_id, on_date=LENT)
    assert not is_contact_frozen(customer_id=stranger.customer_id, on_date=LENT)
    lift(found, loan)
    assert not is_contact_frozen(customer_id=loan.customer_id, on_date=LENT)


def test_what_the_freeze_does_not_name_goes_on(late: Loan) -> None:
    freeze(late, "DISBURSAL", "REFUND", "AHEAD", "PENAL", "CONTACT")

    receive(late, 100_00, MARCH)
    waiver_grant(
        loan_id=late.pk,
        component=Component.INTEREST,
        amount_paise=1_00,
        value_date=MARCH,
        reason="Goodwill",
        idempotency_key="w",
    )

    assert owed(late)["overdue"] == 2 * 11_348_00 - 100_00


def test_same_key_freezes_once(loan: Loan) -> None:
    first = freeze(loan, "INTEREST", idempotency_key="once")

    assert freeze(loan, "INTEREST", idempotency_key="once") == first
    assert loan.facts.filter(kind="PAUSE").count() == 1
    with refused("lms.idempotency_key_reused"):
        freeze(loan, "PENAL", idempotency_key="once")


@pytest.mark.parametrize(
    ("effects", "options", "code"),
    [
        ((), {}, "lms.freeze_empty"),
        (("EVERYTHING",), {}, "lms.freeze_empty"),
        (("PENAL",), {"from_date": date(2026, 3, 9)}, "lms.freeze_dates_invalid"),
        (("PENAL",), {"until_date": date(2026, 3, 9)}, "lms.freeze_dates_invalid"),
        (("PENAL",), {"reason": " "}, "lms.reason_missing"),
        (("PENAL",), {"idempotency_key": ""}, "lms.idempotency_key_missing"),
    ],
)
def test_what_is_no_freeze_is_refused(late: Loan, effects: tuple[str, ...], options: dict[str, Any], code: str) -> None:
    with refused(code):
        freeze(late, *effects, **options)
    assert not Freeze.objects.exists()


def test_freeze_is_lifted_once(loan: Loan) -> None:
    found = freeze(loan, "CONTACT")
    lift(found, loan)

    with refused("lms.freeze_lifted"):
        lift(found, loan)
    with refused("lms.freeze_unknown"):
        freeze_lift(freeze_id=999_999, reason="Nothing there")


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_freeze_and_refund_at_once_leave_one_of_two_right_books(transactional_db: None) -> None:
    set_business_date(LENT)
    loan = make_loan()
    receive(loan, 500_00, LENT)
    refund = partial(refund_post, loan_id=loan.pk, amount_paise=100_00, value_date=LENT, reason="Asked for")
    stop = partial(loan_freeze, loan_id=loan.pk, effects=["REFUND"], reason="Police notice", idempotency_key="stop")

    results = at_once(stop, *(partial(refund, reference=f"OUT-{n}", idempotency_key=f"out-{n}") for n in range(4)))

    refunds = [result for result in results if isinstance(result, LoanFact)]
    assert isinstance(results[0], Freeze)
    assert results.count("lms.loan_frozen") == 4 - len(refunds)
    loan.refresh_from_db()
    assert loan.excess_paise == 500_00 - 100_00 * len(refunds)
    assert_verified(loan)
