"""Running the day-end: dates, repeats, a second start, receipts meanwhile, loans set aside, and a proof that fails."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.business_date import business_date
from ledger.models import Journal, ProductAccount
from ledger.selectors import trial_balance
from ledger.services import MovementAmount, journal_post, product_accounts_create
from lms.models import ClassificationEntry, DayEnd, DayEndChunk, DayEndProblem, Loan, LoanAccrual
from lms.services.day_end import DayEndProgress, Stage, day_end_run
from lms.services.day_end.errors import (
    DayEndAlreadyRunning,
    DayEndDateUnknown,
    DayEndNotSealed,
    DayEndTooFarAhead,
    LoanNotClosable,
)
from lms.services.receipts import receipt_post
from lms.services.verification import control_accounts_verify, loans_verify
from lms.tasks import day_end as day_end_task
from tests.factories.lms import set_business_date
from tests.lms.day_end.lender import make_lender

pytestmark = pytest.mark.django_db

FIRST_DAY = date(2026, 4, 29)


@pytest.fixture
def loans() -> list[Loan]:
    """A lender of eighteen borrowers and twenty-four loans."""
    return make_lender(first_day=FIRST_DAY)


def differences() -> list[str]:
    """Compare every cache with its replay, and every account with its loans."""
    found = [str(item) for batch in loans_verify() for item in batch.differences]
    return found + [str(item) for item in control_accounts_verify()[1]]


def receipt(loan: Loan, day: date, amount_paise: int = 100_00) -> None:
    """Post a receipt."""
    reference = f"{loan.number}-{day}"
    receipt_post(
        loan_id=loan.pk, amount_paise=amount_paise, value_date=day, reference=reference, idempotency_key=reference
    )


def test_each_day_up_to_the_last_is_closed_and_the_books_stand_on_the_day_after(loans: list[Loan]) -> None:
    last = day_end_run(to_date=date(2026, 5, 1))

    assert [(day.business_date.day, day.state) for day in DayEnd.objects.order_by("business_date")] == [
        (29, "CLOSED"),
        (30, "CLOSED"),
        (1, "CLOSED"),
    ]
    assert (last.business_date, last.loans_total, last.loans_closed) == (date(2026, 5, 1), 24, 24)
    assert business_date() == date(2026, 5, 2)
    assert set(Loan.objects.values_list("closed_upto", flat=True)) == {date(2026, 5, 1)}
    assert differences() == []


def test_without_a_date_the_business_date_is_closed(loans: list[Loan]) -> None:
    assert day_end_run().business_date == FIRST_DAY
    assert day_end_run().business_date == date(2026, 4, 30)


def test_a_day_that_is_closed_already_gives_its_first_day_end(loans: list[Loan]) -> None:
    first = day_end_run(to_date=FIRST_DAY)
    journals = Journal.objects.count()

    again = day_end_run(to_date=FIRST_DAY)

    assert (again.pk, again.state_hash) == (first.pk, first.state_hash)
    assert Journal.objects.count() == journals
    assert business_date() == date(2026, 4, 30)


def test_a_day_before_the_first_day_end_is_refused(loans: list[Loan]) -> None:
    with pytest.raises(DayEndDateUnknown) as refusal:
        day_end_run(to_date=date(2026, 4, 28))

    assert refusal.value.code == "lms.day_end_date_unknown"
    assert (business_date(), DayEnd.objects.count()) == (FIRST_DAY, 0)


def test_a_mistyped_year_is_refused(loans: list[Loan]) -> None:
    with pytest.raises(DayEndTooFarAhead) as refusal:
        day_end_run(to_date=date(2062, 4, 29))

    assert refusal.value.code == "lms.day_end_too_far_ahead"
    assert DayEnd.objects.count() == 0


def test_a_book_without_loans_is_closed_too() -> None:
    set_business_date(FIRST_DAY)

    day_end = day_end_run()

    assert (day_end.state, day_end.loans_total, DayEndChunk.objects.count()) == ("CLOSED", 0, 0)
    assert business_date() == date(2026, 4, 30)


def test_a_second_start_is_refused_while_the_first_one_runs(loans: list[Loan]) -> None:
    refused: list[str] = []

    def start_again(step: DayEndProgress) -> None:
        with pytest.raises(DayEndAlreadyRunning) as refusal:
            day_end_run(to_date=FIRST_DAY)
        refused.append(f"{step.stage} {refusal.value.code}")

    day_end_run(progress=lambda step: start_again(step) if step.stage is not Stage.SEALED else None, chunk_customers=9)

    assert refused == [
        "STARTED lms.day_end_already_running",
        "CHUNK_CLOSED lms.day_end_already_running",
        "CHUNK_CLOSED lms.day_end_already_running",
        "POSTED lms.day_end_already_running",
    ]
    assert DayEnd.objects.get().state == "CLOSED"


def test_progress_tells_chunks_and_loans(loans: list[Loan]) -> None:
    heard: list[tuple[str, int, int, int, int]] = []

    def hear(step: DayEndProgress) -> None:
        heard.append((step.stage.value, step.chunks_done, step.chunks_total, step.loans_closed, step.loans_total))

    day_end_run(progress=hear, chunk_customers=9)

    assert heard == [
        ("STARTED", 0, 2, 0, 24),
        ("CHUNK_CLOSED", 1, 2, 12, 24),
        ("CHUNK_CLOSED", 2, 2, 24, 24),
        ("POSTED", 2, 2, 24, 24),
        ("SEALED", 2, 2, 24, 24),
    ]


def test_a_receipt_during_the_run_closes_its_borrower_first_and_changes_nothing_else(loans: list[Loan]) -> None:
    done, waiting = loans[0], loans[-1]
    seen: list[tuple[date | None, date | None]] = []

    def pay(step: DayEndProgress) -> None:
        for loan in (done, waiting):
            receipt(loan, business_date())
            loan.refresh_from_db()
            seen.append((loan.closed_upto, loan.as_of))

    day_end_run(progress=lambda step: pay(step) if step.chunks_done == 1 else None, chunk_customers=9)

    # Both receipts belong to the new day; the borrower who was not reached was closed inline to the old one.
    assert seen == [(FIRST_DAY, date(2026, 4, 30))] * 2
    rows = LoanAccrual.objects.filter(loan=waiting, head="INTEREST").values_list("booked_on", "movement")
    assert list(rows) == [(FIRST_DAY, "ACCRUED")]
    assert DayEnd.objects.get().state == "CLOSED"
    day_end_run()
    assert differences() == []


def test_a_loan_that_cannot_be_replayed_is_set_aside_alone(loans: list[Loan]) -> None:
    bad = loans[5]
    terms = dict(bad.terms)
    Loan.objects.filter(pk=bad.pk).update(terms={**terms, "instalment_count": "twelve"}, next_change_date=FIRST_DAY)

    day_end = day_end_run()

    assert (day_end.state, day_end.loans_closed, day_end.certificate["loans_set_aside"]) == ("CLOSED", 23, 1)
    problem = DayEndProblem.objects.get()
    assert (problem.loan_id, problem.code, problem.resolved_at) == (bad.pk, "lms.loan_not_replayable", None)
    assert "twelve" not in problem.message
    bad.refresh_from_db()
    assert bad.closed_upto == date(2026, 4, 28)

    with pytest.raises(LoanNotClosable) as refusal:
        receipt(bad, date(2026, 4, 30))
    assert refusal.value.code == "lms.loan_not_closable"


def test_a_loan_set_aside_is_retried_from_its_own_day(loans: list[Loan]) -> None:
    bad = loans[5]
    terms = dict(bad.terms)
    Loan.objects.filter(pk=bad.pk).update(terms={**terms, "instalment_count": "twelve"}, next_change_date=FIRST_DAY)
    day_end_run(to_date=date(2026, 5, 1))
    assert DayEndProblem.objects.count() == 1
    Loan.objects.filter(pk=bad.pk).update(terms=terms)

    day_end = day_end_run()

    bad.refresh_from_db()
    assert bad.closed_upto == date(2026, 5, 2)
    assert DayEndProblem.objects.get().resolved_at is not None
    assert (day_end.state, day_end.certificate["loans_set_aside"]) == ("CLOSED", 0)
    assert differences() == []


def test_a_receipt_on_a_loan_behind_a_sealed_day_books_the_gap_today(loans: list[Loan]) -> None:
    bad = loans[5]
    terms = dict(bad.terms)
    Loan.objects.filter(pk=bad.pk).update(terms={**terms, "instalment_count": "twelve"}, next_change_date=FIRST_DAY)
    day_end_run(to_date=date(2026, 5, 1))
    Loan.objects.filter(pk=bad.pk).update(terms=terms)

    receipt(bad, date(2026, 5, 2))

    journal = Journal.objects.get(idempotency_key=f"loan-close:{bad.pk}:2026-05-01")
    assert (journal.booked_on, journal.value_date, journal.reference_id) == (date(2026, 5, 2), date(2026, 5, 1), bad.pk)
    assert not LoanAccrual.objects.filter(loan=bad).exists()
    assert DayEndProblem.objects.get().resolved_at is not None
    assert differences() == []
    assert day_end_run().state == "CLOSED"


def test_a_product_without_accounts_leaves_the_day_unsealed_until_they_exist(loans: list[Loan]) -> None:
    ProductAccount.objects.filter(product_code="SLABS", role="INTEREST_INCOME").delete()

    with pytest.raises(DayEndNotSealed) as refusal:
        day_end_run()

    assert "Product SLABS has no account for INTEREST_INCOME" in refusal.value.message
    day_end = DayEnd.objects.get()
    assert day_end.state == "FAILED"
    assert [(check["found"].split(":")[0], check["is_held"]) for check in day_end.certificate["checks"]] == [
        ("ledger.product_account_missing", False)
    ]
    assert not Journal.objects.filter(event="DAY_END", product_code="SLABS").exists()

    product_accounts_create(product_code="SLABS", name="Personal loan")
    assert day_end_run().state == "CLOSED"
    assert (business_date(), differences()) == (date(2026, 4, 30), [])


def test_a_ledger_that_does_not_equal_the_loans_is_not_sealed(loans: list[Loan]) -> None:
    journal_post(
        idempotency_key="by hand",
        event="MANUAL",
        reference_type="test",
        reference_id=1,
        product_code="NONE",
        movements=[MovementAmount("ACCRUED", "INTEREST", 7)],
        value_date=FIRST_DAY,
        booked_on=FIRST_DAY,
    )

    with pytest.raises(DayEndNotSealed) as refusal:
        day_end_run()

    day_end = DayEnd.objects.get()
    broken = [check["name"] for check in day_end.certificate["checks"] if not check["is_held"]]
    assert broken == [
        "Account 1120.NONE of product NONE equals its loans",
        "Account 4110.NONE of product NONE equals its loans",
    ]
    assert refusal.value.code == "lms.day_end_not_sealed"
    assert (day_end.state, trial_balance().is_balanced) == ("FAILED", True)

    journal_post(
        idempotency_key="by hand, undone",
        event="MANUAL",
        reference_type="test",
        reference_id=1,
        product_code="NONE",
        movements=[MovementAmount("ACCRUED", "INTEREST", -7)],
        value_date=FIRST_DAY,
        booked_on=FIRST_DAY,
    )
    assert day_end_run().state == "CLOSED"
    assert DayEnd.objects.count() == 1


def test_the_diary_has_one_entry_for_each_change_and_none_for_a_day_without_one(loans: list[Loan]) -> None:
    day_end_run()
    first = ClassificationEntry.objects.count()
    day_end_run(to_date=date(2026, 4, 30))

    entries = ClassificationEntry.objects.filter(on_date=date(2026, 4, 30))
    assert first == 12
    assert all(entry.previous_class != entry.asset_class for entry in entries)
    assert ClassificationEntry.objects.count() == first + entries.count()


def test_command_says_what_it_did(loans: list[Loan]) -> None:
    said = StringIO()

    call_command("day_end", "--to", "29-04-2026", stdout=said)

    state_hash = DayEnd.objects.get().state_hash
    assert said.getvalue().splitlines() == [
        "2026-04-29 started",
        "2026-04-29 chunk 1 of 1, 24 of 24 loans closed",
        "2026-04-29 posted",
        "2026-04-29 sealed",
        f"Closed to 2026-04-29, state {state_hash}.",
    ]


@pytest.mark.parametrize(
    ("to_date", "code"),
    [("31-02-2026", "core.date_invalid"), ("2026-04-01", "lms.day_end_date_unknown")],
)
def test_command_refuses_with_code_and_advice(loans: list[Loan], to_date: str, code: str) -> None:
    with pytest.raises(CommandError, match=f"^{code}: "):
        call_command("day_end", "--to", to_date)

    assert DayEnd.objects.count() == 0


def test_task_closes_days_and_may_run_twice(loans: list[Loan]) -> None:
    for later in ({}, {"added_by_a_later_version": 1}):
        day_end_task.apply(kwargs={"to_date": "2026-04-30", **later}, throw=True)

    assert business_date() == date(2026, 5, 1)
    assert (day_end_task.name, day_end_task.time_limit) == ("lms.day_end", 21600)
