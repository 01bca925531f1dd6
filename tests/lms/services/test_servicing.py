"""Charges, penal charges, waivers, bounces, part-prepayment, foreclosure and refunds."""

from datetime import date

import pytest

from lms.engine.facts import PrepaymentEffect
from lms.engine.terms import Component
from lms.models import Instalment, Loan, LoanFact
from lms.services.charges import penal_levy
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.prepayments import prepayment_post
from lms.services.refunds import refund_post
from lms.services.waivers import waiver_grant
from tests.factories.book import (
    assert_verified,
    balances,
    bounce,
    legs,
    levy,
    owed,
    paid_parts,
    receive,
    refused,
    reverse,
)
from tests.factories.lms import make_loan, make_version, next_key, set_business_date

LENT = date(2026, 1, 1)
FIRST_DUE = date(2026, 2, 1)


def _waive(loan: Loan, component: Component, amount_paise: int, value_date: date, reason: str = "Goodwill") -> LoanFact:
    fact = waiver_grant(
        loan_id=loan.pk,
        component=component,
        amount_paise=amount_paise,
        value_date=value_date,
        reason=reason,
        idempotency_key=next_key("waive"),
    )
    loan.refresh_from_db()
    return fact


def _prepay(loan: Loan, amount_paise: int, value_date: date, effect: PrepaymentEffect) -> LoanFact:
    fact = prepayment_post(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=value_date,
        reference=next_key("UTR"),
        effect=effect,
        idempotency_key=next_key("prepay"),
    )
    loan.refresh_from_db()
    return fact


def _foreclose(loan: Loan, amount_paise: int, value_date: date) -> LoanFact:
    fact = loan_foreclose(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=value_date,
        reference=next_key("UTR"),
        idempotency_key=next_key("foreclose"),
    )
    loan.refresh_from_db()
    return fact


def _refund(loan: Loan, amount_paise: int, value_date: date, reason: str = "Asked for") -> LoanFact:
    fact = refund_post(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=value_date,
        reference=next_key("OUT"),
        reason=reason,
        idempotency_key=next_key("refund"),
    )
    loan.refresh_from_db()
    return fact


def test_charge_of_the_terms_is_levied_with_its_tax(loan: Loan) -> None:
    fact = levy(loan, "STATEMENT", LENT)

    assert (fact.amount_paise, fact.details["tax_paise"]) == (100_00, 18_00)
    assert legs(fact) == {("1130", "4120"): 100_00, ("1130", "2310"): 18_00}
    assert_verified(loan)


def test_charge_by_per_cent_is_of_the_sanctioned_amount(loan: Loan) -> None:
    fact = levy(loan, "PROCESSING", LENT)

    assert (fact.amount_paise, fact.details["tax_paise"]) == (2_400_00, 432_00)


def test_a_smaller_charge_than_agreed_may_be_levied(loan: Loan) -> None:
    fact = levy(loan, "STATEMENT", LENT, amount_paise=33_33)

    # 18 % of 33.33 are 5.9994.
    assert (fact.amount_paise, fact.details["tax_paise"]) == (33_33, 6_00)


def test_charge_above_the_agreed_one_is_refused(loan: Loan) -> None:
    with refused("lms.charge_above_agreed"):
        levy(loan, "STATEMENT", LENT, amount_paise=100_01)


def test_charge_that_the_terms_do_not_name_is_refused(loan: Loan) -> None:
    with refused("lms.charge_not_agreed") as caught:
        levy(loan, "VISIT", LENT)

    assert "PROCESSING, BOUNCE, STATEMENT, FORECLOSURE" in caught.value.message


def test_penal_charge_has_no_tax_and_its_own_receivable(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    fact = penal_levy(
        loan_id=loan.pk, amount_paise=250_00, value_date=FIRST_DUE, reason="Instalment missed", idempotency_key="p"
    )
    loan.refresh_from_db()

    assert loan.penal_outstanding_paise == 250_00
    assert (balances()["PENAL_RECEIVABLE"], balances()["PENAL_INCOME"]) == (250_00, -250_00)
    assert fact.reason == "Instalment missed"
    assert_verified(loan)


def test_penal_charge_needs_its_reason(loan: Loan) -> None:
    with refused("lms.reason_missing"):
        penal_levy(loan_id=loan.pk, amount_paise=250_00, value_date=LENT, reason="", idempotency_key="p")


def test_waiver_gives_up_what_is_due_as_an_expense(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)

    fact = _waive(loan, Component.FEE, 60_00, LENT)

    assert (loan.fee_outstanding_paise, loan.tax_outstanding_paise) == (40_00, 7_20)
    assert fact.details["tax_paise"] == 10_80
    assert balances()["WAIVER_EXPENSE"] == 70_80
    assert_verified(loan)


def test_waiver_above_the_due_is_refused(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)

    with refused("lms.waiver_above_due"):
        _waive(loan, Component.FEE, 100_01, LENT)


def test_waiver_without_a_reason_is_refused(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)

    with refused("lms.reason_missing"):
        _waive(loan, Component.FEE, 1_00, LENT, reason="")


def test_bounce_undoes_its_receipt_and_levies_the_agreed_charge(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    receipt = receive(loan, 11_348_00, FIRST_DUE, channel="NACH")
    set_business_date(date(2026, 2, 3))

    fact = bounce(loan, date(2026, 2, 3), receipt_sequence=receipt.sequence, reason_code="01")

    assert fact.details == {"receipt_sequence": 2, "charge_paise": 500_00, "tax_paise": 90_00, "reason_code": "01"}
    assert (loan.overdue_paise, loan.days_past_due) == (11_348_00 + 590_00, 3)
    assert balances()["BANK"] == -1_20_000_00
    assert_verified(loan)


def test_bounce_of_a_payment_that_was_never_booked_only_charges(loan: Loan) -> None:
    bounce(loan, LENT)

    assert owed(loan) == {"principal": 1_20_000_00, "interest": 78_90, "fee": 500_00, "tax": 90_00, "overdue": 590_00}


def test_bounce_without_charge_on_request(loan: Loan) -> None:
    bounce(loan, LENT, is_charged=False)

    assert loan.fee_outstanding_paise == 0


def test_bounce_of_a_loan_without_the_charge_in_its_terms_charges_nothing(db: None) -> None:
    set_business_date(LENT)
    plain = make_loan(version=make_version(terms={}))

    fact = bounce(plain, LENT)

    assert (fact.details["charge_paise"], plain.fee_outstanding_paise) == (0, 0)


def test_bounce_of_something_else_than_a_receipt_is_refused(loan: Loan) -> None:
    with refused("lms.bounce_of_no_receipt"):
        bounce(loan, LENT, receipt_sequence=1)


def test_bounce_of_an_unknown_entry_is_refused(loan: Loan) -> None:
    with refused("lms.fact_unknown"):
        bounce(loan, LENT, receipt_sequence=7)


def test_bounce_of_a_reversed_receipt_is_refused(loan: Loan) -> None:
    receipt = receive(loan, 100_00, LENT)
    reverse(loan, receipt.sequence)

    with refused("lms.fact_already_reversed"):
        bounce(loan, LENT, receipt_sequence=receipt.sequence)


def test_part_prepayment_that_cuts_the_instalment_keeps_the_tenor(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    receive(loan, 11_348_00, FIRST_DUE)

    _prepay(loan, 40_000_00, FIRST_DUE, PrepaymentEffect.CUT_INSTALMENT)

    assert loan.principal_outstanding_paise == 71_098_03
    assert Instalment.objects.filter(loan=loan).count() == 12
    # 71,098.03 at 2 % a month over 11 months is 7,264.66, up to the next rupee.
    assert loan.instalment_paise == 7_265_00
    assert_verified(loan)


def test_part_prepayment_that_cuts_the_tenor_keeps_the_instalment(loan: Loan) -> None:
    set_business_date(FIRST_DUE)
    receive(loan, 11_348_00, FIRST_DUE)

    _prepay(loan, 40_000_00, FIRST_DUE, PrepaymentEffect.CUT_TENOR)

    assert loan.principal_outstanding_paise == 71_098_03
    assert loan.instalment_paise == 11_348_00
    assert Instalment.objects.filter(loan=loan).count() == 8
    assert_verified(loan)


@pytest.mark.parametrize("amount_paise", [11_348_00, 2_00_000_00])
def test_part_prepayment_of_the_dues_alone_or_of_everything_is_refused(loan: Loan, amount_paise: int) -> None:
    set_business_date(FIRST_DUE)

    # The loan is closed up to yesterday before anything is decided; an ordinary entry does that here.
    levy(loan, "STATEMENT", FIRST_DUE)
    _waive(loan, Component.FEE, 100_00, FIRST_DUE)

    with refused("lms.prepayment_outside_range"):
        _prepay(loan, amount_paise, FIRST_DUE, PrepaymentEffect.CUT_TENOR)


def test_foreclosure_by_its_quote_closes_the_loan_to_zero(loan: Loan) -> None:
    set_business_date(date(2026, 1, 11))
    quote = foreclosure_quote(loan=loan, on_date=date(2026, 1, 11))
    # 10 nights of interest; 4 % of the principal and 18 % GST on that.
    assert (quote.principal_paise, quote.interest_paise) == (1_20_000_00, 789_04)
    assert (quote.charge_paise, quote.charge_tax_paise) == (4_800_00, 864_00)
    assert quote.total_paise == 1_26_453_04

    _foreclose(loan, quote.total_paise, date(2026, 1, 11))

    assert (loan.status, loan.closed_on) == ("CLOSED", date(2026, 1, 11))
    assert owed(loan) == {}
    assert balances() == {
        "BANK": 6_453_04,
        "INTEREST_INCOME": -789_04,
        "FEE_INCOME": -4_800_00,
        "GST_PAYABLE": -864_00,
    }
    assert_verified(loan)


def test_foreclosure_with_less_than_the_quote_is_refused(loan: Loan) -> None:
    quote = foreclosure_quote(loan=loan, on_date=LENT)

    with refused("lms.foreclosure_amount_short") as caught:
        _foreclose(loan, quote.total_paise - 1, LENT)

    assert caught.value.context["quote_paise"] == quote.total_paise


def test_excess_of_a_foreclosed_loan_is_held_and_refunded(loan: Loan) -> None:
    quote = foreclosure_quote(loan=loan, on_date=LENT)
    _foreclose(loan, quote.total_paise + 500_00, LENT)
    assert (loan.status, loan.excess_paise) == ("CLOSED", 500_00)

    fact = _refund(loan, 500_00, LENT)

    assert (loan.status, loan.excess_paise) == ("CLOSED", 0)
    assert legs(fact) == {("2110", "1010"): 500_00}
    assert_verified(loan)


def test_foreclosure_of_a_closed_loan_is_refused(loan: Loan) -> None:
    quote = foreclosure_quote(loan=loan, on_date=LENT)
    _foreclose(loan, quote.total_paise, LENT)

    with refused("lms.loan_closed"):
        _foreclose(loan, 1_00, LENT)
    with refused("lms.loan_closed"):
        foreclosure_quote(loan=loan, on_date=LENT)


def test_reversed_foreclosure_reopens_the_loan(loan: Loan) -> None:
    quote = foreclosure_quote(loan=loan, on_date=LENT)
    fact = _foreclose(loan, quote.total_paise, LENT)
    set_business_date(date(2026, 1, 11))

    reverse(loan, fact.sequence)

    assert (loan.status, loan.closed_on, loan.closed_upto) == ("ACTIVE", None, date(2026, 1, 10))
    assert owed(loan) == {"principal": 1_20_000_00, "interest": 789_04}
    assert_verified(loan)


def test_refund_above_the_excess_is_refused(loan: Loan) -> None:
    receive(loan, 100_00, LENT)

    with refused("lms.refund_above_excess"):
        _refund(loan, 100_01, LENT)


def test_receipt_whose_excess_was_refunded_cannot_be_reversed_before_the_refund(loan: Loan) -> None:
    receipt = receive(loan, 100_00, LENT)
    refund = _refund(loan, 100_00, LENT)

    with refused("lms.later_fact_in_the_way") as caught:
        reverse(loan, receipt.sequence)

    assert caught.value.context["sequence"] == refund.sequence
    reverse(loan, refund.sequence)
    reverse(loan, receipt.sequence)
    assert_verified(loan)


def test_back_dated_receipt_that_leaves_nothing_to_waive_names_the_waiver(loan: Loan) -> None:
    levy(loan, "STATEMENT", LENT)
    set_business_date(date(2026, 1, 6))
    waiver = _waive(loan, Component.FEE, 100_00, date(2026, 1, 6))

    with refused("lms.later_fact_in_the_way") as caught:
        receive(loan, 118_00, date(2026, 1, 3))

    assert (caught.value.context["sequence"], caught.value.context["value_date"]) == (waiver.sequence, "2026-01-06")
    assert "Only 0 paise of FEE are due" in caught.value.message


def test_bounce_before_its_receipt_is_refused(loan: Loan) -> None:
    set_business_date(date(2026, 1, 6))
    receipt = receive(loan, 100_00, date(2026, 1, 6))

    with refused("lms.bounce_before_receipt"):
        bounce(loan, date(2026, 1, 5), receipt_sequence=receipt.sequence)


def test_held_money_meets_the_due_on_its_day(loan: Loan) -> None:
    fact = receive(loan, 11_348_00, LENT)
    assert loan.excess_paise == 11_348_00
    set_business_date(FIRST_DUE)

    levy(loan, "STATEMENT", FIRST_DUE)

    assert paid_parts(loan, fact.sequence) == [("EXCESS", 11_348_00), ("INTEREST", 2_446_03), ("PRINCIPAL", 8_901_97)]
    assert (loan.excess_paise, loan.overdue_paise) == (0, 118_00)
    assert_verified(loan)


def test_bounced_last_payment_reopens_a_closed_loan(db: None) -> None:
    set_business_date(LENT)
    loan = make_loan(instalment_count=1)
    set_business_date(FIRST_DUE)
    receipt = receive(loan, 1_22_447_00, FIRST_DUE, channel="NACH")
    assert (loan.status, loan.closed_on, loan.excess_paise) == ("CLOSED", FIRST_DUE, 97)
    set_business_date(date(2026, 2, 4))

    bounce(loan, date(2026, 2, 4), receipt_sequence=receipt.sequence)

    assert (loan.status, loan.closed_on, loan.closed_upto) == ("ACTIVE", None, date(2026, 2, 3))
    assert (loan.overdue_paise, loan.days_past_due) == (1_22_446_03 + 590_00, 4)
    assert_verified(loan)
