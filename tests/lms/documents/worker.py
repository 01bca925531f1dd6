"""A process of its own that works on a document job, and dies where it is told to.

python -m tests.lms.documents.worker JOB KILL_AT LEASE_SECONDS
"""

import json
import os
import signal
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django


def main(job: str, kill_at: str, lease: str) -> None:
    """Run the job; with KILL_AT die by SIGKILL before that statement, else print what is there in the end."""
    from django.db import connection

    from lms.documents.jobs import document_job_run

    statements = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        if statements == int(kill_at):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(count):
        document_job_run(job_id=int(job), lease=timedelta(seconds=int(lease)))
    print(json.dumps(_outcome(int(job))))


def _outcome(job_id: int) -> dict[str, Any]:
    from lms.models import Document, DocumentJob

    job = DocumentJob.objects.get(pk=job_id)
    documents = Document.objects.order_by("serial")
    packed = [
        name
        for chunk in job.chunks.order_by("number")
        if chunk.file
        for name in zipfile.ZipFile(chunk.file.open("rb")).namelist()
    ]
    return {
        "job": [job.state, job.documents_done, job.refused, job.chunks_done],
        "loans": list(documents.values_list("loan__number", flat=True)),
        "serials": list(documents.values_list("serial", flat=True)),
        "without_file": documents.filter(pdf_sha256=None).count(),
        "packed": packed,
    }


if __name__ == "__main__":
    from django.conf import settings

    # Archives outlive the process here, unlike in other tests.
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    django.setup()
    main(*sys.argv[1:])
