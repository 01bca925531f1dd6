"""The consumer: takes accounts, asks the cheapest vendor that has a place, writes what it says; many at a time."""

import gc
import logging
import threading
import time
from collections import deque
from typing import Final

from django.db import close_old_connections

from core.business_date import business_date
from core.failpoints import failpoint
from payments.models import VendorRoute
from payments.proving.asking import Question, call_for_open, meaning_of, questions_open
from payments.proving.circuits import Ways
from payments.proving.doors import Call, Ended
from payments.proving.jobs import (
    LEASE_SECONDS,
    SAME_ACCOUNT,
    SAME_ACCOUNT_SECONDS,
    Item,
    PutOff,
    jobs_claim,
    jobs_put_off,
)
from payments.proving.pauses import RepeatBudget
from payments.proving.sender import Sender
from payments.proving.settling import calls_settle

logger = logging.getLogger(__name__)

# Rows are written at most so often, many at once.
_ROUND_SECONDS: Final = 0.6
# So many seconds of a vendor's rate are written as intents before they are sent: what a dying process leaves behind.
_AHEAD_SECONDS: Final = 1.0
# A dearer way is taken only by who has waited so long for a cheaper one.
_PATIENCE_SECONDS: Final = 1.0
_MOST_AT_ONCE: Final = 500
_NO_WAY_SECONDS: Final = 1_800.0
_NO_WAY: Final = "No vendor could prove the account"
_PAID_ALREADY_SECONDS: Final = 3_600.0
_PAID_ALREADY: Final = "A check was paid for and proved nothing: somebody has to look"
_GRACE_SECONDS: Final = 10.0


class Prover:
    """Accounts in hand, and the rounds in which they move; rows are touched by the caller's thread alone."""

    def __init__(self, *, in_flight: int = 1000, round_seconds: float = _ROUND_SECONDS) -> None:
        self.sender = Sender(in_flight=in_flight)
        self._limit = in_flight
        self._round_seconds = round_seconds
        self._items: dict[int, Item] = {}
        self._ready: deque[Item] = deque()
        self._ways = Ways()
        self._budget = RepeatBudget()
        self._is_more = True
        self.decided = 0

    def run(self, *, stop: threading.Event, wake: threading.Event, look_seconds: float) -> None:
        """Work until stopped; an error of the database ends one round, not the loop.

        Args:
            stop: ends the work: what is in flight is waited for, a little.
            wake: set when somebody knows of new accounts.
            look_seconds: how often the table is looked into without being told.
        """
        # What is there by now stays: the collector need not go through all of it again and again.
        gc.freeze()
        self.sender.start()
        looked_at = float("-inf")
        while not stop.is_set():
            try:
                close_old_connections()
                if wake.is_set() or self._is_more or time.monotonic() - looked_at > look_seconds:
                    wake.clear()
                    self.claim()
                    looked_at = time.monotonic()
                self.round()
            except Exception:
                logger.exception("A round of proofs failed")
                # What was in hand comes back when its lease ends.
                self._items.clear()
                self._ready.clear()
                stop.wait(1)
        self.close()

    def drain(self, *, seconds: float) -> None:
        """Work until nothing is due or in hand, at most some seconds; for tests and tools."""
        self.sender.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                self.claim()
                if not self._items:
                    break
                self.round()
        finally:
            self.close()

    def close(self) -> None:
        """Wait for what is in flight, hand back what was not sent, and write both down."""
        self.sender.stop(seconds=_GRACE_SECONDS)
        self._settle(self.sender.ended(seconds=0))

    def claim(self) -> None:
        """Take as many accounts as can be asked about soon."""
        room = min(2 * self._limit - len(self._items), _MOST_AT_ONCE)
        if room <= 0:
            return
        items = jobs_claim(limit=room, today=business_date())
        self._is_more = bool(items)
        now = time.monotonic()
        in_hand = {item.account for item in self._items.values()}
        for item in items:
            if item.account not in in_hand:
                item.since = now
                self._items[item.job_id] = item
                self._ready.append(item)
        again = [item for item in items if item.account in in_hand and item.job_id not in self._items]
        jobs_put_off(put_off=[PutOff(item.job_id, SAME_ACCOUNT_SECONDS, SAME_ACCOUNT) for item in again])

    def round(self) -> None:
        """Send what may be sent, and write what has come back."""
        probes = self._ways.read()
        self.sender.hall.closed = self._ways.closed
        self.sender.submit(ways=self._ways.ways, calls=probes)
        self._send()
        begun = time.monotonic()
        ended = self.sender.ended(seconds=self._round_seconds)
        if ended:
            # Let more of them gather: a write of many costs little more than a write of one.
            time.sleep(max(0.0, self._round_seconds - (time.monotonic() - begun)))
            ended += self.sender.ended(seconds=0)
        self._settle(ended)

    def _send(self) -> None:
        """Give accounts to vendors that have a place for them, intents first."""
        now = time.monotonic()
        rates = {code: way.per_second for code, way in self._ways.ways.items()}
        # Seconds of each vendor's rate.
        room = {code: _AHEAD_SECONDS - self.sender.waiting(vendor=code) / rate for code, rate in rates.items()}
        questions: list[Question] = []
        finds: list[Call] = []
        nowhere: list[PutOff] = []
        waiting: list[Item] = []
        # Without room anywhere the rest need not be looked at.
        while self._ready and any(left > 0 for left in room.values()):
            item = self._ready.popleft()
            if now - item.since > LEASE_SECONDS / 2:
                # Too long in hand: it comes back by itself when the lease ends.
                self._items.pop(item.job_id, None)
            elif item.not_before > now:
                waiting.append(item)
            elif item.open_check is not None and item.open_check.vendor is not None:
                self._ways.know([item.open_check.vendor])
                finds.append(call_for_open(item=item))
            elif not (ways := self._ways_for(item)):
                nowhere.append(PutOff(item.job_id, _NO_WAY_SECONDS, _NO_WAY))
                self._items.pop(item.job_id, None)
            elif route := self._choose(ways, room, waited=now - item.since):
                room[route.vendor.code] -= 1 / rates[route.vendor.code]
                questions.append(Question(item, route))
            else:
                waiting.append(item)
        # In their order, before those that were not looked at.
        self._ready.extendleft(reversed(waiting))
        jobs_put_off(put_off=nowhere)
        self.sender.submit(ways=self._ways.ways, calls=[*finds, *(self._open(questions) if questions else ())])

    def _ways_for(self, item: Item) -> list[VendorRoute]:
        ways = self._ways.of_addresses if item.is_upi else self._ways.of_accounts
        return [route for route in ways if (route.vendor_id, route.operation) not in item.tried] if item.tried else ways

    def _choose(self, ways: list[VendorRoute], room: dict[str, float], *, waited: float) -> VendorRoute | None:
        """Return the first way that has room; of those that cost and rank the same the one with the shortest wait."""
        closed = self._ways.closed
        usable = [route for route in ways if (route.vendor.code, route.operation) not in closed] if closed else ways
        best: VendorRoute | None = None
        for route in usable:
            if route.cost_paise > usable[0].cost_paise and waited < _PATIENCE_SECONDS:
                break
            if best and (route.cost_paise, route.rank) != (best.cost_paise, best.rank):
                break
            if room[route.vendor.code] > (room[best.vendor.code] if best else 0):
                best = route
        return best

    def _open(self, questions: list[Question]) -> list[Call]:
        opened = questions_open(questions=questions, today=business_date())
        for item in (*opened.being_proven, *opened.paid_in_vain):
            self._items.pop(item.job_id, None)
        later = [PutOff(item.job_id, SAME_ACCOUNT_SECONDS, SAME_ACCOUNT) for item in opened.being_proven]
        later += [PutOff(item.job_id, _PAID_ALREADY_SECONDS, _PAID_ALREADY) for item in opened.paid_in_vain]
        jobs_put_off(put_off=later)
        for _ in opened.calls:
            self._budget.first_try()
        return opened.calls

    def _settle(self, ended: list[Ended]) -> None:
        if not ended:
            return
        failpoint("proof.after_call")
        meanings = [(end.call, meaning_of(ended=end, kind=self._ways.kind_of(end.call.vendor))) for end in ended]
        for call, meaning in meanings:
            self._ways.tell(call, meaning)
        in_hand = [(call, meaning) for call, meaning in meanings if call.job_id in self._items]
        if not in_hand:
            return
        settled = calls_settle(ends=in_hand, items=self._items, budget=self._budget, today=business_date())
        self.decided += settled.decided
        for item in settled.gone:
            self._items.pop(item.job_id, None)
        now = time.monotonic()
        for item in settled.back:
            item.since = now
            self._ready.append(item)
