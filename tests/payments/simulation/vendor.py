"""A vendor and the way to it, as a pure model: what it does with money, what of it arrives, and when."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from payments.protocol import Told

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WINDOW = 24 * HOUR
REFUSALS = 0.05


@dataclass(slots=True)
class Timeline:
    """Things that will happen, in the order of their time."""

    now: float = 0.0
    _queue: list[tuple[float, int, str, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0
    schedule: list[str] = field(default_factory=list)

    def later(self, delay: float, name: str, act: Callable[[], None]) -> None:
        """Let something happen after a delay in seconds."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay, self._count, name, act))

    def next(self, *, until: float) -> bool:
        """Let the next thing happen; False when nothing is left before `until`."""
        if not self._queue or self._queue[0][0] > until:
            return False
        self.now, _, name, act = heapq.heappop(self._queue)
        self.schedule.append(f"{self.now:.0f} {name}")
        act()
        return True


@dataclass(slots=True, eq=False)
class VendorPayout:
    """One payout as the vendor has it."""

    key: str
    reference: str
    at: float
    visible_at: float
    told: Told = Told.PROCESSING
    is_final: bool = False


@dataclass(slots=True)
class Vendor:
    """Makes payouts once for each key, and moves them to their end; `tell` is called with each change."""

    chance: random.Random
    time: Timeline
    tell: Callable[[VendorPayout, Told], None]
    payouts: list[VendorPayout] = field(default_factory=list)

    @property
    def net_credits(self) -> int:
        """How many payouts have their money at the borrower."""
        return sum(payout.told == Told.PROCESSED for payout in self.payouts)

    @property
    def may_pay(self) -> bool:
        """Whether a payout is under way or has paid."""
        return any(payout.told in (Told.PROCESSING, Told.PROCESSED) for payout in self.payouts)

    def receive(self, *, key: str, reference: str) -> Told:
        """Take a request; one with a known key is the payout that it made. Now and then one is refused, for itself."""
        if self.chance.random() < REFUSALS:
            return Told.REFUSED
        for payout in self.payouts:
            if payout.key == key and self.time.now - payout.at < WINDOW:
                return payout.told
        hidden = self.chance.choice((0.0, 0.0, 30.0, 120.0))
        payout = VendorPayout(key, reference, self.time.now, self.time.now + hidden)
        self.payouts.append(payout)
        self._live(payout)
        return payout.told

    def find(self, *, reference: str) -> Told:
        """Tell what became of a reference."""
        for payout in self.payouts:
            if payout.reference == reference and payout.visible_at <= self.time.now:
                return payout.told
        return Told.NOT_FOUND

    def _live(self, payout: VendorPayout) -> None:
        fate = self.chance.random()
        delay = self.chance.choice((1.0, 5.0, 120.0, 2 * HOUR))
        if fate < 0.2:
            self.time.later(delay, "vendor fails", lambda: self._to(payout, Told.FAILED))
            return
        if fate < 0.3:
            # Deemed: the bank answers after days.
            delay = 3 * DAY
        self.time.later(delay, "vendor pays", lambda: self._to(payout, Told.PROCESSED))
        if fate > 0.85:
            back = self.chance.choice((HOUR, DAY, 3 * DAY))
            self.time.later(delay + back, "bank sends back", lambda: self._to(payout, Told.REVERSED))

    def _to(self, payout: VendorPayout, told: Told) -> None:
        payout.told = told
        self.tell(payout, told)
