"""A real vendor process for the whole run, as new for each test."""

from collections.abc import Iterator

import pytest

from payments.services.vendors import clients_close
from payments.vendors import http, rates
from payments.webhooks.contracts import contracts_forget
from tests.simulators.process import Simulators, running


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulators]:
    with running() as simulators:
        yield simulators


@pytest.fixture(autouse=True)
def _contracts() -> None:
    contracts_forget()


@pytest.fixture
def simulators(_process: Simulators) -> Iterator[Simulators]:
    """The outside world without faults, in a hurry."""
    _process.set("reset")
    _process.set("scenario", latency_median=0, settle_seconds=0, webhook_late_seconds=0.2)
    http._breaker.cache_clear()
    rates.counts_forget()
    yield _process
    clients_close()
