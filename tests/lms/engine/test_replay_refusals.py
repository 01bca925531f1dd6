"""Facts that cannot be: each is refused with its code, and says what to do."""

from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.facts import (
    Bounce,
    Charge,
    Foreclose,
    Moratorium,
    Pause,
    Prepay,
    PrepaymentEffect,
    RateChange,
    Recover,
    Refund,
    Reschedule,
    Reverse,
    TakeOver,
    Waive,
    WriteOff,
)
from lms.engine.terms import Component
from tests.lms.engine.cases import START, lent, paid, state, terms

DAY = date(2025, 2, 20)
CUT = PrepaymentEffect.CUT_TENOR
CASES = [
    ([paid(1, DAY, 100)], "engine.not_disbursed"),
    ([lent(), paid(2, date(2025, 1, 1), 100)], "engine.not_disbursed"),
    ([lent(), paid(2, DAY, 0)], "engine.amount_not_positive"),
    ([lent(), paid(2, DAY, -5)], "engine.amount_not_positive"),
    ([lent(0)], "engine.amount_not_positive"),
    ([lent(), lent(1, sequence=1)], "engine.sequence_not_unique"),
    ([lent(), lent(100, on=date(2026, 1, 15), sequence=2)], "engine.disbursal_after_maturity"),
    ([lent(), Charge(sequence=2, value_date=DAY, code="X")], "engine.amount_not_positive"),
    ([lent(), Waive(sequence=2, value_date=DAY, amount_paise=10_00_000_00, component=Component.INTEREST)],
     "engine.waiver_above_due"),
    ([lent(), Waive(sequence=2, value_date=START, amount_paise=1, component=Component.PRINCIPAL)],
     "engine.waiver_above_due"),
    ([lent(), Refund(sequence=2, value_date=DAY, amount_paise=1)], "engine.refund_above_excess"),
    ([lent(), Reverse(sequence=2, value_date=DAY, reversed_sequence=9)], "engine.reversal_unknown"),
    ([lent(), Reverse(sequence=2, value_date=DAY, reversed_sequence=2)], "engine.reversal_unknown"),
    ([lent(), paid(2, DAY, 5), Reverse(sequence=3, value_date=DAY, reversed_sequence=2),
      Reverse(sequence=4, value_date=DAY, reversed_sequence=3)], "engine.reversal_of_reversal"),
    ([lent(), paid(2, DAY, 5), Reverse(sequence=3, value_date=DAY, reversed_sequence=2),
      Bounce(sequence=4, value_date=DAY, receipt_sequence=2)], "engine.reversed_twice"),
    ([lent(), Prepay(sequence=2, value_date=DAY, amount_paise=100, effect=CUT)], "engine.prepayment_below_dues"),
    ([lent(), Prepay(sequence=2, value_date=START, amount_paise=1_00_000_00, effect=CUT)],
     "engine.prepayment_above_balance"),
    ([lent(), Foreclose(sequence=2, value_date=DAY, amount_paise=100)], "engine.foreclosure_short"),
    ([lent(), WriteOff(sequence=2, value_date=DAY), paid(3, DAY, 100)], "engine.written_off"),
    ([lent(), WriteOff(sequence=2, value_date=DAY), WriteOff(sequence=3, value_date=DAY)], "engine.loan_not_active"),
    ([lent(), WriteOff(sequence=2, value_date=START, amount_paise=100)], "engine.write_off_above_due"),
    ([lent(), Recover(sequence=2, value_date=DAY, amount_paise=100)], "engine.not_written_off"),
    ([lent(), WriteOff(sequence=2, value_date=DAY), Recover(sequence=3, value_date=DAY, amount_paise=2_00_000_00)],
     "engine.recovery_above_claim"),
    ([lent(), Pause(sequence=2, value_date=DAY, end_date=START)], "engine.pause_ends_before_start"),
    ([lent(), Moratorium(sequence=2, value_date=DAY, end_date=DAY)], "engine.moratorium_without_due"),
    ([lent(), Reschedule(sequence=2, value_date=DAY, from_due_date=date(2027, 1, 1))], "engine.no_instalment_left"),
    ([lent(), Reschedule(sequence=2, value_date=DAY, from_due_date=date(2025, 3, 15),
                        new_due_date=date(2025, 2, 14))],
     "engine.due_date_too_early"),
    ([lent(), RateChange(sequence=2, value_date=DAY, annual_rate_pct=Decimal(200), effect=CUT)],
     "engine.negative_amortisation"),
    ([TakeOver(sequence=1, value_date=DAY, amount_paise=100, instalments_paid=12)], "engine.take_over_past_end"),
    ([lent(), TakeOver(sequence=2, value_date=DAY, amount_paise=100, instalments_paid=1)], "engine.fact_not_possible"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "code"), CASES, ids=[f"{code}-{index}" for index, (_, code) in enumerate(CASES)])
def test_impossible_fact_is_refused(facts, code):
    with pytest.raises(EngineRefusal) as refusal:
        state(terms(), *facts, as_of=date(2026, 3, 1))

    assert refusal.value.code == code
    assert refusal.value.message == str(refusal.value)
    assert refusal.value.message.endswith(".")


def test_fact_valued_later_is_ignored():
    later = Refund(sequence=2, value_date=DAY, amount_paise=1)

    assert state(terms(), lent(), later, as_of=START) == state(terms(), lent(), as_of=START)
