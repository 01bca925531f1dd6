"""What was unpaid on each day, and the class of each, from one pass: equal to a replay of every night."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import settings

from lms.engine.arrears import ArrearsSpan, ArrearsWatch, arrears_in_spans, is_told_by_one_fold
from lms.engine.class_history import Facility, classes_in_spans
from lms.engine.classification import AssetClass, ClassificationRule, DayThreshold
from lms.engine.day_reading import balances_by_day, figures_by_day
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Bounce, Recover, Reverse, WriteOff
from lms.engine.replay import replay, replay_figures
from lms.engine.state import LoanStatus
from lms.engine.terms import Component, PenalMethod, PenalPlan
from tests.lms.engine.cases import START, lent, paid, terms
from tests.lms.engine.nights import Nights, arrears_days, arrears_nightly, class_days, classes_nightly, days_between
from tests.lms.engine.test_properties import START as BEGUN
from tests.lms.engine.test_properties import LoanMachine

FIRST_DUE = date(2025, 2, 15)
# Thresholds that a life of a few weeks meets, and others from a day on.
RULES = (
    ClassificationRule(
        effective_from=date(2000, 1, 1),
        by_days=(
            DayThreshold(AssetClass.SMA_0, 1),
            DayThreshold(AssetClass.SMA_1, 4),
            DayThreshold(AssetClass.SMA_2, 8),
            DayThreshold(AssetClass.SUB_STANDARD, 15),
        ),
    ),
    ClassificationRule(effective_from=date(2024, 5, 1)),
)


def spans(loan, facts, first, last):
    """Return from, to and oldest unpaid due date of each span."""
    found = arrears_in_spans(terms=loan, facts=facts, from_date=first, to_date=last)
    return [((span.from_date - first).days, (span.to_date - first).days, span.oldest_unpaid_due_date) for span in found]


def test_receipt_ends_the_arrears_on_its_day():
    facts = [lent(), paid(2, FIRST_DUE + timedelta(days=2), 9_000_00)]

    found = spans(terms(), facts, FIRST_DUE - timedelta(days=1), FIRST_DUE + timedelta(days=2))

    assert found == [(0, 0, None), (1, 2, FIRST_DUE), (3, 3, None)]


def test_returned_payment_counts_until_it_is_returned():
    back = FIRST_DUE + timedelta(days=3)
    facts = [lent(), paid(2, FIRST_DUE, 9_000_00), Bounce(sequence=3, value_date=back, receipt_sequence=2)]

    assert spans(terms(), facts, FIRST_DUE, back) == [(0, 2, None), (3, 3, FIRST_DUE)]


def test_reversed_payment_never_counted():
    facts = [lent(), paid(2, FIRST_DUE, 9_000_00), Reverse(sequence=3, value_date=FIRST_DUE, reversed_sequence=2)]

    assert spans(terms(), facts, FIRST_DUE, FIRST_DUE + timedelta(days=1)) == [(0, 1, FIRST_DUE)]


def test_money_held_pays_dues_on_their_days_without_a_fact():
    facts = [lent(), paid(2, START, 2 * 8_885_00)]

    found = spans(terms(), facts, FIRST_DUE, date(2025, 4, 20))

    assert found == [(0, 58, None), (59, 64, date(2025, 4, 15))]


def test_claim_of_a_loan_written_off_is_what_was_not_recovered():
    gone = FIRST_DUE + timedelta(days=1)
    facts = [
        lent(),
        WriteOff(sequence=2, value_date=gone),
        Recover(sequence=3, value_date=gone + timedelta(days=1), amount_paise=1_000_00),
    ]

    found = arrears_in_spans(terms=terms(), facts=facts, from_date=FIRST_DUE, to_date=gone + timedelta(days=1))

    claim = replay(terms=terms(), facts=facts[:2], as_of=gone)
    total = sum(item.amount_paise for item in claim.totals if item.movement == "WRITTEN_OFF")
    assert [(item.status, item.claim_paise) for item in found] == [
        (LoanStatus.ACTIVE, 0),
        (LoanStatus.WRITTEN_OFF, total),
        (LoanStatus.WRITTEN_OFF, total - 1_000_00),
    ]


def test_days_before_the_disbursal_have_no_arrears():
    early = START - timedelta(days=3)

    before, after = arrears_in_spans(terms=terms(), facts=[lent()], from_date=early, to_date=START)

    assert before == ArrearsSpan(
        from_date=early, to_date=START - timedelta(days=1), status=LoanStatus.SANCTIONED, oldest_unpaid_due_date=None
    )
    assert (after.from_date, after.status) == (START, LoanStatus.ACTIVE)


def test_one_fold_does_not_tell_of_days_that_a_later_return_undid():
    back = FIRST_DUE + timedelta(days=3)
    facts = [lent(), paid(2, FIRST_DUE, 9_000_00), Bounce(sequence=3, value_date=back, receipt_sequence=2)]

    assert not is_told_by_one_fold(terms=terms(), facts=facts, from_date=FIRST_DUE)
    assert is_told_by_one_fold(terms=terms(), facts=facts, from_date=back)


def test_life_without_a_late_receipt_is_followed_from_its_day():
    facts = [lent(), paid(2, FIRST_DUE, 9_000_00), paid(3, date(2025, 3, 20), 9_000_00)]
    late, last = paid(4, date(2025, 3, 16), 9_000_00), date(2025, 4, 30)
    watch = ArrearsWatch(from_date=START, to_date=last, fork_on=late.value_date)

    replay(terms=terms(), facts=[*facts, late], as_of=last, watch=watch)

    expected = arrears_in_spans(terms=terms(), facts=facts, from_date=START, to_date=last)
    assert watch.spans != expected
    assert watch.spans_otherwise(facts=facts) == expected


@pytest.mark.parametrize(
    "settings_",
    [
        {"is_interest_recalculated": True, "has_interest_on_overdue_principal": True},
        {"has_interest_on_overdue_principal": True, "overdue_components": (Component.INTEREST,)},
        {
            "penal_plan": PenalPlan(PenalMethod.PER_DAY, Decimal(24)),
            "overdue_components": (Component.PRINCIPAL, Component.INTEREST, Component.PENAL),
        },
    ],
)
def test_loans_whose_dues_move_by_night_are_read_by_night(settings_):
    loan = terms(**settings_)
    facts = [lent(), paid(2, date(2025, 3, 20), 9_000_00)]
    window = {"first": date(2025, 2, 10), "last": date(2025, 4, 20)}

    found = arrears_in_spans(terms=loan, facts=facts, from_date=window["first"], to_date=window["last"])

    assert arrears_days(found) == arrears_nightly(terms=loan, facts=facts, **window)


class NightsMachine(LoanMachine):
    """A loan that lives through anything, compared night by night at its end."""

    def teardown(self):
        """Compare a stretch of days, of this loan and of the same without interest that follows what is owed."""
        if getattr(self, "facts", None):
            last, first = self.today, max(BEGUN, self.today - timedelta(days=65))
            for loan in {self.terms, replace(self.terms, is_interest_recalculated=False)}:
                try:
                    nights = arrears_nightly(terms=loan, facts=self.facts, first=first, last=last)
                except EngineRefusal:
                    # What this loan's other self would have refused is no life of its own.
                    continue
                self.compare(loan, nights, first, last)

    def compare(self, loan, nights, first, last):
        """Compare arrears, classes beside a second loan, and the figures of the days."""
        passed = arrears_in_spans(terms=loan, facts=self.facts, from_date=first, to_date=last)
        assert arrears_days(passed) == nights
        self.compare_watch(loan, nights, first, last)
        marked = (first + timedelta(days=40),) if len(self.facts) % 3 == 0 else ()
        facilities = [
            Facility(loan_id=1, spans=passed, restructured_dates=marked),
            Facility(loan_id=2, spans=arrears_in_spans(terms=terms(), facts=[MATE], from_date=first, to_date=last)),
        ]
        of_mate = arrears_nightly(terms=terms(), facts=[MATE], first=first, last=last)
        nightly = {1: Nights(nights, marked), 2: Nights(of_mate)}
        found = classes_in_spans(facilities=facilities, rules=RULES)
        assert {key: class_days(each) for key, each in found.items()} == classes_nightly(loans=nightly, rules=RULES)
        days = [*days_between(last - timedelta(days=4), last), *days_between(first, first + timedelta(days=9))]
        figures, balances = figures_by_day(terms=loan, facts=self.facts, days=days), {}
        for day in days:
            figure = replay_figures(terms=loan, facts=self.facts, as_of=day)
            assert figures[day] == figure
            balances[day] = figure.outstanding.total - figure.excess_paise
        assert balances_by_day(terms=loan, facts=self.facts, days=days) == balances

    def compare_watch(self, loan, nights, first, last):
        """Compare what is seen on the way of one replay, and the state with and without somebody who looks on."""
        if is_told_by_one_fold(terms=loan, facts=self.facts, from_date=first):
            watch = ArrearsWatch(from_date=first, to_date=last)
            work = partial(replay, terms=loan, facts=self.facts, as_of=last)
            assert work(watch=watch) == work()
            assert arrears_days(watch.spans) == nights
            self.compare_fork(loan, nights, first, last)

    def compare_fork(self, loan, nights, first, last):
        """Compare the life without one more receipt, followed from the day on which that one came."""
        day = last - timedelta(days=30)
        known = [*self.facts, paid(len(self.facts) + 1, day, 7_500_00)]
        watch = ArrearsWatch(from_date=first, to_date=last, fork_on=day)
        if day > first and is_told_by_one_fold(terms=loan, facts=known, from_date=first):
            try:
                replay(terms=loan, facts=known, as_of=last, watch=watch)
            except EngineRefusal:
                return
            found = watch.spans_otherwise(facts=self.facts)
            assert not found or arrears_days(found) == nights


# A loan of the same borrower on which nothing is ever paid.
MATE = lent(on=date(2024, 2, 1))

TestNightsOfAnyLoan = NightsMachine.TestCase
TestNightsOfAnyLoan.settings = settings(max_examples=40, stateful_step_count=12, deadline=None, derandomize=True)
