"""What every endpoint shares: one place turns refusals into answers."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core.errors import KistError


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal into `{"code", "message", "context"}` with its HTTP status; leave the rest to the framework."""
    if isinstance(exc, KistError):
        return Response(
            {"code": exc.code, "message": exc.message, "context": exc.context},
            status=exc.http_status,
        )
    return drf_exception_handler(exc, context)
