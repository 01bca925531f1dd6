"""The simulators as a process of their own, as tests and benches use it."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Simulators:
    """A running process and its address."""

    address: str
    client: httpx.Client

    def set(self, path: str, **body: Any) -> Any:
        """Change something of the world."""
        answer = self.client.post(f"/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def truth(self, reference: str) -> dict[str, Any]:
        """Return what really happened."""
        found: dict[str, Any] = self.client.get("/_sim/truth", params={"reference": reference}).json()
        return found

    def summary(self) -> dict[str, Any]:
        """Return what holds for all."""
        found: dict[str, Any] = self.client.get("/_sim/summary").json()
        return found

    def log(self, table: str) -> list[dict[str, Any]]:
        """Return the newest rows of a table of the book."""
        found: list[dict[str, Any]] = self.client.get("/_sim/log", params={"table": table, "limit": "500"}).json()
        return found


@contextmanager
def running(*, seed: int = 1) -> Iterator[Simulators]:
    """Start the process on a free port and stop it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            _wait(client, process)
            yield Simulators(address, client)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            client.get("/_sim/clock")
        except httpx.TransportError:
            assert process.poll() is None, "the simulators ended by themselves"
            assert time.monotonic() < deadline, "the simulators did not start"
            time.sleep(0.05)
        else:
            return
