"""When calls reached a vendor, and whether they were more than its contract allows in any second."""

import socket
import struct
import time
from bisect import bisect_right, insort

from aiohttp import web

_SECOND = 1.0
_KEPT_SECONDS = 5.0
# Where Linux tells in TCP_INFO how many milliseconds ago the last data came.
_LAST_DATA_RECEIVED = 52


class Arrivals:
    """The moments at which one vendor was called, in order."""

    def __init__(self) -> None:
        self._moments: list[float] = []
        self.most_in_a_second = 0

    def add(self, moment: float, *, allowed: int) -> int:
        """Count a call; return how many there were in a second with it when they were too many, else 0.

        Args:
            allowed: calls in any second, or 0 when all are.
        """
        moments = self._moments
        del moments[: bisect_right(moments, moment - _KEPT_SECONDS)]
        insort(moments, moment)
        place = bisect_right(moments, moment) - 1
        count = place - bisect_right(moments, moment - _SECOND) + 1
        self.most_in_a_second = max(self.most_in_a_second, count)
        if not allowed:
            return 0
        # It may have come before calls that were heard earlier: every second that it falls into counts.
        last = len(moments) - allowed
        if any(
            moments[first + allowed] - moments[first] < _SECOND
            for first in range(max(0, place - allowed), min(place + 1, last))
        ):
            return max(count, allowed + 1)
        return 0


def arrived_at(request: web.Request) -> float:
    """Return when a request reached this machine, however long this process took to look at it.

    A gateway counts calls at its door. Here a machine full of other work may let them lie for a while, and find many
    at once; the system knows when each of them came, to some milliseconds.
    """
    now = time.monotonic()
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is None or not hasattr(socket, "TCP_INFO"):
        return now
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + 4)
    except OSError:
        return now
    if len(told) < _LAST_DATA_RECEIVED + 4:
        return now
    return now - float(struct.unpack_from("=I", told, _LAST_DATA_RECEIVED)[0]) / 1000
