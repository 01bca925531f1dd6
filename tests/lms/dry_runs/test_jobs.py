"""The work of a dry run: chunks, workers that die or meet, cancelling, books that move on, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from core.business_date import business_date_set
from core.models import AuditEntry
from lms.dry_runs import jobs
from lms.dry_runs.jobs import dry_run_cancel, dry_run_create, dry_run_of, dry_run_work
from lms.errors import IdempotencyKeyReused, TermsInvalid
from lms.errors.dry_runs import DryRunChangeInvalid, DryRunEmpty, DryRunNotRunning, DryRunUnknown
from lms.models import DryRun, DryRunChunk, DryRunKind, DryRunLoan, Loan, LoanFact, Product
from lms.services.classification_rules import classification_seed
from lms.services.day_end import day_end_run
from lms.services.verification import control_accounts_verify, loans_verify
from tests.factories.lms import make_product, make_version
from tests.factories.staff import make_staff
from tests.lms.day_end.lender import make_lender
from tests.lms.dry_runs.trials import FIRST_DAY, book_now, terms_apply, tried, version_change

pytestmark = pytest.mark.django_db

PENAL = {"penal_plan": {"method": "PER_DAY", "annual_rate_pct": "36", "grace_days": 0}}


@pytest.fixture(autouse=True)
def loans() -> list[Loan]:
    """Twenty-four loans of eighteen borrowers; one day-end has classified them."""
    classification_seed()
    make_lender(first_day=FIRST_DAY)
    day_end_run()
    return list(Loan.objects.order_by("pk"))


def created(change: dict[str, Any] | None = None, *, key: str = "try", chunk_customers: int = 4) -> DryRun:
    """Begin a dry run of the product whose penal charges grow daily."""
    return dry_run_create(
        kind=DryRunKind.PENAL_PLAN,
        change=change or version_change(code="DAILY", terms=PENAL),
        idempotency_key=key,
        actor=make_staff("manager"),
        chunk_customers=chunk_customers,
    )


def outcome(run: DryRun) -> tuple[Any, ...]:
    """Return everything that a run came to."""
    rows = DryRunLoan.objects.filter(run=run).order_by("loan_id").values_list("loan_id", "before", "after", "movements")
    done = dry_run_of(run_id=run.pk)
    return done.state, done.loans_done, done.loans_moved, done.loans_refused, done.result, list(rows)


class _Killed(Exception):
    """The worker is gone."""


def test_nothing_of_the_book_is_written() -> None:
    before = book_now(), LoanFact.objects.count(), Loan.objects.values_list("terms", flat=True).first()

    tried(DryRunKind.PENAL_PLAN, version_change(code="DAILY", terms=PENAL))

    assert (book_now(), LoanFact.objects.count(), Loan.objects.values_list("terms", flat=True).first()) == before
    assert [str(item) for batch in loans_verify() for item in batch.differences] == []
    assert control_accounts_verify()[1] == ()


def test_cut_into_chunks_the_result_is_the_same() -> None:
    change = version_change(code="DAILY", terms=PENAL)

    whole = tried(DryRunKind.PENAL_PLAN, change, chunk_customers=1000)
    parts = tried(DryRunKind.PENAL_PLAN, change, chunk_customers=1)

    assert (whole.chunks_total, parts.chunks_total) == (1, 6)
    assert outcome(whole) == outcome(parts)


def test_killed_worker_loses_its_chunk_alone_and_repeats_none(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = outcome(tried(DryRunKind.PENAL_PLAN, version_change(code="DAILY", terms=PENAL)))
    run = created()
    save = jobs._save

    def die(part: Any, *rest: Any) -> None:
        if part.chunk.number == 2:
            raise _Killed
        save(part, *rest)

    monkeypatch.setattr(jobs, "_save", die)
    with pytest.raises(_Killed):
        dry_run_work(run_id=run.pk)
    monkeypatch.setattr(jobs, "_save", save)
    one_done = dry_run_of(run_id=run.pk).chunks_done
    waits = dry_run_work(run_id=run.pk)
    DryRunChunk.objects.filter(run=run).update(lease_until=timezone.now() - timedelta(seconds=1))
    dry_run_work(run_id=run.pk)

    assert (one_done, waits.state) == (1, DryRun.State.RUNNING)
    assert outcome(run) == expected


def test_worker_that_slept_past_its_lease_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = created(chunk_customers=1000)
    save = jobs._save

    def overtaken(part: Any, *rest: Any) -> None:
        DryRunChunk.objects.filter(pk=part.chunk.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        monkeypatch.setattr(jobs, "_save", save)
        dry_run_work(run_id=run.pk)
        save(part, *rest)

    monkeypatch.setattr(jobs, "_save", overtaken)
    dry_run_work(run_id=run.pk)

    done = dry_run_of(run_id=run.pk)
    assert (done.chunks_done, done.loans_done, done.state) == (1, 6, DryRun.State.DONE)
    assert DryRunLoan.objects.filter(run=run).count() == 3


def test_cancelled_run_is_left_by_its_workers_and_cannot_be_cancelled_twice() -> None:
    run = created()

    dry_run_cancel(run_id=run.pk, reason="Mistyped", actor=make_staff("manager"))
    worked = dry_run_work(run_id=run.pk)

    assert (worked.state, worked.chunks_done) == (DryRun.State.CANCELLED, 0)
    assert AuditEntry.objects.filter(action="lms.dry_run_cancel").count() == 1
    with pytest.raises(DryRunNotRunning) as refusal:
        dry_run_cancel(run_id=run.pk, reason="Again")
    assert refusal.value.code == "lms.dry_run_not_running"
    assert dry_run_of(run_id=run.pk).state == DryRun.State.CANCELLED


def test_run_ends_as_outdated_when_the_books_move_on() -> None:
    run = created()
    business_date_set(to=date(2026, 5, 1))

    worked = dry_run_work(run_id=run.pk)

    assert (worked.state, worked.chunks_done, worked.result) == (DryRun.State.OUTDATED, 0, {})


def test_same_key_gives_the_first_run_and_another_change_is_refused() -> None:
    first = created()

    assert created() == first
    with pytest.raises(IdempotencyKeyReused) as refusal:
        created(version_change(code="DAILY", terms={"penal_plan": None}))
    assert refusal.value.code == "lms.idempotency_key_reused"
    assert DryRun.objects.count() == 1


def test_loans_that_have_the_terms_already_do_not_move() -> None:
    run = tried(DryRunKind.PRODUCT, version_change(code="DAILY", terms={}))

    assert (run.loans_done, run.loans_moved, run.loans_refused) == (6, 0, 0)
    assert run.result["postings"] == []


def test_loan_agreed_otherwise_with_one_borrower_keeps_that() -> None:
    own = Loan.objects.filter(product_code="DAILY").order_by("pk")[4]
    plan = {"method": "FLAT", "annual_rate_pct": "0", "amount_paise": 100_00, "slabs": [], "grace_days": 0}
    terms_apply(lambda _: {"penal_plan": {**plan, "cap_paise": None}}, [own])

    run = tried(DryRunKind.PENAL_PLAN, version_change(code="DAILY", terms=PENAL))

    assert not DryRunLoan.objects.filter(run=run, loan=own).exists()


def test_loans_outside_the_limits_of_the_version_are_refused_by_name() -> None:
    change = version_change(code="DAILY", terms=PENAL, rate_max_pct=Decimal(20))

    run = tried(DryRunKind.PRODUCT, change)

    row = DryRunLoan.objects.filter(run=run).order_by("pk")[0]
    assert (run.loans_moved, run.loans_refused) == (0, 6)
    assert row.code == "lms.loan_outside_version"
    assert row.message == "Its rate is 24.0000; the version allows 0.0000 to 20.0000."
    assert run.result["refusals"] == [{"code": "lms.loan_outside_version", "loans": 6}]


def test_terms_that_make_no_schedule_are_refused_before_anything_is_tried() -> None:
    with pytest.raises(TermsInvalid):
        created(version_change(code="DAILY", terms={"amortisation": "CUSTOM"}))

    assert DryRun.objects.count() == 0
    assert Product.objects.get(code="DAILY").versions.count() == 1


def test_change_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(DryRunChangeInvalid) as refusal:
        created({"product_id": Product.objects.get(code="DAILY").pk})

    assert refusal.value.code == "lms.dry_run_change_invalid"
    assert DryRun.objects.count() == 0


def test_product_without_loans_is_refused() -> None:
    make_version(product=make_product(code="EMPTY"))

    with pytest.raises(DryRunEmpty) as refusal:
        created(version_change(code="EMPTY", terms=PENAL))

    assert refusal.value.code == "lms.dry_run_empty"
    assert DryRun.objects.count() == 0


def test_unknown_run_is_refused() -> None:
    with pytest.raises(DryRunUnknown) as refusal:
        dry_run_work(run_id=999)

    assert refusal.value.code == "lms.dry_run_unknown"
