"""A proxy before the database that cuts a connection at its COMMIT: before the server has it, or before its answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_COM_QUERY = 3
_HEADER = 4
_CHUNK = 65_536


class CommitCutter:
    """Lets everything through, and asks of each COMMIT what becomes of it: "", "before" or "after"."""

    def __init__(self, *, target: tuple[str, int], fate: Callable[[int], str]) -> None:
        self._target, self._fate = target, fate
        self._lock = threading.Lock()
        self._commits = 0
        self.cuts = {"before": 0, "after": 0}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        """Take connections until closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Stop listening and end what is open."""
        self._listener.close()
        self._cut(*self._open)

    def _pass(self, client: socket.socket) -> None:
        server = socket.create_connection(self._target)
        self._open += [client, server]
        is_lost = threading.Event()
        threading.Thread(target=self._answers, args=(server, client, is_lost), daemon=True).start()
        with suppress(OSError):
            while sent := client.recv(_CHUNK):
                fate = self._fate_of(sent)
                if fate == "before":
                    break
                if fate == "after":
                    is_lost.set()
                server.sendall(sent)
                if fate == "after":
                    return
        self._cut(client, server)

    def _answers(self, server: socket.socket, client: socket.socket, is_lost: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(_CHUNK):
                if is_lost.is_set():
                    # The server has committed, and nobody will hear of it.
                    break
                client.sendall(answer)
        self._cut(client, server)

    def _fate_of(self, sent: bytes) -> str:
        if len(sent) <= _HEADER or sent[_HEADER] != _COM_QUERY or sent[_HEADER + 1 :].strip().upper() != b"COMMIT":
            return ""
        with self._lock:
            self._commits += 1
            fate = self._fate(self._commits)
            if fate:
                self.cuts[fate] += 1
        return fate

    def _cut(self, *links: socket.socket) -> None:
        for link in links:
            with suppress(OSError):
                # A thread that still reads from it would keep it open.
                link.shutdown(socket.SHUT_RDWR)
            link.close()


@contextmanager
def cutting(*, target: tuple[str, int], fate: Callable[[int], str]) -> Iterator[CommitCutter]:
    """Run a proxy before a database; `fate` tells what becomes of the Nth COMMIT."""
    cutter = CommitCutter(target=target, fate=fate)
    threading.Thread(target=cutter.serve, daemon=True).start()
    try:
        yield cutter
    finally:
        cutter.close()
