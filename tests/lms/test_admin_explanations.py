"""Every figure on the loan page opens its formula, inputs, entries and postings."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from lms.models import Loan
from tests.factories.book import levy, receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """A loan with two instalments paid and a charge, on 10 March 2026."""
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    receive(loan, 11_348_00, date(2026, 2, 1))
    receive(loan, 11_348_00, date(2026, 3, 1))
    levy(loan, "STATEMENT", date(2026, 3, 10))
    return loan


@pytest.fixture
def analyst() -> Client:
    """The browser of an analyst."""
    return client_of("analyst")


def explained(client: Client, loan: Loan, figure: str, **moment: str) -> Any:
    return client.get(reverse("staff:loan-explain", args=[loan.pk]), {"figure": figure, **moment})


def test_every_figure_of_the_page_has_an_explanation(loan: Loan, analyst: Client) -> None:
    page = analyst.get(reverse("admin:lms_loan_change", args=[loan.pk]))

    shown = {figure.key: figure for figure in page.context["figures"]}
    answers = {key: explained(analyst, loan, key).context["node"] for key in shown}

    money = {key: figure.paise for key, figure in shown.items() if figure.paise is not None}
    assert {key: answers[key].amount.replace("₹", "").replace(",", "") for key in money} == {
        key: f"{paise // 100}.{paise % 100:02d}" for key, paise in money.items()
    }
    assert all(node.formula for node in answers.values())


def test_interest_of_a_row_shows_what_was_rounded(loan: Loan, analyst: Client) -> None:
    node = explained(analyst, loan, "instalments.2.due.interest").context["node"]

    # 1,11,098.03 at 24 % for 28 days of 365
    assert node.amount == "₹2,045.42"
    assert dict(node.inputs)["Before rounding"] == "₹2,045.42126466"
    assert dict(node.inputs)["Balance"] == "₹1,11,098.03"


def test_entries_lead_to_their_postings(loan: Loan, analyst: Client) -> None:
    context = explained(analyst, loan, "totals.RECEIVED.PRINCIPAL").context

    assert [entry.sequence for part in context["node"].parts for entry in part.entries] == [2, 3]
    assert [journal.narration for journal in context["journals"]] == [
        f"{loan.number} entry 3",
        f"{loan.number} entry 2",
    ]


def test_explanation_is_of_the_day_that_the_page_shows(loan: Loan, analyst: Client) -> None:
    node = explained(analyst, loan, "outstanding.principal", as_of="2026-02-15").context["node"]

    assert node.amount == "₹1,11,098.03"


def test_unknown_figure_is_refused(loan: Loan, analyst: Client) -> None:
    response = explained(analyst, loan, "luck")

    assert response.status_code == 422
    assert "no figure" in response.content.decode()
