"""The contracts that webhooks are proven by, kept for some seconds."""

import time
from collections.abc import Iterator
from typing import Final

from core.prepared import PreparedQuery
from payments.models import Vendor

# So long a secret that was replaced twice is still taken by a process that knows it.
KEPT_SECONDS: Final = 5.0
_ROW: Final = PreparedQuery(lambda code: Vendor.objects.filter(code=code).order_by())
_KEPT: dict[str, tuple[float, Vendor]] = {}


def contracts(*, code: str) -> Iterator[Vendor]:
    """Give the row of a contract as it was some seconds ago, then as it is; nothing when there is none.

    Whoever is satisfied by the first needs no look into the database. A new secret is known at once, because what the
    kept row refuses is judged by the row as it is.
    """
    kept = _KEPT.get(code)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        yield kept[1]
    for vendor in _ROW.rows(code):
        _KEPT[code] = (time.monotonic(), vendor)
        yield vendor


def contracts_forget() -> None:
    """Forget what was kept in this process."""
    _KEPT.clear()
