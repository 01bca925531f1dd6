"""Loans from disbursal to closure, with every balance after every step."""

from datetime import date
from decimal import Decimal

from lms.engine.facts import Bounce, Charge, Penal, Prepay, PrepaymentEffect, RateChange, Reverse, Waive
from lms.engine.state import Amounts, Head, LoanStatus, Movement
from lms.engine.terms import Component, PenalMethod, PenalPlan
from tests.lms.engine.cases import lent, paid, state, terms

# 3,000 rupees at 12 % by days over 3 months: instalments of 1,021, interest 30.58, 18.47 and so on.
SMALL = {"principal_paise": 3_000_00, "instalment_count": 3}
FIRST, SECOND, THIRD = date(2025, 2, 15), date(2025, 3, 15), date(2025, 4, 15)


def test_nothing_is_known_before_the_disbursal():
    before = state(terms(**SMALL), as_of=date(2025, 1, 1))

    assert (before.status, before.undrawn_paise, before.instalments) == (LoanStatus.SANCTIONED, 3_000_00, ())


def test_night_of_the_disbursal_earns_interest():
    night = state(terms(**SMALL), lent(3_000_00), as_of=date(2025, 1, 15))

    # 3,000 x 12 % / 365.
    assert night.total(Movement.ACCRUED, Head.INTEREST) == 99
    assert night.outstanding == Amounts(principal=3_000_00, interest=99)
    assert (night.accrued_not_due_paise, night.days_past_due, night.next_due_date) == (99, 0, FIRST)


def test_loan_paid_on_time_is_closed_by_its_last_instalment():
    loan = terms(**SMALL)
    facts = [lent(3_000_00), paid(2, FIRST, 1_021_00)]

    after_first = state(loan, *facts, as_of=FIRST)
    assert after_first.instalments[0].paid == Amounts(principal=990_42, interest=30_58)
    assert after_first.instalments[0].paid_on == FIRST
    assert after_first.outstanding.principal == 2_009_58
    # The night of the due date belongs to the next period: 2,009.58 x 12 % / 365.
    assert after_first.accrued_not_due_paise == 66
    assert after_first.days_past_due == 0

    facts += [paid(3, SECOND, 1_021_00)]
    after_second = state(loan, *facts, as_of=SECOND)
    last = after_second.instalments[2].due
    assert after_second.next_due_paise == last.total

    facts += [paid(4, THIRD, last.total)]
    closed = state(loan, *facts, as_of=THIRD)
    assert (closed.status, closed.closed_on, closed.outstanding) == (LoanStatus.CLOSED, THIRD, Amounts())
    assert closed.next_change_date is None


def test_unpaid_due_date_is_day_one():
    loan = terms(**SMALL)

    assert [
        state(loan, lent(3_000_00), as_of=day).days_past_due
        for day in (date(2025, 2, 14), FIRST, date(2025, 2, 16), SECOND)
    ] == [0, 1, 2, 29]


def test_money_ahead_waits_as_excess_and_meets_the_next_due():
    loan = terms(**SMALL)
    facts = [lent(3_000_00), paid(2, date(2025, 2, 1), 1_500_00)]

    waiting = state(loan, *facts, as_of=date(2025, 2, 14))
    assert (waiting.excess_paise, waiting.outstanding.principal) == (1_500_00, 3_000_00)

    used = state(loan, *facts, as_of=FIRST)
    assert used.excess_paise == 479_00
    assert used.total(Movement.RECEIVED, Head.EXCESS) == 1_500_00
    assert used.total(Movement.APPLIED, Head.PRINCIPAL) == 990_42
    assert used.total(Movement.APPLIED, Head.INTEREST) == 30_58
    assert used.instalments[0].paid_on == FIRST


def test_part_payment_meets_interest_before_principal():
    half = state(terms(**SMALL), lent(3_000_00), paid(2, FIRST, 500_00), as_of=FIRST)

    assert half.instalments[0].paid == Amounts(principal=469_42, interest=30_58)
    assert half.overdue == Amounts(principal=521_00)
    assert (half.oldest_unpaid_due_date, half.days_past_due) == (FIRST, 1)


def test_late_payment_bears_penal_for_its_nights():
    plan = PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(24))
    loan = terms(**SMALL, penal_plan=plan)

    # 1,021 x 24 % / 365 = 0.6713 a night; ten nights from the due date are 6.71.
    unpaid = state(loan, lent(3_000_00), as_of=date(2025, 2, 24))
    assert unpaid.total(Movement.ACCRUED, Head.PENAL) == 6_71
    assert unpaid.instalments[0].due.penal == 6_71

    late = state(loan, lent(3_000_00), paid(2, date(2025, 2, 25), 1_027_71), as_of=date(2025, 2, 25))
    assert late.instalments[0].open == Amounts()
    assert late.instalments[0].paid_late_paise == 1_027_71
    assert late.excess_paise == 0


def test_backdated_receipt_takes_the_penal_away():
    plan = PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(24))
    loan = terms(**SMALL, penal_plan=plan)

    on_time = state(loan, lent(3_000_00), paid(7, FIRST, 1_021_00), as_of=date(2025, 2, 24))

    assert on_time.total(Movement.ACCRUED, Head.PENAL) == 0
    assert on_time.days_past_due == 0


def test_order_of_recording_does_not_matter():
    loan = terms(**SMALL)
    facts = [lent(3_000_00), paid(2, FIRST, 1_021_00), paid(3, date(2025, 2, 20), 300_00)]

    forwards = state(loan, *facts, as_of=SECOND)
    backwards = state(loan, *reversed(facts), as_of=SECOND)

    assert forwards == backwards


def test_reversed_receipt_leaves_no_trace():
    loan = terms(**SMALL)
    undo = Reverse(sequence=3, value_date=date(2025, 2, 20), reversed_sequence=2)

    with_both = state(loan, lent(3_000_00), paid(2, FIRST, 1_021_00), undo, as_of=SECOND)
    without = state(loan, lent(3_000_00), as_of=SECOND)

    assert with_both == without


def test_bounce_undoes_its_receipt_and_charges_with_tax():
    loan = terms(**SMALL)
    bounce = Bounce(sequence=3, value_date=date(2025, 2, 18), receipt_sequence=2, charge_paise=500_00, tax_paise=90_00)

    after = state(loan, lent(3_000_00), paid(2, FIRST, 1_021_00), bounce, as_of=date(2025, 2, 18))

    assert after.overdue == Amounts(principal=990_42, interest=30_58, fee=500_00, tax=90_00)
    assert after.total(Movement.CHARGED, Head.FEE) == 500_00
    assert after.total(Movement.RECEIVED, Head.PRINCIPAL) == 0


def test_reversed_bounce_gives_the_receipt_back():
    loan = terms(**SMALL)
    bounce = Bounce(sequence=3, value_date=date(2025, 2, 18), receipt_sequence=2, charge_paise=500_00)
    undo = Reverse(sequence=4, value_date=date(2025, 2, 19), reversed_sequence=3)

    after = state(loan, lent(3_000_00), paid(2, FIRST, 1_021_00), bounce, undo, as_of=date(2025, 2, 19))

    assert after.overdue == Amounts()
    assert after.instalments[0].paid_on == FIRST


def test_charges_and_penal_come_last_in_the_standard_order():
    loan = terms(**SMALL)
    fee = Charge(sequence=2, value_date=FIRST, amount_paise=100_00, tax_paise=18_00, code="STATEMENT")
    penal = Penal(sequence=3, value_date=FIRST, amount_paise=50_00)

    after = state(loan, lent(3_000_00), fee, penal, paid(4, FIRST, 1_130_00), as_of=FIRST)

    # 1,021 for the instalment, 100 for the fee, 9 of the tax.
    assert after.overdue == Amounts(tax=9_00, penal=50_00)


def test_waiver_takes_the_oldest_first():
    loan = terms(**SMALL)
    waiver = Waive(sequence=2, value_date=SECOND, amount_paise=35_00, component=Component.INTEREST)

    after = state(loan, lent(3_000_00), waiver, as_of=SECOND)

    assert [row.waived.interest for row in after.instalments] == [30_58, 4_42, 0]
    assert after.total(Movement.WAIVED, Head.INTEREST) == 35_00


def test_prepayment_cuts_the_instalment_after_the_dues():
    loan = terms()
    prepay = Prepay(sequence=2, value_date=FIRST, amount_paise=58_885_00, effect=PrepaymentEffect.CUT_INSTALMENT)

    after = state(loan, lent(), prepay, as_of=FIRST)

    assert after.instalments[0].paid.total == 8_885_00
    # 92,134.18 - 50,000 = 42,134.18 over 11 months at 1 %: 4,064.08, so 4,065.
    assert after.outstanding.principal == 42_134_18
    assert after.instalment_paise == 4_065_00
    assert len(after.instalments) == 12


def test_prepayment_cuts_the_tenor_and_keeps_the_instalment():
    loan = terms()
    prepay = Prepay(sequence=2, value_date=FIRST, amount_paise=58_885_00, effect=PrepaymentEffect.CUT_TENOR)

    after = state(loan, lent(), prepay, as_of=FIRST)

    assert after.instalment_paise == 8_885_00
    # 42,134.18 at 8,885 a month takes five more instalments.
    assert len(after.instalments) == 6
    assert after.instalments[-1].balance_after_paise == 0


def test_rate_change_holds_from_its_night():
    loan = terms(principal_paise=3_650_00, instalment_count=2)
    change = RateChange(sequence=2, value_date=date(2025, 1, 25), annual_rate_pct=Decimal(24))

    after = state(loan, lent(3_650_00), change, as_of=date(2025, 1, 25))

    # Ten nights at 1.20 and, from the 25th, 2.40 a night.
    assert after.total(Movement.ACCRUED, Head.INTEREST) == 12_00 + 2_40
    assert after.annual_rate_pct == Decimal(24)
    assert after.instalments[0].due.interest == 12_00 + 21 * 2_40


def test_rate_change_that_keeps_the_instalment_changes_the_tenor():
    loan = terms()
    change = RateChange(sequence=2, value_date=FIRST, annual_rate_pct=Decimal(36), effect=PrepaymentEffect.CUT_TENOR)

    after = state(loan, lent(), change, as_of=FIRST)

    assert after.instalment_paise == 8_885_00
    assert len(after.instalments) == 14
    assert after.instalments[-1].balance_after_paise == 0
