"""Provisions of month-ends over a small book: worked by hand, posted by difference, equal to the ledger."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.models import AuditEntry
from ledger.models import Journal, Period, PeriodState
from ledger.selectors import Question, balance_sheet, profit_and_loss
from ledger.services import chart_seed
from lms.engine.classification import AssetClass
from lms.engine.provisions import Basis, Category, Layer
from lms.engine.provisions_ecl import GRADES, Scenario
from lms.models import Loan, ProvisionMark, ProvisionPosting, ProvisionResult, ProvisionRun
from lms.services.day_end import day_end_run
from lms.services.foreclosures import loan_foreclose
from lms.services.provisions.explanation import provision_explain
from lms.services.provisions.marks import provision_mark_set
from lms.services.provisions.movement import movement_of
from lms.services.provisions.posting import (
    floor_comparison,
    provision_moves,
    provision_run_post,
    provision_run_reverse,
)
from lms.services.provisions.publishing import (
    ecl_parameters_publish,
    provision_parameters_publish,
    provision_segment_publish,
)
from lms.services.provisions.runs import provision_run_compute, provision_run_create
from lms.services.provisions.seeding import provision_seed
from lms.services.verification import control_accounts_verify
from lms.services.write_offs import loan_write_off
from tests.factories.book import balances, receive, refused
from tests.factories.lines import draw, make_line
from tests.factories.lms import make_customer, make_loan, make_version, next_key, set_business_date

pytestmark = pytest.mark.django_db

MAY = date(2026, 5, 31)
JUNE = date(2026, 6, 30)
NO_INTEREST: dict[str, Any] = {"annual_rate_pct": Decimal(0), "principal_paise": 1_20_000_00}


def compute(month_end: date, **options: Any) -> ProvisionRun:
    """Work out a month-end."""
    return provision_run_compute(run_id=provision_run_create(month_end=month_end).pk, **options)


def post(run: ProvisionRun) -> ProvisionRun:
    """Post a run."""
    return provision_run_post(run_id=run.pk, reason="Month-end")


def figures(run: ProvisionRun) -> dict[int, tuple[str, int, int, int, int]]:
    """Return class, stage, funded, IRACP and ECL by loan."""
    rows = ProvisionResult.objects.filter(run=run).values_list(
        "loan_id", "asset_class", "stage", "funded_paise", "iracp_paise", "ecl_paise"
    )
    return {loan_id: tuple(values) for loan_id, *values in rows}  # type: ignore[misc]


def certain_model() -> None:
    """Publish figures that can be worked by hand: one scenario, no interest, a default chance of 1.2 % a year."""
    ecl_parameters_publish(
        effective_from=date(2026, 1, 1),
        segment="",
        curves={
            AssetClass.STANDARD: [12_000, 24_000],
            AssetClass.SMA_0: [120_000],
            AssetClass.SMA_1: [240_000],
            AssetClass.SMA_2: [480_000],
        },
        lgd_secured_bps=2_500,
        lgd_unsecured_bps=5_000,
        ccf_bps=5_000,
        source="The lender's own model",
        reason="Model of the year",
    )


@pytest.fixture(autouse=True)
def _books() -> None:
    chart_seed()
    provision_seed(layer=Layer.MIDDLE)
    set_business_date(date(2026, 1, 1))


@pytest.fixture
def version() -> Any:
    """A product without fees, lent without interest: what is owed is principal alone."""
    return make_version(terms={})


@pytest.fixture
def book(version: Any) -> dict[str, Loan]:
    """Lend 1,20,000 without interest in 12 instalments from 1 February, to borrowers who pay differently."""
    loans = {
        name: make_loan(customer=make_customer(), version=version, **NO_INTEREST)
        for name in ("punctual", "late", "silent", "gone")
    }
    payers = {2: ("punctual", "late", "gone"), 3: ("punctual", "late", "gone"), 4: ("punctual", "gone")}
    for month, names in (payers | {5: ("punctual", "gone")}).items():
        set_business_date(date(2026, month, 1))
        for name in names:
            receive(loans[name], 10_000_00, date(2026, month, 1))
    set_business_date(date(2026, 6, 1))
    return loans


def test_prudential_provisions_are_those_worked_by_hand(book: dict[str, Loan]) -> None:
    run = compute(MAY)

    # Punctual owes 80,000 at 0.40 %; late owes 1,00,000, sixty-one days past due on 31 May; silent has owed
    # 1,20,000 since 1 February and is sub-standard at 10 %.
    assert {pk: values[:1] + values[2:4] for pk, values in figures(run).items()} == {
        book["punctual"].pk: ("STANDARD", 80_000_00, 320_00),
        book["late"].pk: ("SMA_2", 1_00_000_00, 400_00),
        book["silent"].pk: ("SUB_STANDARD", 1_20_000_00, 12_000_00),
        book["gone"].pk: ("STANDARD", 80_000_00, 320_00),
    }
    assert (run.state, run.loans_done, run.loans_total, run.problems) == ("COMPUTED", 4, 4, [])


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


def test_loans_without_a_new_fact_are_taken_over_from_the_earlier_run(book: dict[str, Loan]) -> None:
    first = compute(MAY)
    set_business_date(date(2026, 6, 5))
    day_end_run(to_date=date(2026, 6, 6))
    terms = Loan.objects.get(pk=book["late"].pk).terms
    Loan.objects.filter(pk=book["late"].pk).update(terms={**terms, "instalment_count": "twelve"})

    second = compute(MAY)

    Loan.objects.filter(pk=book["late"].pk).update(terms=terms)
    assert second.problems == []
    assert figures(second) == figures(first)


def test_damaged_loan_is_set_aside_and_named(book: dict[str, Loan]) -> None:
    terms = Loan.objects.get(pk=book["late"].pk).terms
    Loan.objects.filter(pk=book["late"].pk).update(terms={**terms, "amortisation": "NONSENSE"}, closed_upto=None)

    run = compute(MAY)

    assert [number for number, _ in run.problems] == [book["late"].number]
    assert set(figures(run)) == {loan.pk for name, loan in book.items() if name != "late"}


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


def test_expected_loss_is_the_one_worked_by_hand(book: dict[str, Loan]) -> None:
    certain_model()
    run = compute(MAY)
    found = figures(run)

    # Stage 3: all of 1,20,000, of which half is lost, at the weighted factors 0.6 + 0.15 x 0.95 + 0.25 x 1.1.
    assert found[book["silent"].pk][1:2] + found[book["silent"].pk][4:] == (3, 61_050_00)
    assert {found[book[name].pk][1] for name in ("punctual", "gone")} == {1}
    assert found[book["late"].pk][1] == 2


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


def test_one_loan_makes_the_borrower_and_his_provision_non_performing(version: Any) -> None:
    customer = make_customer()
    bad, good = (make_loan(customer=customer, version=version, **NO_INTEREST) for _ in range(2))
    for month in (2, 3, 4, 5):
        set_business_date(date(2026, month, 1))
        receive(good, 10_000_00, date(2026, month, 1))
    set_business_date(date(2026, 6, 1))

    found = figures(compute(MAY))

    assert found[bad.pk][:4] == ("SUB_STANDARD", 3, 1_20_000_00, 12_000_00)
    assert found[good.pk][:4] == ("SUB_STANDARD", 3, 80_000_00, 8_000_00)


def test_security_halves_what_a_doubtful_loan_needs(version: Any) -> None:
    provision_segment_publish(
        effective_from=date(2026, 1, 1),
        product_code="PL",
        segment="gold",
        category=Category.GENERAL,
        secured_bps=5_000,
        source="Policy",
        reason="Gold loans",
    )
    loan = make_loan(version=version, **NO_INTEREST)
    set_business_date(date(2027, 6, 1))

    found = figures(compute(date(2027, 5, 31)))

    # Non-performing since 2 May 2026, doubtful since 2 May 2027: 20 % of 60,000 and all of the other 60,000.
    assert found[loan.pk][0] == "DOUBTFUL_1"
    assert found[loan.pk][3] == 12_000_00 + 60_000_00


def test_relief_for_a_calamity_adds_five_percent_while_performing(version: Any) -> None:
    loan = make_loan(version=version, **NO_INTEREST, sanctioned_on=date(2026, 1, 1), first_due_date=date(2026, 12, 1))
    set_business_date(date(2026, 7, 10))
    provision_mark_set(loan_id=loan.pk, kind=ProvisionMark.Kind.CALAMITY, is_set=True, reason="Flood in the district")
    set_business_date(date(2026, 8, 1))

    run = compute(date(2026, 7, 31))

    result = ProvisionResult.objects.get(run=run)
    assert (result.iracp_paise, result.extra_rate_id is not None) == (480_00 + 6_000_00, True)


def test_watch_list_puts_a_loan_into_stage_two(version: Any) -> None:
    loan = make_loan(version=version, **NO_INTEREST, first_due_date=date(2026, 12, 1))
    set_business_date(date(2026, 7, 10))
    provision_mark_set(loan_id=loan.pk, kind=ProvisionMark.Kind.WATCH_LIST, is_set=True, reason="Lost his job")
    with refused("lms.provision_mark_repeated"):
        provision_mark_set(loan_id=loan.pk, kind=ProvisionMark.Kind.WATCH_LIST, is_set=True, reason="Again")
    set_business_date(date(2026, 8, 1))

    assert figures(compute(date(2026, 7, 31)))[loan.pk][:2] == ("STANDARD", 2)


@pytest.mark.parametrize(
    ("month_end", "code"),
    [(date(2026, 5, 30), "lms.provision_day_not_month_end"), (JUNE, "lms.provision_month_open")],
)
def test_day_that_is_no_closed_month_end_is_refused(month_end: date, code: str) -> None:
    set_business_date(JUNE)

    with refused(code):
        provision_run_create(month_end=month_end)

    assert not ProvisionRun.objects.exists()


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


def test_stopped_run_goes_on_where_it_was(book: dict[str, Loan]) -> None:
    run = provision_run_create(month_end=MAY)
    told: list[int] = []

    class Stop(Exception):
        pass

    def stop(progress: Any) -> None:
        told.append(progress.loans_done)
        raise Stop

    with pytest.raises(Stop):
        provision_run_compute(run_id=run.pk, progress=stop, chunk_customers=1)
    assert provision_run_create(month_end=MAY) == run
    done = provision_run_compute(run_id=run.pk, chunk_customers=2)

    assert told == [1]
    assert (done.loans_done, ProvisionResult.objects.filter(run=run).count()) == (4, 4)


def test_every_figure_is_worked_out_again_from_its_explanation(book: dict[str, Loan]) -> None:
    for result in ProvisionResult.objects.filter(run=compute(MAY)).select_related("run__parameters"):
        explained = provision_explain(result=result)

        assert (explained.iracp_paise, explained.ecl_paise) == (result.iracp_paise, result.ecl_paise)
        assert explained.factor.units == result.factor_units


def test_undrawn_part_of_a_line_stands_behind_its_first_drawdown() -> None:
    set_business_date(date(2026, 5, 20))
    line = make_line(annual_rate_pct=Decimal(0))
    first, second = (draw(line, amount, date(2026, 5, 20)) for amount in (30_000_00, 10_000_00))
    set_business_date(date(2026, 6, 1))

    results = {result.loan_id: result for result in ProvisionResult.objects.filter(run=compute(MAY))}

    assert first.loan is not None
    assert second.loan is not None
    assert results[first.loan.pk].line_undrawn_paise == 60_000_00
    assert results[second.loan.pk].line_undrawn_paise == 0
    # The norms ask for nothing on what is not lent; the expected loss counts half of it: six times the other loan's.
    found = [
        (results[fact.loan.pk].iracp_paise, results[fact.loan.pk].ecl_paise) for fact in (first, second) if fact.loan
    ]
    assert found == [(120_00, 107_15), (40_00, 17_86)]


def test_effective_rate_holds_the_fees_kept_back() -> None:
    loan = make_loan()
    set_business_date(date(2026, 2, 1))

    compute(date(2026, 1, 31))

    # 2 % kept back of 24 % in twelve instalments: 12 x the monthly rate at which 11,347.15 repay 1,17,600.
    assert ProvisionResult.objects.get(loan=loan).eir_bps == 2_797
