"""Tasks travel through a real broker to a worker process and come back done."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.broker


@pytest.fixture
def worker(broker_url: str, tmp_path: Path) -> Iterator[Path]:
    """A worker process of the project on the broker of this run; yields its log."""
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "config", "-b", broker_url, "--result-backend", broker_url]
    command += ["worker", "-P", "threads", "-c", "1", "-l", "INFO", "--without-mingle", "--without-gossip"]
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "REDIS_URL": broker_url}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=output, stderr=output)
    try:
        wait_for_worker(log, process)
        yield log
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for_worker(log: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the worker says that it is ready."""
    deadline = time.monotonic() + 60
    while " ready." not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_task_runs_in_the_worker_process(worker: Path, broker_url: str) -> None:
    sender = Celery("sender", broker=broker_url, backend=broker_url)

    answer = sender.send_task("celery.accumulate", args=[2, 3, 5], ignore_result=False)

    assert answer.get(timeout=30) == [2, 3, 5]
    assert "Task celery.accumulate" in worker.read_text()
    sender.close()
