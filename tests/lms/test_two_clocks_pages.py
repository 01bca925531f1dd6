"""What the loan page shows of corrections, and of any day as it was known at any instant."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.moments import instant_text
from lms.models import ClassificationParameters, Loan
from lms.services.classification_rules import Thresholds
from lms.services.day_end import day_end_run
from tests.factories.book import receive
from tests.factories.book import reverse as undo
from tests.factories.lms import make_loan, make_version, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

EMI = 11_348_00


def feb(day: int) -> date:
    """Return a day of February 2026."""
    return date(2026, 2, day)


@pytest.fixture
def loan() -> Loan:
    """A loan whose instalment of 1 February was found unpaid for ten day-ends: non-performing on the eighth day."""
    thresholds = Thresholds(sma_1_from_days=3, sma_2_from_days=5, npa_from_days=8)
    ClassificationParameters.objects.create(
        effective_from=date(2000, 1, 1), source="For tests", **thresholds.as_columns()
    )
    set_business_date(date(2026, 1, 31))
    loan = make_loan(version=make_version(terms={}))
    day_end_run(to_date=feb(10))
    return loan


@pytest.fixture
def analyst() -> Client:
    """The browser of an analyst."""
    return client_of("analyst")


def page(client: Client, loan: Loan, **moment: Any) -> Any:
    return client.get(reverse("admin:lms_loan_change", args=[loan.pk]), moment)


def corrections(client: Client, loan: Loan, **query: Any) -> Any:
    return client.get(reverse("staff:loan-corrections", args=[loan.pk]), query)


def moved(response: Any) -> dict[date, dict[str, tuple[Any, Any]]]:
    """Return the figures before and after by day of the latest correction."""
    return {
        day.day: {figure.name: (figure.before, figure.after) for figure in day.figures}
        for day in response.context["corrections"][0].days
    }


def test_correction_shows_each_figure_before_and_after_and_what_was_booked(loan: Loan, analyst: Client) -> None:
    receive(loan, EMI, feb(3), reference="UTR-LATE")

    answer = corrections(analyst, loan)

    assert moved(answer)[feb(10)] == {
        "principal_outstanding_paise": (1_20_000_00, 1_11_098_03),
        "interest_outstanding_paise": (3_176_54, 730_51),
        "overdue_paise": (EMI, 0),
        "days_past_due": (10, 0),
    }
    text = answer.content.decode()
    assert "counts from 03 Feb 2026" in text
    assert "recorded on 11 Feb 2026" in text
    assert "08 Feb 2026 to 10 Feb 2026" in text
    assert reverse("staff:loan-correction", args=[loan.pk, 2]) in text


def test_correction_has_a_page_with_every_day_that_turned(loan: Loan, analyst: Client) -> None:
    receive(loan, EMI, feb(3))

    answer = analyst.get(reverse("staff:loan-correction", args=[loan.pk, 2]))

    assert [day.day for day in answer.context["correction"].days] == [feb(3), feb(5), feb(8), feb(10)]
    assert [row.asset_class for row in answer.context["correction"].classes] == ["STANDARD"] * 3
    assert "Interest receivable" in answer.content.decode()


def test_loan_that_was_never_corrected_says_so(loan: Loan, analyst: Client) -> None:
    receive(loan, EMI, feb(11))

    assert "The past of this loan was never corrected" in corrections(analyst, loan).content.decode()


def test_earlier_corrections_are_on_the_next_page(loan: Loan, analyst: Client) -> None:
    for number in range(6):
        receive(loan, 100_00, feb(3 + number))

    first = corrections(analyst, loan)
    second = analyst.get(f"{reverse('staff:loan-corrections', args=[loan.pk])}?{first.context['next_query']}")

    assert [item.row.sequence for item in first.context["corrections"]] == [7, 6, 5, 4, 3]
    assert [item.row.sequence for item in second.context["corrections"]] == [2]


def test_page_as_known_at_an_instant_is_the_page_of_that_instant(loan: Loan, analyst: Client) -> None:
    then = page(analyst, loan).context
    instant = timezone.now()
    receive(loan, EMI, feb(3))
    day_end_run(to_date=feb(12))
    undo(loan, 2)

    now = page(analyst, loan, as_of="2026-02-10", known_at=instant_text(instant)).context

    assert [figure.paise for figure in now["figures"]] == [figure.paise for figure in then["figures"]]
    for name in ("asset_class", "schedule_total"):
        assert (name, now[name]) == (name, then[name])
    for name in ("diary", "accruals", "journals"):
        assert (name, [row.pk for row in now[name]]) == (name, [row.pk for row in then[name]])
    assert [line.row.sequence for line in now["facts"]] == [line.row.sequence for line in then["facts"]]


def test_class_of_a_past_day_is_the_corrected_one_unless_asked_as_it_was_told(loan: Loan, analyst: Client) -> None:
    receive(loan, EMI, feb(3))

    assert page(analyst, loan, as_of="2026-02-09").context["asset_class"] == "STANDARD"
    assert page(analyst, loan, as_of="2026-02-09", known_on="2026-02-10").context["asset_class"] == "SUB_STANDARD"


def test_figure_of_the_page_is_explained_by_the_same_moment(loan: Loan, analyst: Client) -> None:
    receive(loan, EMI, feb(3))
    address = reverse("staff:loan-explain", args=[loan.pk])

    told = {
        known: analyst.get(address, {"figure": "overdue", "as_of": "2026-02-09", "known_on": known}).context["node"]
        for known in ("2026-02-10", "2026-02-11")
    }

    assert {known: node.amount for known, node in told.items()} == {
        "2026-02-10": "₹11,348.00",
        "2026-02-11": "₹0.00",
    }


def customer_lines(client: Client, loan: Loan, **moment: Any) -> Any:
    answer = client.get(reverse("admin:customers_customer_change", args=[loan.customer_id]), moment)
    (panel,) = [context for template, context in answer.context["panels"] if template == "lms/_customer_loans.html"]
    (line,) = panel["lines"]
    return line


def test_customer_page_shows_the_loans_of_any_day_as_known_at_any_instant(loan: Loan, analyst: Client) -> None:
    then = customer_lines(analyst, loan)
    instant = timezone.now()
    receive(loan, EMI, feb(3))

    now = customer_lines(analyst, loan)
    known = customer_lines(analyst, loan, as_of="2026-02-10", known_at=instant_text(instant))
    earlier = customer_lines(analyst, loan, as_of="2026-02-02")

    assert (then.overdue_paise, then.days_past_due, then.asset_class) == (EMI, 10, "SUB_STANDARD")
    assert (now.overdue_paise, now.days_past_due, now.asset_class) == (0, 0, "STANDARD")
    assert known == then
    assert (earlier.overdue_paise, earlier.days_past_due, earlier.asset_class) == (EMI, 2, "SMA_0")


def portfolio(client: Client, **query: Any) -> list[tuple[str, str, int, int, int]]:
    """Return product, class, loans, principal and overdue of the report."""
    rows = client.get(reverse("staff:portfolio"), query).context["rows"]
    return [
        (row.product_code, row.asset_class, row.loan_count, row.principal_outstanding_paise, row.overdue_paise)
        for row in rows
    ]


def test_portfolio_of_any_day_as_known_at_any_instant(loan: Loan, analyst: Client) -> None:
    then = portfolio(analyst)
    instant = timezone.now()
    receive(loan, EMI, feb(3))

    assert then == [("PL", "SUB_STANDARD", 1, 1_20_000_00, EMI)]
    assert portfolio(analyst) == [("PL", "STANDARD", 1, 1_11_098_03, 0)]
    assert portfolio(analyst, as_of="2026-02-10", known_at=instant_text(instant)) == then
    assert portfolio(analyst, as_of="2026-02-02") == [("PL", "SMA_0", 1, 1_20_000_00, EMI)]
    assert portfolio(analyst, as_of="2025-12-31") == []


def test_portfolio_leads_to_its_loans_and_is_downloaded_with_permission(loan: Loan, analyst: Client) -> None:
    address = reverse("staff:portfolio")

    shown = analyst.get(address, {"product": "PL", "class": "SUB_STANDARD", "as_of": "2026-02-09"})
    file = client_of("finance").get(address, {"format": "csv", "as_of": "2026-02-09"})

    assert [line.loan for line in shown.context["lines"]] == [loan]
    assert f"{loan.number},PL,SUB_STANDARD,9,120000.00" in file.content.decode()
    assert analyst.get(address, {"format": "csv"}).status_code == 403
