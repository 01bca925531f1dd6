"""The table of guarantees: what is broken or was never tried fails, and each test is counted once."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from devtools.cli import main
from devtools.console import Failed
from devtools.guarantees import chosen, print_table
from devtools.tally import FAILED, GUARANTEES, HELD, SKIPPED, Result, is_held, result_keep, results_kept, summed
from tests import tallying
from tests.tallying import Books, Tally

ROOT = Path(__file__).resolve().parent.parent
TESTS = """
import pytest

@pytest.mark.guarantee("G1", "G10")
@pytest.mark.parametrize("number", range(3))
def test_nobody_is_paid_twice(number, tally, times):
    for _ in range(times(short=2, long=40)):
        tally.expect(True, "paid twice")

@pytest.mark.guarantee("G2")
def test_request_happens_once(tally):
    tally.expect(True, "")
    tally.expect(False, "happened twice")
    tally.expect(False, "happened three times")

@pytest.mark.guarantee("G3")
@pytest.mark.skip(reason="not here")
def test_not_here():
    pass

@pytest.mark.guarantee("G4")
def test_one_that_raises():
    raise RuntimeError

@pytest.mark.guarantee("G16")
def test_of_what_is_not_wanted():
    pass

def test_of_something_else():
    pass
"""


def result(guarantee: str, *, verdict: str = HELD, runs: int = 1, **values: object) -> Result:
    return Result(
        guarantee=guarantee,
        what="it holds",
        database="SQLite",
        verdict=verdict,
        runs=runs,
        **values,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Result]]:
    """Run a file of tests as the command does and return the exit code and what was kept of each guarantee."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = guarantee: of the table\n")
    tally = folder / "tally.jsonl"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "tests.tallying", f"--tally={tally}"]
    command += ["--long-form=0.5", *(f"--guarantee=G{number}" for number in range(1, 5)), str(folder / "test_it.py")]
    settings = os.environ | {
        "DATABASE_URL": "sqlite://:memory:",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, check=False)
    return done.returncode, {one.guarantee: one for one in summed(results_kept(path=tally))}


def test_runs_and_violations_of_the_guarantees_that_are_wanted_are_kept(kept: tuple[int, dict[str, Result]]) -> None:
    code, found = kept

    assert code == 1
    assert {name: (one.runs, one.violations, one.verdict) for name, one in found.items()} == {
        # Half of the long form, in three cases.
        "G1": (60, 0, HELD),
        "G10": (60, 0, HELD),
        "G2": (3, 2, FAILED),
        "G3": (0, 0, SKIPPED),
        "G4": (1, 1, FAILED),
    }
    assert found["G1"].what == "nobody is paid twice"


def test_guarantee_that_is_not_on_the_list_stops_the_run(request: pytest.FixtureRequest) -> None:
    item = request.node
    item.add_marker(pytest.mark.guarantee("G99"))

    with pytest.raises(pytest.UsageError, match="no such guarantee: G99"):
        tallying.pytest_collection_modifyitems(item.config, [item])
    item.own_markers.clear()


@pytest.mark.parametrize(("tally", "code"), [("tally.jsonl", 0), (None, 5)])
def test_run_with_nothing_to_do_passes_because_the_table_shows_the_hole(tally: str | None, code: int) -> None:
    session = SimpleNamespace(config=SimpleNamespace(getoption=lambda _name: tally), exitstatus=5)

    tallying.pytest_sessionfinish(session, pytest.ExitCode.NO_TESTS_COLLECTED)  # type: ignore[arg-type]

    assert session.exitstatus == code


@pytest.mark.parametrize(
    ("books", "in_flight", "problems"),
    [
        (None, False, 0),
        (Books("", {}, {}), False, 0),
        (Books("The ledger breaks I1.", {}, {}), False, 1),
        (Books("", {"1060.razorpay": 5}, {}), False, 1),
        (Books("", {"1060.razorpay": 5}, {}), True, 0),
        (Books("", {"1060.razorpay": 5}, {"1060.razorpay": 5}), True, 1),
    ],
    ids=["no books", "sound", "broken", "left", "on its way", "unexplained"],
)
def test_books_that_do_not_add_up_are_a_violation(books: Books | None, in_flight: bool, problems: int) -> None:
    tally = Tally(books_found=books)

    tallying.books_judge(tally, may_be_in_flight=in_flight)

    assert len(tally.violations) == problems


def test_table_without_a_hole_and_without_a_violation_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = tmp_path / "tally.jsonl"
    for name in GUARANTEES:
        result_keep(path=tally, result=result(name, invariants="held", clearing="zero"))

    print_table(path=tally, names=(), share=0)

    printed = capsys.readouterr().out
    assert [name for name in GUARANTEES if f"\n{name:<4} {GUARANTEES[name]}" not in printed] == []
    assert "it holds" in printed


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        (None, "nothing was run for G24"),
        (result("G24", verdict=SKIPPED, runs=0), "nothing was run for G24"),
        (result("G24", verdict=FAILED, violations=1), "broken: G24"),
        (result("G24", violations=1), "broken: G24"),
    ],
    ids=["never tried", "skipped", "failed", "violated"],
)
def test_hole_or_violation_fails_the_table(tmp_path: Path, last: Result | None, problem: str) -> None:
    tally = tmp_path / "tally.jsonl"
    for one in [*(result(name) for name in GUARANTEES if name != "G24"), *([last] if last else [])]:
        result_keep(path=tally, result=one)

    with pytest.raises(Failed, match=problem):
        print_table(path=tally, names=(), share=0)


def test_every_guarantee_of_the_list_has_a_test() -> None:
    others = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    marked = re.findall(r"mark\.guarantee\(([^)]*)\)", "\n".join(path.read_text() for path in others))

    assert set(re.findall(r'"(G\d+)"', " ".join(marked))) == set(GUARANTEES)


def test_what_was_run_nowhere_fails_and_what_ran_on_one_database_passes() -> None:
    elsewhere = [result("G1"), result("G1", verdict=SKIPPED, runs=0)]

    assert is_held(elsewhere, wanted=["G1"]) is True
    assert is_held(elsewhere[1:], wanted=["G1"]) is False
    assert is_held([], wanted=["G1"]) is False


def test_worst_of_the_cases_of_one_test_is_shown() -> None:
    [one] = summed(
        [
            result("G1", runs=2, invariants="held", clearing="zero"),
            result("G1", runs=3, invariants="BROKEN", clearing="zero", verdict=FAILED, violations=1),
            result("G1", verdict=SKIPPED, runs=0),
        ]
    )

    assert (one.runs, one.violations, one.invariants, one.clearing, one.verdict) == (5, 1, "BROKEN", "zero", FAILED)


def test_long_tests_are_part_of_the_long_form_only(tmp_path: Path) -> None:
    assert "guarantee and not long" in chosen(names=(), share=0, tally=tmp_path)
    assert "guarantee" in chosen(names=("G1",), share=1, tally=tmp_path)


def test_command_refuses_a_guarantee_that_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guarantees", "G99"]) == 1
    assert "no such guarantee: G99" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["0", "1.1", "none"])
def test_command_refuses_a_share_that_is_none(share: str) -> None:
    with pytest.raises(SystemExit):
        main(["guarantees", "--long", "--share", share])
