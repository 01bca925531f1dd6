"""What comes back over a raw connection: whole answers are read, everything that is not clear is unsure."""

import asyncio
from collections.abc import Sequence

import pytest

from payments.proving.connections import Connection, Connections, Reply
from payments.vendors.errors import VendorAway, VendorError, VendorUnsure

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = JSON + b'Content-Length: 8\r\n\r\n{"a": 1}'


async def free(connections: Connections) -> Connection:
    connections.open(1)
    while (found := connections.take()) is None:
        await asyncio.sleep(0.005)
    return found


def exchange(answers: Sequence[Sequence[bytes]]) -> tuple[list[Reply | VendorError], int]:
    """Send a request for each answer, which comes in parts; return what was read and how many connections it took."""

    async def run() -> tuple[list[Reply | VendorError], int]:
        left = list(answers)
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            while await reader.read(1000):
                parts = left.pop(0)
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(0.01)
                if parts[-1:] == [b""]:
                    break
            writer.close()

        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connections = Connections(loop=loop, base_url=f"http://127.0.0.1:{port}", failed=lambda error: None)
        found: list[Reply | VendorError] = []
        for _ in answers:
            connection = connections.take() or await free(connections)
            done: asyncio.Future[Reply | VendorError] = loop.create_future()
            connection.send(b"GET / HTTP/1.1\r\n\r\n", done.set_result)
            found.append(await asyncio.wait_for(done, 5))
        connections.retire()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)
        return found, len(writers)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("parts", "status", "content"),
    [
        ([GOOD], 200, b'{"a": 1}'),
        ([GOOD[:20], GOOD[20:70], GOOD[70:]], 200, b'{"a": 1}'),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD], 200, b'{"a": 1}'),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b""),
        ([b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"], 404, b"{}"),
        ([JSON + b"Transfer-Encoding: chunked\r\n\r\n3;x=1\r\n{}\n\r\n", b"2\r\n  \r\n0\r\n\r\n"], 200, b"{}\n  "),
        ([JSON + b'\r\n{"a"', b": 1}", b""], 200, b'{"a": 1}'),
    ],
    ids=["whole", "in parts", "after 100", "without a body", "refused", "in chunks", "until the end"],
)
def test_answer_is_read_as_it_was_sent(parts: list[bytes], status: int, content: bytes) -> None:
    (reply,), _ = exchange([parts])

    assert isinstance(reply, Reply)
    assert (reply.status, reply.content) == (status, content)


@pytest.mark.parametrize(
    "parts",
    [
        [b"SSH-2.0-OpenSSH_9.2\r\n\r\n"],
        [b"HTTP/1.1 2OO OK\r\n\r\n"],
        [JSON + b"Content-Length: 8\r\nContent-Length: 9\r\n\r\n12345678"],
        [JSON + b"Content-Length: -1\r\n\r\n"],
        [JSON + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [JSON + b"Transfer-Encoding: gzip\r\n\r\n"],
        [JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [JSON + b"Content-Length: 99999999999\r\n\r\n"],
        [JSON + b"X: " + b"x" * 20_000],
        [JSON + b'Content-Length: 8\r\n\r\n{"a"', b""],
        [b""],
    ],
    ids=[
        *("no HTTP", "no status", "two lengths", "negative length", "length and chunks", "other coding"),
        *("bad chunk", "too long", "endless head", "cut off", "nothing"),
    ],
)
def test_answer_that_is_not_clear_is_unsure_and_its_connection_is_not_used_again(parts: list[bytes]) -> None:
    (first, second), opened = exchange([parts, [GOOD]])

    assert isinstance(first, VendorUnsure)
    assert isinstance(second, Reply)
    assert opened == 2


def test_connection_is_used_again_and_left_when_the_vendor_says_so() -> None:
    found, opened = exchange([[GOOD], [GOOD], [GOOD.replace(b"Content-T", b"Connection: close\r\nContent-T")], [GOOD]])

    assert [reply.status for reply in found if isinstance(reply, Reply)] == [200] * 4
    assert opened == 2


def test_more_than_was_asked_for_is_not_taken_for_the_next_answer() -> None:
    found, opened = exchange([[GOOD + GOOD], [GOOD]])

    assert [isinstance(reply, Reply) for reply in found] == [True, True]
    assert opened == 2


def test_vendor_without_a_door_is_away() -> None:
    async def run() -> list[VendorError]:
        failures: list[VendorError] = []
        loop = asyncio.get_running_loop()
        connections = Connections(loop=loop, base_url="http://127.0.0.1:9", failed=failures.append)
        connections.open(2)
        while connections.opening:
            await asyncio.sleep(0.005)
        return failures

    failures = asyncio.run(run())

    assert [type(error) for error in failures] == [VendorAway, VendorAway]


def test_connections_are_used_in_turn_so_that_none_of_them_grows_old() -> None:
    async def run() -> list[bool]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1000):
                writer.write(GOOD)
            writer.close()

        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connections = Connections(loop=loop, base_url=f"http://127.0.0.1:{port}", failed=lambda error: None)
        opened = [await free(connections), await free(connections)]
        for connection in opened:
            connections.back(connection)
        used = []
        for _ in range(3):
            connection = connections.take() or await free(connections)
            done: asyncio.Future[Reply | VendorError] = loop.create_future()
            connection.send(b"GET / HTTP/1.1\r\n\r\n", done.set_result)
            await asyncio.wait_for(done, 5)
            used.append(connection)
        connections.retire()
        server.close()
        await asyncio.sleep(0.05)
        return [connection is opened[place % 2] for place, connection in enumerate(used)]

    assert asyncio.run(run()) == [True, True, True]
