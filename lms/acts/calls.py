"""How an act calls its service: with what was entered, and who, why and under which key."""

from collections.abc import Callable
from typing import Any

from django.db import models

from lms.acts.registry import ActCall


def given(call: ActCall) -> dict[str, Any]:
    """Return the arguments that every service of an act takes, with the act's own values."""
    return {
        **call.values,
        "loan_id": call.loan_id,
        "reason": call.reason,
        "actor": call.actor,
        "idempotency_key": call.idempotency_key,
    }


def calls(
    service: Callable[..., models.Model], **conversions: Callable[[Any], Any]
) -> Callable[[ActCall], models.Model]:
    """Return a call of a service.

    Args:
        conversions: turn values, by their names, into what the service takes for them.
    """

    def run(call: ActCall) -> models.Model:
        converted = {name: convert(call.values[name]) for name, convert in conversions.items()}
        return service(**given(call) | converted)

    return run
