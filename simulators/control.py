"""Addresses under /_sim: set the scene, inject faults, turn the clock, and read what really happened."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from simulators.world import World


class Control:
    """What tests and people do to the world."""

    def __init__(self, world: World, *, seed: int) -> None:
        self.world = world
        self.seed = seed

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses."""
        return [
            web.post("/_sim/config", self.config),
            web.post("/_sim/scenario", self.scenario),
            web.post("/_sim/fault", self.fault),
            web.post("/_sim/down", self.down),
            web.post("/_sim/clock", self.clock),
            web.get("/_sim/clock", self.clock_read),
            web.post("/_sim/account", self.account),
            web.post("/_sim/reset", self.reset),
            web.get("/_sim/truth", self.truth),
            web.get("/_sim/summary", self.summary),
            web.get("/_sim/log", self.log),
        ]

    async def config(self, request: web.Request) -> web.Response:
        """Set addresses of webhooks, contract rates and secrets by vendor."""
        for vendor, changes in (await request.json()).items():
            contract = self.world.contracts.get(vendor)
            if contract is None:
                return _refusal(f"There is no vendor {vendor}.")
            for name, value in changes.items():
                if name not in asdict(contract):
                    return _refusal(f"A contract has no {name}.")
                setattr(contract, name, value)
        return web.json_response({"ok": True})

    async def scenario(self, request: web.Request) -> web.Response:
        """Change the profile of faults, or with `vendor` that of one: `{"vendor": "razorpay", "lost_answer": 0.5}`."""
        changes = dict(await request.json())
        vendor = str(changes.pop("vendor", ""))
        if vendor and vendor not in self.world.contracts:
            return _refusal(f"There is no vendor {vendor}.")
        try:
            self.world.faults.profile_set(changes, vendor=vendor)
        except ValueError as error:
            return _refusal(str(error))
        return web.json_response(asdict(self.world.faults.profile_of(vendor)))

    async def fault(self, request: web.Request) -> web.Response:
        """Let the next calls meet a fault: `{"vendor": "razorpay", "fault": "lost_answer", "times": 1}`."""
        body = await request.json()
        try:
            self.world.faults.inject(
                vendor=str(body.get("vendor", "*")), fault=str(body["fault"]), times=int(body.get("times", 1))
            )
        except (KeyError, ValueError) as error:
            return _refusal(str(error))
        return web.json_response({"ok": True})

    async def down(self, request: web.Request) -> web.Response:
        """Take a vendor down, or bring it back: `{"vendor": "razorpay", "is_down": true}`."""
        body = await request.json()
        change = self.world.faults.down.add if body.get("is_down") else self.world.faults.down.discard
        change(str(body.get("vendor", "")))
        return web.json_response({"down": sorted(self.world.faults.down)})

    async def clock(self, request: web.Request) -> web.Response:
        """Set the clock forward or make it run: `{"step": seconds}` or `{"speed": factor}`."""
        body = await request.json()
        try:
            if "step" in body:
                self.world.clock.step(float(body["step"]))
            if "speed" in body:
                self.world.clock.run(float(body["speed"]))
        except ValueError as error:
            return _refusal(str(error))
        return await self.clock_read(request)

    async def clock_read(self, request: web.Request) -> web.Response:
        """Tell the time."""
        return web.json_response({"now": self.world.clock.stamp(), "epoch": self.world.clock.now()})

    async def account(self, request: web.Request) -> web.Response:
        """Say whose account it is: `{"account": "…", "ifsc": "…", "name": "…"}`."""
        body = await request.json()
        self.world.names[(str(body["account"]), str(body["ifsc"]))] = str(body["name"])
        return web.json_response({"ok": True})

    async def reset(self, request: web.Request) -> web.Response:
        """Begin anew; contracts stay."""
        body: dict[str, Any] = await request.json() if request.can_read_body else {}
        for task in list(self.world.tasks):
            task.cancel()
        self.world.book.forget()
        self.world.names.clear()
        self.world.calls.clear()
        self.world.asked.clear()
        self.world.looks.clear()
        self.world.in_flight_peak = 0
        self.world.faults.reset(seed=int(body.get("seed", self.seed)))
        return web.json_response({"ok": True})

    async def truth(self, request: web.Request) -> web.Response:
        """Tell everything about one reference."""
        return web.json_response(self.world.book.truth(request.query.get("reference", "")))

    async def summary(self, request: web.Request) -> web.Response:
        """Tell what holds for all: who was paid twice, contracts broken, money out, the most calls at once."""
        book = self.world.book
        return web.json_response(
            {
                "paid_more_than_once": book.paid_more_than_once(),
                "violations": book.latest("violation"),
                "violation_count": book.count("violation"),
                "requests": book.count("request"),
                "float": {vendor: book.balance(f"float:{vendor}") for vendor in ("razorpay", "cashfree")},
                "in_flight": self.world.in_flight,
                "in_flight_peak": self.world.in_flight_peak,
                "most_in_a_second": {vendor: calls.most_in_a_second for vendor, calls in self.world.calls.items()},
            }
        )

    async def log(self, request: web.Request) -> web.Response:
        """Tell the newest rows of a table of the book."""
        try:
            rows = self.world.book.latest(request.query.get("table", "request"), int(request.query.get("limit", "50")))
        except ValueError as error:
            return _refusal(str(error))
        return web.json_response(rows)


def _refusal(message: str) -> web.Response:
    return web.json_response({"error": message}, status=400)
