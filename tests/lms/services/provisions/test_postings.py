"""Provisions in the books: posted by difference, equal to the ledger, reversed, explained from month to month."""

from datetime import date
from typing import Any

import pytest

from core.models import AuditEntry
from ledger.models import Journal, Period, PeriodState
from ledger.selectors import Question, balance_sheet, profit_and_loss
from lms.engine.provisions import Basis, Layer
from lms.engine.provisions_ecl import GRADES, Scenario
from lms.models import Loan, ProvisionPosting
from lms.services.day_end import day_end_run
from lms.services.foreclosures import loan_foreclose
from lms.services.provisions.movement import movement_of
from lms.services.provisions.posting import floor_comparison, provision_moves, provision_run_reverse
from lms.services.provisions.publishing import ecl_parameters_publish, provision_parameters_publish
from lms.services.verification import control_accounts_verify
from lms.services.write_offs import loan_write_off
from tests.factories.book import balances, receive, refused
from tests.factories.lms import make_customer, make_loan, next_key, set_business_date
from tests.lms.services.provisions.month_ends import JUNE, MAY, NO_INTEREST, compute, figures, post

pytestmark = pytest.mark.django_db


def test_posting_makes_the_ledger_equal_the_run(book: dict[str, Loan]) -> None:
    run = post(compute(MAY))

    book_of = balances()
    assert (book_of["PERFORMING_PROVISION"], book_of["NPA_PROVISION"]) == (-1_040_00, -12_000_00)
    assert book_of["PROVISION_EXPENSE"] == 13_040_00
    assert [str(difference) for difference in control_accounts_verify()[1]] == []
    # May is still open, and takes what concerns it.
    assert {(journal.value_date, journal.booked_on) for journal in Journal.objects.filter(event="PROVISIONS")} == {
        (MAY, MAY)
    }
    assert (run.state, run.posted_on) == ("POSTED", MAY)


def test_profit_and_balance_sheet_show_provisions(book: dict[str, Loan]) -> None:
    post(compute(MAY))

    expenses = profit_and_loss(question=Question(from_date=date(2026, 5, 1), to_date=MAY)).expenses
    sheet = balance_sheet(question=Question(to_date=MAY))

    assert [(row.code, row.total_paise) for row in expenses.rows] == [("5130.PL", 13_040_00)]
    assert {row.code: row.total_paise for row in sheet.liabilities.rows} == {
        "2520.PL": 1_040_00,
        "2530.PL": 12_000_00,
    }
    assert sheet.is_balanced


def test_day_end_is_sealed_with_provisions_in_the_books(book: dict[str, Loan]) -> None:
    post(compute(MAY))

    assert day_end_run().state == "CLOSED"


def test_posting_again_changes_nothing(book: dict[str, Loan]) -> None:
    run = post(compute(MAY))
    journals = Journal.objects.count()

    assert post(run).posted_on == MAY

    assert (Journal.objects.count(), ProvisionPosting.objects.count()) == (journals, 2)


def test_second_run_without_news_posts_nothing(book: dict[str, Loan]) -> None:
    post(compute(MAY))
    before = balances()

    second = post(compute(MAY))

    assert (second.number, second.postings.count()) == (2, 0)
    assert balances() == before


def test_backdated_receipt_posts_the_difference_alone(book: dict[str, Loan]) -> None:
    post(compute(MAY))
    set_business_date(date(2026, 6, 5))
    receive(book["silent"], 40_000_00, date(2026, 5, 20))

    second = post(compute(MAY))

    # Nothing is overdue on 31 May any more: 80,000 at 0.40 % in place of 1,20,000 at 10 %.
    assert figures(second)[book["silent"].pk][:4] == ("STANDARD", 1, 80_000_00, 320_00)
    assert [(row.head, row.amount_paise) for row in second.postings.order_by("head")] == [
        ("NPA", -12_000_00),
        ("PERFORMING", 320_00),
    ]
    assert (balances().get("NPA_PROVISION"), balances()["PERFORMING_PROVISION"]) == (None, -1_360_00)
    assert [str(difference) for difference in control_accounts_verify()[1]] == []


def test_closed_month_is_booked_in_the_open_one(book: dict[str, Loan]) -> None:
    Period.objects.update_or_create(pk=202605, defaults={"state": PeriodState.SOFT_CLOSED})

    run = post(compute(MAY))

    assert run.posted_on == date(2026, 6, 1)
    assert {(journal.value_date, journal.booked_on) for journal in Journal.objects.filter(event="PROVISIONS")} == {
        (MAY, date(2026, 6, 1))
    }


def test_reversal_gives_the_books_back(book: dict[str, Loan]) -> None:
    before = balances()
    run = post(compute(MAY))

    reversed_run = provision_run_reverse(run_id=run.pk, reason="Wrong rates")

    assert provision_run_reverse(run_id=run.pk, reason="Wrong rates").state == "REVERSED"
    assert (reversed_run.state, balances()) == ("REVERSED", before)
    assert [str(difference) for difference in control_accounts_verify()[1]] == []
    assert AuditEntry.objects.filter(action="lms.provision_run_reversed").count() == 1
    # A new run may be posted in its place.
    assert post(compute(MAY)).number == 2


def test_movement_explains_every_paisa(book: dict[str, Loan], version: Any) -> None:
    may = post(compute(MAY))
    set_business_date(date(2026, 7, 1))
    receive(book["punctual"], 10_000_00, date(2026, 6, 1))
    receive(book["late"], 40_000_00, date(2026, 6, 2))
    loan_foreclose(
        loan_id=book["gone"].pk,
        amount_paise=80_000_00,
        value_date=date(2026, 6, 10),
        reference=next_key("UTR"),
        idempotency_key=next_key("foreclose"),
    )
    loan_write_off(
        loan_id=book["silent"].pk,
        value_date=date(2026, 6, 20),
        is_technical=True,
        idempotency_key=next_key("write-off"),
        reason="No payment ever",
    )
    new = make_loan(
        customer=make_customer(),
        version=version,
        **NO_INTEREST,
        sanctioned_on=date(2026, 6, 15),
        value_date=date(2026, 6, 15),
        first_due_date=date(2026, 8, 1),
    )

    june = compute(JUNE)

    assert june.opening == may
    lines = {line.bucket: line for line in movement_of(run=june, bucket="asset_class", figure="iracp")}
    standard, sma_2, npa = lines["STANDARD"], lines["SMA_2"], lines["SUB_STANDARD"]
    assert (standard.opening_paise, standard.new_paise, standard.closed_paise) == (640_00, 480_00, 320_00)
    # Late comes back to standard with its 400 and needs 280 for the 70,000 that it owes now; so does punctual.
    assert (sma_2.opening_paise, sma_2.transferred_out_paise, sma_2.closing_paise) == (400_00, 400_00, 0)
    assert (standard.transferred_in_paise, standard.remeasured_paise) == (400_00, -120_00 - 40_00)
    assert (npa.opening_paise, npa.written_off_paise, npa.closing_paise) == (12_000_00, 12_000_00, 0)
    assert standard.closing_paise == 280_00 + 280_00 + 480_00
    assert all(line.explained_paise == line.closing_paise for line in lines.values())
    assert figures(june)[new.pk][3] == 480_00


def test_shortfall_against_the_norms_goes_into_the_reserve_and_stays(book: dict[str, Loan]) -> None:
    _ecl_basis()
    low = compute(MAY)
    comparison = floor_comparison(run=low)
    assert comparison.iracp_paise == 13_040_00

    post(low)

    reserve = comparison.shortfall_paise
    assert reserve == 13_040_00 - comparison.ecl_paise
    assert {
        (row.head, row.amount_paise) for row in low.postings.all() if row.head == ProvisionPosting.Head.RESERVE
    } == {("RESERVE", reserve)}
    sheet = balance_sheet(question=Question(to_date=MAY))
    equity = {row.code: row.total_paise for row in sheet.equity.rows}
    assert equity == {"3030": reserve, "3040": -reserve}
    # The floor is met a month later: nothing is drawn from the reserve.
    set_business_date(date(2026, 7, 1))
    receive(book["silent"], 50_000_00, date(2026, 6, 2))
    june = compute(JUNE)
    moves = {move.head: move.amount_paise for move in provision_moves(run=june)}
    assert moves[ProvisionPosting.Head.RESERVE] == 0


def _ecl_basis() -> None:
    ecl_parameters_publish(
        effective_from=date(2026, 1, 1),
        segment="",
        curves={grade: [1_000] for grade in GRADES},
        lgd_secured_bps=500,
        lgd_unsecured_bps=500,
        ccf_bps=0,
        source="The lender's own model",
        reason="Model of the year",
    )
    provision_parameters_publish(
        effective_from=date(2026, 1, 1),
        layer=Layer.MIDDLE,
        basis=Basis.ECL,
        scenarios=[Scenario(name="Only", weight_bps=10_000)],
        source="Ind AS 109",
        reason="Listed",
    )


def test_earlier_run_and_earlier_month_cannot_be_posted_after_a_later_one(book: dict[str, Loan]) -> None:
    first, second = compute(MAY), compute(MAY)
    with refused("lms.provision_run_outdated"):
        post(first)
    set_business_date(date(2026, 7, 1))
    june = post(compute(JUNE))

    with refused("lms.provision_run_outdated"):
        post(second)
    assert june.opening == second
    with refused("lms.provision_run_not_ready"):
        provision_run_reverse(run_id=second.pk, reason="Never posted")
