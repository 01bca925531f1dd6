"""Loans of the tape against their replays: what differs, why, and how a loan enters the book."""

from dataclasses import replace
from datetime import date

import pytest

from lms.engine.facts import TakeOver, WriteOff
from lms.engine.replay import replay
from lms.engine.state import LoanStatus
from lms.services.imports.causes import Cause
from lms.services.imports.examine import Comparison, Standing, loan_examine, loan_standing, template_of
from lms.services.imports.mapping import ImportMap
from lms.services.imports.problems import Problem
from lms.services.imports.rows import LoanRow
from tests.lms.imports.tapes import tape_map, tape_row

SNAPSHOT = date(2018, 6, 1)


def compared(row: LoanRow) -> Comparison:
    found = loan_examine(row=row, template=template_of(import_map=tape_map()), import_map=tape_map())
    assert isinstance(found, Comparison)
    return found


def standing(row: LoanRow, import_map: ImportMap | None = None) -> Standing:
    chosen = import_map or tape_map()
    return loan_standing(row=row, template=template_of(import_map=chosen), import_map=chosen)


def test_loan_paid_on_time_is_reproduced_to_the_cent() -> None:
    # 28,000 at 14.07 % in 60 months: interest 328.30, 324.50 and 320.65, the rest of 652.53 is principal.
    found = compared(tape_row("LC00001"))

    assert found == Comparison(
        instalments_paid=3,
        instalment_paise=65_253,
        instalment_difference_paise=0,
        balance_paise=2_701_586,
        balance_difference_paise=0,
    )
    assert found.is_instalment_exact
    assert found.is_balance_exact


@pytest.mark.parametrize(("difference", "is_exact"), [(3, True), (-3, True), (4, False), (-4, False)])
def test_balance_is_exact_within_a_cent_per_instalment_paid(difference: int, is_exact: bool) -> None:
    row = tape_row("LC00001")

    found = compared(replace(row, balance=row.balance + difference))

    assert found.balance_difference_paise == difference
    assert found.is_balance_exact is is_exact


@pytest.mark.parametrize(
    ("reference", "cause", "detail"),
    [
        ("LC00006", Cause.EXTRA_PAYMENT, "10628 paise of principal ahead of plan, about with instalment 3 of 5"),
        ("LC00306", Cause.LATE_PAYMENT, "91 paise of interest for days of delay came before principal in 5 whole"),
        ("LC00019", Cause.CLOSED_EARLY, "whole principal paid, money of about 26 instalments"),
    ],
)
def test_difference_is_explained_by_what_the_replay_then_reproduces(reference: str, cause: Cause, detail: str) -> None:
    found = compared(tape_row(reference))

    assert not found.is_balance_exact
    assert (found.cause, found.is_explained) == (cause, True)
    assert found.detail.startswith(detail)


def test_claim_written_off_elsewhere_is_named() -> None:
    found = compared(tape_row("LC00672"))

    assert (found.cause, found.is_explained) == (Cause.WRITTEN_OFF, True)


def test_other_rounding_of_the_instalment_is_found() -> None:
    # 5,000 at 12.61 % in 36 months is 167.53205: half-up to the cent 167.53, up to the cent 167.54.
    row = replace(tape_row("LC00002"), instalment=16_753)

    found = compared(row)

    assert found.instalment_difference_paise == -1
    assert (found.cause, found.is_explained) == (Cause.ROUNDING, True)
    assert found.detail == "instalment rounded HALF_UP to 1 paise"


def test_other_day_count_is_found() -> None:
    row = replace(tape_row("LC00001"), balance=2_702_396, paid_total=None, paid_interest=None, instalments_paid=3)

    found = compared(row)

    assert (found.cause, found.is_explained) == (Cause.DAY_COUNT, True)
    assert found.detail == "interest by days, ACTUAL_365"


def test_balance_after_another_number_of_instalments_is_found() -> None:
    row = replace(tape_row("LC00001"), balance=2_668_009)

    found = compared(row)

    assert (found.cause, found.is_explained) == (Cause.SNAPSHOT, True)
    assert found.detail == "balance after 4 instalments, the money received implies 3"


def test_order_of_interest_and_principal_is_found_by_the_money_received() -> None:
    # One instalment of 652.53 and 100.00 more, less than the second interest of 324.50: principal came first.
    row = replace(tape_row("LC00001"), balance=2_757_577, paid_total=75_253, paid_principal=42_423)

    found = compared(row)

    assert (found.cause, found.is_explained) == (Cause.WATERFALL, True)
    assert found.detail == "1 instalments and a part of 10000 paise, principal first"


def test_instalment_of_another_rate_is_reported_and_not_proven() -> None:
    found = compared(tape_row("LC01968"))

    assert found.instalment_difference_paise == -2_089
    assert found.is_explained is False
    assert "the rate was changed later?" in found.detail


def test_figures_that_nothing_explains_are_reported_as_such() -> None:
    found = compared(replace(tape_row("LC00001"), balance=2_790_000))

    assert (found.cause, found.is_explained) == (Cause.UNKNOWN, False)
    assert found.detail == "balance 88414 paise above plan, no alternative gives it"


def test_instalment_below_the_first_interest_is_a_problem() -> None:
    row = replace(tape_row("LC00001"), instalment=32_830)

    found = loan_examine(row=row, template=template_of(import_map=tape_map()), import_map=tape_map())

    assert isinstance(found, Problem)
    assert found.code == "instalment_too_small"


def test_current_loan_goes_on_with_the_tape_s_instalment() -> None:
    found = standing(tape_row("LC00001"))

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert found.facts == (
        TakeOver(sequence=1, value_date=SNAPSHOT, amount_paise=2_701_586, instalments_paid=3, reference="LC00001"),
    )
    assert found.disbursed_on == date(2018, 3, 1)
    assert (state.next_due_date, state.next_due_paise, state.days_past_due) == (date(2018, 7, 1), 65_253, 0)
    assert len(state.instalments) == 57


def test_current_loan_whose_last_instalment_is_still_to_come_pays_later_in_the_month() -> None:
    # Lent in February, three instalments paid.
    found = standing(tape_row("LC00002"))

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert found.disbursed_on == date(2018, 2, 28)
    assert (state.next_due_date, state.days_past_due) == (date(2018, 6, 28), 0)
    assert state.outstanding.principal == 465_137


def test_without_a_later_day_the_same_loan_is_in_arrears_by_its_dates() -> None:
    found = standing(tape_row("LC00002"), replace(tape_map(), later_due_day=None))

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert (state.oldest_unpaid_due_date, state.days_past_due) == (date(2018, 6, 1), 1)


def test_loan_paid_one_instalment_ahead_owes_the_one_after() -> None:
    row = replace(tape_row("LC00001"), balance=2_668_009, paid_total=4 * 65_253)

    found = standing(row)

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert (state.next_due_date, state.outstanding.interest) == (date(2018, 8, 1), 0)


def test_late_loan_stands_with_the_arrears_that_its_balance_implies() -> None:
    # 35,000 at 11.99 % in 60 months, lent in January, three instalments of 778.38 paid: those of May and June are open.
    row = tape_row("LC00225")

    found = standing(row)

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert state.outstanding.principal == row.balance
    assert (state.oldest_unpaid_due_date, state.days_past_due) == (date(2018, 5, 1), 32)
    # Both instalments are open to the paisa: principal with the plan, interest as arrears brought in.
    assert state.overdue.total == 2 * 77_838
    assert found.facts[0].amount_paise == row.balance


def test_closed_loan_has_nothing_to_claim() -> None:
    found = standing(tape_row("LC00019"))

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert (state.status, state.closed_on, state.outstanding.total) == (LoanStatus.CLOSED, SNAPSHOT, 0)


def test_loan_written_off_brings_its_claim_and_writes_it_off() -> None:
    row = tape_row("LC00672")

    found = standing(row)

    state = replay(terms=found.terms, facts=found.facts, as_of=SNAPSHOT)
    assert [type(fact) for fact in found.facts] == [TakeOver, WriteOff]
    assert found.facts[0].amount_paise == row.principal - (row.paid_principal or 0)
    assert (state.status, state.outstanding.total) == (LoanStatus.WRITTEN_OFF, 0)
