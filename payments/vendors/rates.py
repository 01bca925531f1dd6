"""How many calls a vendor's contract allows: one moving window for all processes, kept by the broker."""

import hashlib
import threading
import time
from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any, Final

import redis
import redis.asyncio

from core.broker import broker

# Longer than the contract's second, because calls that left evenly arrive unevenly.
WINDOW_SECONDS: Final = 1.04
_WINDOW: Final = round(WINDOW_SECONDS * 1_000_000)
# The broker's clock may say so much more than a caller's own has seen pass: what an answer takes to come.
_SLACK: Final = 20_000
_ANSWER_SECONDS: Final = 2
_KEPT_MILLISECONDS: Final = 86_400_000
_UNKNOWN: Final = -1
_KEY: Final = "kist:rate:"
# The vendor's own time runs with the broker's clock, but never back, and never faster than the caller saw time pass:
# a clock that jumps gives nobody a second window. A place is a moment in that time. Places taken ahead keep a distance.
_TAKE: Final = """
local rate, want, distance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead, passed, window = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local clock = redis.call('TIME')
local real = clock[1] * 1000000 + clock[2]
local kept = redis.call('HMGET', KEYS[2], 'real', 'now', 'last', 'number', 'free_from')
local now, last, number = tonumber(kept[2]) or 0, tonumber(kept[3]) or -window, tonumber(kept[4]) or 0
local free_from = tonumber(kept[5]) or 0
if kept[1] then
  local step = math.max(0, real - tonumber(kept[1]))
  if passed >= 0 then step = math.min(step, passed) end
  now = now + step
elseif passed >= 0 then
  free_from = window - passed
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local given, pause = {}, 0
while #given < want do
  local moment = math.max(now, free_from)
  if distance > 0 then moment = math.max(moment, last + distance) end
  local bar = redis.call('ZRANGE', KEYS[1], -rate, -rate, 'WITHSCORES')
  if bar[2] then moment = math.max(moment, tonumber(bar[2]) + window) end
  if moment > now + ahead then
    pause = moment - now
    break
  end
  number = number + 1
  redis.call('ZADD', KEYS[1], string.format('%.0f', moment), string.format('%.0f', number))
  if distance > 0 then last = moment end
  given[#given + 1] = moment - now
end
local function text(value) return string.format('%.0f', value) end
redis.call('HSET', KEYS[2], 'real', text(real), 'now', text(now), 'last', text(last), 'number', text(number),
  'free_from', text(free_from))
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[7]) end
table.insert(given, 1, pause)
return table.concat(given, ' ')
"""


@dataclass(frozen=True, slots=True)
class Slots:
    """How many calls may be made now, and after how many seconds the next is free when there were too few."""

    given: int
    pause_seconds: float


@dataclass(frozen=True, slots=True)
class Places:
    """Moments at which a call may be made, in seconds from now, and after how many more can be had when too few."""

    after_seconds: tuple[float, ...]
    pause_seconds: float


def slots_take(*, vendor: str, per_second: int, want: int = 1) -> Slots:
    """Take up to some calls of a vendor's contract to make now; none while the broker that counts them is away."""
    places = _take(broker(answer_seconds=_ANSWER_SECONDS), vendor, _Wish(per_second, want))
    return Slots(len(places.after_seconds), places.pause_seconds)


async def places_take(
    client: redis.asyncio.Redis | None, *, vendor: str, per_second: int, want: int, ahead_seconds: float
) -> Places:
    """Take up to some calls of a vendor's contract, evenly spread over the time ahead.

    What was not taken in the past is not made up for.

    Args:
        client: a connection of the caller's event loop; None counts in this process alone.
        ahead_seconds: how far away a moment may be.
    """
    wish = _Wish(per_second, want, ceil(_WINDOW / per_second), round(ahead_seconds * 1_000_000))
    if client is None:
        return _MEMORY.take(vendor, wish)
    arguments = _arguments(vendor, wish)
    try:
        try:
            return _read(await client.evalsha(_script_hash(), 2, *arguments))
        except redis.exceptions.NoScriptError:
            return _read(await client.eval(_TAKE, 2, *arguments))
    except redis.RedisError:
        return Places((), 1)


def counts_forget() -> None:
    """Forget what was counted in this process; for tests."""
    _MEMORY.forget()
    _taken_at.clear()


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for, in microseconds; without a distance all of it at once, and now."""

    per_second: int
    want: int
    distance: int = 0
    ahead: int = 0


class _Memory:
    """The same window without a broker: one process is all there is, and its clock does not jump."""

    def __init__(self) -> None:
        self._moments: defaultdict[str, list[int]] = defaultdict(list)
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, vendor: str, wish: _Wish) -> Places:
        with self._lock:
            now, moments = time.monotonic_ns() // 1000, self._moments[vendor]
            del moments[: bisect_right(moments, now - _WINDOW)]
            given: list[int] = []
            moment = now
            while len(given) < wish.want:
                moment = now
                if wish.distance:
                    # Another process may have used this one's first window before it.
                    moment = max(now, round(_BEGAN * 1_000_000) + _WINDOW, self._last.get(vendor, 0) + wish.distance)
                if len(moments) >= wish.per_second:
                    moment = max(moment, moments[-wish.per_second] + _WINDOW)
                if moment > now + wish.ahead:
                    break
                insort(moments, moment)
                if wish.distance:
                    self._last[vendor] = moment
                given.append(moment - now)
            pause = moment - now if len(given) < wish.want else 0
            return _places([pause, *given])

    def forget(self) -> None:
        with self._lock:
            self._moments.clear()
            self._last.clear()


_MEMORY: Final = _Memory()
_BEGAN: Final = time.monotonic()
_taken_at: Final[dict[str, float]] = {}


@cache
def _script_hash() -> str:
    # The broker names scripts so; nothing is kept secret by it.
    return hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()


def _take(client: redis.Redis | None, vendor: str, wish: _Wish) -> Places:
    if client is None:
        return _MEMORY.take(vendor, wish)
    arguments = _arguments(vendor, wish)
    try:
        try:
            return _read(client.evalsha(_script_hash(), 2, *arguments))
        except redis.exceptions.NoScriptError:
            return _read(client.eval(_TAKE, 2, *arguments))
    except redis.RedisError:
        return Places((), 1)


def _arguments(vendor: str, wish: _Wish) -> tuple[str | int, ...]:
    """Return what the script is called with: also how long this process has not asked, by its own steady clock."""
    moment = time.monotonic()
    # Whoever sends many at a time takes it that another one did so until this process began.
    before = _taken_at.get(vendor, _BEGAN if wish.distance else None)
    _taken_at[vendor] = moment
    passed = _UNKNOWN if before is None else round(max(0.0, moment - before) * 1_000_000) + _SLACK
    # Braces keep both keys on one server of a cluster.
    keys = (f"{_KEY}{{{vendor}}}", f"{_KEY}{{{vendor}}}:clock")
    return (*keys, wish.per_second, wish.want, wish.distance, wish.ahead, passed, _WINDOW, _KEPT_MILLISECONDS)


def _read(answer: Any) -> Places:
    """Read what the script tells in one text: a list of numbers would be taken apart one by one."""
    return _places([int(number) for number in answer.split()])


def _places(answer: list[int]) -> Places:
    pause, *moments = (number / 1_000_000 for number in answer)
    return Places(tuple(moments), pause)
