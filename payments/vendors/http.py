"""One HTTP call to a vendor: within its contract, through its circuit breaker, with every answer given a meaning."""

from collections.abc import Mapping
from functools import cache
from json import loads
from time import monotonic
from typing import Any, Final, Literal
from weakref import finalize

import httpx

from payments.vendors.circuits import OPEN_SECONDS, Circuit
from payments.vendors.errors import (
    VendorAway,
    VendorDuplicate,
    VendorError,
    VendorNotFound,
    VendorRefused,
    VendorUnsure,
)
from payments.vendors.rates import slots_take

CONNECT_SECONDS: Final = 1.0
LONGEST_ANSWER: Final = 2_000_000
_SUCCESS: Final = 2
_CLIENT_ERROR: Final = 4
# The vendor refuses us, not what we asked.
_ABOUT_US: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.PAYMENT_REQUIRED, httpx.codes.FORBIDDEN)
Kind = Literal["money", "read"]


class VendorHttp:
    """The way to one vendor. Money is moved only while its circuit is closed; a read finds out whether it is again."""

    def __init__(
        self,
        *,
        code: str,
        base_url: str,
        calls_per_second: int,
        answer_seconds: int,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._code = code
        self._per_second = calls_per_second
        self._answer_seconds = answer_seconds
        self._client = httpx.Client(
            base_url=base_url,
            auth=auth,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )
        # Whose contract changed gets a new client; the connections of the old one end with its last call.
        finalize(self, self._client.close)

    def call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        kind: Kind,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Make one call and return the object that the vendor answers with.

        Args:
            operation: names the circuit: one vendor's operations fail for themselves.
            kind: whether the call may move money.

        Raises:
            VendorAway: nothing was sent.
            VendorRefused, VendorNotFound, VendorDuplicate: the vendor's answer is final.
            VendorUnsure: everything else; the request may have had its effect.
        """
        circuit = _breaker(self._code, operation)
        if kind == "money" and not circuit.is_closed:
            raise VendorAway("The vendor did not answer lately and is being watched", retry_seconds=OPEN_SECONDS)
        if kind == "read" and circuit.is_shut:
            raise VendorAway("The vendor's circuit is open", retry_seconds=OPEN_SECONDS)
        if not slots_take(vendor=self._code, per_second=self._per_second).given:
            raise VendorAway("The vendor's contract allows no further call in this second")
        try:
            answer = self._send(method, path, json, params, headers)
        except VendorAway:
            # To be asked to slow down is no failure, and no proof of health.
            raise
        except VendorError as error:
            circuit.tell(error)
            raise
        circuit.tell(None)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def is_closed(self, *, operation: str) -> bool:
        """Tell whether money may be sent through the operation's circuit."""
        return _breaker(self._code, operation).is_closed

    def told(self, *, operation: str, error: VendorError | None) -> None:
        """Let the circuit know how a call ended that was made without `call`."""
        _breaker(self._code, operation).tell(error)

    def _send(
        self,
        method: str,
        path: str,
        json: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        until = monotonic() + self._answer_seconds
        try:
            with self._client.stream(method, path, json=json, params=params, headers=headers) as response:
                content = _body(response, until=until)
        except httpx.HTTPError as error:
            raise VendorUnsure(f"No answer ({type(error).__name__})") from error
        return meaning(
            status=response.status_code,
            kind=response.headers.get("content-type", ""),
            content=content,
            retry_after=response.headers.get("retry-after", ""),
        )


def _body(response: httpx.Response, *, until: float) -> bytes:
    """Read an answer to its end, which has to come: the client's own time limit is one for each piece."""
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > LONGEST_ANSWER:
            raise VendorUnsure("An answer longer than any that has a meaning")
        if monotonic() > until:
            raise VendorUnsure("An answer that does not end")
    return bytes(content)


def meaning(*, status: int, kind: str, content: bytes, retry_after: str = "") -> dict[str, Any]:
    """Return the object in an answer, or say what the answer means for the caller.

    Args:
        status: of HTTP.
        kind: the answer's content type.
        retry_after: the header of that name, if any.

    Raises:
        VendorError: as `VendorHttp.call` does.
    """
    found = _object(kind, content)
    if status // 100 == _SUCCESS and found is not None:
        return found
    reason = _reason(found)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        seconds = float(retry_after) if retry_after.isdigit() else 1
        raise VendorAway("The vendor asks to slow down", retry_seconds=seconds)
    if found is None or status // 100 != _CLIENT_ERROR:
        raise VendorUnsure(f"An answer without meaning (HTTP {status})")
    if status == httpx.codes.NOT_FOUND:
        raise VendorNotFound(reason)
    if status == httpx.codes.CONFLICT:
        raise VendorDuplicate(reason)
    if status == httpx.codes.REQUEST_TIMEOUT:
        raise VendorUnsure("The vendor gave up waiting")
    raise VendorRefused(reason, code=_code(found), is_about_us=status in _ABOUT_US)


def _object(kind: str, content: bytes) -> dict[str, Any] | None:
    """Return the answer's JSON object, a list as its `items`; None for a page, an empty answer or anything else."""
    if len(content) > LONGEST_ANSWER or "json" not in kind:
        return None
    try:
        found = loads(content)
    except ValueError:
        return None
    if isinstance(found, list):
        return {"items": found}
    return found if isinstance(found, dict) else None


def _reason(content: Mapping[str, Any] | None) -> str:
    error = (content or {}).get("error")
    if isinstance(error, dict):
        return str(error.get("reason") or error.get("description") or "refused")[:120]
    return str((content or {}).get("message") or "refused")[:120]


def _code(content: Mapping[str, Any]) -> str:
    error = content.get("error")
    return str((error.get("code") if isinstance(error, dict) else content.get("code")) or "")[:60]


@cache
def _breaker(vendor: str, operation: str) -> Circuit:
    return Circuit(name=f"kist:circuit:{vendor}:{operation}")
