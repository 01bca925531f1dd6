"""Prove accounts that somebody waits for, until stopped."""

import os
import signal
import socket
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.streams import Hints
from core.workers import LOOK_SECONDS, LOOK_WITHOUT_BROKER_SECONDS
from payments.proving.prover import Prover
from payments.services.payees import PROOF_QUEUE


class Command(BaseCommand):
    """A process that asks vendors about many accounts at a time; any number of them may run."""

    help = "Prove accounts of borrowers by asking vendors, the cheapest first, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many calls may be in flight, and whether to end when nothing is left."""
        parser.add_argument("--in-flight", type=int, default=1000)
        parser.add_argument("--once", type=float, metavar="SECONDS", help="end when nothing is due, or after this time")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work in this thread, listen for hints in another, until a signal comes."""
        prover = Prover(in_flight=options["in_flight"])
        if options["once"]:
            prover.drain(seconds=options["once"])
            self.stdout.write(f"{prover.decided} accounts were proven or refused")
            return
        stop, wake, has_broker = threading.Event(), threading.Event(), threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        listener = threading.Thread(target=_listen, args=(stop, wake, has_broker), daemon=True)
        listener.start()
        has_broker.wait(1)
        self.stdout.write("proving accounts")
        self.stdout.flush()
        look_seconds = LOOK_SECONDS if has_broker.is_set() else LOOK_WITHOUT_BROKER_SECONDS
        prover.run(stop=stop, wake=wake, look_seconds=look_seconds)


def _listen(stop: threading.Event, wake: threading.Event, has_broker: threading.Event) -> None:
    """Wake the worker when a hint comes; the rows say what there is to do, so hints are acknowledged at once."""
    hints = Hints(consumer=f"{socket.gethostname()}.{os.getpid()}.proof", lease_seconds=60)
    while not stop.is_set():
        found = hints.read(queues=[PROOF_QUEUE], limit=500, block_ms=500)
        if found is None:
            stop.wait(LOOK_SECONDS)
            continue
        has_broker.set()
        if found:
            wake.set()
        for queue, hint_id, _ in found:
            hints.acknowledge(queue=queue, hint_ids=[hint_id])
