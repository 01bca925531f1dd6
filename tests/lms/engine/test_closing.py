"""Ends of a loan: foreclosure at the quoted price, settlement, write-off and recovery, refund of excess."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Charge, Foreclose, Recover, Refund, Settle, WriteOff
from lms.engine.quote import quote_foreclosure
from lms.engine.state import Amounts, Head, LoanStatus, Movement
from lms.engine.terms import ChargeTerm
from tests.lms.engine.cases import START, lent, paid, state, terms

FEE = ChargeTerm(code="FORECLOSURE", percent=Decimal(2), tax_pct=Decimal(18))
LOAN = terms(principal_paise=36_500_00, instalment_count=12, charges=(FEE,))
DAY = date(2025, 1, 25)


def test_quote_counts_nights_before_the_day_and_the_charge_of_the_terms():
    quote = quote_foreclosure(terms=LOAN, facts=[lent(36_500_00)], on_date=DAY)

    # Ten nights at 12 rupees; 2 % of 36,500 is 730, with 18 % tax 131.40.
    assert (quote.principal_paise, quote.interest_paise, quote.per_day_interest_paise) == (36_500_00, 120_00, 12_00)
    assert (quote.charge_paise, quote.charge_tax_paise) == (730_00, 131_40)
    assert quote.total_paise == 37_481_40


def test_quote_takes_excess_off_and_adds_what_is_owed():
    fee = Charge(sequence=2, value_date=START, amount_paise=100_00, tax_paise=18_00, code="X")
    facts = [lent(36_500_00), fee, paid(3, date(2025, 1, 20), 1_118_00)]

    quote = quote_foreclosure(terms=LOAN, facts=facts, on_date=DAY)

    assert quote.excess_paise == 1_000_00
    assert quote.fee_paise == 0
    assert quote.total_paise == 36_481_40


def test_paying_the_quote_closes_the_loan_exactly():
    quote = quote_foreclosure(terms=LOAN, facts=[lent(36_500_00)], on_date=DAY)
    close = Foreclose(
        sequence=2,
        value_date=DAY,
        amount_paise=quote.total_paise,
        charge_paise=quote.charge_paise,
        tax_paise=quote.charge_tax_paise,
    )

    closed = state(LOAN, lent(36_500_00), close, as_of=DAY)

    assert (closed.status, closed.closed_on, closed.outstanding) == (LoanStatus.CLOSED, DAY, Amounts())
    assert closed.excess_paise == 0
    assert closed.total(Movement.ACCRUED, Head.INTEREST) == 120_00
    assert closed.total(Movement.RECEIVED, Head.PRINCIPAL) == 36_500_00
    # The schedule ends that day.
    assert [row.due_date for row in closed.instalments] == [DAY]


def test_nothing_accrues_after_closing():
    close = Foreclose(sequence=2, value_date=DAY, amount_paise=36_620_00)
    loan = terms(principal_paise=36_500_00)

    at_once, later = (state(loan, lent(36_500_00), close, as_of=day) for day in (DAY, date(2026, 1, 1)))

    assert at_once.totals == later.totals
    assert later.accrual_lines == ()


def test_money_above_the_quote_is_held_and_can_be_refunded():
    close = Foreclose(sequence=2, value_date=DAY, amount_paise=36_700_00)
    back = Refund(sequence=3, value_date=date(2025, 1, 28), amount_paise=80_00)
    loan = terms(principal_paise=36_500_00)

    held = state(loan, lent(36_500_00), close, as_of=DAY)
    refunded = state(loan, lent(36_500_00), close, back, as_of=date(2025, 1, 28))

    assert (held.excess_paise, refunded.excess_paise) == (80_00, 0)
    assert refunded.total(Movement.REFUNDED, Head.EXCESS) == 80_00


def test_settlement_waives_the_rest():
    settle = Settle(sequence=2, value_date=DAY, amount_paise=20_120_00)
    loan = terms(principal_paise=36_500_00)

    settled = state(loan, lent(36_500_00), settle, as_of=DAY)

    assert (settled.status, settled.outstanding) == (LoanStatus.SETTLED, Amounts())
    assert settled.total(Movement.RECEIVED, Head.INTEREST) == 120_00
    assert settled.total(Movement.RECEIVED, Head.PRINCIPAL) == 20_000_00
    assert settled.total(Movement.WAIVED, Head.PRINCIPAL) == 16_500_00


def test_written_off_claim_is_recovered_in_the_order_of_the_waterfall():
    off = WriteOff(sequence=2, value_date=DAY)
    money = Recover(sequence=3, value_date=date(2025, 6, 1), amount_paise=1_000_00)
    loan = terms(principal_paise=36_500_00)

    written_off = state(loan, lent(36_500_00), off, as_of=DAY)
    recovered = state(loan, lent(36_500_00), off, money, as_of=date(2025, 6, 1))

    assert (written_off.status, written_off.outstanding) == (LoanStatus.WRITTEN_OFF, Amounts())
    assert written_off.total(Movement.WRITTEN_OFF, Head.PRINCIPAL) == 36_500_00
    assert written_off.total(Movement.WRITTEN_OFF, Head.INTEREST) == 120_00
    assert recovered.total(Movement.RECOVERED, Head.INTEREST) == 120_00
    assert recovered.total(Movement.RECOVERED, Head.PRINCIPAL) == 880_00
    assert recovered.total(Movement.RECEIVED, Head.PRINCIPAL) == 0


def test_part_of_the_dues_can_be_written_off_while_the_loan_runs():
    off = WriteOff(sequence=2, value_date=date(2025, 2, 15), amount_paise=372_00)
    loan = terms(principal_paise=36_500_00)

    after = state(loan, lent(36_500_00), off, as_of=date(2025, 2, 15))

    assert after.status is LoanStatus.ACTIVE
    assert after.total(Movement.WRITTEN_OFF, Head.INTEREST) == 372_00


@pytest.mark.parametrize("facts", [[], [lent(36_500_00), WriteOff(sequence=2, value_date=START)]])
def test_no_quote_without_a_running_loan(facts):
    with pytest.raises(EngineRefusal):
        quote_foreclosure(terms=LOAN, facts=facts, on_date=DAY)
