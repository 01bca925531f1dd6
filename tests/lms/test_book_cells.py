"""The pages of the whole book: a small one is summed while the reader waits, a large one was summed by a task."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lms import book_cells, tasks
from lms.book_cells import book_snapshot_take
from lms.buckets import book_standing
from lms.models import BookSnapshot, Loan
from lms.portfolio import portfolio_now
from tests.lms.test_admin_pages import analyst, loan

__all__ = ["analyst", "loan"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_fresh_cache")]
TAKEN = datetime(2026, 4, 10, 5, 25, tzinfo=UTC)


@pytest.fixture
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one loan be more than anybody waits for."""
    monkeypatch.setattr(book_cells, "READ_AT_MOST", 0)


def test_small_book_is_that_of_this_moment(loan: Loan) -> None:
    standing = book_standing()

    assert (standing.loan_count, standing.taken_at) == (1, None)
    assert [row.outstanding_paise for row in portfolio_now()] == [
        loan.principal_outstanding_paise
        + loan.interest_outstanding_paise
        + loan.fee_outstanding_paise
        + loan.tax_outstanding_paise
        + loan.penal_outstanding_paise
    ]


@pytest.mark.usefixtures("_large")
def test_large_book_is_as_it_was_summed_and_says_when(loan: Loan, analyst: Client) -> None:
    book_snapshot_take(now=TAKEN)
    Loan.objects.filter(pk=loan.pk).update(days_past_due=95)

    home = analyst.get(reverse("admin:index"))
    portfolio = analyst.get(reverse("staff:portfolio"))

    assert [bucket.loan_count for bucket in home.context["standing"].buckets] == [0, 1, 0, 0, 0]
    assert home.context["standing"].taken_at == TAKEN
    assert "Summed at 10 Apr 2026" in " ".join(home.content.decode().split())
    assert "Summed at 10 Apr 2026" in " ".join(portfolio.content.decode().split())


@pytest.mark.usefixtures("_large", "loan")
def test_large_book_that_was_never_summed_says_so(analyst: Client) -> None:
    home = analyst.get(reverse("admin:index"))

    assert home.context["standing"].is_waiting
    assert "has not been summed yet" in home.content.decode()


@pytest.mark.usefixtures("_large", "loan")
def test_page_of_a_large_book_sums_no_loan(analyst: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        analyst.get(reverse("admin:index"))
        cache.clear()
        analyst.get(reverse("staff:portfolio"))

    assert not [query["sql"] for query in captured.captured_queries if "principal_outstanding_paise" in query["sql"]]


@pytest.mark.usefixtures("loan")
def test_task_sums_the_book_anew() -> None:
    book_snapshot_take(now=TAKEN)

    tasks.book_snapshot()

    row = BookSnapshot.objects.get()
    assert row.taken_at > TAKEN
    assert [cell["loan_count"] for cell in row.cells] == [1]
