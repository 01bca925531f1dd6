"""What all simulated vendors share: the book, the clock, faults, contract rates, and how a call goes wrong."""

import asyncio
import re
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from simulators.arrivals import Arrivals, arrived_at
from simulators.book import BankBook
from simulators.clock import VirtualClock
from simulators.faults import CALL_FAULTS, FATE_FAULTS, Faults

TWO_HOURS = 7200.0
Answer = tuple[int, dict[str, Any] | list[dict[str, Any]] | None]
# Test identities of the vendors' own sandboxes, so that a test reads like their documentation.
ACCOUNT_FATES = {
    "026291800001190": "fails",
    "007711000031": "pending",
    "00224412311300": "late",
    "7766666351000": "late_failure",
    "02014457596969": "reversed_late",
}
AMOUNT_FATES = {2100: "pending", 2200: "pending", 2800: "late_failure", 9800: "reversed_late"}
INVALID_ACCOUNTS = {"026291800001190": "INVALID_BANK_ACCOUNT", "7766666351001": "ACCOUNT_BLOCKED"}


@dataclass
class Contract:
    """What a vendor's contract with us says; the defaults are those of the demonstration."""

    key_id: str
    # Known to everybody, because nothing here is worth anything.
    secret: str = "kist-demo-secret"  # noqa: S105  # pragma: allowlist secret
    webhook_secret: str = "kist-demo-webhook"  # noqa: S105  # pragma: allowlist secret
    old_webhook_secret: str = "kist-demo-webhook-before"  # noqa: S105  # pragma: allowlist secret
    webhook_url: str = ""
    calls_per_second: int = 0
    idempotency_seconds: float = 86_400.0
    # How soon and how often it may be asked what became of a request; 0 is as soon and as often as anybody likes.
    first_look_seconds: float = 0.0
    looks_in_two_hours: int = 0


@dataclass
class World:
    """Everything that is."""

    book: BankBook
    clock: VirtualClock
    faults: Faults
    contracts: dict[str, Contract]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    in_flight: int = 0
    in_flight_peak: int = 0
    calls: dict[str, Arrivals] = field(default_factory=lambda: defaultdict(Arrivals))
    asked: dict[tuple[str, str], float] = field(default_factory=dict)
    looks: dict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    session: ClientSession | None = None
    # Where people and vendors' clients reach this process; pages that people open begin with it.
    address: str = ""

    def later(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        """Do something after a stretch of simulated time; setting the clock forward brings it nearer."""
        due = self.clock.now() + seconds

        async def wait() -> None:
            while (left := due - self.clock.now()) > 0:
                # Short sleeps, because the clock may jump.
                await asyncio.sleep(min(self.clock.real_seconds(left), 0.05))
            await act()

        task = asyncio.ensure_future(wait())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def fate_of(self, *, vendor: str, account: str, paise: int) -> str:
        """Decide what becomes of a payout: by its test identity, by what was injected, or by chance."""
        return (
            ACCOUNT_FATES.get(account) or AMOUNT_FATES.get(paise) or self.faults.draw(vendor=vendor, among=FATE_FAULTS)
        )

    def holder_of(self, *, account: str, ifsc: str, given: str) -> str:
        """Return whose account it is: as set, somebody else's if it begins with 9999, or as the caller says."""
        if account.startswith("9999"):
            return "VENKATARAMAN SUBRAMANIAN"
        return self.names.get((account, ifsc), given)

    def holder_of_address(self, address: str) -> str:
        """Return whose UPI address it is, as set or as its name reads; nobody's if it does not exist."""
        name, _, handle = address.partition("@")
        if address == "failure@upi" or not handle:
            return ""
        known = self.names.get((address, "UPI"))
        return known or " ".join(word for word in re.split(r"[^a-z]+", name.lower()) if word).upper()

    def utr(self, rail: str) -> str:
        """Return a reference as the rail writes it."""
        if rail.upper() == "NEFT":
            return f"N{self.faults.digits(15)}"
        if rail.upper() == "RTGS":
            return f"KISTR5{time.strftime('%Y%m%d', time.gmtime(self.clock.now()))}{self.faults.digits(8)}"
        return self.faults.digits(12)

    def rate_check(self, vendor: str, request: web.Request) -> None:
        """Count a call, and keep it as a violation when the contract allows no more in any second with it."""
        allowed = self.contracts[vendor].calls_per_second
        if count := self.calls[vendor].add(arrived_at(request), allowed=allowed):
            detail = f"{count} calls in a second, {allowed} allowed"
            self.book.violation_add(at=self.clock.stamp(), vendor=vendor, rule="CALLS_PER_SECOND", detail=detail)

    def look_check(self, *, vendor: str, what: str, reference: str) -> None:
        """Keep a question about a request as a violation when it comes sooner or oftener than the contract allows."""
        contract, now, about = self.contracts[vendor], self.clock.now(), (vendor, reference)
        if not what.endswith("look-up"):
            self.asked[about] = now
            return
        looks = self.looks[about]
        looks.append(now)
        while looks[0] <= now - TWO_HOURS:
            looks.popleft()
        after = now - self.asked.get(about, 0.0)
        broken = {
            "LOOKED_TOO_SOON": after < contract.first_look_seconds,
            "LOOKED_TOO_OFTEN": 0 < contract.looks_in_two_hours < len(looks),
        }
        for rule in [name for name, is_broken in broken.items() if is_broken]:
            detail = f"{what} of {reference}: {after:.0f} seconds after it, {len(looks)} in two hours"
            self.book.violation_add(at=self.clock.stamp(), vendor=vendor, rule=rule, detail=detail)

    async def call(
        self,
        request: web.Request,
        *,
        vendor: str,
        what: str,
        reference: str,
        effect: Callable[[], Answer],
        key: str = "",
        is_faulty: bool = True,
    ) -> web.StreamResponse:
        """Answer one call of a vendor: late, never, wrongly, twice, or as it should be."""
        fault = self.faults.draw(vendor=vendor, among=CALL_FAULTS) if is_faulty else ""
        if vendor in self.faults.down:
            fault = "down"
        logged = self.book.request_add(
            at=self.clock.stamp(), vendor=vendor, what=what, reference=reference, key=key, fault=fault
        )
        self.rate_check(vendor, request)
        self.look_check(vendor=vendor, what=what, reference=reference)
        self.in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self.in_flight)
        try:
            answer = await self._answer(request, vendor, fault, effect)
        finally:
            self.in_flight -= 1
        self.book.request_answered(logged, answer.status)
        return answer

    async def _answer(  # noqa: PLR0911  # one return for each way in which a call ends
        self, request: web.Request, vendor: str, fault: str, effect: Callable[[], Answer]
    ) -> web.StreamResponse:
        if fault in ("lost_request", "down"):
            return _cut(request)
        if fault == "stuck":

            async def arrive() -> None:
                effect()

            self.later(self.faults.profile_of(vendor).stuck_seconds, arrive)
            return _cut(request)
        if fault == "hang":
            await asyncio.sleep(120)
            return _cut(request)
        await asyncio.sleep(self.clock.real_seconds(self.faults.latency(vendor)))
        if fault in _ANSWERS:
            return _ANSWERS[fault]()
        status, body = effect()
        if fault == "error_after":
            return web.json_response({"error": {"description": "Internal error"}}, status=500)
        if fault == "lost_answer":
            return _cut(request)
        if fault in _ENDLESS:
            return await _without_end(request, *_ENDLESS[fault])
        return web.json_response(body, status=status)


_ANSWERS: dict[str, Callable[[], web.Response]] = {
    "busy": lambda: web.json_response(
        {"error": {"description": "Slow down"}}, status=429, headers={"Retry-After": "1"}
    ),
    "error_before": lambda: web.json_response({"error": {"description": "Please try later"}}, status=503),
    "html": lambda: web.Response(text="<html><body>Bad Gateway</body></html>", content_type="text/html", status=502),
    "redirect": lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/maintenance"}),
}


# Bytes and seconds between them, of answers that never end.
_ENDLESS = {"drip": (1, 0.2), "flood": (65_536, 0.0)}


async def _without_end(request: web.Request, size: int, pause: float) -> web.StreamResponse:
    """Answer until the caller hangs up, two minutes at most."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    ends_at = asyncio.get_running_loop().time() + 120
    try:
        while asyncio.get_running_loop().time() < ends_at:
            await answer.write(b" " * size)
            await asyncio.sleep(pause)
    except ConnectionError:
        return answer
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=499)


def world_make(*, path: Path | None, seed: int) -> World:
    """Return a new world with the contracts of the demonstration."""
    return World(
        book=BankBook(path),
        clock=VirtualClock(),
        faults=Faults(seed=seed),
        contracts={
            "razorpay": Contract(key_id="rzp_test_kist"),
            "cashfree": Contract(key_id="cf_test_kist", idempotency_seconds=1800.0),
            "lookup": Contract(key_id="lookup_test_kist"),
        },
    )
