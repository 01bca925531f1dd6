"""Do what waits in the database, until stopped."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.workers import LANES, LaneWorker


class Command(BaseCommand):
    """A process of workers; any number of them may run."""

    help = (
        "Relay events, apply messages and run the steps of sagas until stopped; --LANE says how many threads each has."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many threads work on each lane."""
        for name in LANES:
            parser.add_argument(f"--{name}", type=int, default=1, metavar="THREADS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the threads and wait for a signal."""
        stop = threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        threads = [
            threading.Thread(target=LaneWorker(lane=lane, number=number, stop=stop).run, name=f"{name}-{number}")
            for name, lane in LANES.items()
            for number in range(options[name])
        ]
        for thread in threads:
            thread.start()
        self.stdout.write(f"working with {len(threads)} threads")
        self.stdout.flush()
        while not stop.wait(1):
            pass
        for thread in threads:
            thread.join()
