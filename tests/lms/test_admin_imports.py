"""The import pages: upload, dry run, report and commit, and what they say when something is wrong."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry
from lms.models import ImportBatch, Loan
from tests.factories.lms import set_business_date
from tests.factories.staff import client_of
from tests.lms.imports.tapes import SMALL_HEADER, SMALL_MAP, SMALL_ROW

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    """The browser of a manager."""
    return client_of("manager")


def page_of(client: Client, target: str) -> str:
    """Open a page and return its text with single spaces."""
    response = client.get(target)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def upload(client: Client, tape: str, import_map: str = SMALL_MAP) -> Any:
    files = {
        "tape": SimpleUploadedFile("tape.csv", tape.encode()),
        "map_file": SimpleUploadedFile("map.yaml", import_map.encode()),
    }
    return client.post(reverse("staff:imports"), files)


@pytest.mark.usefixtures("tasks_at_once")
def test_tape_is_checked_downloaded_and_committed(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    page = page_of(manager, upload(manager, f"{SMALL_HEADER}\n{SMALL_ROW}\n")["Location"])
    batch = ImportBatch.objects.get()

    report = manager.get(reverse("staff:import-report", args=[batch.pk, "csv"]))
    without_reason = manager.post(reverse("staff:import-commit", args=[batch.pk]), {"reason": ""})
    manager.post(reverse("staff:import-commit", args=[batch.pk]), {"reason": "Opening"})

    batch.refresh_from_db()
    assert "rows 1, instalment exact 1, balance exact 1, explained 0, rejected 0" in page
    assert report["Content-Disposition"] == f'attachment; filename="import-{batch.pk}-report.csv"'
    assert without_reason.status_code == 302
    assert (batch.state, Loan.objects.get().external_reference) == ("COMMITTED", "A1")
    assert AuditEntry.objects.get(action="lms.import_commit").reason == "Opening"


def test_wrong_map_is_refused_with_its_line(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))

    response = upload(manager, f"{SMALL_HEADER}\n{SMALL_ROW}\n", SMALL_MAP.replace("ref: reference", "ref: nonsense"))

    assert response.status_code == 422
    assert "The map is wrong at line" in response.content.decode()
    assert not ImportBatch.objects.exists()


@pytest.mark.usefixtures("queue_without_worker")
def test_import_that_no_worker_took_yet_says_so(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))

    response = upload(manager, f"{SMALL_HEADER}\n{SMALL_ROW}\n")

    assert "Waiting for a worker" in page_of(manager, response["Location"])
