"""The command line of dev.py."""

import argparse
from collections.abc import Sequence

from devtools.checks import bench, lint, run_tests
from devtools.console import Failed, complain
from devtools.demo import run_demo
from devtools.guarantees import guarantees
from devtools.processes import StopRequested


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    own, passed_on = _split(arguments)
    options = _parser().parse_args(own)
    if passed_on and options.command not in {"test", "long", "guarantees"}:
        complain("only test, long and guarantees hand arguments to pytest")
        return 2
    try:
        return _run(options, passed_on)
    except Failed as failure:
        complain(f"\n{failure}")
        return 1
    except OSError as error:
        complain(f"\n{error}")
        return 1
    except StopRequested as stop:
        complain(f"\nstopped by {stop}")
        return 128 + stop.signum


def _run(options: argparse.Namespace, passed_on: Sequence[str]) -> int:
    if options.command == "demo":
        return run_demo(port=options.port, reset=options.reset, until_ready=options.until_ready)
    if options.command == "lint":
        return lint()
    if options.command == "bench":
        return bench(names=options.names)
    if options.command == "guarantees":
        return guarantees(names=options.names, share=options.share if options.long else 0, pytest_args=passed_on)
    fast = options.command == "test" and options.fast
    return run_tests(fast=fast, long=options.command == "long", pytest_args=passed_on)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part our arguments from those after `--`."""
    given = list(arguments)
    if "--" not in given:
        return given, []
    at = given.index("--")
    return given[:at], given[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Kist: each command is enough alone. It makes the environment first (.venv) if it must.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="fill a lender with generated people and serve it on this machine",
        description="Fill a lender with generated people and serve it on this machine, with nothing to install: "
        "SQLite, an embedded broker, web server and worker. Ctrl-C stops all of it.",
    )
    demo.add_argument("--port", type=int, default=8000, help="first port to try (default 8000)")
    demo.add_argument("--reset", action="store_true", help="throw the demo's data away and fill it again")
    demo.add_argument("--until-ready", action="store_true", help="stop as soon as everything runs")
    test = commands.add_parser(
        "test",
        help="everything that a change has to pass: checks, then the suite on SQLite and on MariaDB + Redis",
        description="Run every check, then the suite on SQLite and on MariaDB + Redis. Uses DATABASE_URL and REDIS_URL "
        "if set, else running servers, else starts its own. What cannot run here is reported as skipped; "
        "with CI=true that is a failure. Arguments after -- go to pytest.",
    )
    test.add_argument("--fast", action="store_true", help="on SQLite only and without a browser")
    commands.add_parser(
        "long",
        help="the tests marked long, on both databases, and the newer Python",
        description="Run the tests marked long, on both databases, and what the newer Python could break. "
        "Arguments after -- go to pytest.",
    )
    promises = commands.add_parser(
        "guarantees",
        help="make the faults against which money is guarded, and print what held: runs, violations, books",
        description="Run the tests of guarantees on MariaDB + Redis and on SQLite, and print a table: what was done, "
        "how often, violations, invariants and clearing accounts afterwards. The exit code is 1 when anything is "
        "broken and when nothing was run for a guarantee. Arguments after -- go to pytest.",
    )
    promises.add_argument("names", nargs="*", metavar="NAME", help="guarantees such as G1; all unless named")
    promises.add_argument("--long", action="store_true", help="the long form: the numbers of the specification")
    promises.add_argument("--share", type=_share, default=1.0, help="part of the long form's numbers (0.1: a tenth)")
    commands.add_parser("lint", help="the checks that need no test: ruff, mypy, import-linter, migrations, secrets")
    measure = commands.add_parser("bench", help="measured rates beside their bars; NAME is a module of bench/")
    measure.add_argument("names", nargs="*", metavar="NAME")
    return parser


def _share(text: str) -> float:
    """Read a part of one.

    Raises:
        ValueError: it is none.
    """
    share = float(text)
    if not 0 < share <= 1:
        raise ValueError(text)
    return share
