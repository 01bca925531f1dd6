"""Description of the endpoints: what the framework finds, and the refusals and headers that all of them share."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from core.api.permissions import permissions_of
from core.documents import refusals
from core.idempotency.services import KEY_LENGTH

_READING = (400, 401, 403, 404, 406, 409, 422, 429, 503)
_SENDING = (*_READING, 415)


@cache
def refusal_codes() -> tuple[str, ...]:
    """Return the code of every refusal that the API can answer with."""
    return tuple(refusal.code for refusal in refusals())


class RefusalSerializer(serializers.Serializer[Any]):
    """Why nothing was done; the codes are explained in the list of refusals."""

    code = serializers.CharField()
    message = serializers.CharField(help_text="For a person: what is wrong and what to do.")
    # The framework takes declared fields out of the class, so its own `context` stays what it is.
    context = serializers.DictField(  # type: ignore[assignment]  # the answer calls it so
        help_text="Ids, amounts and dates; `fields` where the request is not of its form."
    )


class StaffSchema(AutoSchema):
    """Adds to each operation its permission, its refusals and, where it writes, the key that it needs."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """Describe one operation."""
        operation: dict[str, Any] | None = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        content = self._refusal_content()
        for status in _SENDING if method == "POST" else _READING:
            operation["responses"].setdefault(str(status), {"description": "Refused", "content": content})
        if getattr(self.view, "is_keyed", False) and method == "POST":
            operation["parameters"] = [_KEY_HEADER, *operation.get("parameters", [])]
        if wanted := permissions_of(self.view, method):
            note = f"Needs the permission {' or '.join(f'`{name}`' for name in wanted)}."
            operation["description"] = "\n\n".join(filter(None, [operation.get("description", ""), note]))
        return operation

    def _refusal_content(self) -> dict[str, Any]:
        component = self.resolve_serializer(RefusalSerializer, "response")
        component.schema["properties"]["code"] = {"type": "string", "enum": list(refusal_codes())}
        return {"application/json": {"schema": component.ref}}


_KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "Names what is to happen once. The same key with the same body gives the first answer again.",
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9._:-]+$", "minLength": 1, "maxLength": KEY_LENGTH},
}


def close_requests(result: dict[str, Any], **_rest: Any) -> dict[str, Any]:
    """Say of every body that other names than the described ones are refused."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    return result


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library registers its subclasses untyped
    """How a tool logs in."""

    target_class = "core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the header."""
        return {"type": "http", "scheme": "bearer", "description": "A token issued on the page of API tokens."}
