"""Settlements that are paid in parts: the rest is given up with the last part, and never before."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from core.business_date import business_date
from lms.models import ClassificationEntry, Loan, LoanFact, SettlementPlan
from lms.services.day_end import day_end_run
from lms.services.receipts import receipt_post
from lms.services.servicing_rules import ServicingRules, servicing_publish
from lms.services.settlement_plans import (
    PartTerm,
    settlement_plan_agree,
    settlement_plan_cancel,
    settlement_plan_restore,
    settlement_plans_break,
)
from lms.services.settlements import settlement_post
from lms.services.write_offs import loan_write_off
from tests.callers import at_once
from tests.factories.book import assert_verified, balances, owed, receive, refused, reverse
from tests.factories.lms import make_loan, make_sanctioned_loan, next_key, set_business_date

MARCH = date(2026, 3, 10)
APRIL = date(2026, 4, 10)
MAY = date(2026, 5, 10)
# 1,20,000 lent and 68 nights of interest.
DEBT = 1_25_093_86
TWO_PARTS = (PartTerm(due_date=MARCH, amount_paise=30_000_00), PartTerm(due_date=APRIL, amount_paise=50_000_00))


@pytest.fixture
def overdue(loan: Loan) -> Loan:
    """Return the loan on 10 March, two instalments unpaid."""
    set_business_date(MARCH)
    return loan


def agree(loan: Loan, parts: tuple[PartTerm, ...] = TWO_PARTS, **options: Any) -> SettlementPlan:
    """Agree on a settlement, and read the loan anew."""
    values: dict[str, Any] = {
        "value_date": MARCH,
        "reason": "Compromise",
        "idempotency_key": next_key("plan"),
        **options,
    }
    plan = settlement_plan_agree(loan_id=loan.pk, parts=parts, **values)
    loan.refresh_from_db()
    return plan


def state_of(plan: SettlementPlan) -> str:
    """Read the state of an agreement anew."""
    plan.refresh_from_db()
    return plan.state


def test_nothing_is_given_up_before_the_last_part(overdue: Loan) -> None:
    plan = agree(overdue)
    first = receive(overdue, 30_000_00, MARCH)
    assert (first.kind, overdue.status, "WAIVER_EXPENSE" in balances()) == ("RECEIVE", "ACTIVE", False)

    set_business_date(APRIL)
    last = receive(overdue, 50_000_00, APRIL)

    assert (last.kind, overdue.status, owed(overdue)) == ("SETTLE", "SETTLED", {})
    assert balances().keys() == {"BANK", "INTEREST_INCOME", "WAIVER_EXPENSE"}
    assert (state_of(plan), plan.settle_fact, plan.active_of, plan.debt_paise) == ("KEPT", last, None, DEBT)
    assert_verified(overdue)


def test_more_payments_than_parts_count_all_the_same(overdue: Loan) -> None:
    plan = agree(overdue)
    for amount in (10_000_00, 20_000_00, 25_000_00):
        receive(overdue, amount, MARCH)
    assert state_of(plan) == "ACTIVE"

    receive(overdue, 25_000_00, MARCH)

    assert (overdue.status, state_of(plan)) == ("SETTLED", "KEPT")


def test_parts_within_the_time_leave_the_class_alone(overdue: Loan) -> None:
    plan = agree(
        overdue, (PartTerm(due_date=MARCH, amount_paise=1_00), PartTerm(due_date=date(2026, 6, 10), amount_paise=1_00))
    )

    assert (plan.restructure_fact, overdue.restructured_on) == (None, None)


def test_parts_beyond_the_time_are_a_restructuring(overdue: Loan) -> None:
    long = (PartTerm(due_date=MARCH, amount_paise=1_00), PartTerm(due_date=date(2026, 6, 11), amount_paise=1_00))

    plan = agree(overdue, long)

    assert (overdue.asset_class, overdue.npa_since, overdue.restructured_on) == ("SUB_STANDARD", MARCH, MARCH)
    entry = ClassificationEntry.objects.filter(loan=overdue).latest("pk")
    assert (entry.reason, entry.fact_sequence) == ("Restructured for financial difficulty", 2)
    assert plan.restructure_fact == overdue.facts.get(kind="RESTRUCTURE")
    assert_verified(overdue)


def test_reversed_restructuring_gives_the_class_back(overdue: Loan) -> None:
    long = (PartTerm(due_date=MARCH, amount_paise=1_00), PartTerm(due_date=date(2026, 7, 1), amount_paise=1_00))
    agree(overdue, long)

    reverse(overdue, 2)

    # The days that were behind were closed before the agreement: 38 days past due by then.
    assert (overdue.asset_class, overdue.restructured_on) == ("SMA_1", None)
    assert_verified(overdue)


def test_the_time_is_a_dated_parameter(overdue: Loan) -> None:
    servicing_publish(
        effective_from=MARCH, rules=ServicingRules(settlement_restructure_months=0), source="Policy", reason="Board"
    )

    agree(overdue)

    assert overdue.asset_class == "SUB_STANDARD"


def test_part_that_does_not_come_ends_the_agreement_and_money_stays(overdue: Loan) -> None:
    plan = agree(overdue)
    receive(overdue, 30_000_00, MARCH)
    before = owed(overdue)
    assert settlement_plans_break(on_date=APRIL) == 0

    assert settlement_plans_break(on_date=date(2026, 4, 11)) == 1

    overdue.refresh_from_db()
    assert (state_of(plan), plan.active_of, owed(overdue)) == ("BROKEN", None, before)
    assert settlement_plans_break(on_date=date(2026, 4, 11)) == 0


def test_late_money_is_an_ordinary_receipt_even_before_anybody_looked(overdue: Loan) -> None:
    plan = agree(overdue)
    receive(overdue, 30_000_00, MARCH)
    set_business_date(date(2026, 4, 11))

    late = receive(overdue, 50_000_00, date(2026, 4, 11))

    assert (late.kind, overdue.status, state_of(plan)) == ("RECEIVE", "ACTIVE", "BROKEN")
    assert_verified(overdue)


def test_days_of_grace_are_those_of_the_agreement(overdue: Loan) -> None:
    rules = ServicingRules(settlement_grace_days=3)
    servicing_publish(effective_from=MARCH, rules=rules, source="Policy", reason="Board")
    plan = agree(overdue)
    receive(overdue, 30_000_00, MARCH)
    set_business_date(date(2026, 4, 13))

    receive(overdue, 50_000_00, date(2026, 4, 13))

    assert (overdue.status, state_of(plan)) == ("SETTLED", "KEPT")


def test_money_that_came_in_time_and_was_posted_late_restores_the_agreement(overdue: Loan) -> None:
    plan = agree(overdue)
    set_business_date(date(2026, 3, 12))
    settlement_plans_break(on_date=date(2026, 3, 12))
    with refused("lms.settlement_plan_not_kept"):
        settlement_plan_restore(loan_id=overdue.pk, reason="Money was there")
    receive(overdue, 30_000_00, MARCH)

    settlement_plan_restore(loan_id=overdue.pk, reason="Money was there")

    assert (state_of(plan), plan.active_of) == ("ACTIVE", overdue)
    with refused("lms.settlement_plan_not_broken"):
        settlement_plan_restore(loan_id=overdue.pk, reason="Again")


def test_reversed_payment_breaks_the_agreement_once_its_day_is_over(overdue: Loan) -> None:
    plan = agree(overdue)
    fact = receive(overdue, 30_000_00, MARCH)
    set_business_date(date(2026, 3, 11))

    reverse(overdue, fact.sequence)

    assert state_of(plan) == "BROKEN"


def test_reversed_last_payment_puts_the_agreement_into_force_again(overdue: Loan) -> None:
    plan = agree(overdue)
    receive(overdue, 30_000_00, MARCH)
    before = (owed(overdue), balances())
    last = receive(overdue, 50_000_00, MARCH)

    reverse(overdue, last.sequence)

    assert (owed(overdue), balances(), overdue.status) == (*before, "ACTIVE")
    assert (state_of(plan), plan.active_of, plan.settle_fact) == ("ACTIVE", overdue, None)
    assert_verified(overdue)


def test_write_off_ends_the_agreement(overdue: Loan) -> None:
    plan = agree(overdue)

    loan_write_off(loan_id=overdue.pk, value_date=MARCH, is_technical=True, reason="Lost", idempotency_key="off")

    assert state_of(plan) == "ENDED"


def test_second_settlement_is_refused_in_either_form(overdue: Loan) -> None:
    agree(overdue)

    with refused("lms.settlement_plan_in_force"):
        agree(overdue)
    with refused("lms.settlement_plan_in_force"):
        settlement_post(
            loan_id=overdue.pk,
            amount_paise=80_000_00,
            value_date=MARCH,
            reference="UTR-1",
            idempotency_key="one",
            reason="At once",
        )


def test_cancelled_agreement_makes_room_for_another(overdue: Loan) -> None:
    first = agree(overdue)

    settlement_plan_cancel(loan_id=overdue.pk, reason="Better offer")
    second = agree(overdue)

    assert (state_of(first), state_of(second)) == ("CANCELLED", "ACTIVE")
    settlement_plan_cancel(loan_id=overdue.pk, reason="Worse offer")
    with refused("lms.settlement_plan_not_active"):
        settlement_plan_cancel(loan_id=overdue.pk, reason="Twice")


def test_more_than_is_left_is_refused(overdue: Loan) -> None:
    agree(overdue)
    receive(overdue, 30_000_00, MARCH)

    with refused("lms.settlement_plan_overpaid") as caught:
        receive(overdue, 50_000_01, MARCH)

    assert "5000000 paise that are left" in caught.value.message


def test_same_key_agrees_once(overdue: Loan) -> None:
    first = agree(overdue, idempotency_key="once")

    assert agree(overdue, idempotency_key="once") == first
    with refused("lms.idempotency_key_reused"):
        agree(overdue, (TWO_PARTS[0], PartTerm(due_date=MAY, amount_paise=1_00)), idempotency_key="once")
    assert SettlementPlan.objects.count() == 1


@pytest.mark.parametrize(
    ("parts", "options", "code"),
    [
        ((), {}, "lms.settlement_plan_invalid"),
        (TWO_PARTS[:1], {}, "lms.settlement_plan_invalid"),
        (TWO_PARTS[::-1], {}, "lms.settlement_plan_invalid"),
        ((TWO_PARTS[0], TWO_PARTS[0]), {}, "lms.settlement_plan_invalid"),
        ((PartTerm(due_date=date(2026, 3, 9), amount_paise=1_00), TWO_PARTS[1]), {}, "lms.settlement_plan_invalid"),
        ((PartTerm(due_date=MARCH, amount_paise=0), TWO_PARTS[1]), {}, "lms.amount_not_positive"),
        ((TWO_PARTS[0], PartTerm(due_date=MAY, amount_paise=DEBT - 30_000_00)), {}, "lms.settlement_not_below_debt"),
        (TWO_PARTS, {"reason": ""}, "lms.reason_missing"),
        (TWO_PARTS, {"idempotency_key": ""}, "lms.idempotency_key_missing"),
        (
            (PartTerm(due_date=MAY, amount_paise=1), PartTerm(due_date=date(2026, 6, 1), amount_paise=1)),
            {"value_date": APRIL},
            "lms.value_date_in_future",
        ),
    ],
)
def test_what_is_no_settlement_is_refused(
    overdue: Loan, parts: tuple[PartTerm, ...], options: dict[str, Any], code: str
) -> None:
    with refused(code):
        agree(overdue, parts, **options)
    assert not SettlementPlan.objects.exists()


def test_settled_customer_gets_fresh_money_after_the_cooling_time(overdue: Loan) -> None:
    agree(overdue)
    receive(overdue, 80_000_00, MARCH)
    sanction = partial(make_sanctioned_loan, customer=overdue.customer, version=overdue.product_version)

    set_business_date(date(2027, 3, 9))
    with refused("lms.customer_cooling_off") as caught:
        sanction(sanctioned_on=date(2027, 3, 9), first_due_date=date(2027, 4, 1))
    set_business_date(date(2027, 3, 10))
    fresh = sanction(sanctioned_on=date(2027, 3, 10), first_due_date=date(2027, 4, 1))

    assert "after 2027-03-10" in caught.value.message
    assert fresh.status == "SANCTIONED"


def test_reversed_settlement_leaves_no_cooling_time(overdue: Loan) -> None:
    agree(overdue)
    last = receive(overdue, 80_000_00, MARCH)
    reverse(overdue, last.sequence)

    fresh = make_sanctioned_loan(customer=overdue.customer, version=overdue.product_version)

    assert fresh.customer == overdue.customer


def test_day_end_goes_over_a_loan_with_an_agreement(overdue: Loan) -> None:
    agree(overdue)

    day_end_run(to_date=MARCH)

    assert business_date() == date(2026, 3, 11)
    assert_verified(overdue)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_of_two_settlements_at_once_one_is_refused(transactional_db: None) -> None:
    set_business_date(date(2026, 1, 1))

    loan = make_loan()
    set_business_date(MARCH)
    call = partial(settlement_plan_agree, loan_id=loan.pk, parts=TWO_PARTS, value_date=MARCH, reason="Compromise")

    results = at_once(*(partial(call, idempotency_key=f"plan-{number}") for number in range(4)))

    assert results.count("lms.settlement_plan_in_force") == 3
    assert SettlementPlan.objects.filter(active_of=loan).count() == 1


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_two_last_payments_at_once_settle_once(transactional_db: None) -> None:

    set_business_date(date(2026, 1, 1))
    loan = make_loan()
    set_business_date(MARCH)
    agree(loan)
    pay = partial(receipt_post, loan_id=loan.pk, amount_paise=80_000_00, value_date=MARCH)

    results = at_once(*(partial(pay, reference=f"UTR-{n}", idempotency_key=f"pay-{n}") for n in range(4)))

    assert results.count("lms.loan_closed") == 3
    assert LoanFact.objects.filter(loan=loan, kind="SETTLE").count() == 1
    assert_verified(loan)
