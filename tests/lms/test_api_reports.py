"""Documents, taxes and provisions over the interface: what is issued and read equals the book."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.models import AuditEntry
from lms.models import Document, Loan
from tests.factories.api import done, path_of, read, send, tool_of
from tests.factories.book import levy
from tests.factories.lms import make_loan, set_business_date
from tests.factories.provisions import provisions_fill
from tests.lms.documents.book import issue_some

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queue_without_worker")]

TODAY = date(2026, 3, 10)


@pytest.fixture
def loan(settings: Any, tmp_path: Path) -> Loan:
    """A running loan; the books are on 10 March 2026."""
    settings.MEDIA_ROOT = tmp_path
    set_business_date(TODAY)
    return make_loan()


def test_document_is_issued_once_read_and_downloaded(loan: Loan) -> None:
    issue_some(loan)
    tool, target = tool_of("operations"), path_of("api-document-issue", number=loan.number)
    body = {"kind": "STATEMENT", "as_of": "2026-03-09"}

    first, second = (send(tool, target, body, key="statement") for _ in range(2))

    number = done(first)["number"]
    assert (second.json()["number"], second["Idempotent-Replayed"]) == (number, "true")
    assert Document.objects.filter(kind="STATEMENT", job_chunk=None).count() == 1
    file = read(tool, f"/documents/{number}/file/")
    assert (file["Content-Type"], file.content[:5]) == ("application/pdf", b"%PDF-")
    assert AuditEntry.objects.filter(action="lms.document_download").count() == 1
    listed = read(tool, "/documents/", loan=loan.number, kind="STATEMENT").json()["results"]
    assert listed[0]["number"] == number
    job = done(send(tool_of("finance"), "/document-jobs/start/", {"kind": "SCHEDULE"}))
    assert (job["loans_total"], job["state"]) == (1, "RUNNING")


def test_tax_register_equals_the_ledger(loan: Loan) -> None:
    levy(loan, "STATEMENT", TODAY)
    tool = tool_of("analyst")

    register = read(tool, "/ledger/gst-register/", month="2026-03").json()
    [invoice] = read(tool, "/ledger/tax-documents/", kind="INVOICE").json()["results"]

    assert (register["is_equal"], register["total"]["taxable_paise"]) == (True, 100_00)
    assert (invoice["taxable_paise"], invoice["cgst_paise"], invoice["sgst_paise"]) == (100_00, 9_00, 9_00)
    assert read(tool, f"/ledger/tax-documents/{invoice['number']}/").json() == invoice
    assert read(tool, "/ledger/gst-register/", state="KA").status_code == 404
    assert read(tool, "/ledger/gst-register/", month="2026-13").status_code == 400


def test_provisions_are_read_by_run_and_by_loan(loan: Loan) -> None:
    run = provisions_fill()

    shown = read(tool_of("analyst"), f"/provision-runs/{run.pk}/").json()
    rows = read(tool_of("analyst"), f"/provision-runs/{run.pk}/loans/", stage="1").json()["results"]

    assert (shown["run"]["month_end"], shown["totals"][0]["loans"]) == ("2026-02-28", 1)
    assert [row["loan"] for row in rows] == [loan.number]
