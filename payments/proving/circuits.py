"""Which vendors are asked for what, at what cost, and which of them do not answer just now."""

import time
from collections.abc import Iterable
from typing import Final

from core.clock import database_now
from payments.models import Operation, Vendor, VendorRoute
from payments.proving.asking import Meaning
from payments.proving.doors import Call
from payments.proving.wire import OPERATIONS, Way, call_to_probe, way_to
from payments.services.vendors import client_of, routes

_READ_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_PROBE_SECONDS: Final = 3.0
_PENNY_PAISE: Final = 1_00
Circuit = tuple[str, str]


class Ways:
    """Routes of proofs, the cheapest first, and the circuits that all processes share."""

    def __init__(self) -> None:
        self.of_accounts: list[VendorRoute] = []
        self.of_addresses: list[VendorRoute] = []
        self.ways: dict[str, Way] = {}
        self.closed: frozenset[Circuit] = frozenset()
        self._vendors: dict[str, Vendor] = {}
        self._read_at = self._looked_at = float("-inf")
        self._probed_at: dict[Circuit, float] = {}
        # Circuits with failures since their last success: only those are told of the next one.
        self._doubted: set[Circuit] = set()

    def read(self) -> list[Call]:
        """Read routes and circuits again from time to time, and return calls that find out who is back."""
        now = time.monotonic()
        if now - self._read_at > _READ_SECONDS:
            self._read_at = now
            found = routes(operations=OPERATIONS, rail="", amount_paise=_PENNY_PAISE, now=database_now())
            found.sort(key=lambda route: (route.cost_paise, route.rank, route.pk))
            self.of_accounts = [route for route in found if route.operation != Operation.VPA_CHECK]
            self.of_addresses = [route for route in found if route.operation == Operation.VPA_CHECK]
            self.know(route.vendor for route in found)
        if now - self._looked_at < _LOOK_SECONDS:
            return []
        self._looked_at = now
        return self._look(now)

    def know(self, vendors: Iterable[Vendor]) -> None:
        """Learn how vendors are reached; also those that are asked nothing new, for what they were asked before."""
        for vendor in vendors:
            self._vendors[vendor.code] = vendor
            self.ways[vendor.code] = way_to(vendor=vendor)

    def kind_of(self, code: str) -> str:
        """Return in which shapes a vendor answers."""
        return self._vendors[code].kind

    def tell(self, call: Call, meaning: Meaning) -> None:
        """Let the circuit know how a call ended; successes count only where something had failed."""
        circuit = (call.vendor, call.operation)
        if meaning.failure is not None:
            self._doubted.add(circuit)
        elif meaning.is_sent and circuit in self._doubted:
            self._doubted.discard(circuit)
        else:
            return
        client_of(vendor=self._vendors[call.vendor]).http.told(operation=call.operation, error=meaning.failure)

    def _look(self, now: float) -> list[Call]:
        closed: set[Circuit] = set()
        probes: list[Call] = []
        for route in (*self.of_accounts, *self.of_addresses):
            circuit = (route.vendor.code, route.operation)
            if client_of(vendor=route.vendor).http.is_closed(operation=route.operation):
                continue
            closed.add(circuit)
            self._doubted.add(circuit)
            if now - self._probed_at.get(circuit, float("-inf")) > _PROBE_SECONDS:
                self._probed_at[circuit] = now
                sent = call_to_probe(vendor=route.vendor)
                probes.append(Call(vendor=circuit[0], operation=circuit[1], kind="probe", sent=sent))
        self.closed = frozenset(closed)
        return probes
