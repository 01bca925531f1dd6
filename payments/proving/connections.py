"""HTTP/1.1 over connections that stay open, a request at a time on each: no more of it than vendors' answers need.

A library that can do everything takes ten times the processor's time for a call, and here a thousand are under way.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from payments.vendors.errors import VendorAway, VendorError, VendorUnsure
from payments.vendors.http import CONNECT_SECONDS, LONGEST_ANSWER

# A vendor may close what is idle at any moment: what was just sent into it would be unsure.
_IDLE_SECONDS: Final = 4.0
_LONGEST_HEAD: Final = 16_384
_STATUS_LINE: Final = b"HTTP/1."
_FIRST_FINAL_STATUS: Final = 200
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered, as it came."""

    status: int
    kind: str
    retry_after: str
    content: bytes


# A new buffer for each read would be the dearest part of it.
_RECEIVED: Final = memoryview(bytearray(65_536))
Done = Callable[[Reply | VendorError], None]


@dataclass(slots=True)
class _Head:
    """What the head of an answer says; without a length it ends with the connection."""

    status: int
    length: int | None = None
    is_chunked: bool = False
    is_last: bool = False
    kind: str = ""
    retry_after: str = ""


class Connection(asyncio.BufferedProtocol):
    """One connection: what is sent is answered, or ends in an error that says what that means."""

    def __init__(self, pool: "Connections") -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._done: Done | None = None
        self._head: _Head | None = None
        self._buffer = bytearray()
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, data: bytes, done: Done) -> None:
        """Send a request; `done` is called once, with the answer or with the reason why there is none."""
        if self._done is not None or self._transport is None:
            raise ValueError("A connection carries one request at a time.")
        self._done = done
        self._transport.write(data)

    def give_up(self, error: VendorError) -> None:
        """Close the connection at once and end what waits for an answer."""
        if self._transport is not None:
            self._transport.abort()
        self._end(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the one buffer of all connections: what comes is taken out before the next one reads."""
        return _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        """Read what has come, and end the call when the answer is whole."""
        if self._done is None:
            # Nothing was asked: what comes now would be taken for the next answer.
            self.give_up(VendorUnsure("An answer to nothing"))
            return
        self._buffer += _RECEIVED[:nbytes]
        try:
            content = self._content()
        except ValueError as error:
            self.give_up(VendorUnsure(str(error)))
            return
        if content is not None:
            self._answered(content)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what waits: the request may have had its effect."""
        self._pool.forget(self)
        if self._done is None:
            return
        head = self._head
        if head is not None and head.length is None and not head.is_chunked and exc is None:
            self._answered(bytes(self._buffer))
        else:
            self._end(VendorUnsure("No answer: the connection was closed"))

    def _content(self) -> bytes | None:
        """Return the body when it is whole."""
        while self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _LONGEST_HEAD:
                    raise ValueError("An answer without an end of its head")
                return None
            head = _read_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            # What comes before the answer, such as 100, is passed over.
            self._head = head if head.status >= _FIRST_FINAL_STATUS else None
        if len(self._buffer) > LONGEST_ANSWER or (self._head.length or 0) > LONGEST_ANSWER:
            raise ValueError("An answer that is too long")
        if self._head.is_chunked:
            return _unchunked(self._buffer)
        length = self._head.length
        if length is None or len(self._buffer) < length:
            return None
        content = bytes(self._buffer[:length])
        del self._buffer[:length]
        return content

    def _answered(self, content: bytes) -> None:
        head = self._head
        assert head is not None  # noqa: S101  # for the type checker
        is_reusable = not head.is_last and not self._buffer and (head.length is not None or head.is_chunked)
        self._head = None
        if self._transport is not None and not is_reusable:
            self._transport.close()
        done, self._done = self._done, None
        if is_reusable:
            self._pool.back(self)
        if done is not None:
            done(Reply(head.status, head.kind, head.retry_after, content))

    def _end(self, error: VendorError) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(error)


class Connections:
    """The connections to one vendor, used in turn: what is spare stays young as long as calls are made."""

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, base_url: str, failed: Callable[[VendorError], None]
    ) -> None:
        parts = urlsplit(base_url)
        is_safe = parts.scheme == "https"
        self._loop = loop
        self._failed = failed
        self._host = parts.hostname or ""
        self._port = parts.port or (_HTTPS_PORT if is_safe else _HTTP_PORT)
        self._options: dict[str, Any] = {"ssl": _context(), "server_hostname": self._host} if is_safe else {}
        self._idle: deque[Connection] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_retired = False

    @property
    def ready(self) -> int:
        """How many can be used now."""
        return len(self._idle)

    @property
    def opening(self) -> int:
        """How many are on the way."""
        return len(self._tasks)

    def take(self) -> Connection | None:
        """Return one that is free, if there is any."""
        while self._idle:
            connection = self._idle.popleft()
            if connection.is_open:
                return connection
        return None

    def open(self, count: int) -> None:
        """Open some more; each that cannot be opened is told to `failed`."""
        for _ in range(count):
            task = self._loop.create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def back(self, connection: Connection) -> None:
        """Take one back whose call has ended."""
        if self._is_retired:
            connection.give_up(VendorAway("Not used"))
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Leave one out that was closed."""
        if connection in self._idle:
            self._idle.remove(connection)

    def close_old(self) -> None:
        """Close what has not been used for a while; the oldest are in front."""
        oldest = self._loop.time() - _IDLE_SECONDS
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().give_up(VendorAway("Not used"))

    def retire(self) -> None:
        """Close all that is not in use, and the others when their calls have ended."""
        self._is_retired = True
        for task in self._tasks:
            task.cancel()
        while self._idle:
            self._idle.pop().give_up(VendorAway("Not used"))

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self), self._host, self._port, **self._options
                )
        except (OSError, TimeoutError) as error:
            self._failed(VendorAway(f"No connection ({type(error).__name__})"))
            return
        self.back(connection)


def _read_head(raw: bytes) -> _Head:
    first, *lines = raw.split(b"\r\n")
    if not first.startswith(_STATUS_LINE) or not first[9:12].isdigit() or first[8:9] != b" ":
        raise ValueError("An answer that is no HTTP")
    head = _Head(int(first[9:12]), is_last=first[7:8] == b"0")
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("An answer that is no HTTP")
        name, value = name.lower(), value.strip()
        if name == b"content-length":
            if not value.isdigit() or head.length not in (None, int(value)):
                raise ValueError("An answer whose length is not clear")
            head.length = int(value)
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise ValueError("An answer in a coding that was not asked for")
            head.is_chunked = True
        elif name == b"connection":
            head.is_last = head.is_last or b"close" in value.lower()
        elif name == b"content-type":
            head.kind = value.decode("latin-1").lower()
        elif name == b"retry-after":
            head.retry_after = value.decode("latin-1")
    if head.is_chunked and head.length is not None:
        raise ValueError("An answer whose length is not clear")
    if head.status in (204, 304):
        head.length = 0
    return head


def _unchunked(buffer: bytearray) -> bytes | None:
    """Return a body that comes in pieces when the last one is there, and take it out of the buffer."""
    content, place = bytearray(), 0
    while True:
        end = buffer.find(b"\r\n", place)
        if end < 0:
            return None
        size = buffer[place:end].split(b";")[0].strip()
        if not size or not size.isalnum() or len(size) > len(f"{LONGEST_ANSWER:x}"):
            raise ValueError("An answer whose length is not clear")
        length = int(size, 16)
        if length == 0:
            # Trailers are not asked for: a body that has some ends the use of the connection.
            if len(buffer) < end + 4:
                return None
            del buffer[: end + (4 if buffer[end + 2 : end + 4] == b"\r\n" else 2)]
            return bytes(content)
        if len(buffer) < end + 2 + length + 2:
            return None
        content += buffer[end + 2 : end + 2 + length]
        place = end + 2 + length + 2


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
