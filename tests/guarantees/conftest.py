"""One installation and one outside world for each module."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.guarantees.installation import Installation, installed, lender
from tests.simulators.process import Simulators, running


@pytest.fixture(scope="module")
def world() -> Iterator[Simulators]:
    with running() as simulators:
        simulators.set("scenario", latency_median=0.01, settle_seconds=0.1)
        yield simulators


@pytest.fixture(scope="module")
def installation(
    world: Simulators,
    broker_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: Any,
    django_db_blocker: Any,
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("guarantees")
    with installed(folder=folder, broker_url=broker_url, blocker=django_db_blocker) as installation:
        lender(installation, world)
        yield installation
