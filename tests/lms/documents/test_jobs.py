"""Many documents at once: in parts, shared by workers, none lost and none twice when one is killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from core.models import AuditEntry
from lms.documents.cases import Subject
from lms.documents.jobs import document_job_create, document_job_run
from lms.models import Document, DocumentJob, DocumentJobChunk, Loan, ProductVersion
from lms.models.document import DocumentKind as Kind
from lms.models.document import DocumentLanguage
from lms.tasks import documents_bulk
from tests.factories.book import refused
from tests.factories.lms import make_loan, make_version, set_business_date
from tests.factories.staff import make_staff
from tests.lms.documents.book import pdf_text, publish_lender

ROOT = Path(__file__).resolve().parents[3]
NO_LEASE = timedelta(0)


def lend(count: int) -> tuple[ProductVersion, list[Loan]]:
    """Lend some loans on 1 January 2026; the books are on 10 April."""
    set_business_date(date(2026, 4, 10))
    publish_lender(date(2026, 4, 10))
    version = make_version()
    return version, [make_loan(version=version) for _ in range(count)]


def certificates(**options: Any) -> DocumentJob:
    """Create a job of interest certificates of 2025-26."""
    values: dict[str, Any] = {
        "subject": Subject(year=2025),
        "idempotency_key": "certificates",
        "chunk_loans": 2,
        **options,
    }
    return document_job_create(kind=Kind.INTEREST, language=DocumentLanguage.EN, **values)


def test_job_issues_each_loan_its_document_and_packs_them_by_parts(db: None) -> None:
    _, loans = lend(5)
    seen: list[int] = []

    job = document_job_run(job_id=certificates().pk, progress=lambda job: seen.append(job.documents_done))

    assert (job.state, job.documents_done, job.refused, job.chunks_done) == ("DONE", 5, 0, 3)
    assert seen == [2, 4, 5]
    issued = Document.objects.order_by("serial")
    assert [document.loan for document in issued] == loans
    assert [document.serial for document in issued] == [1, 2, 3, 4, 5]
    parts = [zipfile.ZipFile(chunk.file.open("rb")) for chunk in job.chunks.order_by("number")]
    assert [part.namelist() for part in parts] == [
        ["INT-2026-27-000001.pdf", "INT-2026-27-000002.pdf"],
        ["INT-2026-27-000003.pdf", "INT-2026-27-000004.pdf"],
        ["INT-2026-27-000005.pdf"],
    ]
    assert f"Loan account {loans[2].number}" in pdf_text(parts[1].read("INT-2026-27-000003.pdf"))


def test_finished_job_does_nothing_more(db: None) -> None:
    lend(2)
    job = document_job_run(job_id=certificates().pk)

    again = document_job_run(job_id=job.pk)

    assert (again.documents_done, Document.objects.count()) == (2, 2)


def test_loans_without_a_document_are_named_with_the_reason(db: None) -> None:
    version, [loan] = lend(1)
    later = make_loan(version=version, value_date=date(2026, 4, 5), first_due_date=date(2026, 5, 5))

    job = document_job_run(job_id=certificates().pk)
    assert (job.loans_total, job.documents_done, job.refused) == (1, 1, 0)

    job = document_job_create(
        kind=Kind.STATEMENT,
        language=DocumentLanguage.EN,
        subject=Subject(as_of=date(2026, 3, 31)),
        idempotency_key="statements",
    )
    job = document_job_run(job_id=job.pk)

    assert (job.loans_total, job.documents_done, job.refused) == (2, 1, 1)
    assert job.chunks.get().problems == [{"loan": later.number, "code": "lms.document_loan_not_lent"}]
    assert Document.objects.filter(loan=loan).count() == 2


def test_jobs_are_refused_by_name(db: None) -> None:
    lend(1)
    options: dict[str, Any] = {"language": DocumentLanguage.EN, "idempotency_key": "job"}
    with refused("lms.document_job_kind"):
        document_job_create(kind=Kind.RECEIPT, subject=Subject(sequence=1), **options)
    with refused("lms.document_subject_incomplete"):
        document_job_create(kind=Kind.INTEREST, subject=Subject(), **options)
    with refused("lms.document_job_empty"):
        document_job_create(kind=Kind.INTEREST, subject=Subject(year=2020), **options)
    with refused("lms.document_job_empty"):
        document_job_create(kind=Kind.STATEMENT, subject=Subject(), product_code="NONE", **options)
    with refused("lms.document_job_unknown"):
        document_job_run(job_id=0)
    first = certificates()
    assert certificates() == first
    with refused("lms.idempotency_key_reused"):
        certificates(subject=Subject(year=2024))
    assert DocumentJob.objects.count() == 1


def test_audit_names_who_asked_and_which_numbers_were_issued(db: None) -> None:
    lend(3)
    finance = make_staff("finance")

    document_job_run(job_id=certificates(actor=finance).pk)

    entries = AuditEntry.objects.filter(action__startswith="lms.document", actor=finance).order_by("pk")
    assert [(entry.action, entry.detail.get("first"), entry.detail.get("last")) for entry in entries] == [
        ("lms.document_job_create", None, None),
        ("lms.document_issue_many", "INT-2026-27-000001", "INT-2026-27-000002"),
        ("lms.document_issue_many", "INT-2026-27-000003", "INT-2026-27-000003"),
    ]


def test_part_of_a_living_worker_is_left_to_it(db: None) -> None:
    lend(4)
    job = certificates()
    job.chunks.filter(number=1).update(fence=1, lease_until="2099-01-01T00:00:00Z")

    job = document_job_run(job_id=job.pk)

    assert (job.state, job.documents_done, job.chunks_done) == ("RUNNING", 2, 1)


def test_worker_that_slept_too_long_is_shut_out(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lend(2)
    job = certificates()
    taken_over: list[int] = []

    def sleep_and_lose(order: Any, chunk: DocumentJobChunk) -> Any:
        if not taken_over:
            taken_over.append(DocumentJobChunk.objects.filter(pk=chunk.pk).update(fence=7))
        return real(order, chunk)

    from lms.documents import jobs

    real = jobs._drafts
    monkeypatch.setattr(jobs, "_drafts", sleep_and_lose)
    job = document_job_run(job_id=job.pk, lease=NO_LEASE)

    assert (job.state, job.documents_done, Document.objects.count()) == ("DONE", 2, 2)


def test_task_runs_the_job(db: None, tasks_at_once: None) -> None:
    lend(2)
    job = certificates()

    documents_bulk.apply_async(kwargs={"job_id": job.pk})

    job.refresh_from_db()
    assert (job.state, job.documents_done) == ("DONE", 2)


@pytest.mark.django_db(transaction=True)
def test_worker_killed_anywhere_loses_and_repeats_nothing(tmp_path: Path) -> None:
    _, loans = lend(9)
    job = certificates(chunk_loans=3)
    worker = Worker(tmp_path, job)

    # Statements of the database before which a worker dies; the first takes a part and begins it, and so on.
    endings = [worker.run(kill_at).returncode for kill_at in (6, 11, 14)]
    finished = worker.run(0)

    assert finished.returncode == 0, finished.stderr
    assert endings == [-signal.SIGKILL] * 3
    outcome = json.loads(finished.stdout)
    assert outcome["job"] == ["DONE", 9, 0, 3]
    assert outcome["loans"] == [loan.number for loan in loans]
    assert outcome["serials"] == list(range(1, 10))
    assert outcome["packed"] == [f"INT-2026-27-{serial:06d}.pdf" for serial in range(1, 10)]
    assert outcome["without_file"] == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_a_job(tmp_path: Path) -> None:
    lend(8)
    worker = Worker(tmp_path, certificates(chunk_loans=1))

    pair = [worker.start(0, lease=60), worker.start(0, lease=60)]
    endings = [process.communicate(timeout=120) for process in pair]

    assert [process.returncode for process in pair] == [0, 0], endings
    # Who ends last has seen everything; whoever ends while the other still works tells of a job that runs.
    outcome = max((json.loads(printed) for printed, _ in endings), key=lambda told: told["job"][1])
    assert outcome["job"] == ["DONE", 8, 0, 8]
    assert outcome["serials"] == list(range(1, 9))
    assert len(outcome["packed"]) == 8


class Worker:
    """Processes of their own on the data of the test: SQLite's is in memory, so they get a copy of it."""

    def __init__(self, folder: Path, job: DocumentJob) -> None:
        self.folder, self.job = folder, job
        self.url = _server_url() if connection.vendor == "mysql" else _copied(folder / "book.sqlite3")

    def start(self, kill_at: int, *, lease: int = 0) -> subprocess.Popen[str]:
        """Start a worker that dies by SIGKILL before that statement; 0 lets it finish."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "VAR_DIR": str(self.folder),
        }
        arguments = [str(self.job.pk), str(kill_at), str(lease)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.lms.documents.worker", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, kill_at: int) -> subprocess.CompletedProcess[str]:
        """Run a worker to its end, or to its death."""
        process = self.start(kill_at)
        printed, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)


def _server_url() -> str:
    config = settings.DATABASES["default"]
    address = f"{config['HOST']}:{config['PORT'] or 3306}"
    return f"mysql://{config['USER']}:{config['PASSWORD']}@{address}/{connection.settings_dict['NAME']}"


def _copied(path: Path) -> str:
    connection.ensure_connection()
    with sqlite3.connect(path) as copy:
        connection.connection.backup(copy)
    copy.close()
    return f"sqlite:///{path}"
