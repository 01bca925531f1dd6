"""Measured overhead on a vendor call: `python -m bench.vendor_calls` for the step of a payout that sends the money.

On the database of DATABASE_URL (a database of its own is made and dropped), else on SQLite in memory; on the broker of
REDIS_URL, if that names one. The vendor is a process of its own on this machine. Timed is a worker's whole step, from
before its claim to after its last commit, less the time between the request's leaving and its answer.
"""

import statistics
import time
from datetime import date
from typing import Any, Final

from bench.app import load_line, own_database
from core.sagas.models import SagaStep
from core.sagas.runner import step_run
from payments.vendors.http import VendorHttp
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.simulators.process import running

PAYOUTS: Final = 120
WARM: Final = 20
BAR_MILLISECONDS: Final = 25
_AMOUNT: Final = 1_00_000_00
_CALLS: list[tuple[float, float]] = []


def main() -> None:
    """Print the median of what is ours of a call, before it and after it."""
    with own_database(), running() as simulators:
        simulators.set("scenario", latency_median=0, settle_seconds=0)
        set_business_date(date(2026, 1, 1))
        make_parameters()
        # The first loan makes the chart of accounts and the product.
        make_sanctioned_loan()
        make_vendor(address=simulators.address, float_paise=PAYOUTS * _AMOUNT)
        VendorHttp._send = _timed(VendorHttp._send)  # type: ignore[method-assign]  # the measurement wraps it
        print(f"{load_line()}; {PAYOUTS - WARM} payouts, one after the other")
        taken = [_send(_ready(number)) for number in range(PAYOUTS)][WARM:]
    ours = [before + after for before, after, *_ in taken]
    print(f"claim, intent and money set aside, before the call: median {_median([row[0] for row in taken]):5.1f} ms")
    print(f"answer written down, after the call:                median {_median([row[1] for row in taken]):5.1f} ms")
    print(f"the vendor:                                         median {_median([row[2] for row in taken]):5.1f} ms")
    print(f"processor time of the worker, with the vendor's client: median {_median([row[3] for row in taken]):.1f} ms")
    p99 = 1e3 * statistics.quantiles(ours, n=100)[98]
    print(f"overhead: median {_median(ours):.1f} ms   p99 {p99:.1f} ms   bar {BAR_MILLISECONDS} ms in the median")


def _ready(number: int) -> int:
    """Ask for a payout whose payee is proven, and return the step that is to send it."""
    loan = make_sanctioned_loan()
    account = make_account(customer=loan.customer, number=f"5010{number:010d}")
    make_proof(account=account)
    payout = ask_payout(loan=loan, account=account, amount_paise=_AMOUNT)
    assert payout.saga_id is not None
    while True:
        step = SagaStep.objects.filter(saga_id=payout.saga_id).latest("number")
        if step.name == "send":
            return step.pk
        step_run(step_id=step.pk)


def _send(step_id: int) -> tuple[float, float, float, float]:
    """Return how long a step took before the call, after it, with the vendor, and of the processor."""
    _CALLS.clear()
    begun, used = time.perf_counter(), time.process_time()
    assert step_run(step_id=step_id)
    ended, used = time.perf_counter(), time.process_time() - used
    assert len(_CALLS) == 1, "A step makes one call."
    ((left, back),) = _CALLS
    return left - begun, ended - back, back - left, used


def _timed(send: Any) -> Any:
    def timed(*arguments: Any) -> Any:
        left = time.perf_counter()
        try:
            return send(*arguments)
        finally:
            _CALLS.append((left, time.perf_counter()))

    return timed


def _median(seconds: list[float]) -> float:
    return 1e3 * statistics.median(seconds)


if __name__ == "__main__":
    main()
