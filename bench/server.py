"""The site behind a real web server on this machine, and callers that keep their connections."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from bench.stack import Asked

HOST = "127.0.0.1"
_START_SECONDS = 30


@contextmanager
def served(*, workers: int) -> Iterator[int]:
    """Serve the site on the benchmark's own database, and give the port."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = int(free.getsockname()[1])
    place = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environ = {**os.environ, "DATABASE_URL": place, "REDIS_URL": settings.REDIS_URL}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", "8", "--no-log", "config.wsgi:application"]
    server = subprocess.Popen(command, env=environ)  # noqa: S603  # a command of ours
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(_START_SECONDS)


class Caller:
    """One connection that is kept, as vendors keep theirs."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=_START_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: bytes) -> None:
        """Send a request and wait for its answer, which has no body.

        Raises:
            RuntimeError: it is not 200.
        """
        self._socket.sendall(message)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self._socket.recv(4096)
            if not part:
                raise RuntimeError("The server hung up.")
            answer += part
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"The server answered {answer[:200]!r}.")


def messages(requests: Sequence[Asked]) -> list[bytes]:
    """Write requests as they travel."""
    return [_message(request) for request in requests]


def _message(request: Asked) -> bytes:
    environ = request.environ
    lines = [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} HTTP/1.1", f"Content-Length: {len(request.raw)}"]
    lines += ["Content-Type: application/json"]
    lines += [f"{k[5:].replace('_', '-')}: {value}" for k, value in environ.items() if k.startswith("HTTP_")]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.raw


def _wait(port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
