"""Foreclosure quotes: what closes a loan on each day that they hold, and that it does so exactly."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from lms.engine.facts import PrepaymentEffect
from lms.models import Loan, LoanFact, NilChargeRule, RateChoice, StoredQuote
from lms.services.benchmarks import benchmark_create, benchmark_rate_publish, product_benchmark_set
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.prepayments import prepayment_post
from lms.services.quotes import (
    foreclosure_quote_of,
    is_quote_current,
    quote_foreclose,
    quote_make,
    quote_of_day,
)
from lms.services.servicing_rules import (
    ServicingRules,
    nil_charge_rule_publish,
    servicing_publish,
    servicing_seed,
)
from tests.callers import at_once
from tests.factories.book import assert_verified, balances, owed, receive, refused, reverse
from tests.factories.lms import make_customer, make_loan, make_product, make_version, next_key, set_business_date

LENT = date(2026, 1, 1)
MARCH = date(2026, 3, 10)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Return the loan on 10 March, two instalments unpaid."""
    set_business_date(MARCH)
    return loan


def quote(loan: Loan, **options: Any) -> StoredQuote:
    """Quote the closing of a loan today."""
    return quote_make(loan_id=loan.pk, **{"idempotency_key": next_key("quote"), **options})


def close(found: StoredQuote, amount_paise: int, value_date: date = MARCH, **options: Any) -> LoanFact:
    """Close the loan of a quote."""
    values: dict[str, Any] = {"reference": next_key("UTR"), "idempotency_key": next_key("close"), **options}
    return quote_foreclose(quote_id=found.pk, amount_paise=amount_paise, value_date=value_date, **values)


def test_every_day_of_the_quote_closes_the_loan_without_a_paisa_left(late: Loan) -> None:
    found = quote(late)
    assert (found.number, found.quoted_on, found.valid_until) == ("FQ00000001", MARCH, date(2026, 3, 16))

    for offset in range(7):
        day = MARCH + offset * ONE_DAY
        set_business_date(day)
        figures = quote_of_day(quote=found, on_date=day)
        assert figures is not None
        fact = close(found, figures.total_paise, day)
        late.refresh_from_db()
        assert (late.status, owed(late)) == ("CLOSED", {})
        assert_verified(late)
        reverse(late, fact.sequence)
        found = quote(late, valid_days=7)


def test_quote_says_what_each_day_costs(late: Loan) -> None:
    found = quote(late, valid_days=2)

    first, second = (quote_of_day(quote=found, on_date=MARCH + n * ONE_DAY) for n in range(2))
    assert first == foreclosure_quote(loan=late, on_date=MARCH)
    assert first is not None
    assert second is not None
    # 1,20,000 and 68 nights, four per cent of the principal, and 18 per cent of that.
    assert (first.principal_paise + first.interest_paise, first.charge_paise, first.charge_tax_paise) == (
        1_25_093_86,
        4_800_00,
        864_00,
    )
    # The night bears interest on what is not due yet: two instalments are.
    assert second.interest_paise - first.interest_paise == first.per_day_interest_paise == 66_93
    assert found.total_paise == first.total_paise


def test_quote_past_its_days_is_refused(late: Loan) -> None:
    found = quote(late, valid_days=1)
    set_business_date(MARCH + ONE_DAY)

    with refused("lms.quote_expired") as caught:
        close(found, found.total_paise, MARCH + ONE_DAY)

    assert "Make a new quote" in caught.value.message
    again = quote(late)
    close(again, again.total_paise, MARCH + ONE_DAY)


def test_quote_that_does_not_know_a_receipt_is_refused(late: Loan) -> None:
    found = quote(late)
    receive(late, 100_00, MARCH)

    with refused("lms.quote_superseded"):
        close(found, found.total_paise)
    assert not is_quote_current(quote=foreclosure_quote_of(quote_id=found.pk), on_date=MARCH)


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_amount_is_refused(late: Loan, difference: int) -> None:
    found = quote(late)

    with refused("lms.quote_amount_differs"):
        close(found, found.total_paise + difference)


def test_money_that_came_while_the_quote_held_may_be_posted_later(late: Loan) -> None:
    found = quote(late, valid_days=1)
    set_business_date(MARCH + 5 * ONE_DAY)

    close(found, found.total_paise, MARCH)

    late.refresh_from_db()
    assert (late.status, late.closed_on, owed(late)) == ("CLOSED", MARCH, {})
    assert_verified(late)


def test_closed_loan_is_refused_by_name(late: Loan) -> None:
    found = quote(late)
    close(found, found.total_paise)

    with refused("lms.loan_closed"):
        close(found, found.total_paise)
    with refused("lms.loan_closed"):
        quote(late)
    assert StoredQuote.objects.get().closed_by == LoanFact.objects.get(kind="FORECLOSE")


def test_same_key_closes_once(late: Loan) -> None:
    found = quote(late)
    first = close(found, found.total_paise, reference="UTR-1", idempotency_key="once")

    assert close(found, found.total_paise, reference="UTR-1", idempotency_key="once") == first


def test_same_key_quotes_once(late: Loan) -> None:
    first = quote(late, idempotency_key="once")

    assert quote(late, idempotency_key="once") == first
    with refused("lms.idempotency_key_reused"):
        quote(late, valid_days=2, idempotency_key="once")
    assert quote(late).number == "FQ00000002"


@pytest.mark.parametrize("days", [0, 61])
def test_number_of_days_has_limits(late: Loan, days: int) -> None:
    with refused("lms.quote_validity_invalid"):
        quote(late, valid_days=days)


def test_days_of_validity_are_a_dated_parameter(late: Loan) -> None:
    servicing_publish(effective_from=MARCH, rules=ServicingRules(quote_valid_days=3), source="Policy", reason="Board")

    assert quote(late).valid_until == date(2026, 3, 12)


def test_lender_who_asks_for_the_money_takes_no_charge(late: Loan) -> None:
    found = quote(late, is_lender_asking=True)
    figures = quote_of_day(quote=found, on_date=MARCH)
    assert figures is not None

    close(found, figures.total_paise)

    late.refresh_from_db()
    assert (figures.charge_paise, figures.charge_tax_paise, owed(late)) == (0, 0, {})
    assert "FEE_INCOME" not in balances()
    assert_verified(late)


def test_unknown_quote_is_refused(late: Loan) -> None:
    with refused("lms.quote_unknown"):
        foreclosure_quote_of(quote_id=999_999)


@pytest.fixture
def floating(db: None) -> Loan:
    """Return a floating loan of an individual, lent on 1 January 2026; the rules of the regulation are published."""
    set_business_date(LENT)
    servicing_seed()
    product = make_product()
    repo = benchmark_create(code="REPO", name="Policy repo rate", reason="Board")
    benchmark_rate_publish(
        benchmark=repo, effective_from=date(2025, 1, 1), rate_pct=Decimal("6.5"), source="RBI", reason="Board"
    )
    product_benchmark_set(
        product=product, benchmark=repo, effective_from=LENT, default_choice=RateChoice.EMI, reason="Board"
    )
    loan = make_loan(version=make_version(product=product))
    set_business_date(MARCH)
    return loan


def test_floating_loan_of_an_individual_closes_early_without_a_charge(floating: Loan) -> None:
    assert foreclosure_quote(loan=floating, on_date=MARCH).charge_paise == 0
    with refused("lms.foreclosure_amount_short"):
        foreclose(floating, 1_25_093_85)

    foreclose(floating, 1_25_093_86)

    floating.refresh_from_db()
    assert (floating.status, owed(floating)) == ("CLOSED", {})
    assert_verified(floating)


def foreclose(loan: Loan, amount_paise: int) -> LoanFact:
    """Close a loan without a stored quote."""
    return loan_foreclose(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=MARCH,
        reference=next_key("UTR"),
        idempotency_key=next_key("close"),
    )


def test_floating_loan_of_a_business_pays_the_charge(floating: Loan) -> None:
    firm = make_customer(kind="BUSINESS")
    loan = make_loan(customer=firm, version=floating.product_version)

    assert foreclosure_quote(loan=loan, on_date=MARCH).charge_paise == 4_800_00


def test_loan_sanctioned_before_the_rule_pays_the_charge(floating: Loan) -> None:
    old = make_loan(
        version=floating.product_version,
        sanctioned_on=date(2025, 12, 31),
        value_date=date(2025, 12, 31),
        first_due_date=date(2026, 2, 1),
    )

    assert foreclosure_quote(loan=old, on_date=MARCH).charge_paise == 4_800_00


def test_fixed_rate_pays_the_charge_unless_a_rule_says_otherwise(late: Loan) -> None:
    servicing_seed()
    assert foreclosure_quote(loan=late, on_date=MARCH).charge_paise == 4_800_00

    nil_charge_rule_publish(
        effective_from=MARCH, rate_kind="", customer_kind="", up_to_paise=1_00_000_00, source="Policy", reason="Board"
    )
    small = make_loan(
        version=late.product_version,
        principal_paise=1_00_000_00,
        sanctioned_on=MARCH,
        value_date=MARCH,
        first_due_date=date(2026, 4, 10),
    )

    assert foreclosure_quote(loan=small, on_date=MARCH).charge_paise == 0
    assert foreclosure_quote(loan=late, on_date=MARCH).charge_paise == 4_800_00
    assert NilChargeRule.objects.count() == 2


@pytest.mark.parametrize("effect", list(PrepaymentEffect))
def test_part_prepayment_costs_nothing_either_way(loan: Loan, effect: PrepaymentEffect) -> None:
    prepayment_post(
        loan_id=loan.pk,
        amount_paise=20_000_00,
        value_date=LENT,
        reference="UTR-1",
        idempotency_key="ahead",
        effect=effect,
    )

    loan.refresh_from_db()
    assert loan.principal_outstanding_paise == 1_00_000_00
    assert "FEE_INCOME" not in balances()
    assert_verified(loan)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_of_two_foreclosures_at_once_one_wins_and_the_others_are_told(transactional_db: None) -> None:
    set_business_date(LENT)
    loan = make_loan()
    found = quote(loan)
    pay = partial(quote_foreclose, quote_id=found.pk, amount_paise=found.total_paise, value_date=LENT)

    results = at_once(*(partial(pay, reference=f"UTR-{n}", idempotency_key=f"pay-{n}") for n in range(4)))

    assert results.count("lms.loan_closed") == 3
    loan.refresh_from_db()
    assert (loan.status, owed(loan)) == ("CLOSED", {})
    assert_verified(loan)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_quotes_at_once_get_numbers_without_a_gap(transactional_db: None) -> None:
    set_business_date(LENT)
    loans = [make_loan()]
    loans += [make_loan(customer=make_customer(), version=loans[0].product_version) for _ in range(3)]

    at_once(*(partial(quote_make, loan_id=loan.pk, idempotency_key=f"q-{loan.pk}") for loan in loans))

    numbers = sorted(StoredQuote.objects.values_list("number", flat=True))
    assert numbers == ["FQ00000001", "FQ00000002", "FQ00000003", "FQ00000004"]
