"""One intent from request to rest: durable rows, a worker that dies anywhere, promises checked at every event."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from payments.protocol import (
    STANDARD_LADDER,
    Action,
    Call,
    State,
    Told,
    heard_as,
    is_beyond_proof,
    next_action,
    pause_before_next_look,
    state_after,
)
from tests.payments.simulation.vendor import DAY, HOUR, WINDOW, Timeline, Vendor, VendorPayout

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
MARGIN = 2 * HOUR
WATCH = 7 * DAY
END = 14 * DAY
RANK = {State.SENDING: 0, State.UNKNOWN: 0, State.PROCESSING: 1, State.PROCESSED: 2, State.FAILED: 2, State.REVERSED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a worker behaves; the proposed one is that of the project, a mutant changes one thing."""

    state_after: Callable[[State, Told], State] = lambda state, told: state_after(state=state, told=told)
    heard_as: Callable[[Told, State, int], Told] = lambda told, state, sends: heard_as(
        told=told, state=state, sends=sends
    )
    has_key_per_intent: bool = True
    commits_intent_first: bool = True
    keeps_key_when_unknown: bool = True
    takes_unknown_for_failed: bool = False
    counts_each_message_once: bool = True
    looks_by_itself: bool = True


@dataclass(slots=True)
class Row:
    """An attempt as the database has it."""

    key: str
    reference: str
    safe_until: float
    state: State = State.SENDING
    was_sent: bool = False
    sends: int = 0
    looks: int = 0


class Broken(Exception):
    """A promise did not hold."""


@dataclass
class Run:
    """One seed."""

    seed: int
    policy: Policy
    chance: random.Random = field(init=False)
    time: Timeline = field(init=False)
    vendor: Vendor = field(init=False)
    row: Row | None = None
    booked: int = 0
    is_parked: bool = False
    keys: int = 0
    requests: int = 1
    seen: set[tuple[str, Told]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.time = Timeline()
        self.vendor = Vendor(self.chance, self.time, self._vendor_moved)

    def play(self) -> None:
        """Let everything happen, checking the promises after each event.

        Raises:
            Broken: a promise did not hold; the message is seed, schedule and what was broken.
        """
        self.time.later(0, "worker", self._work)
        while self.time.next(until=END):
            self._check_always()
        self._check_at_rest()

    # The worker: what it knows is lost when it dies, what is in `row` is not.

    def _work(self) -> None:
        if self.is_parked:
            return
        if self.row is None:
            if not self.policy.commits_intent_first:
                self._send_before_intent()
                return
            self.row = self._new_row()
            if self._dies("after intent"):
                return
        match next_action(call=self._call(self.row), now=self._instant()):
            case Action.SEND:
                self._send(self.row)
            case Action.ASK_OR_SEND | Action.ASK as action:
                self._ask(self.row, may_send=action == Action.ASK_OR_SEND)
            case _:
                pass

    def _send(self, row: Row) -> None:
        row.was_sent = True
        row.sends += 1
        if not self.policy.has_key_per_intent:
            row.key = self._new_key()
        if self._dies("before call"):
            return
        told = self._over_the_wire(lambda: self.vendor.receive(key=row.key, reference=row.reference))
        if self._dies("after call"):
            return
        self._learn(told)
        self._again(row)

    def _send_before_intent(self) -> None:
        row = self._new_row()
        told = self._over_the_wire(lambda: self.vendor.receive(key=row.key, reference=row.reference))
        if self._dies("after call, before the intent"):
            return
        row.was_sent, row.sends = True, 1
        self.row = row
        self._learn(told)
        self._again(row)

    def _ask(self, row: Row, *, may_send: bool) -> None:
        row.looks += 1
        told = self.vendor.find(reference=row.reference) if self.chance.random() > 0.1 else Told.UNSURE
        if self._dies("after look"):
            return
        if told == Told.NOT_FOUND and self.policy.takes_unknown_for_failed:
            told = Told.FAILED
        elif told == Told.NOT_FOUND and may_send:
            if not self.policy.keeps_key_when_unknown:
                row.key, row.reference = self._new_key(), f"ref-{self.keys}"
            self._send(row)
            return
        if is_beyond_proof(call=self._call(row), told=told, now=self._instant()):
            self.is_parked = True
            return
        self._learn(told)
        self._again(row)

    def _again(self, row: Row) -> None:
        """Come back later while nothing is final, and daily while a paid payout may come back."""
        if row.state in (State.FAILED, State.REVERSED) or not self.policy.looks_by_itself:
            return
        if row.state == State.PROCESSED:
            if self.time.now < WATCH:
                self.time.later(DAY, "watch", self._watch)
            return
        now = self._instant()
        pause = pause_before_next_look(ladder=STANDARD_LADDER, looks=row.looks, sent_at=EPOCH, now=now)
        self.time.later(pause.total_seconds(), "worker", self._work)

    def _watch(self) -> None:
        if self.row is not None and self.row.state == State.PROCESSED:
            self._learn(self.vendor.find(reference=self.row.reference))
            self._again(self.row)

    def _learn(self, told: Told) -> None:
        """Move the row and book what follows, in one transaction."""
        row = self.row
        if row is None:
            return
        told = self.policy.heard_as(told, row.state, row.sends)
        before, after = row.state, self.policy.state_after(row.state, told)
        if RANK[after] < RANK[before]:
            raise Broken(f"{before} became {after}")
        row.state = after
        is_news = before != after or not self.policy.counts_each_message_once
        if is_news and after == State.PROCESSED and told == Told.PROCESSED:
            self.booked += 1
        if before == State.PROCESSED and after == State.REVERSED:
            self.booked -= 1
        if after == State.FAILED and before != State.FAILED:
            self._ask_anew()

    def _ask_anew(self) -> None:
        """What is proven to have failed may be asked for again, as a new intent."""
        if self.requests < 3 and self.chance.random() < 0.5:
            self.requests += 1
            self.time.later(10, "asked for again", self._new_intent)

    def _new_intent(self) -> None:
        if self.row is not None and self.row.state == State.FAILED:
            self.row = None
            self.time.later(0, "worker", self._work)

    # The world around it.

    def _over_the_wire(self, arrive: Callable[[], Told]) -> Told:
        draw = self.chance.random()
        if draw < 0.5:
            return arrive()
        if draw < 0.65:
            return Told.UNSURE
        if draw < 0.85:
            arrive()
            return Told.UNSURE
        self.time.later(20 * 60, "request arrives late", lambda: _ignore(arrive()))
        return Told.UNSURE

    def _vendor_moved(self, payout: VendorPayout, told: Told) -> None:
        draw = self.chance.random()
        if draw < 0.3:
            return
        for _ in range(2 if draw > 0.8 else 1):
            delay = self.chance.choice((0.0, 1.0, 60.0, 5 * HOUR))
            self.time.later(delay, f"webhook {told}", lambda: self._webhook(payout, told))

    def _webhook(self, payout: VendorPayout, told: Told) -> None:
        row = self.row
        if row is None or payout.reference != row.reference:
            return
        before = row.state
        self._learn(told)
        if row.state == State.PROCESSED and before != State.PROCESSED:
            self._again(row)

    def _dies(self, place: str) -> bool:
        """Let the worker die here, sometimes; another one takes over when the lease has run out."""
        if self.chance.random() > 0.08:
            return False
        self.time.later(60, f"taken over, died {place}", self._work)
        return True

    def _new_row(self) -> Row:
        key = self._new_key()
        return Row(key, f"ref-{self.keys}", self.time.now + WINDOW - MARGIN)

    def _new_key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _call(self, row: Row) -> Call:
        return Call(state=row.state, was_sent=row.was_sent, safe_retry_until=EPOCH + timedelta(seconds=row.safe_until))

    def _instant(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time.now)

    def _check_always(self) -> None:
        if self.vendor.net_credits > 1:
            self._fail(f"{self.vendor.net_credits} net credits for one intent")
        if self.row is not None and self.row.state == State.FAILED and self.vendor.may_pay:
            self._fail("shown as failed while money is out or may still leave")

    def _check_at_rest(self) -> None:
        if self.is_parked:
            return
        if self.row is None or self.row.state in (State.SENDING, State.UNKNOWN, State.PROCESSING):
            self._fail("stuck for ever")
        if self.booked != self.vendor.net_credits:
            self._fail(f"{self.booked} in the books, {self.vendor.net_credits} at the bank")

    def _fail(self, problem: str) -> None:
        raise Broken(f"seed {self.seed}: {problem}\n  " + "\n  ".join(self.time.schedule))


def _ignore(_told: Told) -> None:
    """Drop an answer that nobody waits for any more."""
