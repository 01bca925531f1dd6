"""Measured proving of accounts beside the vendors' contracts and the bars.

`python -m bench.validation [SECONDS [SECONDS OF THE DAY]]`

On the database of DATABASE_URL (MariaDB or MySQL; a database of its own is made and dropped), else on SQLite in memory;
on the broker of REDIS_URL, else counting rates in the process. The vendors are a process of their own on this machine.
"""

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from bench.app import load_line, own_database
from core.business_date import business_date_set
from core.fields import blind_index
from customers.models import BankAccount, Customer
from ledger.services import periods_create
from payments.models import CheckState, Operation, PayeeCheck, ProofJob, Vendor, VendorKind, VendorRoute
from payments.proving.doors import Call
from payments.proving.prover import Prover
from payments.proving.sender import Sender
from payments.proving.wire import call_to_ask, way_to
from payments.services.rules import payment_parameters_seed
from payments.services.vendors import vendor_accounts_create
from payments.vendors.answers import ProofOrder
from tests.simulators.process import Simulators, running

TODAY: Final = date(2026, 4, 10)
IFSC: Final = "YESB0000262"
IN_FLIGHT: Final = 1000
CALLS_OF_THE_BAR: Final = 400
A_DAY: Final = 1_000_000
COMPRESSED: Final = 24
_FIRST_NAMES: Final = (
    *("Asha", "Sunil", "Meera", "Rakesh", "Kavita", "Imran", "Lakshmi"),
    *("Deepak", "Anita", "Prakash", "Fatima", "Joseph", "Gurpreet"),
)
_LAST_NAMES: Final = (
    *("Verma", "Patil", "Nair", "Kumar", "Singh", "Shaikh", "Iyer"),
    *("Choudhury", "Das", "Agarwal", "Khan", "Thomas", "Kaur", "Reddy"),
)
_SETTLING_SECONDS: Final = 4.0
# Of the simulated gateways.
_KEY_SECRET: Final = "kist-demo-secret"  # noqa: S105  # pragma: allowlist secret


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment."""

    moment: float
    cpu: float
    loop_cpu: float
    sent: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run reached between the moment when it was under way and its end."""

    per_second: float
    core_share: float
    loop_share: float
    in_flight: int
    unused_places: int
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0


def main(seconds: int = 20, day_seconds: int = 60) -> None:
    """Print the figures of four runs of some seconds each, the compressed day for longer."""
    with own_database():
        business_date_set(to=TODAY)
        periods_create(upto=TODAY)
        payment_parameters_seed()
        with running() as simulators:
            vendors_make(simulators)
            print(f"{load_line()}; {'a broker' if settings.REDIS_URL else 'no broker'}")
            client_alone(simulators, seconds)
            contracts(simulators, seconds)
            in_flight(simulators, seconds)
            compressed_day(simulators, day_seconds)


def client_alone(simulators: Simulators, seconds: int) -> None:
    """Send the same calls without a database: what is left is the floor of this machine in this run."""
    allowed = {"razorpay": 200, "cashfree": 200}
    with scene(simulators, "the client alone, no rows", allowed=allowed, latency=2.0):
        ways = {vendor.code: (vendor, way_to(vendor=vendor)) for vendor in Vendor.objects.filter(code__in=allowed)}
        sender = Sender(in_flight=IN_FLIGHT)
        sender.start()
        samples = [sample(sender)]
        number, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            for code, (vendor, way) in ways.items():
                calls = []
                for _ in range(max(0, way.per_second - sender.waiting(vendor=code))):
                    number += 1
                    order = ProofOrder(
                        our_reference=f"FLOOR{number:021d}",
                        holder_name=name_of(number),
                        account_number=f"6010{number:010d}",
                        ifsc=IFSC,
                    )
                    sent = call_to_ask(vendor=vendor, order=order)
                    calls.append(Call(vendor=code, operation=Operation.PENNILESS, kind="ask", sent=sent))
                sender.submit(ways={code: way}, calls=calls)
            time.sleep(0.25)
            sender.ended(seconds=0)
            samples.append(sample(sender))
        figures = figures_of(samples, sender)
        sender.stop(seconds=10)
        report("calls a second", figures.per_second, sum(allowed.values()), 0.95)
        report_share(figures)


def contracts(simulators: Simulators, seconds: int) -> None:
    """Ask two vendors for all that their contracts allow."""
    allowed = {"razorpay": 200, "cashfree": 200}
    with scene(simulators, "bound by contracts", allowed=allowed, latency=2.0):
        limit = sum(allowed.values())
        jobs_make(count=limit * seconds)
        figures = work(seconds)
        report("accounts a second", figures.per_second, limit, 0.95)
        report_share(figures)
        report_order(simulators)


def in_flight(simulators: Simulators, seconds: int) -> None:
    """Ask vendors that allow more than a thousand calls in flight can use."""
    allowed = {"razorpay": 400, "cashfree": 400}
    with scene(simulators, "bound by a thousand in flight", allowed=allowed, latency=4.0):
        limit = IN_FLIGHT / 4.0
        jobs_make(count=int(limit * (seconds + 8)))
        figures = work(seconds + 8)
        report("accounts a second", figures.per_second, limit, 0.95)
        print(f"  {'most calls in flight, seen by the vendors':<46}{peak(simulators):>9,}   bar {IN_FLIGHT:,}")
        report_share(figures)
        report_order(simulators)


def compressed_day(simulators: Simulators, seconds: int) -> None:
    """Let the accounts of a day of a million come in at the pace of an hour for each day."""
    allowed = {"razorpay": 200, "cashfree": 120}
    pace = A_DAY * COMPRESSED / 86_400
    with scene(simulators, f"a day of {A_DAY:,} in an hour, {seconds} s of it", allowed=allowed, latency=2.0):
        jobs_make(count=int(pace * seconds), per_second=pace)
        figures = work(seconds + 6)
        report("accounts a second", figures.per_second, pace, 0.95)
        print(
            f"  {'from wish to proof, half / 95 of 100':<46}{figures.p50_seconds:>7.2f} s{figures.p95_seconds:>9.2f} s"
        )
        report_share(figures)
        report_order(simulators)


def vendors_make(simulators: Simulators) -> None:
    """Make the two gateways, which ask the same for a check; each scene sets how many calls they allow."""
    for code, key_id in (("razorpay", "rzp_test_kist"), ("cashfree", "cf_test_kist")):
        vendor = Vendor.objects.create(
            code=code,
            name=code.title(),
            kind=VendorKind[code.upper()],
            base_url=f"{simulators.address}/{code}",
            key_id=key_id,
            key_secret=_KEY_SECRET,
            account_number="7878780080316316",
            calls_per_second=1,
            answer_seconds=30,
        )
        vendor_accounts_create(vendor=vendor)
        VendorRoute.objects.create(
            vendor=vendor, operation=Operation.PENNILESS, cost_paise=1_00, most_paise=10**9, valid_from=TODAY
        )


@contextmanager
def scene(simulators: Simulators, name: str, *, allowed: dict[str, int], latency: float) -> Iterator[None]:
    """Set contracts and the vendors' speed, begin with nothing asked, and print how busy the machine was meanwhile."""
    print(f"{name}:")
    ProofJob.objects.all().delete()
    simulators.set("reset")
    simulators.set("scenario", latency_median=latency, latency_spread=0.05, settle_seconds=0)
    simulators.set("config", **{code: {"calls_per_second": rate} for code, rate in allowed.items()})
    for code, rate in allowed.items():
        Vendor.objects.filter(code=code).update(calls_per_second=rate)
    busy, all_time = machine_time()
    yield
    busy_after, all_after = machine_time()
    share = (busy_after - busy) / max(1, all_after - all_time)
    print(f"  {'cores busy meanwhile, all processes':<46}{100 * share:>8.0f} %   load {os.getloadavg()[0]:.1f}")


def machine_time() -> tuple[int, int]:
    """Return the time that the machine's cores have worked, and all the time they had."""
    try:
        times = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0, 0
    return sum(times) - times[3] - times[4], sum(times)


def name_of(number: int) -> str:
    """Return a generated person's name."""
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    return f"{first} {_LAST_NAMES[number // len(_FIRST_NAMES) % len(_LAST_NAMES)]}"


def jobs_make(*, count: int, per_second: float = 0.0) -> None:
    """File accounts of as many people, all at once or at a pace from now on."""
    first = Customer.objects.count()
    people = [
        Customer(number=f"C{number:07d}", full_name=name_of(number), phone=f"98{number:08d}", state_code="MH")
        for number in range(first, first + count)
    ]
    Customer.objects.bulk_create(people, batch_size=1000)
    owners = Customer.objects.filter(number__gte=f"C{first:07d}").order_by("pk").values_list("pk", flat=True)
    accounts = []
    for number, owner in enumerate(owners, first):
        account = f"5010{number:010d}"
        index = blind_index(account, purpose="bench")
        accounts.append(
            BankAccount(
                customer_id=owner,
                holder_name=name_of(number).upper(),
                account_number=account,
                account_index=index,
                ifsc=IFSC,
            )
        )
    BankAccount.objects.bulk_create(accounts, batch_size=1000)
    known = BankAccount.objects.order_by("-pk").values_list("pk", flat=True)[:count]
    now = timezone.now() + timedelta(seconds=1)
    jobs = []
    for place, account_id in enumerate(reversed(list(known))):
        due = now + timedelta(seconds=place / per_second) if per_second else now
        jobs.append(ProofJob(bank_account_id=account_id, requested_at=due, run_at=due))
    ProofJob.objects.bulk_create(jobs, batch_size=1000)


def work(seconds: float) -> Figures:
    """Let one consumer work, and measure it from the moment when the first answers have come."""
    prover = Prover(in_flight=IN_FLIGHT)
    stop = threading.Event()
    samples: list[Sample] = []

    def watch() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            samples.append(sample(prover.sender))
            time.sleep(0.25)
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    prover.run(stop=stop, wake=threading.Event(), look_seconds=0.3)
    waits = sorted(
        (done - asked).total_seconds()
        for asked, done in ProofJob.objects.values_list("requested_at", "done_at")
        if done is not None
    )
    figures = figures_of(samples, prover.sender)
    return replace(figures, p50_seconds=statistics.median(waits), p95_seconds=waits[int(len(waits) * 0.95)])


def sample(sender: Sender) -> Sample:
    """Look at the clock, at the time of the processor for this process and for its event loop, and at the calls."""
    return Sample(time.monotonic(), time.process_time(), sender.cpu_seconds(), sender.hall.sent)


def figures_of(samples: list[Sample], sender: Sender) -> Figures:
    """Return what was reached from the moment when the first answers had come to the last call that was sent."""
    # What follows the last call is waiting for answers.
    last = max(place for place in range(1, len(samples)) if samples[place].sent > samples[place - 1].sent)
    under_way = [one for one in samples[: last + 1] if one.moment >= samples[0].moment + _SETTLING_SECONDS]
    first, final = under_way[0], under_way[-1]
    calls = final.sent - first.sent
    return Figures(
        per_second=calls / (final.moment - first.moment),
        core_share=(final.cpu - first.cpu) / calls * CALLS_OF_THE_BAR,
        loop_share=(final.loop_cpu - first.loop_cpu) / calls * CALLS_OF_THE_BAR,
        in_flight=sender.hall.in_flight_peak,
        unused_places=sender.hall.unused,
    )


def peak(simulators: Simulators) -> int:
    """Return how many calls the vendors had at once."""
    return int(simulators.summary()["in_flight_peak"])


def report(what: str, value: float, limit: float, bar: float) -> None:
    """Print a rate beside its limit, and their ratio beside the bar."""
    print(f"  {what:<46}{value:>9,.1f}   limit {limit:>7,.1f}   ratio {value / limit:5.3f}   bar {bar:.2f}")


def report_share(figures: Figures) -> None:
    """Print how much of a core is taken by as many calls as the bar speaks of, all threads of the process together."""
    what = f"share of a core for {CALLS_OF_THE_BAR} calls a second"
    print(f"  {what:<46}{100 * figures.core_share:>8.1f} %   bar 10 %")
    rows = figures.core_share - figures.loop_share
    print(f"  {'  of it calls and their pace / rows':<46}{100 * figures.loop_share:>8.1f} % / {100 * rows:.1f} %")
    print(f"  {'places of contracts that were not used':<46}{figures.unused_places:>9,}")


def report_order(simulators: Simulators) -> None:
    """Print what must be none: calls beyond a contract, and accounts that were paid for twice."""
    sent = PayeeCheck.objects.exclude(state=CheckState.DROPPED)
    twice = sent.count() - sent.values("account_index", "ifsc").distinct().count()
    summary = simulators.summary()
    most = ", ".join(f"{vendor} {count}" for vendor, count in sorted(summary["most_in_a_second"].items()))
    print(f"  {'most calls in any second, by the vendors':<46} {most}")
    print(f"  {'calls beyond a contract, by the vendors':<46}{summary['violation_count']:>9,}   bar 0")
    print(f"  {'accounts asked about for money twice':<46}{twice:>9,}   bar 0")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
