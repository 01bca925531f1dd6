"""From the form to the dry run, to its result, to the request: what staff see, and what goes with the request."""

import csv
import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.approvals.services import approval_approve
from core.models import ApprovalRequest, AuditEntry
from lms.dry_runs.jobs import dry_run_work
from lms.models import ClassificationParameters, DryRun, DryRunKind, DryRunLoan, Holiday, Loan, Product, ProductVersion
from lms.services.classification_rules import Thresholds, classification_seed
from lms.services.day_end import day_end_run
from lms.services.holidays import holidays_known
from tests.factories.lms import make_loan, make_product, make_version
from tests.factories.staff import client_of, make_staff
from tests.lms.day_end.lender import make_lender
from tests.lms.dry_runs.trials import FIRST_DAY, tried, version_change

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queue_without_worker")]

THRESHOLDS = {
    **Thresholds(sma_1_from_days=20, sma_2_from_days=30, npa_from_days=40).as_columns(),
    "effective_from": "2026-04-30",
    "source": "A circular",
    "reason": "New norm",
    "idempotency_key": "once",
}


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    classification_seed()
    make_lender(first_day=FIRST_DAY)
    day_end_run()


@pytest.fixture
def manager() -> Client:
    """A browser with a manager logged in."""
    return client_of("manager")


def second_manager() -> User:
    """Return another manager than the one of the browser."""
    user = User.objects.create(username="second", is_staff=True)
    user.groups.add(Group.objects.get(name="manager"))
    return user


def text_of(client: Client, name: str, *args: Any, query: str = "") -> str:
    """Open a page."""
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def done_run() -> DryRun:
    """Try thresholds that move loans to worse classes, to the end."""
    change = {
        "effective_from": "2026-04-30",
        "thresholds": Thresholds(sma_1_from_days=20, sma_2_from_days=30, npa_from_days=40).as_columns(),
        "source": "A circular",
        "reason": "New norm",
    }
    return tried(DryRunKind.CLASSIFICATION, change)


def test_thresholds_are_tried_asked_for_and_agreed_to_with_what_they_move(manager: Client) -> None:
    started = manager.post(reverse("staff:classification-publish"), {**THRESHOLDS, "try": "CLASSIFICATION"})
    run = DryRun.objects.get()
    waiting = text_of(manager, "staff:dry-run", run.pk)
    dry_run_work(run_id=run.pk)
    done = text_of(manager, "staff:dry-run", run.pk)

    asked_page = manager.post(reverse("staff:dry-run-act", args=[run.pk, "ask"]), follow=True).content.decode()

    asked = ApprovalRequest.objects.get()
    assert started.headers["Location"] == reverse("staff:dry-run", args=[run.pk])
    assert "0 of 24 loans are worked out" in waiting
    assert "Principal by class" in done
    assert (asked.payload["dry_run_id"], asked.effect["loans_tried"]) == (run.pk, 24)
    assert asked.effect["class_moves"] != []
    assert [paper.name for paper in asked.attachments.all()] == [f"dry-run-{run.pk}.csv"]
    assert f"{run.pk}: Asset classes from 2026-04-30" in asked_page
    assert 'data-chart="compare"' in asked_page
    approval_approve(request_id=asked.pk, seen_effect_hash=asked.effect_hash, actor=second_manager())
    assert ClassificationParameters.objects.get(effective_from=date(2026, 4, 30)).npa_from_days == 40


def test_request_without_a_dry_run_can_be_tried_by_its_approver(manager: Client) -> None:
    manager.post(reverse("staff:classification-publish"), THRESHOLDS)
    asked = ApprovalRequest.objects.get()
    before = text_of(client_of("finance"), "staff-approvals:request", asked.pk)

    client_of("finance").post(reverse("staff:dry-run-of-request", args=[asked.pk]))

    run = DryRun.objects.get()
    after = text_of(client_of("finance"), "staff-approvals:request", asked.pk)
    assert "Nobody has tried this change on the live book yet." in before
    assert reverse("staff:dry-run", args=[run.pk]) in after


def test_result_leads_to_the_loans_behind_a_figure(
    manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = done_run()
    row = DryRunLoan.objects.filter(run=run, class_before="SMA_1", class_after="SUB_STANDARD").order_by("pk")[0]

    with django_assert_max_num_queries(15):
        page = text_of(manager, "staff:dry-run", run.pk, query="?class_before=SMA_1&class_after=SUB_STANDARD")

    assert row.number in page
    assert "Principal by class" in page


def test_downloads_have_a_line_for_each_loan_and_are_written_down(manager: Client) -> None:
    run = done_run()

    text: Any = manager.get(reverse("staff:dry-run-report", args=[run.pk, "csv"]))
    book: Any = manager.get(reverse("staff:dry-run-report", args=[run.pk, "xlsx"]))

    lines = list(csv.DictReader(io.StringIO(b"".join(text.streaming_content).decode("utf-8-sig"))))
    workbook = zipfile.ZipFile(io.BytesIO(b"".join(book.streaming_content)))
    first = DryRunLoan.objects.filter(run=run).order_by("loan_id")[0]
    assert len(lines) == run.loans_moved
    assert (lines[0]["loan"], lines[0]["asset class now"]) == (first.number, first.class_before)
    assert lines[0]["asset class with the change"] == first.class_after
    assert len([name for name in workbook.namelist() if name.startswith("xl/worksheets/sheet")]) == 4
    assert workbook.read("xl/worksheets/sheet4.xml").count(b"<row ") == run.loans_moved + 1
    assert AuditEntry.objects.filter(action="lms.dry_run_export").count() == 2


def test_progress_polls_while_it_runs_and_loads_the_page_when_it_is_over(manager: Client) -> None:
    manager.post(reverse("staff:classification-publish"), {**THRESHOLDS, "try": "CLASSIFICATION"})
    run = DryRun.objects.get()
    polled = manager.get(reverse("staff:dry-run-progress", args=[run.pk]))
    dry_run_work(run_id=run.pk)

    over = manager.get(reverse("staff:dry-run-progress", args=[run.pk]))

    assert ("HX-Refresh" in polled.headers, over.headers["HX-Refresh"]) == (False, "true")
    assert "every 1500ms" in polled.content.decode()


def test_running_dry_run_is_cancelled_on_its_page(manager: Client) -> None:
    manager.post(reverse("staff:classification-publish"), {**THRESHOLDS, "try": "CLASSIFICATION"})
    run = DryRun.objects.get()

    page = manager.post(reverse("staff:dry-run-act", args=[run.pk, "cancel"]), follow=True).content.decode()

    assert DryRun.objects.get().state == DryRun.State.CANCELLED
    assert "It was cancelled after 0 of 24 loans." in page


def test_list_says_where_to_begin_when_there_is_none(manager: Client) -> None:
    assert "Nothing was tried yet" in text_of(manager, "staff:dry-runs")


def test_list_shows_the_runs(manager: Client) -> None:
    run = done_run()

    assert reverse("staff:dry-run", args=[run.pk]) in text_of(manager, "staff:dry-runs")


def test_version_is_tried_from_its_form(manager: Client) -> None:
    product = Product.objects.get(code="DAILY")
    address = reverse("staff:product-publish", args=[product.pk])
    form = manager.get(address).context["form"]
    entered = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    entered |= {"penal_rate_pct": "36", "reason": "Board", "waterfall_order": "penal, fee, tax, interest, principal"}

    manager.post(address, {**entered, "try": "WATERFALL"})
    manager.post(address, {**entered, "try": "PENAL_PLAN"})

    kinds = dict(DryRun.objects.values_list("kind", "change_hash"))
    assert sorted(kinds) == ["PENAL_PLAN", "WATERFALL"]
    assert len(set(kinds.values())) == 1
    assert DryRun.objects.get(kind="PENAL_PLAN").assumption["terms_template"]["penal_plan"]["annual_rate_pct"] == "36"
    steps = DryRun.objects.get(kind="WATERFALL").assumption["terms_template"]["waterfalls"][0]["steps"]
    assert [step["component"] for step in steps[:5]] == ["PENAL", "FEE", "TAX", "INTEREST", "PRINCIPAL"]
    assert ProductVersion.objects.filter(product=product).count() == 1


def test_order_that_leaves_a_component_out_is_refused(manager: Client) -> None:
    product = Product.objects.get(code="DAILY")
    address = reverse("staff:product-publish", args=[product.pk])
    form = manager.get(address).context["form"]
    entered = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    answer = manager.post(address, {**entered, "reason": "Board", "waterfall_order": "penal, fee", "try": "WATERFALL"})

    assert answer.status_code == 422
    assert "Name each of these once" in answer.content.decode()
    assert DryRun.objects.count() == 0


def test_holidays_are_tried_agreed_to_and_carried_by_loans_sanctioned_later(manager: Client) -> None:
    version = make_version(product=make_product(code="HOLY"), terms={"holiday_move": "NEXT_WORKING_DAY"})
    loan = make_loan(version=version, sanctioned_on=date(2026, 4, 1), value_date=date(2026, 4, 1), first_due_date=None)
    entered = {"added": "2026-06-01 Eid", "removed": "", "reason": "Gazette", "idempotency_key": "once"}

    manager.post(reverse("staff:holidays"), {**entered, "try": "HOLIDAYS"})
    run = dry_run_work(run_id=DryRun.objects.get().pk)
    manager.post(reverse("staff:holidays"), entered)

    asked = ApprovalRequest.objects.get()
    assert (run.loans_total, run.loans_done, asked.payload["dry_run_id"]) == (1, 1, run.pk)
    assert asked.effect["days"] == [{"day": "2026-06-01", "now": "working day", "then": "Eid"}]
    approval_approve(request_id=asked.pk, seen_effect_hash=asked.effect_hash, actor=second_manager())
    later = make_loan(version=version, sanctioned_on=date(2026, 4, 1), value_date=date(2026, 4, 1), first_due_date=None)
    assert holidays_known() == {date(2026, 6, 1): "Eid"}
    assert Loan.objects.get(pk=loan.pk).terms["holidays"] == []
    assert Loan.objects.get(pk=later.pk).terms["holidays"] == ["2026-06-01"]


def test_holiday_before_the_business_date_is_refused(manager: Client) -> None:
    entered = {"added": "2026-04-01 Past", "removed": "", "reason": "Gazette", "idempotency_key": "once"}

    answer = manager.post(reverse("staff:holidays"), entered)

    assert answer.status_code == 422
    assert "2026-04-01 is before the business date" in answer.content.decode()
    assert (Holiday.objects.count(), ApprovalRequest.objects.count()) == (0, 0)


def test_operations_may_look_and_not_try() -> None:
    manager = make_staff("manager")
    change = version_change(code="DAILY", terms={})
    run = tried(DryRunKind.PRODUCT, change)

    page = text_of(client_of("operations"), "staff:dry-run", run.pk)

    assert manager.pk == run.created_by_id
    assert "Ask for approval" not in page
    assert "Try again" not in page
