"""What tests of guarantees count: runs, violations, and the books afterwards; dev.py guarantees makes a table of it."""

from collections.abc import Generator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from devtools.tally import FAILED, GUARANTEES, HELD, SKIPPED, Result, result_keep


@dataclass(frozen=True, slots=True)
class Books:
    """What the staff's command says of the ledger, and what is left on accounts that money only passes through.

    Attributes:
        problem: what the command complains of; empty when every invariant held.
        clearing_paise: amounts on their way, in paise by account.
        unexplained_paise: those of which no open payout knows.
    """

    problem: str
    clearing_paise: dict[str, int]
    unexplained_paise: dict[str, int]


@runtime_checkable
class HasBooks(Protocol):
    """An installation of its own, whose books count instead of those of the test's database."""

    def books(self) -> Books:
        """Tell how the books are."""


@dataclass(slots=True)
class Tally:
    """What one test has done and found."""

    runs: int = 0
    violations: list[str] = field(default_factory=list)
    books_found: Books | None = None
    is_told: bool = False

    def ran(self, times: int = 1) -> None:
        """Count faults that were made; a test that never does so has made one."""
        self.runs += times

    def violated(self, what: str) -> None:
        """Note that the guarantee was broken; the test goes on and fails in the end."""
        self.violations.append(what)

    def expect(self, held: bool, what: str) -> None:
        """Count one fault, and a violation if the guarantee did not hold."""
        self.ran()
        if not held:
            self.violated(what)


@dataclass(frozen=True, slots=True)
class Times:
    """How often a fault is made: in the short form, the long one, or a part of the long one."""

    share: float

    @property
    def is_long(self) -> bool:
        """Tell whether this is the long form."""
        return bool(self.share)

    def __call__(self, *, short: int, long: int) -> int:
        """Return the number for this run."""
        return max(short, round(long * self.share)) if self.is_long else short


_TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the form, the guarantees that are wanted, and where to keep what is found."""
    parser.addoption("--tally", type=Path, default=None, help="file for what tests of guarantees tell")
    parser.addoption("--long-form", type=float, default=0.0, help="part of the long form's numbers; 0: short form")
    parser.addoption("--guarantee", action="append", default=[], help="only tests of this guarantee")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of other guarantees than those that are wanted.

    Raises:
        pytest.UsageError: a test names a guarantee that is not on the list.
    """
    wanted = set(config.getoption("--guarantee"))
    left_out = []
    for item in items:
        names = guarantees_of(item)
        if unknown := set(names) - set(GUARANTEES):
            raise pytest.UsageError(f"{item.nodeid}: no such guarantee: {', '.join(sorted(unknown))}")
        if wanted and wanted.isdisjoint(names):
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def guarantees_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the guarantees that a test proves."""
    marker = item.get_closest_marker("guarantee")
    return tuple(marker.args) if marker else ()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Count what the test does and finds."""
    return _tally_of(request.node)


@pytest.fixture
def times(request: pytest.FixtureRequest) -> Times:
    """Say how often a fault is made in this form."""
    return Times(request.config.getoption("--long-form"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Let a run pass that had nothing to do, because the other one proves what was wanted: holes show in the table."""
    if session.config.getoption("--tally") and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Look at the books after a test of a guarantee, and let it fail when anything was broken."""
    yield
    if guarantees_of(item):
        own = _tally_of(item)
        own.books_found = _books_after(item)
        books_judge(own, may_be_in_flight=_may_be_in_flight(item))
        assert not own.violations, "\n".join(own.violations)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Keep what a test of a guarantee tells, once."""
    report = yield
    path = item.config.getoption("--tally")
    own = _tally_of(item)
    if path and guarantees_of(item) and not own.is_told and (report.when == "call" or not report.passed):
        own.is_told = report.when != "setup" or not report.passed
        for name in guarantees_of(item):
            result_keep(path=path, result=_result(item, name, own, report))
    return report


def _tally_of(item: pytest.Item) -> Tally:
    return item.stash.setdefault(_TALLY, Tally())


def _may_be_in_flight(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("guarantee")
    return bool(marker and marker.kwargs.get("in_flight"))


def _books_after(item: pytest.Item) -> Books | None:
    """Return the books of the installation that the test has, else those of its database, if it has any."""
    values = getattr(item, "funcargs", {}).values()
    for value in values:
        if isinstance(value, HasBooks):
            return value.books()
    has_database = item.get_closest_marker("django_db") or "transactional_db" in getattr(item, "fixturenames", ())
    return books_here() if has_database else None


def books_here() -> Books:
    """Return how the books of this process's database are, by the command that staff use."""
    from payments.health import clearing_accounts

    try:
        call_command("ledger_check", stdout=StringIO())
        problem = ""
    except CommandError as error:
        problem = str(error)
    passing = [row for row in clearing_accounts() if row.account.code.startswith("1060.")]
    return Books(
        problem,
        {row.account.code: row.balance_paise for row in passing if row.balance_paise},
        {row.account.code: row.unexplained_paise for row in passing if row.unexplained_paise},
    )


def books_judge(own: Tally, *, may_be_in_flight: bool) -> None:
    """Count a broken invariant, and money left where it only passes through, as violations."""
    if own.books_found is None:
        return
    if own.books_found.problem:
        own.violated(own.books_found.problem)
    wrong = own.books_found.unexplained_paise if may_be_in_flight else own.books_found.clearing_paise
    if wrong:
        own.violated(f"money is left on clearing accounts: {wrong}")


def _result(item: pytest.Item, name: str, own: Tally, report: Any) -> Result:
    what = getattr(item, "originalname", None) or item.name
    verdict = HELD if report.passed else SKIPPED if report.skipped else FAILED
    is_run = report.when != "setup"
    on_its_way = "explained" if _may_be_in_flight(item) else "LEFT"
    return Result(
        guarantee=name,
        what=what.removeprefix("test_").replace("_", " "),
        database="MariaDB" if connection.vendor == "mysql" else "SQLite",
        verdict=verdict,
        runs=max(own.runs, 1) if is_run and verdict != SKIPPED else 0,
        violations=max(len(own.violations), 1) if verdict == FAILED else 0,
        invariants=_word(own.books_found, "problem", good="held", bad="BROKEN"),
        clearing=_word(own.books_found, "clearing_paise", good="zero", bad=on_its_way),
    )


def _word(books: Books | None, name: str, *, good: str, bad: str) -> str:
    if books is None:
        return ""
    return bad if getattr(books, name) else good
