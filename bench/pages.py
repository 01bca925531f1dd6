"""Measured pages: `python -m bench.pages [LOANS] [PART OF A NAME ...]` opens every page of staff.

On the database of DATABASE_URL (MariaDB or MySQL); the benchmark makes one of its own and drops it. The small lender
of the demo is filled through the services and multiplied by plain SQL, first to a thousand loans, then to LOANS. Every
page is opened at both sizes, by somebody in all four roles, through the whole of Django: once cold, then five times.
"""

import io
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import date
from typing import Final

import bench.app  # noqa: F401  # it sets Django up, before the first model is named

# isort: split
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.app import load_line, own_database
from bench.pages_fill import HISTORY_EVERY, distance_of_copies, multiply, sizes, statistics_renew, sums_renew
from bench.pages_list import Page, pages
from bench.pages_seed import payments_fill
from core.clock import database_now
from core.tokens.services import token_issue
from ledger.services import ledger_roll
from lms.models import Loan

# As many as ten gigabytes hold; a million is asked for by number.
LOANS: Final = 500_000
SMALL: Final = 1_000
BAR_MILLISECONDS: Final = 300
BAR_QUERIES: Final = 15
TIMES: Final = 5
TODAY: Final = date(2026, 4, 10)
_CUSTOMERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What opening a page took: milliseconds of the first time and in the median, queries, and the slowest of them."""

    cold: float
    median: float
    queries: int
    slowest: float
    slowest_sql: str
    status: int


def main() -> None:
    """Print what each page takes, beside the bars and beside the same page of a small lender."""
    if connection.vendor != "mysql":
        sys.exit("Set DATABASE_URL to a MariaDB or MySQL server, such as mysql://root@127.0.0.1:3306/kist_bench.")
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    wanted = [word for word in sys.argv[1:] if not word.isdecimal()]
    with own_database():
        base, distance = _lender(), distance_of_copies()
        visitor = _Visitor()
        reached = _grow(base, 0, SMALL, distance)
        small = {page.name: visitor.visit(page) for page in pages(visitor.user) if _is_wanted(page, wanted)}
        _grow(base, reached, numbers[0] if numbers else LOANS, distance)
        _sizes_print()
        print(load_line())
        large = {page.name: visitor.visit(page) for page in pages(visitor.user) if _is_wanted(page, wanted)}
        _report(small, large)


class _Visitor:
    """Somebody in all four roles, with a browser and a token."""

    def __init__(self) -> None:
        self.user = User.objects.create_user("bench", is_staff=True)
        self.user.groups.set(Group.objects.all())
        admin = User.objects.create_superuser("admin")
        token = token_issue(owner=self.user, name="bench", days=1, actor=admin).text
        self._browser = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
        self._browser.force_login(self.user)
        self._tool = Client(
            raise_request_exception=False, SERVER_NAME="127.0.0.1", headers={"authorization": f"Bearer {token}"}
        )

    def visit(self, page: Page) -> Taken:
        """Open a page once and then as often as is measured; what processes keep for a while is forgotten each time."""
        client = self._tool if page.is_api else self._browser
        took, queries = [], []
        status = 0
        for _ in range(TIMES + 1):
            cache.clear()
            reset_queries()
            with CaptureQueriesContext(connection) as captured:
                begun = time.perf_counter()
                answer = (
                    client.get(page.address)
                    if page.body is None
                    else client.post(page.address, page.body, content_type="application/json")
                )
                took.append((time.perf_counter() - begun) * 1_000)
            queries, status = captured.captured_queries, answer.status_code
        slowest = max(queries, key=lambda query: float(query["time"]), default={"time": "0", "sql": ""})
        return Taken(
            cold=took[0],
            median=statistics.median(took[1:]),
            queries=len(queries),
            slowest=float(slowest["time"]) * 1_000,
            slowest_sql=slowest["sql"],
            status=status,
        )


def _lender() -> int:
    """Fill the lender that is multiplied, and return how many loans it has."""
    begun = time.perf_counter()
    call_command("demo_fill", customers=_CUSTOMERS, business_date=TODAY, seed=1947, stdout=io.StringIO())
    payments_fill(today=TODAY)
    while ledger_roll():
        pass
    count = Loan.objects.count()
    print(f"a lender of {count} loans filled by its services in {time.perf_counter() - begun:.0f} s")
    return count


def _grow(base: int, reached: int, loans: int, distance: int) -> int:
    """Multiply the lender to so many loans, and return how many copies there are."""
    copies = max(-(-loans // base) - 1, reached)
    begun = time.perf_counter()
    multiply(first=reached + 1, last=copies, distance=distance)
    sums_renew(now=database_now())
    statistics_renew()
    print(f"{Loan.objects.count():,} loans by plain SQL in {time.perf_counter() - begun:.0f} s", flush=True)
    return copies


def _sizes_print() -> None:
    tables = list(sizes())
    rows, size = sum(row for _, row, _ in tables), sum(size for _, _, size in tables)
    print(f"about {rows:,} rows, {size / 1e9:.1f} GB; every {HISTORY_EVERY}th copy has the histories of its loans:")
    for name, count, taken in tables[:12]:
        print(f"  {name:<32} {count:>12,} rows {taken / 1e6:>8,.0f} MB")


def _is_wanted(page: Page, wanted: list[str]) -> bool:
    return not wanted or any(word in page.name for word in wanted)


def _report(small: dict[str, Taken], large: dict[str, Taken]) -> None:
    print(f"milliseconds in the median of {TIMES}; bars {BAR_MILLISECONDS} ms and {BAR_QUERIES} queries")
    print(f"{'page':<64} {'small':>7} {'large':>8} {'ratio':>6} {'cold':>8} {'queries':>7} {'slowest':>8}")
    over = 0
    closed = {name for name, taken in large.items() if taken.status == 403}
    for name, taken in sorted(large.items(), key=lambda item: -item[1].median):
        if name in closed:
            continue
        before = small.get(name)
        is_over = taken.median > BAR_MILLISECONDS or taken.queries > BAR_QUERIES or taken.status not in (200, 302)
        over += is_over
        least = f"{before.median:7.0f}" if before else "      -"
        ratio = f"{taken.median / before.median:6.1f}" if before else "     -"
        mark = "  OVER" if is_over else ""
        status = "" if taken.status == 200 else f"  answered {taken.status}"
        print(
            f"{name[:64]:<64} {least} {taken.median:8.0f} {ratio} {taken.cold:8.0f} {taken.queries:7} "
            f"{taken.slowest:8.0f}{mark}{status}"
        )
        if taken.median > BAR_MILLISECONDS:
            print(f"    {taken.slowest_sql[:300]}")
    print(f"{len(large) - len(closed)} pages, {over} over a bar; {len(closed)} lists have pages of ours in their place")


if __name__ == "__main__":
    main()
