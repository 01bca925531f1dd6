"""The site as it is served to others: a web server of its own, and many requests to it at the same moment."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from devtools.servers import LOOPBACK, free_port
from tests.guarantees.installation import Installation
from tests.project_process import ROOT

_SERVER = (
    *("--interface", "wsgi", "--host", LOOPBACK, "--workers", "2", "--blocking-threads", "8", "--backlog", "1024"),
    # A worker that is still importing loses the signal that ends it: without a limit its server would wait for ever.
    *("--workers-kill-timeout", "10"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that writes."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What it was answered; status 0 if the connection ended without an answer."""

    status: int
    text: str = ""
    seconds: float = 0.0
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A running web server."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def at_once(self, calls: Sequence[Call], *, width: int = 100) -> list[Reply]:
        """Send requests, so many at the same moment, and return the answers in their order."""
        return asyncio.run(_send_all(self.address, calls, width))

    def send(self, call: Call) -> Reply:
        """Send one request."""
        return self.at_once([call])[0]

    def died(self) -> bool:
        """Wait for the end of a server whose worker a failpoint kills."""
        return self.process.wait(timeout=60) != 0


@contextmanager
def serving(installation: Installation, *, failpoint: str = "") -> Iterator[Site]:
    """Start a web server on an installation and stop it afterwards; a worker that a failpoint kills ends it."""
    port = free_port()
    log = Path(installation.environment["VAR_DIR"]) / f"web-{port}.log"
    command = [sys.executable, "-m", "granian", *_SERVER, "--port", str(port), "config.wsgi:application"]
    environment = {**installation.environment, "FAILPOINT": failpoint}
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait(f"http://{LOOPBACK}:{port}/api/v1/", process, log)
        yield Site(f"http://{LOOPBACK}:{port}", process, log)
    finally:
        process.terminate()
        process.wait(timeout=60)


async def _send_all(address: str, calls: Sequence[Call], width: int) -> list[Reply]:
    limits = httpx.Limits(max_connections=width, max_keepalive_connections=width)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits, trust_env=False) as client:
        return await asyncio.gather(*(_send(client, call) for call in calls))


async def _send(client: httpx.AsyncClient, call: Call) -> Reply:
    started = time.monotonic()
    headers = {"Content-Type": "application/json", **call.headers}
    try:
        answer = await client.post(call.path, content=call.body, headers=headers)
    except httpx.TransportError:
        return Reply(0)
    is_replay = answer.headers.get("Idempotent-Replayed") == "true"
    return Reply(answer.status_code, answer.text, time.monotonic() - started, is_replay)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(address, timeout=30, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)
        else:
            return
