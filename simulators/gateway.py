"""What both gateways do with payouts and validations: who is let in, what is found, and what becomes of a payout."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from aiohttp import web

from simulators.world import Answer, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Thing = dict[str, Any]


class Gateway:
    """A vendor that pays out; what it says, and in which words, is each gateway's own.

    A payout's body has names for us alone, which begin with a line: `_id`, `_paise`, `_account` and `_reference`.
    """

    vendor: ClassVar[str]
    # Its word for a payout that went through, and its name for the bank's reference of one.
    paid: ClassVar[str]
    utr: ClassVar[str]

    def __init__(self, world: World) -> None:
        self.world = world

    def refused(self, request: web.Request) -> web.Response | None:
        """Refuse who does not know the secret."""
        raise NotImplementedError

    async def pay(self, payout: Thing) -> None:
        """Let a payout go through."""
        raise NotImplementedError

    async def fail(self, payout: Thing) -> None:
        """Let a payout fail."""
        raise NotImplementedError

    async def send_back(self, payout: Thing) -> None:
        """Send a payout back that went through."""
        raise NotImplementedError

    def known(self, handler: Handler) -> Handler:
        """Let only those in who know the secret."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return self.refused(request) or await handler(request)

        return handle

    async def call(
        self, request: web.Request, what: str, effect: Callable[[], Answer], *, reference: str = "", key: str = ""
    ) -> web.StreamResponse:
        """Answer one call, with the faults of the world."""
        return await self.world.call(
            request, vendor=self.vendor, what=what, reference=reference, key=key, effect=effect
        )

    def found(self, kind: str, reference: str) -> list[Thing]:
        """Return what shows by now under our reference, the oldest first."""
        now = self.world.clock.now()
        return self.world.book.things(vendor=self.vendor, kind=kind, reference=reference, now=now)

    def keep(
        self, body: Thing, *, thing_id: str, kind: str, reference: str, key: str = "", hidden_seconds: float = 0
    ) -> None:
        """Keep what was made; it is found by look-up when it is hidden no more."""
        now = self.world.clock.now()
        self.world.book.thing_add(
            thing_id=thing_id,
            vendor=self.vendor,
            kind=kind,
            reference=reference,
            key=key,
            at=now,
            visible_at=now + hidden_seconds,
            body=body,
        )

    def live(self, payout: Thing) -> None:
        """Let a payout go through what becomes of it."""
        fate = self.world.fate_of(vendor=self.vendor, account=payout["_account"], paise=payout["_paise"])
        profile = self.world.faults.profile
        if fate == "pending":
            return
        wait = profile.deemed_seconds if fate == "deemed" else profile.settle_seconds * (5 if "late" in fate else 1)
        if fate in ("fails", "late_failure"):
            self.world.later(wait, lambda: self.fail(payout))
            return
        self.world.later(profile.settle_seconds if fate == "reversed_late" else wait, lambda: self.pay(payout))
        if fate == "reversed_late":
            self.world.later(profile.settle_seconds + profile.reversed_seconds, lambda: self._send_back(payout))

    async def reverse_now(self, thing_id: str) -> bool:
        """Send a payout back at once, because a person wants to see it; tell whether it had gone through."""
        payout = self.world.book.thing(thing_id)
        if payout is None or payout.get("status") != self.paid:
            return False
        await self.send_back(payout)
        return True

    async def _send_back(self, payout: Thing) -> None:
        if payout["status"] == self.paid:
            await self.send_back(payout)

    def money_out(self, payout: Thing) -> None:
        """Move a payout's money to the account."""
        self._move(payout, "PAYOUT", debit=f"account:{payout['_account']}", credit=f"float:{self.vendor}")

    def money_back(self, payout: Thing) -> None:
        """Move a payout's money back."""
        self._move(payout, "PAYOUT_REVERSED", debit=f"float:{self.vendor}", credit=f"account:{payout['_account']}")

    def _move(self, payout: Thing, what: str, *, debit: str, credit: str) -> None:
        self.world.book.move(
            at=self.world.clock.stamp(),
            reference=payout["_reference"],
            what=what,
            debit=debit,
            credit=credit,
            paise=payout["_paise"],
            utr=payout[self.utr] or "",
        )


def public(thing: Thing) -> Thing:
    """Return a thing as the vendor shows it."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}
