"""Loans of a tape in the book: balances, ledger, service, repeats and refusals."""

from datetime import date
from typing import Any

import pytest

from core.errors import KistError
from customers.models import Customer
from ledger.selectors import balance_of, trial_balance
from lms.errors import DisbursalAboveSanction
from lms.models import ImportBatch, ImportRow, Instalment, Loan, LoanFact
from lms.services.day_end import day_end_run
from lms.services.imports import import_commit, import_dry_run
from lms.services.imports.errors import ImportBatchRejected
from lms.services.loans import loan_disburse
from lms.services.products import product_create
from lms.services.receipts import receipt_post
from lms.services.verification import control_accounts_verify, loan_verify
from tests.factories.lms import make_customer, set_business_date
from tests.lms.imports.tapes import (
    MAP_PATH,
    SMALL_MAP,
    SMALL_ROW,
    checked,
    problem_codes,
    small_row,
    small_tape,
    tape_every,
    tape_part,
)

pytestmark = pytest.mark.django_db

SNAPSHOT = date(2018, 6, 1)


@pytest.fixture(autouse=True)
def _books_on_the_snapshot_day(db: None) -> None:
    set_business_date(SNAPSHOT)


def committed(content: bytes, *, map_text: str = SMALL_MAP, **options: Any) -> ImportBatch:
    """Import a tape."""
    return import_commit(batch_id=checked(content, map_text=map_text).pk, reason="Portfolio bought", **options)


def real(*references: str, **options: Any) -> ImportBatch:
    """Import loans of the real tape."""
    return committed(tape_part(references), map_text=MAP_PATH.read_text(), **options)


def loan_of(reference: str) -> Loan:
    """Return an imported loan."""
    return Loan.objects.get(external_reference=reference)


def refusal_of(call: Any, **arguments: Any) -> KistError:
    """Return why a call is refused; nothing entered the book by it."""
    before = Loan.objects.count()
    with pytest.raises(KistError) as refused:
        call(**arguments)
    assert Loan.objects.count() == before
    return refused.value


def test_opening_balances_are_those_of_the_tape_to_the_cent() -> None:
    batch = committed(tape_every(100), map_text=MAP_PATH.read_text(), chunk_rows=60)

    loans = Loan.objects.all()
    assert batch.state == ImportBatch.State.COMMITTED
    assert loans.count() == batch.rows_total == batch.rows_done == len(tape_every(100).splitlines()) - 1
    assert trial_balance().is_balanced
    assert balance_of(product_code="LENDINGCLUB", role="LOAN_PRINCIPAL") == batch.balance_paise
    assert sum(loan.principal_outstanding_paise for loan in loans) == batch.balance_paise
    assert [str(item) for item in control_accounts_verify()[1]] == []
    assert [item for loan in loans[::10] for item in loan_verify(loan=loan).differences] == []


def test_current_loan_is_served_as_if_it_had_always_been_here() -> None:
    real("LC00001")
    loan = loan_of("LC00001")
    assert (loan.principal_outstanding_paise, loan.next_due_date, loan.next_due_paise) == (
        2_701_586,
        date(2018, 7, 1),
        65_253,
    )
    assert (loan.days_past_due, loan.undrawn_paise, loan.asset_class) == (0, 0, "STANDARD")

    day_end_run(to_date=date(2018, 6, 30))
    receipt_post(
        loan_id=loan.pk,
        amount_paise=65_253,
        value_date=date(2018, 7, 1),
        reference="UTR1",
        idempotency_key="receipt-1",
    )

    loan.refresh_from_db()
    # 27,015.86 at one twelfth of 14.07 %: 316.76 of interest, the rest is principal.
    assert loan.principal_outstanding_paise == 2_701_586 - (65_253 - 31_676)
    assert (loan.next_due_date, loan.days_past_due) == (date(2018, 8, 1), 0)
    assert Instalment.objects.filter(loan=loan).count() == 57
    assert loan_verify(loan=loan).differences == ()


def test_loan_taken_over_has_nothing_left_to_disburse() -> None:
    committed(small_tape(SMALL_ROW))

    with pytest.raises(DisbursalAboveSanction) as refused:
        loan_disburse(
            loan_id=loan_of("A1").pk, amount_paise=100, value_date=SNAPSHOT, reference="UTR2", idempotency_key="again"
        )

    assert refused.value.context == {"amount_paise": 100, "undrawn_paise": 0}


def test_loans_that_no_longer_run_come_in_without_a_balance() -> None:
    real("LC00019", "LC00672")

    closed, written_off = loan_of("LC00019"), loan_of("LC00672")
    assert (closed.status, closed.closed_on, closed.principal_outstanding_paise) == ("CLOSED", SNAPSHOT, 0)
    assert (written_off.status, written_off.principal_outstanding_paise) == ("WRITTEN_OFF", 0)
    assert list(LoanFact.objects.filter(loan=written_off).values_list("kind", "amount_paise")) == [
        ("TAKE_OVER", 1_600_000 - 106_128),
        ("WRITE_OFF", 0),
    ]
    assert balance_of(product_code="LENDINGCLUB", role="LOAN_PRINCIPAL") == 0
    assert balance_of(product_code="LENDINGCLUB", role="WRITE_OFF_EXPENSE") == 1_493_872


def test_late_loan_stands_in_arrears_and_is_classified_by_the_day_end() -> None:
    real("LC00225")
    loan = loan_of("LC00225")
    assert (loan.days_past_due, loan.overdue_paise) == (32, 2 * 77_838)

    day_end_run(to_date=SNAPSHOT)

    loan.refresh_from_db()
    assert loan.asset_class == "SMA_1"


def test_customers_are_neutral_and_numbered_by_the_loan() -> None:
    real("LC00001", "LC00002")

    customers = list(Customer.objects.order_by("number").values_list("number", "full_name", "phone", "state_code"))
    assert customers == [
        ("LC00001", "Borrower LC00001", "6000000002", "MH"),
        ("LC00002", "Borrower LC00002", "6000000003", "MH"),
    ]


def test_loans_of_one_customer_number_belong_to_one_customer() -> None:
    map_text = SMALL_MAP.replace("  name: customer_name\n", "  name: customer_number\n")
    existing = make_customer(number="K7")

    committed(
        small_tape(small_row(name="K7"), small_row(ref="A2", name="K8"), small_row(ref="A3", name="K8")),
        map_text=map_text,
    )

    assert loan_of("A1").customer_id == existing.pk
    assert loan_of("A2").customer_id == loan_of("A3").customer_id != existing.pk


def test_same_file_again_changes_nothing() -> None:
    first = committed(small_tape(SMALL_ROW, small_row(ref="A2")))
    facts = list(LoanFact.objects.values_list("pk", "content_hash"))

    again = import_commit(batch_id=import_dry_run(batch_id=first.pk).pk)

    assert (again.pk, again.committed_at) == (first.pk, first.committed_at)
    assert list(LoanFact.objects.values_list("pk", "content_hash")) == facts


def test_longer_file_with_the_same_loans_enters_only_the_new_ones() -> None:
    committed(small_tape(SMALL_ROW, small_row(ref="A2")))

    batch = committed(small_tape(small_row(ref="A3"), SMALL_ROW, small_row(ref="A2", amount="28000.00")))

    assert (batch.rows_total, batch.unchanged, batch.rejected) == (3, 2, 0)
    assert Loan.objects.count() == 3
    assert batch.rows.get(reference="A1").state == ImportRow.State.UNCHANGED


def test_known_reference_with_other_content_is_rejected() -> None:
    committed(small_tape(SMALL_ROW))

    batch = checked(small_tape(small_row(left="27015.85"), small_row(ref="A2")))

    assert problem_codes(batch) == [(2, "", "reference_in_book")]
    assert refusal_of(import_commit, batch_id=batch.pk).code == "lms.import_batch_rejected"


def test_one_rejected_row_keeps_the_whole_batch_out() -> None:
    batch = checked(small_tape(SMALL_ROW, small_row(ref="A2", lent="2018-02-31")))

    refusal = refusal_of(import_commit, batch_id=batch.pk)

    assert refusal.code == "lms.import_batch_rejected"
    assert refusal.context == {"rejected": 1, "rows": 2}
    batch.refresh_from_db()
    assert (batch.state, batch.refusal) == (ImportBatch.State.CHECKED, refusal.message)


def test_rejected_rows_stay_out_when_that_is_said() -> None:
    batch = committed(small_tape(SMALL_ROW, small_row(ref="A2", lent="2018-02-31")), is_skipping_rejected=True)

    assert [loan.external_reference for loan in Loan.objects.all()] == ["A1"]
    assert (batch.state, batch.rows.get(line=3).state) == (ImportBatch.State.COMMITTED, ImportRow.State.REJECTED)


def test_batch_without_a_dry_run_is_refused() -> None:
    batch = checked(small_tape(SMALL_ROW))
    ImportBatch.objects.update(state=ImportBatch.State.UPLOADED)

    assert refusal_of(import_commit, batch_id=batch.pk).code == "lms.import_batch_not_checked"
    assert refusal_of(import_commit, batch_id=0).code == "lms.import_batch_unknown"


def test_snapshot_after_the_business_date_is_refused() -> None:
    map_text = SMALL_MAP.replace("2018-06-01", "2018-06-02")
    batch = checked(small_tape(SMALL_ROW), map_text=map_text)

    refusal = refusal_of(import_commit, batch_id=batch.pk)

    assert refusal.code == "lms.import_snapshot_in_future"
    assert refusal.context == {"snapshot_date": "2018-06-02", "business_date": "2018-06-01"}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("name: Small loan", "name: Other loan", "name"),
        ("instalment_unit_paise: 1", "instalment_unit_paise: 100", "set of terms or limits"),
        ("rate_max: 36", "rate_max: 35", "set of terms or limits"),
    ],
)
def test_product_of_the_book_with_other_terms_is_refused(old: str, new: str, what: str) -> None:
    committed(small_tape(SMALL_ROW))

    refusal = refusal_of(checked, content=small_tape(small_row(ref="A2")), map_text=SMALL_MAP.replace(old, new))

    assert refusal.code == "lms.import_product_differs"
    assert refusal.context == {"product": "SMALL", "what": what}


def test_number_of_another_customer_is_a_problem_of_the_row() -> None:
    make_customer(number="A1")

    assert problem_codes(checked(small_tape(SMALL_ROW))) == [(2, "", "customer_number_taken")]


def test_commit_that_fails_midway_keeps_whole_chunks_and_goes_on_later() -> None:
    batch = checked(small_tape(SMALL_ROW, small_row(ref="A2"), small_row(ref="A3"), small_row(ref="A4")))

    def fail(_: ImportBatch) -> None:
        raise ImportBatchRejected(rejected=0, rows=0)

    with pytest.raises(ImportBatchRejected):
        import_commit(batch_id=batch.pk, progress=fail, chunk_rows=3)
    assert sorted(loan.external_reference or "" for loan in Loan.objects.all()) == ["A1", "A2", "A3"]

    done = import_commit(batch_id=batch.pk, chunk_rows=3)

    assert (done.state, done.rows_done, done.refusal) == (ImportBatch.State.COMMITTED, 4, "")
    assert Loan.objects.count() == 4
    assert balance_of(product_code="SMALL", role="LOAN_PRINCIPAL") == 4 * 2_701_586


def test_books_that_are_past_the_snapshot_take_the_loans_over_to_today() -> None:
    set_business_date(date(2018, 7, 10))

    committed(small_tape(SMALL_ROW))

    loan = loan_of("A1")
    assert (loan.closed_upto, loan.next_due_date, loan.days_past_due) == (date(2018, 7, 9), date(2018, 8, 1), 9)
    assert balance_of(product_code="SMALL", role="LOAN_PRINCIPAL") == 2_701_586
    assert loan_verify(loan=loan).differences == ()


def test_product_that_a_stopped_import_left_without_a_version_gets_it() -> None:
    product_create(code="SMALL", name="Small loan")

    batch = committed(small_tape(SMALL_ROW))

    assert batch.state == ImportBatch.State.COMMITTED
    assert loan_of("A1").product_version.number == 1
