"""The door that webhooks come in by: before the site, which is made for people."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import InterfaceError, OperationalError, connection

from core.api.errors import Busy, MethodNotAllowed
from core.api.exceptions import refusal_body
from core.errors import KistError
from payments.errors import WebhookLengthWrong, WebhookRefused, WebhookTooLong
from payments.webhooks.intake import BODY_MOST, HEADERS, webhook_take, webhook_unread

logger = logging.getLogger(__name__)
_Written = TypeVar("_Written")

_ADDRESS: Final = re.compile(r"/webhooks/([-a-zA-Z0-9_]{1,24})/")
_VARIABLES: Final = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in HEADERS}
_EMPTY: Final = [("Content-Length", "0")]
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_MORE: Final[dict[type[KistError], list[tuple[str, str]]]] = {
    MethodNotAllowed: [("Allow", "POST")],
    Busy: [("Retry-After", "5")],
}


def webhooks_first(site: WSGIApplication) -> WSGIApplication:
    """Answer vendors, and hand everything else on to the site."""

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        address = _ADDRESS.fullmatch(environ["PATH_INFO"])
        return site(environ, start) if address is None else _answer(environ, start, address[1])

    return application


def _answer(environ: WSGIEnvironment, start: StartResponse, code: str) -> Iterable[bytes]:
    """Answer a vendor that tells something: 200 once it is stored, however often it comes; else a named refusal."""
    try:
        if environ["REQUEST_METHOD"] != "POST":
            raise MethodNotAllowed(method=environ["REQUEST_METHOD"])
        raw = _body(environ, code)
        told = {name: environ[key] for name, key in _VARIABLES.items() if key in environ}
        _durably(lambda: webhook_take(code=code, raw=raw, headers=told))
    except KistError as refusal:
        body = json.dumps(refusal_body(refusal)).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start(_line(refusal.http_status), headers + _MORE.get(type(refusal), []))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
    except Exception:
        # A broken promise of ours. The vendor comes again, and by then somebody has read this.
        logger.exception("What %s tells could not be taken in", code)
        start(_line(HTTPStatus.INTERNAL_SERVER_ERROR), _EMPTY.copy())
        return []
    start(_line(HTTPStatus.OK), _EMPTY.copy())
    return []


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _durably(write: Callable[[], _Written]) -> _Written:
    # To ask whether the connection still lives would take as long as the row, which finds it out by itself.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return write()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # The connection may be older than the server's last start. The message's key makes a second try the same one.
        connection.close()
        try:
            return write()
        except (OperationalError, InterfaceError):
            connection.close()
            raise Busy() from None


def _body(environ: WSGIEnvironment, code: str) -> bytes:
    """Read the body as it came, all of it.

    Raises:
        WebhookTooLong: it is said to be longer than any event, and was not read.
        WebhookLengthWrong: nobody said how long it is, or it is shorter than was said.
        Busy: the database is away.
    """
    told = environ.get("CONTENT_LENGTH") or ("" if "HTTP_TRANSFER_ENCODING" in environ else "0")
    if not _LENGTH.fullmatch(told):
        raise _unread(code, WebhookLengthWrong(vendor=code))
    if int(told) > BODY_MOST:
        raise _unread(code, WebhookTooLong(vendor=code, most_bytes=BODY_MOST))
    try:
        raw: bytes = environ["wsgi.input"].read(int(told)) if int(told) else b""
    except OSError:
        raise WebhookLengthWrong(vendor=code) from None
    if len(raw) != int(told):
        raise WebhookLengthWrong(vendor=code)
    return raw


def _unread(code: str, refusal: WebhookRefused) -> WebhookRefused:
    """Note a body that will come in the same way again; one that was cut off on its way is only told again."""
    return _durably(lambda: webhook_unread(code=code, refusal=refusal))
