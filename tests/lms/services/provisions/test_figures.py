"""Provisions of month-ends over a small book: worked by hand, loan by loan."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lms.engine.classification import AssetClass
from lms.engine.provisions import Category
from lms.models import Loan, ProvisionMark, ProvisionResult, ProvisionRun
from lms.services.day_end import day_end_run
from lms.services.provisions.explanation import provision_explain
from lms.services.provisions.marks import provision_mark_set
from lms.services.provisions.publishing import provision_segment_publish
from lms.services.provisions.runs import provision_run_compute, provision_run_create
from lms.services.told_classes import asset_class_as_of
from tests.factories.book import receive, refused, reverse
from tests.factories.lines import draw, make_line
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.lms.services.provisions.month_ends import JUNE, MAY, NO_INTEREST, certain_model, compute, figures

pytestmark = pytest.mark.django_db


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


def test_loan_that_was_non_performing_only_because_a_receipt_came_late_never_was(version: Any) -> None:
    loan = make_loan(customer=make_customer(), version=version, **NO_INTEREST)
    set_business_date(date(2026, 2, 1))
    receive(loan, 10_000_00, date(2026, 2, 1))
    set_business_date(date(2026, 6, 1))
    # The instalment of 1 March is 91 days past due on 30 May.
    assert figures(compute(MAY))[loan.pk][:4] == ("SUB_STANDARD", 3, 1_10_000_00, 11_000_00)
    set_business_date(date(2026, 6, 5))
    receive(loan, 10_000_00, date(2026, 5, 20))

    second = compute(MAY)

    # That of 1 April is 61 days past due on 31 May, and nothing ever was longer: as the loan's own class says.
    assert asset_class_as_of(loan_id=loan.pk, as_of=MAY) == AssetClass.SMA_2
    assert figures(second)[loan.pk][:4] == ("SMA_2", 2, 1_00_000_00, 400_00)


def test_loan_that_was_performing_only_by_a_receipt_that_was_reversed_never_was(version: Any) -> None:
    loan = make_loan(customer=make_customer(), version=version, **NO_INTEREST)
    set_business_date(date(2026, 4, 1))
    bounced = receive(loan, 30_000_00, date(2026, 4, 1))
    set_business_date(date(2026, 6, 1))
    assert figures(compute(MAY))[loan.pk][:2] == ("SMA_1", 2)
    set_business_date(date(2026, 6, 5))
    reverse(loan, bounced.sequence)

    result = ProvisionResult.objects.get(run=compute(MAY))

    # Nothing of 1 February was ever paid: 91 days past due on 2 May.
    assert (result.asset_class, result.npa_since, result.iracp_paise) == ("SUB_STANDARD", date(2026, 5, 2), 12_000_00)


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


def test_expected_loss_is_the_one_worked_by_hand(book: dict[str, Loan]) -> None:
    certain_model()
    run = compute(MAY)
    found = figures(run)

    # Stage 3: all of 1,20,000, of which half is lost, at the weighted factors 0.6 + 0.15 x 0.95 + 0.25 x 1.1.
    assert found[book["silent"].pk][1:2] + found[book["silent"].pk][4:] == (3, 61_050_00)
    assert {found[book[name].pk][1] for name in ("punctual", "gone")} == {1}
    assert found[book["late"].pk][1] == 2


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
