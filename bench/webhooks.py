"""Measured intake of webhooks: `python -m bench.webhooks` beside durable inserts of the same rows in the same run.

On the database of DATABASE_URL (MariaDB or MySQL); the benchmark makes one of its own and drops it. On the broker of
REDIS_URL, if that names one: then every event is announced there, too.

The limit is a raw client in as many processes that sends the very INSERT statements of the intake, ready-made, each of
which commits by itself. The intake is the whole site as a web server calls it, from its first line to the answer, in
two processes that the callers share as threads, as the processes of a web server do. Behind a server the callers take
part of the processors as well: that rate is printed without a bar.
"""

import hashlib
import hmac
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import MySQLdb
from django.conf import settings
from django.db import connection

from bench.app import load_line, own_database
from bench.callers import captured, rate
from bench.server import Caller, messages, served
from bench.stack import Asked, answered, asked
from core.inbox.models import InboxMessage, MessageState
from payments.models import Vendor, VendorKind
from payments.webhooks.intake import HEADERS, webhook_take

CALLERS: Final = 32
EACH: Final = 250
ROUNDS: Final = 5
WORKERS: Final = 2
LEAST_RATIO: Final = 0.5
P99_MILLISECONDS: Final = 100
HALF_LOAD_SECONDS: Final = 6
SECRET: Final = "bench"  # noqa: S105  # signs events of this run alone
_SAMPLES: Final = Path(__file__).parent.parent / "tests" / "data" / "razorpay_events.json"


def main() -> None:
    """Print the rate of intake beside that of single rows, and the slowest answers at half load."""
    if connection.vendor != "mysql":
        sys.exit("Set DATABASE_URL to a MariaDB or MySQL server, such as mysql://root@127.0.0.1:3306/kist_bench.")
    with own_database():
        Vendor.objects.create(
            code="razorpay",
            name="Gateway",
            kind=VendorKind.RAZORPAY,
            base_url="http://127.0.0.1:9",
            webhook_secret=SECRET,
            previous_webhook_secret="before",  # noqa: S106  # pragma: allowlist secret
        )
        hinted = "with" if settings.REDIS_URL else "without"
        print(f"{load_line()}; {CALLERS} callers, bodies of {len(_events('x', 1)[0].raw)} bytes, {hinted} a broker")
        ratios = [_round(number) for number in range(ROUNDS)]
        print(f"median ratio {statistics.median(ratios):.2f}   bar {LEAST_RATIO}")
        with served(workers=WORKERS) as port:
            _served(port)
        print(f"stored {InboxMessage.objects.filter(state=MessageState.NEW).count()} events")


def _round(number: int) -> float:
    count = CALLERS * EACH
    inserts = _inserts(_events(f"limit{number}", count))
    rows = rate(partial(_insert_each, inserts), callers=CALLERS, each=EACH)
    events, warm = _events(f"taken{number}", count), _events(f"warm{number}", CALLERS)
    taken = rate(
        partial(_tell_each, events), callers=CALLERS, each=EACH, warm=partial(_tell_one, warm), processes=WORKERS
    )
    print(f"webhooks {taken:8.0f}/s   durable rows {rows:8.0f}/s   ratio {taken / rows:5.2f}")
    return taken / rows


def _served(port: int) -> None:
    """Print how many a server takes from callers on the same processors, and how long answers take at half of that."""
    count = CALLERS * EACH
    for name in ("warm", "full"):
        sent = messages(_events(f"server{name}", count))
        full = rate(partial(_send_each, sent, port), callers=CALLERS, each=EACH)
    print(f"behind a web server of {WORKERS} processes, callers on the same processors: {full:.0f}/s (no bar)")
    each = int(full / 2 * HALF_LOAD_SECONDS / CALLERS)
    sent = messages(_events("half", each * CALLERS))
    times: Any = multiprocessing.get_context("fork").Array("d", each * CALLERS)
    half = rate(partial(_send_paced, sent, port, CALLERS / (full / 2), times), callers=CALLERS, each=each)
    p99 = statistics.quantiles(times, n=100)[98]
    median = statistics.median(times)
    print(f"at half load, {half:.0f}/s: median {median:.1f} ms   p99 {p99:.1f} ms   bar {P99_MILLISECONDS} ms")


def _events(run: str, count: int) -> list[Asked]:
    """Return events as the gateway sends them: a payment, each about another one, signed."""
    sample = json.loads(_SAMPLES.read_text())["payment.captured"]
    found = []
    for number in range(count):
        sample["payload"]["payment"]["entity"]["id"] = f"pay_{run}{number:06d}"
        raw = json.dumps(sample).encode()
        headers = {
            "X-Razorpay-Signature": hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest(),
            "X-Razorpay-Event-Id": f"evt_{run}{number:06d}",
        }
        found.append(asked("POST", "/webhooks/razorpay/", raw=raw, headers=headers))
    return found


def _inserts(events: Sequence[Asked]) -> list[bytes]:
    """Return the statement by which each event is stored."""
    sent = captured([partial(_take, event) for event in events])
    return [next(statement for statement in statements if statement.startswith(b"INSERT")) for statements in sent]


def _take(event: Asked) -> None:
    """Do what the site does with an event, without the site, which would close a connection within a transaction."""
    names = {f"HTTP_{name.upper().replace('-', '_')}": name for name in HEADERS}
    headers = {names[key]: value for key, value in event.environ.items() if key in names}
    webhook_take(code="razorpay", raw=event.raw, headers=headers)


def _insert_each(inserts: Sequence[bytes], place: int) -> None:
    raw: Any = MySQLdb.connect(**connection.get_connection_params())
    raw.autocommit(True)
    cursor = raw.cursor()
    for statement in inserts[place * EACH :][:EACH]:
        cursor.execute(statement)
    raw.close()


def _tell_each(events: Sequence[Asked], place: int) -> None:
    for event in events[place * EACH :][:EACH]:
        answered(event, status="200")


def _tell_one(events: Sequence[Asked], place: int) -> None:
    answered(events[place], status="200")


def _send_each(sent: Sequence[bytes], port: int, place: int) -> None:
    caller = Caller(port)
    for message in sent[place * EACH :][:EACH]:
        caller.send(message)


def _send_paced(sent: Sequence[bytes], port: int, pause: float, times: Any, place: int) -> None:
    """Send at a pace and write down how long each answer took, from when it was due: a queue counts."""
    caller, each = Caller(port), len(sent) // CALLERS
    begun = time.perf_counter() + pause * place / CALLERS
    for number in range(each):
        due = begun + number * pause
        time.sleep(max(0.0, due - time.perf_counter()))
        caller.send(sent[place * each + number])
        times[place * each + number] = (time.perf_counter() - due) * 1e3


if __name__ == "__main__":
    main()
