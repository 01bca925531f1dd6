"""What holds for any loan whatever happens to it: a machine that lends, collects, back-dates, reverses and forgives."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lms.engine.errors import EngineRefusal
from lms.engine.facts import (
    Bounce,
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Moratorium,
    Pause,
    Penal,
    Prepay,
    PrepaymentEffect,
    RateChange,
    Receive,
    Recover,
    Refund,
    Reschedule,
    Reverse,
    Settle,
    Waive,
    WriteOff,
)
from lms.engine.replay import replay
from lms.engine.rounding import round_ratio
from lms.engine.state import Amounts, Head, LoanState, LoanStatus, Movement
from lms.engine.terms import (
    Amortisation,
    Component,
    EarlyPayment,
    InterestPeriod,
    PenalMethod,
    PenalPlan,
    PenalSlab,
    PeriodUnit,
    Terms,
)

START = date(2024, 1, 17)
MONEY_IN = (Receive, Prepay, Foreclose, Settle)
OWED = (Movement.DISBURSED, Movement.TAKEN_OVER, Movement.CHARGED, Movement.ACCRUED)
GONE = (Movement.RECEIVED, Movement.APPLIED, Movement.WAIVED, Movement.WRITTEN_OFF)
PARTS = {
    Head.PRINCIPAL: "principal",
    Head.INTEREST: "interest",
    Head.FEE: "fee",
    Head.TAX: "tax",
    Head.PENAL: "penal",
}

OTHER_WAYS = (Amortisation.EQUAL_PRINCIPAL, Amortisation.BULLET, Amortisation.INTEREST_ONLY)

penal_plans = st.one_of(
    st.none(),
    st.builds(
        PenalPlan,
        method=st.just(PenalMethod.PER_DAY),
        annual_rate_pct=st.sampled_from([Decimal(12), Decimal("36.5")]),
        grace_days=st.integers(0, 7),
        cap_paise=st.sampled_from([None, 500_00]),
    ),
    st.just(PenalPlan(method=PenalMethod.FLAT, amount_paise=500_00, grace_days=3)),
    st.just(PenalPlan(method=PenalMethod.SLAB, slabs=(PenalSlab(1, 100_00), PenalSlab(31, 250_00)))),
)
loans = st.builds(
    Terms,
    principal_paise=st.integers(1_000_00, 5_00_000_00),
    annual_rate_pct=st.sampled_from([Decimal(0), Decimal("9.5"), Decimal(24), Decimal("35.99")]),
    instalment_count=st.integers(1, 9),
    unit=st.sampled_from([PeriodUnit.MONTH, PeriodUnit.MONTH, PeriodUnit.WEEK]),
    first_due_date=st.sampled_from([None, START + timedelta(days=19), START + timedelta(days=45)]),
    amortisation=st.sampled_from([*[Amortisation.EQUAL_INSTALMENTS] * 3, *OTHER_WAYS]),
    interest_period=st.sampled_from(InterestPeriod),
    early_payment=st.sampled_from(EarlyPayment),
    penal_plan=penal_plans,
    has_interest_on_overdue_principal=st.booleans(),
    is_interest_recalculated=st.booleans(),
)
amounts = st.integers(1, 2_00_000_00)
offsets = st.integers(-60, 45)


class LoanMachine(RuleBasedStateMachine):
    """One loan; refused facts are not recorded."""

    terms: Terms
    facts: list[Fact]
    today: date
    state: LoanState

    @initialize(terms=loans, part=st.sampled_from([1, 1, 2]))
    def lend(self, terms: Terms, part: int) -> None:
        self.terms, self.today, self.facts = terms, START, []
        self.record(Disburse, 0, amount_paise=terms.principal_paise // part)

    def record(self, kind: type[Fact], offset: int, **values: Any) -> bool:
        """Add a fact if the engine takes it; the day moves on to its value date."""
        day = max(START, self.today + timedelta(days=offset))
        fact = kind(sequence=len(self.facts) + 1, value_date=day, **values)
        today = max(self.today, day)
        try:
            state = replay(terms=self.terms, facts=[*self.facts, fact], as_of=today)
        except EngineRefusal:
            return False
        self.facts.append(fact)
        self.today, self.state = today, state
        return True

    @rule(offset=st.integers(0, 40))
    def lend_again(self, offset: int) -> None:
        left = self.state.undrawn_paise
        self.record(Disburse, offset, amount_paise=max(left, 1))

    @rule(offset=offsets, amount=amounts)
    def receive(self, offset: int, amount: int) -> None:
        self.record(Receive, offset, amount_paise=amount)

    @rule(offset=st.integers(0, 35))
    def receive_what_is_due(self, offset: int) -> None:
        self.record(Receive, offset, amount_paise=max(self.state.overdue.total, 1))

    @rule(offset=offsets, amount=st.integers(1, 5_000_00), days=st.integers(0, 40))
    def charge(self, offset: int, amount: int, days: int) -> None:
        due = self.today + timedelta(days=offset + days)
        self.record(Charge, offset, amount_paise=amount, tax_paise=amount * 18 // 100, code="FEE", due_date=due)

    @rule(offset=offsets, amount=st.integers(1, 1_000_00))
    def levy_penal(self, offset: int, amount: int) -> None:
        self.record(Penal, offset, amount_paise=amount)

    @rule(offset=offsets, amount=st.integers(1, 50_000_00), component=st.sampled_from(Component))
    def waive(self, offset: int, amount: int, component: Component) -> None:
        self.record(Waive, offset, amount_paise=amount, component=component)

    @rule(component=st.sampled_from(Component))
    def waive_all_that_is_due(self, component: Component) -> None:
        amount = getattr(self.state.overdue, PARTS[Head(component.value)])
        self.record(Waive, 0, amount_paise=max(amount, 1), component=component)

    @rule(offset=offsets, amount=amounts, effect=st.sampled_from(PrepaymentEffect))
    def prepay(self, offset: int, amount: int, effect: PrepaymentEffect) -> None:
        self.record(Prepay, offset, amount_paise=amount, effect=effect)

    @rule(offset=offsets, rate=st.sampled_from(["0", "11", "28.5"]), effect=st.sampled_from(PrepaymentEffect))
    def change_rate(self, offset: int, rate: str, effect: PrepaymentEffect) -> None:
        self.record(RateChange, offset, annual_rate_pct=Decimal(rate), effect=effect)

    @rule(offset=offsets, days=st.integers(0, 30))
    def pause(self, offset: int, days: int) -> None:
        self.record(Pause, offset, end_date=self.today + timedelta(days=offset + days))

    @rule(offset=st.integers(-20, 30), days=st.integers(1, 40), extra=st.integers(0, 3))
    def reschedule(self, offset: int, days: int, extra: int) -> None:
        upcoming = self.state.next_due_date
        later = None if upcoming is None else upcoming + timedelta(days=days)
        self.record(Reschedule, offset, from_due_date=upcoming, new_due_date=later, extra_instalments=extra)

    @rule(offset=st.integers(0, 30), days=st.integers(1, 60), is_added=st.booleans())
    def moratorium(self, offset: int, days: int, is_added: bool) -> None:
        end = self.today + timedelta(days=offset + days)
        self.record(Moratorium, offset, end_date=end, is_interest_capitalised=is_added)

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        target = data.draw(st.integers(1, len(self.facts)))
        self.record(Reverse, 0, reversed_sequence=target)

    @rule(data=st.data())
    def bounce(self, data: st.DataObject) -> None:
        target = data.draw(st.integers(1, len(self.facts)))
        self.record(Bounce, 0, receipt_sequence=target, charge_paise=250_00, tax_paise=45_00)

    @rule(offset=st.integers(0, 20), amount=st.integers(0, 3_00_000_00))
    def settle(self, offset: int, amount: int) -> None:
        self.record(Settle, offset, amount_paise=amount)

    @rule(offset=st.integers(0, 20), amount=st.sampled_from([0, 0, 1_000_00]))
    def write_off(self, offset: int, amount: int) -> None:
        self.record(WriteOff, offset, amount_paise=amount)

    @rule(offset=st.integers(0, 20), amount=st.integers(1, 50_000_00))
    def recover(self, offset: int, amount: int) -> None:
        self.record(Recover, offset, amount_paise=amount)

    @rule(offset=st.integers(0, 20), extra=st.integers(0, 5_000_00))
    def foreclose(self, offset: int, extra: int) -> None:
        due = self.state.outstanding.total + self.state.accrued_not_due_paise + 5_000_00 + extra
        self.record(Foreclose, offset, amount_paise=due, charge_paise=200_00, tax_paise=36_00)

    @precondition(lambda self: self.state.excess_paise > 0)
    @rule()
    def refund_all(self) -> None:
        self.record(Refund, 0, amount_paise=self.state.excess_paise)

    @rule(days=st.integers(1, 50))
    def let_days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.state = replay(terms=self.terms, facts=self.facts, as_of=self.today)

    @rule(amount=amounts)
    def a_reversed_receipt_leaves_no_trace(self, amount: int) -> None:
        receipt = Receive(sequence=9_001, value_date=self.today, amount_paise=amount)
        undone = Reverse(sequence=9_002, value_date=self.today, reversed_sequence=9_001)

        assert replay(terms=self.terms, facts=[*self.facts, receipt, undone], as_of=self.today) == self.state

    @rule(data=st.data())
    def the_order_of_recording_does_not_matter(self, data: st.DataObject) -> None:
        shuffled = data.draw(st.permutations(self.facts))

        assert replay(terms=self.terms, facts=shuffled, as_of=self.today) == self.state

    @rule(back=st.integers(1, 90))
    def a_prefix_of_the_facts_gives_the_state_of_that_day(self, back: int) -> None:
        as_of = self.today - timedelta(days=back)
        early = [fact for fact in self.facts if fact.value_date <= as_of]

        assert outcome(self.terms, early, as_of) == outcome(self.terms, self.facts, as_of)

    @rule(nights=st.integers(1, 40))
    def what_is_earned_and_owed_as_penal_only_grows_with_the_days(self, nights: int) -> None:
        later = replay(terms=self.terms, facts=self.facts, as_of=self.today + timedelta(days=nights))

        for head in (Head.INTEREST, Head.PENAL):
            assert later.total(Movement.ACCRUED, head) >= self.state.total(Movement.ACCRUED, head)

    @rule(nights=st.integers(0, 40))
    def lines_give_what_a_replay_gives_until_the_next_change(self, nights: int) -> None:
        end = self.state.next_change_date or self.today + timedelta(days=60)
        day = min(self.today + timedelta(days=nights), max(end - timedelta(days=1), self.today))
        later = replay(terms=self.terms, facts=self.facts, as_of=day)

        for head in (Head.INTEREST, Head.PENAL):
            assert later.total(Movement.ACCRUED, head) == read_line(self.state, head, day)

    @invariant()
    def rows_add_up(self) -> None:
        for row in self.state.instalments:
            assert_not_negative(row.due)
            assert_not_negative(row.open)
        assert [row.balance_after_paise for row in self.state.instalments[-1:]] in ([], [0])

    @invariant()
    def outstanding_is_what_the_totals_and_the_rows_say(self) -> None:
        capitalised = self.state.total(Movement.CAPITALISED, Head.INTEREST)
        for head, part in PARTS.items():
            claim = sum(self.state.total(movement, head) for movement in OWED)
            claim -= sum(self.state.total(movement, head) for movement in GONE)
            claim += {Head.PRINCIPAL: capitalised, Head.INTEREST: -capitalised}.get(head, 0)
            assert getattr(self.state.outstanding, part) == claim
            if head is not Head.INTEREST and head is not Head.PRINCIPAL:
                assert claim == sum(getattr(row.open, part) for row in self.state.instalments)

    @invariant()
    def money_is_neither_made_nor_lost(self) -> None:
        undone = {fact.reversed_sequence for fact in self.facts if isinstance(fact, Reverse)}
        undone -= {fact.sequence for fact in self.facts if isinstance(fact, Reverse) and fact.sequence in undone}
        received = sum(self.state.total(Movement.RECEIVED, head) for head in Head)
        came_in = sum(a.amount_paise for a in self.state.allocations if not a.is_from_excess and a.fact_sequence > 0)
        recovered = sum(self.state.total(Movement.RECOVERED, head) for head in Head)
        forgiven = sum(
            self.state.total(movement, head) for movement in (Movement.WAIVED, Movement.WRITTEN_OFF) for head in Head
        )
        assert received + recovered + forgiven == came_in
        used = sum(self.state.total(Movement.APPLIED, head) for head in Head)
        refunded = self.state.total(Movement.REFUNDED, Head.EXCESS)
        assert self.state.excess_paise == self.state.total(Movement.RECEIVED, Head.EXCESS) - used - refunded
        assert self.state.excess_paise >= 0

    @invariant()
    def receipts_are_allocated_in_full(self) -> None:
        parts: dict[int, int] = {}
        for allocation in self.state.allocations:
            if not allocation.is_from_excess:
                parts[allocation.fact_sequence] = parts.get(allocation.fact_sequence, 0) + allocation.amount_paise
        for fact in self.facts:
            if isinstance(fact, MONEY_IN) and fact.sequence in parts and not isinstance(fact, Settle):
                assert parts[fact.sequence] == fact.amount_paise

    @invariant()
    def an_ended_loan_owes_nothing(self) -> None:
        is_ended = self.state.status in (LoanStatus.CLOSED, LoanStatus.SETTLED)
        assert not is_ended or self.state.outstanding == Amounts()

    @invariant()
    def no_total_is_negative(self) -> None:
        assert all(total.amount_paise >= 0 for total in self.state.totals)
        assert self.state.days_past_due >= 0
        assert (self.state.days_past_due > 0) == (self.state.oldest_unpaid_due_date is not None)


def outcome(terms: Terms, facts: list[Fact], as_of: date) -> LoanState | str:
    """Give the state of a day, or the refusal: a later fact may undo what an earlier one could not follow."""
    try:
        return replay(terms=terms, facts=facts, as_of=as_of)
    except EngineRefusal as refusal:
        return refusal.code


def read_line(state: LoanState, head: Head, day: date) -> int:
    """Read a head's accrual line at a day-end; nothing accrues without a line."""
    line = next((line for line in state.accrual_lines if line.head is head), None)
    if line is None:
        return state.total(Movement.ACCRUED, head)
    return round_ratio(line.base_numerator + line.per_day_numerator * (day - state.as_of).days, line.denominator)


def assert_not_negative(parts: Amounts) -> None:
    assert min(parts.principal, parts.interest, parts.fee, parts.tax, parts.penal) >= 0


class LoanMachineAtLength(LoanMachine):
    """The same machine, for many more and longer lives that differ from run to run."""


# The short form lives the same lives on every run, so that a change is judged by what it changed.
LoanMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=15, deadline=None, derandomize=True)
LoanMachineAtLength.TestCase.settings = settings(max_examples=3_000, stateful_step_count=20, deadline=None)
TestAnyLoan = LoanMachine.TestCase
TestAnyLoanAtLength = pytest.mark.long(LoanMachineAtLength.TestCase)
