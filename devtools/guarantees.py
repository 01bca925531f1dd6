"""The guarantees command: break everything that can break, and print what held."""

from collections.abc import Sequence
from pathlib import Path

from devtools.checks import ensure_programs, expect_success, prepare, pytest_on_servers
from devtools.console import Failed, Report, heading, say
from devtools.paths import child_environ, in_ci
from devtools.processes import Processes
from devtools.servers import scratch_folder
from devtools.tally import GUARANTEES, holes, is_held, results_kept, summed, table


def guarantees(*, names: Sequence[str], share: float, pytest_args: Sequence[str]) -> int:
    """Run the tests of guarantees on MariaDB and Redis, then on SQLite, print the table, and return the exit code.

    Args:
        names: guarantees to prove; all unless named.
        share: 0 for the short form, 1 for the long one, between them for a part of its numbers.
        pytest_args: handed to both runs of pytest.

    Raises:
        Failed: the list has no such guarantee.
    """
    unknown = [name for name in names if name not in GUARANTEES]
    if unknown:
        raise Failed(f"no such guarantee: {', '.join(unknown)}; there are {', '.join(GUARANTEES)}")
    report = Report()
    with Processes() as processes, scratch_folder() as folder:
        environment = prepare(report, processes=processes)
        if environment is None:
            return report.finish(skips_fail=in_ci())
        tally = folder / "tally.jsonl"
        arguments = [*chosen(names=names, share=share, tally=tally), *pytest_args]
        command = [environment.python, "-m", "pytest", *arguments]
        with report.step("programs for the tests of clocks"):
            ensure_programs(processes=processes, with_browser=False)
        with report.step("guarantees on MariaDB and Redis"):
            servers = [*command, "--half", "servers"]
            pytest_on_servers(environment, processes=processes, folder=folder, command=servers)
        with report.step("guarantees on SQLite"):
            settings = child_environ(DATABASE_URL="sqlite://:memory:", REDIS_URL="", VAR_DIR=str(folder / "sqlite"))
            expect_success(processes.run([*command, "--half", "embedded"], env=settings))
        with report.step("table"):
            print_table(path=tally, names=names, share=share)
    return report.finish(skips_fail=in_ci())


def chosen(*, names: Sequence[str], share: float, tally: Path) -> list[str]:
    """Return what tells pytest which tests to run in which form, and where to keep what they tell."""
    wanted = "guarantee" if share else "guarantee and not long"
    return ["-m", wanted, f"--tally={tally}", f"--long-form={share}", *(f"--guarantee={name}" for name in names)]


def print_table(*, path: Path, names: Sequence[str], share: float) -> None:
    """Print what was kept.

    Raises:
        Failed: something was broken, or nothing was run for a guarantee.
    """
    wanted = list(names or GUARANTEES)
    results = summed(results_kept(path=path))
    form = f"long form{'' if share == 1 else f', {share:.0%} of its numbers'}" if share else "short form"
    heading(f"Guarantees, {form}")
    for line in table(results, wanted=wanted):
        say(line)
    if missing := holes(results, wanted=wanted):
        raise Failed(f"nothing was run for {', '.join(missing)}")
    if not is_held(results, wanted=wanted):
        broken = {one.guarantee for one in results if one.verdict == "FAILED" or one.violations}
        raise Failed(f"broken: {', '.join(name for name in wanted if name in broken)}")
