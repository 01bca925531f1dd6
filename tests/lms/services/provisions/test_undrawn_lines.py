"""Expected loss of credit lines that nothing is drawn from, worked by hand: a rupee promised is a rupee at risk."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from customers.models import Customer
from ledger.services import chart_seed
from lms.engine.classification import AssetClass
from lms.engine.provisions import Basis, Layer
from lms.engine.provisions_ecl import Scenario
from lms.engine.terms import Component
from lms.models import CreditLine, Loan, ProvisionPosting, ProvisionResult, ProvisionRun
from lms.services.foreclosures import loan_foreclose
from lms.services.lines.acts import BlockReason, line_block, line_close
from lms.services.provisions.explanation import provision_explain
from lms.services.provisions.movement import movement_of
from lms.services.provisions.posting import provision_run_post
from lms.services.provisions.publishing import ecl_parameters_publish, provision_parameters_publish
from lms.services.provisions.runs import provision_run_compute, provision_run_create
from lms.services.provisions.seeding import provision_seed
from lms.services.verification import control_accounts_verify
from lms.services.waivers import waiver_grant
from lms.services.write_offs import loan_write_off
from tests.factories.book import balances, receive
from tests.factories.lines import draw, loan_of, make_line, make_line_version, standing
from tests.factories.lms import make_customer, make_loan, make_version, next_key, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

OPENED, MAY, JUNE, JULY = date(2026, 5, 20), date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)


@pytest.fixture(autouse=True)
def _books() -> None:
    """One scenario: 1.2 % of standard default in a year, 24 % of SMA-1; half of the undrawn is drawn, half lost."""
    chart_seed()
    provision_seed(layer=Layer.MIDDLE)
    provision_parameters_publish(
        effective_from=date(2026, 1, 1),
        layer=Layer.MIDDLE,
        basis=Basis.ECL,
        scenarios=[Scenario(name="Only", weight_bps=10_000)],
        source="Ind AS 109",
        reason="Listed",
    )
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
    set_business_date(date(2026, 1, 1))


def open_line(**changed: Any) -> CreditLine:
    """Sanction 1,00,000 rupees without interest, on 20 May until the end of 2026."""
    set_business_date(OPENED)
    return make_line(annual_rate_pct=Decimal(0), **changed)


def compute(month_end: date = MAY, **options: Any) -> ProvisionRun:
    """Work a month-end out on the day after it."""
    set_business_date(date.fromordinal(month_end.toordinal() + 1))
    return provision_run_compute(run_id=provision_run_create(month_end=month_end).pk, **options)


def silent_borrower(*, paid: int) -> Customer:
    """A borrower who lent 1,20,000 on 1 January, paid so many instalments of 10,000, and then no more."""
    customer = make_customer()
    loan = make_loan(
        customer=customer, version=make_version(terms={}), annual_rate_pct=Decimal(0), principal_paise=1_20_000_00
    )
    for month in range(2, 2 + paid):
        set_business_date(date(2026, month, 1))
        receive(loan, 10_000_00, date(2026, month, 1))
    return customer


def test_line_that_was_never_drawn_has_an_expected_loss_of_its_own() -> None:
    line = open_line()

    run = compute()

    [result] = ProvisionResult.objects.filter(run=run)
    assert (result.loan, result.line, result.number) == (None, line, line.number)
    assert (result.funded_paise, result.line_undrawn_paise, result.months_left) == (0, 1_00_000_00, 7)
    assert (result.asset_class, result.stage, result.iracp_paise) == ("STANDARD", 1, 0)
    # Half of 1,00,000, of which seven twelfths of 1.2 % default by the end of the year, and half of that is lost.
    assert result.ecl_paise == 175_00
    assert run.totals == [["CL", "STANDARD", 1, 0, 0, 0, 175_00]]
    assert (run.loans_total, run.loans_done, run.problems) == (0, 0, [])


def test_its_figure_is_worked_out_again_from_its_explanation() -> None:
    open_line()
    [result] = ProvisionResult.objects.filter(run=compute()).select_related("run__parameters")

    explained = provision_explain(result=result)

    assert (explained.iracp_paise, explained.ecl_paise) == (0, 175_00)
    assert explained.factor.units == result.factor_units


def test_line_whose_drawdowns_are_all_repaid_stands_for_itself_again() -> None:
    line = open_line()
    loan = loan_of(draw(line, 30_000_00, OPENED))
    assert ProvisionResult.objects.get(run=compute()).line_undrawn_paise == 70_000_00
    loan_foreclose(
        loan_id=loan.pk,
        amount_paise=30_000_00,
        value_date=date(2026, 6, 1),
        reference=next_key("UTR"),
        idempotency_key=next_key("foreclose"),
    )

    [result] = ProvisionResult.objects.filter(run=compute(JUNE))

    assert (result.loan, result.line, result.line_undrawn_paise) == (None, line, 1_00_000_00)
    # From 30 June to 31 December it is six months and a begun one.
    assert (result.months_left, result.ecl_paise) == (7, 175_00)


def test_principal_that_was_waived_does_not_come_back_to_the_line() -> None:
    line = open_line()
    loan = loan_of(draw(line, 30_000_00, OPENED))
    set_business_date(date(2026, 6, 25))
    waiver_grant(
        loan_id=loan.pk,
        component=Component.PRINCIPAL,
        amount_paise=4_000_00,
        value_date=date(2026, 6, 25),
        idempotency_key=next_key("waive"),
        reason="Hardship",
    )

    result = ProvisionResult.objects.get(run=compute(JUNE))

    assert result.loan == loan
    # 1,00,000 less 26,000 owed and 4,000 given up: what the memo account holds too.
    assert result.line_undrawn_paise == standing(line).undrawn_paise == 70_000_00


def test_line_that_nothing_can_be_drawn_of_has_no_result() -> None:
    version = make_line_version()
    blocked, closed = open_line(version=version), open_line(version=version)
    expired = open_line(version=version, valid_until=date(2026, 5, 30))
    line_block(
        line_id=blocked.pk, block_reason=BlockReason.OTHER, idempotency_key=next_key("block"), reason="Under review"
    )
    line_close(line_id=closed.pk, idempotency_key=next_key("close"), reason="By letter")

    assert expired.pk
    assert not ProvisionResult.objects.filter(run=compute()).exists()


def test_line_of_a_non_performing_borrower_has_no_result() -> None:
    customer = silent_borrower(paid=0)
    open_line(customer=customer)

    [result] = ProvisionResult.objects.filter(run=compute())

    assert (result.asset_class, result.line) == ("SUB_STANDARD", None)


def test_line_of_a_borrower_whose_debt_was_written_off_has_no_result() -> None:
    customer = silent_borrower(paid=0)
    line = open_line(customer=customer)
    loan_write_off(
        loan_id=Loan.objects.get(customer=customer).pk,
        value_date=OPENED,
        is_technical=True,
        idempotency_key=next_key("write-off"),
        reason="No payment ever",
    )

    assert line.pk
    assert not ProvisionResult.objects.filter(run=compute()).exists()


def test_worst_loan_of_the_borrower_tells_how_risky_the_line_is() -> None:
    customer = silent_borrower(paid=3)
    line = open_line(customer=customer)

    result = ProvisionResult.objects.get(run=compute(), line=line)

    # The instalment of 1 May is thirty-one days past due on 31 May: seven twelfths of 24 %, over the whole life.
    assert (result.asset_class, result.stage, result.days_past_due) == ("SMA_1", 2, 31)
    assert result.ecl_paise == 3_500_00


def test_line_that_is_drawn_for_the_first_time_leaves_and_its_loan_comes_new() -> None:
    line = open_line()
    may = compute()
    provision_run_post(run_id=may.pk, reason="Month-end")
    set_business_date(date(2026, 6, 15))
    loan = loan_of(draw(line, 40_000_00, date(2026, 6, 15)))

    june = compute(JUNE)

    drawn = ProvisionResult.objects.get(run=june)
    assert (drawn.loan, drawn.line_undrawn_paise) == (loan, 60_000_00)
    [line_of_stage] = movement_of(run=june, bucket="stage", figure="ecl")
    assert (line_of_stage.opening_paise, line_of_stage.closed_paise) == (175_00, 175_00)
    assert line_of_stage.new_paise == line_of_stage.closing_paise == drawn.ecl_paise
    assert line_of_stage.explained_paise == line_of_stage.closing_paise


def test_line_that_stays_undrawn_is_remeasured() -> None:
    open_line()
    compute(JUNE)

    [line_of_stage] = movement_of(run=compute(JULY), bucket="stage", figure="ecl")

    assert (line_of_stage.opening_paise, line_of_stage.remeasured_paise, line_of_stage.closing_paise) == (
        175_00,
        -50_00,
        125_00,
    )
    assert (line_of_stage.new_paise, line_of_stage.closed_paise) == (0, 0)


def test_books_carry_what_undrawn_lines_need() -> None:
    open_line()

    run = provision_run_post(run_id=compute().pk, reason="Month-end")

    [posting] = run.postings.all()
    assert (posting.product_code, posting.head, posting.amount_paise) == (
        "CL",
        ProvisionPosting.Head.PERFORMING,
        175_00,
    )
    assert balances("CL")["PROVISION_EXPENSE"] == 175_00
    assert [str(difference) for difference in control_accounts_verify()[1]] == []


def test_stopped_run_finds_every_line_once_among_borrowers_with_and_without_loans() -> None:
    version = make_line_version()
    undrawn = [open_line(version=version) for _ in range(2)]
    draw(open_line(version=version), 30_000_00, OPENED)
    undrawn.append(open_line(version=version))

    run = compute(chunk_customers=1)

    results = ProvisionResult.objects.filter(run=run, line__isnull=False).order_by("line_id")
    assert [result.line for result in results] == undrawn
    assert ProvisionResult.objects.filter(run=run).count() == 4
    assert (run.loans_done, run.loans_total) == (1, 1)


def test_result_is_of_a_loan_or_of_a_line_and_never_changes() -> None:
    line = open_line()
    [result] = ProvisionResult.objects.filter(run=compute())
    loan = loan_of(draw(line, 30_000_00, date(2026, 6, 1)))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ProvisionResult.objects.filter(pk=result.pk).update(line=None, loan=loan)
    for change in ({"loan": loan}, {"line": None}):
        values = {field.attname: getattr(result, field.attname) for field in result._meta.concrete_fields}
        copied = ProvisionResult(**{**values, "id": None, "run_id": result.run_id})
        for name, value in change.items():
            setattr(copied, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            copied.save(force_insert=True)


def test_page_and_interface_show_the_line_and_why() -> None:
    line = open_line()
    run = compute()
    [result] = ProvisionResult.objects.filter(run=run)
    finance = client_of("finance")

    listed = finance.get(reverse("staff:provision-run", args=[run.pk]), {"stage": "1"}).content.decode()
    shown = finance.get(reverse("staff:provision-result", args=[result.pk])).content.decode()
    answer: Any = finance.get(reverse("staff:provision-report", args=[run.pk, "csv"]))
    told = finance.get(f"/api/v1/provision-runs/{run.pk}/loans/").json()["results"]

    assert line.number in listed
    assert "stands for itself" in shown
    assert b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1].startswith(f"{line.number},CL,")
    assert [(row["loan"], row["line"], row["ecl_paise"]) for row in told] == [(None, line.number, 175_00)]
