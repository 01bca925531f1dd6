"""The site as a web server calls it, without the server: the whole of Django, and nothing in between."""

import io
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import bench.app  # noqa: F401  # it sets the settings up


class Asked(NamedTuple):
    """A request that is ready to be sent as often as one likes."""

    environ: Mapping[str, Any]
    raw: bytes


def asked(method: str, path: str, *, raw: bytes = b"", headers: Mapping[str, str] | None = None) -> Asked:
    """Prepare a request as a server hands it over."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    for name, value in (headers or {}).items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return Asked(environ, raw)


def answered(request: Asked, *, status: str) -> bytes:
    """Send a request and return the body of the answer.

    Raises:
        RuntimeError: it was answered with another status; the benchmark proves that none is.
    """
    told: list[str] = []

    def start(line: str, _headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        told.append(line)
        return lambda _part: None

    answer = _site()({**request.environ, "wsgi.input": io.BytesIO(request.raw)}, start)
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    if not told[0].startswith(status):
        raise RuntimeError(f"{request.environ['PATH_INFO']} was answered with {told[0]}: {body[:300]!r}")
    return body


@cache
def _site() -> Any:
    return import_module("config.wsgi").application
