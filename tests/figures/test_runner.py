"""The runner of the reference figures: what it prints, and that nothing it cannot express passes in silence."""

import json
from typing import Any

import pytest

from tests.figures.__main__ import main, report, run_case
from tests.figures.result import CaseResult, Outcome

PLAIN: dict[str, Any] = {
    "id": "FIN-P-900",
    "category": "plain",
    "terms": {
        "principal": "100.00",
        "submitted_on": "2024-01-01",
        "annual_rate_pct": "7",
        "interest_method": "declining_balance",
        "interest_period": "daily",
        "amortisation": "equal_instalments",
        "every": 1,
        "unit": "months",
        "instalments": 2,
        "engine": "progressive",
        "days_in_year": "360",
        "days_in_month": "30",
        "currency_decimals": 2,
        "rounding_mode": "half_even",
        "partial_period_interest": False,
    },
    "events": [{"type": "disburse", "date": "2024-01-01", "amount": "100.00"}],
    "expect": [
        {
            "after_event": 1,
            "schedule": [
                {"n": 1, "due": "2024-02-01", "days": 31, "principal": "49.86", "interest": "0.58", "balance": "50.14"},
                {"n": 2, "due": "2024-03-01", "days": 29, "principal": "50.14", "interest": "0.29", "balance": "0.00"},
            ],
            "totals": {"principal": "100.00", "interest": "0.87", "due_total": "100.87"},
        }
    ],
}


def changed(**parts):
    """Copy the plain case with some terms, events or expectations replaced."""
    case = json.loads(json.dumps(PLAIN))
    case["terms"].update(parts.get("terms", {}))
    case["events"] += parts.get("events", [])
    case["expect"][0].update(parts.get("expect", {}))
    return case


def test_case_that_comes_out_is_exact():
    assert run_case(PLAIN) == CaseResult("FIN-P-900", Outcome.EXACT)


def test_difference_names_the_first_figure_with_both_values():
    rows = [{**PLAIN["expect"][0]["schedule"][0], "interest": "0.59"}, PLAIN["expect"][0]["schedule"][1]]

    result = run_case(changed(expect={"schedule": rows}))

    assert result.outcome is Outcome.DIFFERENT
    assert result.detail == "snapshot 1 (after event 1): row 1 interest: expected 59, got 58"


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        ({"terms": {"colour": "red"}}, "setting colour"),
        ({"terms": {"rounding_mode": "half_down"}}, "rounding_mode half_down"),
        ({"terms": {"days_in_month": "30", "days_in_year": "365"}}, "days_in_month 30 with days_in_year 365"),
        ({"expect": {"after_event": 2}, "events": [{"type": "reage", "date": "2024-01-02"}]}, "event reage"),
        ({"expect": {"mood": "good"}}, "expected figure mood"),
    ],
)
def test_what_cannot_be_expressed_is_unsupported_by_name(parts, detail):
    assert run_case(changed(**parts)) == CaseResult("FIN-P-900", Outcome.UNSUPPORTED, detail)


def test_case_of_another_shape_does_not_stop_the_report():
    result = run_case(
        changed(events=[{"type": "disburse", "date": "31-02-2024", "amount": "1"}], expect={"after_event": 2})
    )

    assert (result.outcome, result.detail[:20]) == (Outcome.UNSUPPORTED, "case cannot be read:")


def test_missing_row_is_a_difference():
    result = run_case(changed(expect={"schedule": PLAIN["expect"][0]["schedule"][:1]}))

    assert (result.outcome, result.detail.endswith("expected 1 rows, got 2")) == (Outcome.DIFFERENT, True)


def test_unknown_prefix_is_unsupported():
    assert run_case({"id": "XYZ-1"}).outcome is Outcome.UNSUPPORTED


def test_report_lists_what_is_not_exact_and_counts():
    results = [
        CaseResult("A-1", Outcome.EXACT),
        CaseResult("A-2", Outcome.DIFFERENT, "expected 1, got 2"),
        CaseResult("A-3", Outcome.UNSUPPORTED, "event reage"),
    ]

    assert report(results).splitlines() == [
        "A-2\tdifferent\texpected 1, got 2",
        "A-3\tunsupported\tevent reage",
        "exact 1, different 1, unsupported 1",
    ]


def test_command_reads_a_file_and_prints_the_counts(tmp_path, capsys):
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(PLAIN) + "\n\n", encoding="utf-8")

    assert main([str(path)]) == 0
    assert capsys.readouterr().out == "exact 1, different 0, unsupported 0\n"


def test_command_without_a_file_explains_itself(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("Usage:")
