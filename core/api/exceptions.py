"""The one place that turns refusals into answers."""

from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core.api.errors import (
    AnswerNotAcceptable,
    BodyUnreadable,
    Busy,
    CsrfFailed,
    InputInvalid,
    MediaTypeUnsupported,
    MethodNotAllowed,
    NotFound,
    NotLoggedIn,
    PermissionMissing,
    TooManyRequests,
)
from core.errors import KistError
from core.transactions import is_conflict

_WITHOUT_CONTEXT: tuple[tuple[type[Exception], type[KistError]], ...] = (
    (exceptions.ParseError, BodyUnreadable),
    (exceptions.UnsupportedMediaType, MediaTypeUnsupported),
    (exceptions.NotAcceptable, AnswerNotAcceptable),
    (exceptions.NotAuthenticated, NotLoggedIn),
    (exceptions.AuthenticationFailed, NotLoggedIn),
    (exceptions.PermissionDenied, PermissionMissing),
    (DjangoPermissionDenied, PermissionMissing),
    (exceptions.NotFound, NotFound),
    (Http404, NotFound),
    (exceptions.Throttled, TooManyRequests),
)
_BUSY_SECONDS = "2"


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal into `{"code", "message", "context"}` with its HTTP status; leave broken promises alone."""
    if isinstance(exc, KistError):
        return Response(refusal_body(exc), status=exc.http_status)
    if isinstance(exc, OperationalError) and is_conflict(exc):
        return Response(refusal_body(Busy()), status=Busy.http_status, headers={"Retry-After": _BUSY_SECONDS})
    response = drf_exception_handler(exc, context)
    if response is not None:
        # The framework keeps its own headers (Allow, Retry-After, WWW-Authenticate) and rolls back what was open.
        refusal = refusal_of(exc)
        response.data = refusal_body(refusal)
        if isinstance(exc, exceptions.ValidationError):
            response.data["context"] = {"fields": exc.detail if isinstance(exc.detail, dict) else {"": exc.detail}}
        if response.status_code != 401:
            response.status_code = refusal.http_status
    return response


def refusal_body(refusal: KistError) -> dict[str, Any]:
    """Return what a refusal is answered with."""
    return {"code": refusal.code, "message": refusal.message, "context": refusal.context}


def refusal_of(exc: Exception) -> KistError:
    """Return what an error of the framework means in our words."""
    if isinstance(exc, exceptions.ValidationError):
        return InputInvalid()
    if isinstance(exc, exceptions.MethodNotAllowed):
        return MethodNotAllowed(method=str(exc.args[0]) if exc.args else "this method")
    if isinstance(exc, exceptions.PermissionDenied) and str(exc.detail).startswith("CSRF Failed"):
        return CsrfFailed()
    return next((ours() for theirs, ours in _WITHOUT_CONTEXT if isinstance(exc, theirs)), InputInvalid())
