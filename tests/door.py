"""Requests as the web server hands them over: to the very application that it serves."""

from importlib import import_module
from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory


def sent(raw: bytes, *, where: str, method: str = "POST", headers: dict[str, str] | None = None, **environ: Any) -> Any:
    """Send bytes as they are, and return the answer.

    Args:
        environ: laid over what a server would say of them.
    """
    request = RequestFactory().generic(method, where, raw, content_type="application/json", headers=headers, **environ)
    return answered(request.environ)


def answered(environ: dict[str, Any]) -> HttpResponse:
    """Return the answer to a request as a server describes it."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    content = b"".join(_application()(environ, lambda status, headers: told.append((status, headers))))
    [(status, headers)] = told
    return HttpResponse(content, status=int(status[:3]), headers=dict(headers))


def _application() -> Any:
    return import_module("config.wsgi").application
