"""A call of an act as the data of a request, and back."""

from typing import Any

from django.contrib.auth.models import User

from core.acts.registry import Act, ActCall, Values
from core.acts.sealing import values_open, values_seal


def payload_of(*, act: Act, subject_id: int, values: Values, reason: str, reason_code: str) -> dict[str, Any]:
    """Write a call as the data of a request; who reads it back gets the same values.

    Raises:
        ActInputInvalid: a value is missing or wrong.
    """
    checked = act.from_json(act.to_json(values))
    written = values_seal(values=act.to_json(checked), names=act.sealed)
    return {"subject_id": subject_id, "values": written, "reason": reason, "reason_code": reason_code}


def values_of(*, act: Act, payload: Values) -> dict[str, Any]:
    """Read the values of a request.

    Raises:
        ActInputInvalid, FieldKeyMissing, FieldValueDamaged: they are not those that were written.
    """
    return act.from_json(values_open(values=payload["values"], names=act.sealed))


def call_of(*, act: Act, payload: Values, actor: User, idempotency_key: str) -> ActCall:
    """Read the data of a request as a call of the act."""
    return ActCall(
        subject_id=payload["subject_id"],
        values=values_of(act=act, payload=payload),
        reason=payload["reason"],
        reason_code=payload["reason_code"],
        actor=actor,
        idempotency_key=idempotency_key,
    )
