"""The door that webhooks come in by: before sessions, log-in, forms and everything else that is made for people."""

import json
import re
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase

from core.api.errors import Busy, MethodNotAllowed
from core.api.exceptions import refusal_body
from core.errors import KistError
from payments.errors import WebhookLengthWrong, WebhookTooLong
from payments.webhooks.intake import BODY_MOST, HEADERS, webhook_take

_ADDRESS: Final = re.compile(r"/webhooks/([-a-zA-Z0-9_]{1,24})/")
_META: Final = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in HEADERS}
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_MORE: Final[dict[type[KistError], dict[str, str]]] = {
    MethodNotAllowed: {"Allow": "POST"},
    Busy: {"Retry-After": "5"},
}
Site = Callable[[HttpRequest], HttpResponseBase]


def webhooks_first(site: Site) -> Site:
    """Answer vendors, and hand everything else on to the site; the first entry of MIDDLEWARE."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        address = _ADDRESS.fullmatch(request.path_info)
        return site(request) if address is None else webhook_answer(request, address[1])

    return answer


def webhook_answer(request: HttpRequest, code: str) -> HttpResponse:
    """Answer a vendor that tells something: 200 once it is stored, however often it comes; else a named refusal."""
    try:
        if request.method != "POST":
            raise MethodNotAllowed(method=request.method)
        raw = _body(request, code)
        _take(code, raw, {name: request.META[key] for name, key in _META.items() if key in request.META})
    except KistError as refusal:
        body = json.dumps(refusal_body(refusal)).encode()
        headers = {"Content-Length": str(len(body)), **_MORE.get(type(refusal), {})}
        return HttpResponse(body, content_type="application/json", status=refusal.http_status, headers=headers)
    return HttpResponse(headers={"Content-Length": "0"})


def _take(code: str, raw: bytes, headers: dict[str, str]) -> None:
    # To ask whether the connection still lives would take as long as the row, which finds it out by itself.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        webhook_take(code=code, raw=raw, headers=headers)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # The connection may be older than the server's last start. The message's key makes a second try the same one.
        connection.close()
        try:
            webhook_take(code=code, raw=raw, headers=headers)
        except (OperationalError, InterfaceError):
            connection.close()
            raise Busy() from None


def _body(request: HttpRequest, code: str) -> bytes:
    """Read the body as it came, all of it.

    Raises:
        WebhookTooLong: it is said to be longer than any event, and was not read.
        WebhookLengthWrong: nobody said how long it is, or it is shorter than was said.
    """
    told = request.META.get("CONTENT_LENGTH") or ("" if "HTTP_TRANSFER_ENCODING" in request.META else "0")
    if not _LENGTH.fullmatch(told):
        raise WebhookLengthWrong(vendor=code)
    if int(told) > BODY_MOST:
        raise WebhookTooLong(vendor=code, most_bytes=BODY_MOST)
    try:
        raw = request.read(int(told)) if int(told) else b""
    except UnreadablePostError:
        raise WebhookLengthWrong(vendor=code) from None
    if len(raw) != int(told):
        raise WebhookLengthWrong(vendor=code)
    return raw
