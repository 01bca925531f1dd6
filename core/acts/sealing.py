"""Values that lie in a request encrypted: what identifies a person or an account."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.fields import text_open, text_seal

_PLACE: Final = "core_approvalrequest.payload"


def values_seal(*, values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Encrypt the named texts among the values of a request; empty ones stay empty."""
    return {
        name: text_seal(text=value, place=f"{_PLACE}.{name}") if name in names and value else value
        for name, value in values.items()
    }


def values_open(*, values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Decrypt the named texts among the values of a request.

    Raises:
        FieldKeyMissing, FieldValueDamaged: a text cannot be read.
    """
    return {
        name: text_open(stored=value, place=f"{_PLACE}.{name}") if name in names and value else value
        for name, value in values.items()
    }
