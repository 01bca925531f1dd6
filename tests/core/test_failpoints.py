"""Named places where tests break this process: each one is in the code, and a wrong name is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from core.failpoints import FAILPOINTS, FailpointReached, failpoint

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("core", "ledger", "lms", "payments")


def test_every_place_of_the_table_is_in_the_code() -> None:
    code = "".join(path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))

    assert set(re.findall(r'failpoint\("([^"]+)"\)', code)) == set(FAILPOINTS)


def test_place_that_is_not_armed_does_nothing(settings: Any) -> None:
    settings.FAILPOINT = "saga.after_call:raise"

    failpoint("saga.during_call")
    with pytest.raises(FailpointReached, match=r"saga\.after_call"):
        failpoint("saga.after_call")


@pytest.mark.parametrize("armed", ["saga.after_call:explode", "saga.after_call"])
def test_action_that_does_not_exist_is_refused(settings: Any, armed: str) -> None:
    settings.FAILPOINT = armed

    with pytest.raises(ValueError, match="no action of a failpoint"):
        failpoint("saga.after_call")


def test_place_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="not in the table"):
        failpoint("saga.nowhere")
