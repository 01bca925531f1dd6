"""The pages of provisions: start, drill down, ask, approve, download, publish, mark."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from core.approvals.models import ApprovalRequest
from core.approvals.services import approval_approve
from core.models import AuditEntry
from ledger.models import Journal
from lms.models import (
    EclParameters,
    Loan,
    ProvisionMark,
    ProvisionParameters,
    ProvisionRate,
    ProvisionResult,
    ProvisionRun,
    ProvisionSegment,
)
from tests.factories.lms import make_loan, set_business_date
from tests.factories.provisions import provisions_fill
from tests.factories.staff import client_of, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_at_once")]


@pytest.fixture
def loan() -> Loan:
    """A loan that has paid nothing up to the books' day, 10 March 2026."""
    set_business_date(date(2026, 1, 1))
    loan = make_loan()
    set_business_date(date(2026, 3, 10))
    return loan


@pytest.fixture
def run(loan: Loan) -> ProvisionRun:
    """February, worked out."""
    return provisions_fill()


@pytest.fixture
def finance() -> Client:
    """The browser of an accountant."""
    return client_of("finance")


def text(client: Client, address: str, **data: Any) -> str:
    """Return a page."""
    answer = client.get(address, data)
    assert answer.status_code == 200
    return answer.content.decode()


def test_accountant_starts_a_month_end_and_a_worker_works_it_out(run: ProvisionRun, finance: Client) -> None:
    answer = finance.post(reverse("staff:provisions"), {"month_end": "2026-01-31"}, follow=True)

    assert ProvisionRun.objects.get(month_end=date(2026, 1, 31)).state == "COMPUTED"
    assert "By the norms" in answer.content.decode()


def test_open_month_is_refused_on_the_page(run: ProvisionRun, finance: Client) -> None:
    answer = finance.post(reverse("staff:provisions"), {"month_end": "2026-03-31"})

    assert answer.status_code == 422
    assert "is not closed yet" in answer.content.decode()


def test_empty_list_says_what_to_do(finance: Client) -> None:
    set_business_date(date(2026, 3, 10))

    assert "No month-end is worked out yet" in text(finance, reverse("staff:provisions"))


def test_figure_leads_to_the_loans_and_to_the_reason(run: ProvisionRun, loan: Loan, finance: Client) -> None:
    result = ProvisionResult.objects.get(run=run)
    page = text(finance, reverse("staff:provision-run", args=[run.pk]), asset_class=result.asset_class)

    assert loan.number in page
    assert reverse("staff:provision-result", args=[result.pk]) in page
    why = text(finance, reverse("staff:provision-result", args=[result.pk]))
    assert "Prudential norms for NBFCs" in why
    assert "Worked out anew" in why


def test_loan_page_shows_its_provision(run: ProvisionRun, loan: Loan, finance: Client) -> None:
    part = reverse("staff:loan-provision", args=[loan.pk])
    page = text(finance, part)

    assert part in text(finance, reverse("admin:lms_loan_change", args=[loan.pk]))
    assert "No month-end of this loan" in text(finance, part, as_of="2026-02-27")
    assert reverse("staff:provision-result", args=[ProvisionResult.objects.get(run=run).pk]) in page


def test_pages_take_few_queries(run: ProvisionRun, loan: Loan, finance: Client) -> None:
    cache.clear()
    result = ProvisionResult.objects.get(run=run)
    addresses = [
        reverse("staff:provisions"),
        reverse("staff:provision-run", args=[run.pk]) + f"?asset_class={result.asset_class}",
        reverse("staff:provision-result", args=[result.pk]),
        reverse("staff:provision-mark", args=[loan.pk]),
    ]
    costs = []
    for address in addresses:
        with CaptureQueriesContext(connection) as captured:
            finance.get(address)
        costs.append(len(captured))

    assert max(costs) <= 15, costs


def test_one_asks_and_another_posts(run: ProvisionRun, finance: Client) -> None:
    ask = reverse("staff:provision-ask", args=[run.pk])
    finance.post(ask, {"reason": "Month-end", "idempotency_key": "ask-1"})
    request = ApprovalRequest.objects.get()

    assert not Journal.objects.filter(event="PROVISIONS").exists()
    assert {line["account"] for line in request.effect["postings"]} == {"5130.PL", "2520.PL"}
    assert "waits for a second person" in text(finance, reverse("staff:provision-run", args=[run.pk]))

    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=make_staff("manager"))

    run.refresh_from_db()
    assert (run.state, run.postings.count()) == ("POSTED", 1)
    finance.post(ask, {"reason": "Wrong rate", "idempotency_key": "ask-2"})
    back = ApprovalRequest.objects.get(kind="lms.provision_run_reversal")
    approval_approve(request_id=back.pk, seen_effect_hash=back.effect_hash, actor=make_staff("manager"))
    run.refresh_from_db()
    assert run.state == "REVERSED"


def test_request_without_a_reason_is_not_made(run: ProvisionRun, finance: Client) -> None:
    finance.post(reverse("staff:provision-ask", args=[run.pk]), {"idempotency_key": "ask-1"})

    assert not ApprovalRequest.objects.exists()


def test_csv_has_a_line_for_each_loan_in_rupees(run: ProvisionRun, loan: Loan, finance: Client) -> None:
    answer: Any = finance.get(reverse("staff:provision-report", args=[run.pk, "csv"]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()

    result = ProvisionResult.objects.get(run=run)
    assert len(lines) == 2
    assert lines[1].startswith(f"{loan.number},PL,PERSONAL,SMA_0,1,28,,120000.00,")
    assert lines[1].split(",")[-2] == f"{result.iracp_paise // 100}.{result.iracp_paise % 100:02d}"
    assert AuditEntry.objects.get(action="lms.provision_export").detail == {"kind": "csv", "loans": 1}


def test_xlsx_has_the_same_lines(run: ProvisionRun, loan: Loan, finance: Client) -> None:
    answer: Any = finance.get(reverse("staff:provision-report", args=[run.pk, "xlsx"]))

    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows] == ["loan", loan.number]
    assert (rows[1][7], rows[1][4]) == (120000, 1)


def test_accountant_publishes_every_kind_of_row(run: ProvisionRun, finance: Client) -> None:
    common = {"effective_from": "2026-04-01", "source": "A circular", "reason": "New norm"}
    sent: dict[str, dict[str, Any]] = {
        "parameters": {
            "layer": "UPPER",
            "basis": "ECL",
            "stage_2_from_days": "31",
            "stage_3_from_days": "91",
            "scenarios": "Base; 75; 1; 1\nBad; 25; 1.5; 1.2",
        },
        "rate": {"kind": "STANDARD", "layer": "MIDDLE", "category": "", "secured_pct": "0.45", "unsecured_pct": "0.45"},
        "model": {
            "segment": "personal",
            "lgd_secured_pct": "35",
            "lgd_unsecured_pct": "65",
            "ccf_pct": "50",
            "profile": "AMORTISING",
            "STANDARD": "1.5, 2.8",
            "SMA_0": "6",
            "SMA_1": "22",
            "SMA_2": "45",
        },
        "segment": {"product_code": "PL", "segment": "personal", "category": "GENERAL", "secured_pct": "12.5"},
    }
    for kind, fields in sent.items():
        answer = finance.post(reverse("staff:provision-publish", args=[kind]), {**common, **fields}, follow=True)
        assert "Published" in answer.content.decode(), kind

    first = date(2026, 4, 1)
    assert [item["weight_bps"] for item in ProvisionParameters.objects.get(effective_from=first).scenarios] == [
        7_500,
        2_500,
    ]
    assert ProvisionRate.objects.get(effective_from=first).unsecured_bps == 45
    assert EclParameters.objects.get(effective_from=first).curves["STANDARD"] == [15_000, 28_000]
    assert ProvisionSegment.objects.get(effective_from=first).secured_bps == 1_250


@pytest.mark.parametrize(
    ("kind", "changes", "refusal"),
    [
        ("parameters", {"scenarios": "Base; 50; 1; 1"}, "not positive parts of 100 %"),
        ("parameters", {"scenarios": "Base 100"}, "is not name; weight; factor; factor"),
        ("rate", {"unsecured_pct": "101"}, "less than or equal to 100"),
    ],
)
def test_row_that_cannot_be_meant_is_refused(
    run: ProvisionRun, finance: Client, kind: str, changes: dict[str, str], refusal: str
) -> None:
    fields = {
        "effective_from": "2026-04-01",
        "source": "A circular",
        "reason": "New norm",
        "layer": "UPPER",
        "basis": "ECL",
        "stage_2_from_days": "31",
        "stage_3_from_days": "91",
        "kind": "STANDARD",
        "secured_pct": "1",
    }
    count = ProvisionParameters.objects.count(), ProvisionRate.objects.count()

    answer = finance.post(reverse("staff:provision-publish", args=[kind]), {**fields, **changes})

    assert answer.status_code == 422
    assert refusal in answer.content.decode()
    assert (ProvisionParameters.objects.count(), ProvisionRate.objects.count()) == count


def test_loan_is_marked_and_the_mark_taken_off(loan: Loan, finance: Client) -> None:
    page = reverse("staff:provision-mark", args=[loan.pk])

    finance.post(page, {"kind": "WATCH_LIST", "act": "SET", "reason": "Lost his job"})
    refused = finance.post(page, {"kind": "WATCH_LIST", "act": "SET", "reason": "Again"})
    finance.post(page, {"kind": "WATCH_LIST", "act": "CLEAR", "reason": "Found another"})

    assert refused.status_code == 422
    assert list(ProvisionMark.objects.order_by("pk").values_list("is_set", flat=True)) == [True, False]
