"""The published examples and Frappe's cases that are at hand come out exact, or name what is not supported."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.figures import frp, pub
from tests.figures.result import Outcome

RUNNERS = {"FRP": frp.run, "PUB": pub.run}
NOT_SUPPORTED = {
    "FRP-014": "event security_deposit",
    "FRP-022": "expected figure prepayment_to_interest",
    "FRP-024": "event advance_payment",
    "FRP-054": "engine.write_off_above_due",
    "FRP-058": "terms of haircut_pct alone",
}


def cases() -> list[dict[str, Any]]:
    """Read the cases."""
    path = Path(__file__).with_name("visible_frp_pub.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", [c for c in cases() if c["id"] not in NOT_SUPPORTED], ids=lambda case: case["id"])
def test_case_is_exact(case: dict[str, Any]) -> None:
    result = RUNNERS[case["id"][:3]](case)

    assert (result.outcome, result.detail) == (Outcome.EXACT, "")


@pytest.mark.parametrize("case", [c for c in cases() if c["id"] in NOT_SUPPORTED], ids=lambda case: case["id"])
def test_case_beyond_the_engine_says_what_is_missing(case: dict[str, Any]) -> None:
    result = RUNNERS[case["id"][:3]](case)

    assert result.outcome is Outcome.UNSUPPORTED
    assert result.detail.startswith(NOT_SUPPORTED[case["id"]])


def test_a_wrong_figure_is_different_and_not_exact() -> None:
    case = next(case for case in cases() if case["id"] == "PUB-EMI-001")

    result = pub.run({**case, "expect": {"instalment": "8884.89"}})

    assert (result.outcome, result.detail) == (Outcome.DIFFERENT, "instalment: expected 8884.89, got 8884.88")


def test_an_unknown_expected_figure_is_unsupported_and_not_exact() -> None:
    case = next(case for case in cases() if case["id"] == "FRP-001")

    result = frp.run({**case, "expect": [{"after_event": 1, "rows": 20, "moon_phase": "full"}]})

    assert (result.outcome, result.detail) == (Outcome.UNSUPPORTED, "expected figure moon_phase")


def test_an_unknown_setting_is_unsupported_and_named() -> None:
    case = next(case for case in cases() if case["id"] == "FRP-001")

    result = frp.run({**case, "terms": {**case["terms"], "balloon": "1000"}})

    assert (result.outcome, result.detail) == (Outcome.UNSUPPORTED, "input balloon")
