"""Every figure of the books comes down to lines of statements, and adds up again from them."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.moments import instant_text
from ledger.explaining import BookFigure, BookNode, figure_explain
from ledger.models import Account, AccountKind
from ledger.questions import Clock, Question
from ledger.reports import balance_sheet, profit_and_loss
from ledger.selectors import trial_balance
from ledger.statements import account_statement
from lms.models import Loan
from tests.factories.book import receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)
QUESTION = Question(to_date=TODAY)


@pytest.fixture
def loan() -> Loan:
    """A loan with a receipt."""
    set_business_date(TODAY)
    loan = make_loan()
    receive(loan, 11_348_00, date(2026, 2, 1))
    return loan


@pytest.fixture
def analyst() -> Client:
    """The browser of an analyst."""
    return client_of("analyst")


def leaves(node: BookNode) -> list[BookNode]:
    return [leaf for part in node.parts for leaf in leaves(part)] if node.parts else [node]


def lines_of(leaf: BookNode) -> int:
    """Add up the lines of the statement that a leaf names."""
    assert leaf.account_id is not None
    assert leaf.question is not None
    statement = account_statement(
        account=Account.objects.get(pk=leaf.account_id),
        from_date=leaf.question.from_date,
        to_date=leaf.question.to_date,
        clock=leaf.question.clock,
        known_at=leaf.question.known_at,
        event=leaf.question.event,
        limit=1_000,
    )
    return sum(line.debit_paise - line.credit_paise for line in statement.lines)


def test_every_row_of_the_trial_balance_comes_down_to_lines_of_statements(loan: Loan) -> None:
    rows = trial_balance(as_of=TODAY).rows

    for row in rows:
        account = Account.objects.get(pk=row.account_id)
        told = {
            figure: figure_explain(question=QUESTION, figure=figure, account=account)
            for figure in (BookFigure.BALANCE, BookFigure.DEBITS, BookFigure.CREDITS)
        }
        assert told[BookFigure.BALANCE].amount_paise == row.debit_paise - row.credit_paise
        assert told[BookFigure.DEBITS].amount_paise == row.debit_turnover_paise
        assert told[BookFigure.CREDITS].amount_paise == row.credit_turnover_paise
        found = leaves(told[BookFigure.BALANCE])
        assert [leaf.amount_paise for leaf in found] == [lines_of(leaf) for leaf in found]

    assert [row.code.split(".")[0] for row in rows] == ["1010", "1110", "1120", "4110"]


def test_profit_and_the_kinds_of_the_balance_sheet_add_up_from_accounts(loan: Loan) -> None:
    sheet = balance_sheet(question=QUESTION)
    result = profit_and_loss(question=QUESTION)

    told = {kind: figure_explain(question=QUESTION, figure=BookFigure.BALANCE, kind=kind) for kind in AccountKind}
    profit = figure_explain(question=QUESTION, figure=BookFigure.PROFIT)

    assert told[AccountKind.ASSET].amount_paise == sheet.assets.total_paise
    assert told[AccountKind.LIABILITY].amount_paise == sheet.liabilities.total_paise
    assert told[AccountKind.INCOME].amount_paise == result.income.total_paise
    assert profit.amount_paise == result.profit_paise == sheet.profit_paise
    assert sum(leaf.amount_paise for leaf in leaves(profit)) == result.profit_paise


def test_figure_is_explained_by_the_clock_and_the_knowledge_of_its_page(loan: Loan, analyst: Client) -> None:
    instant = timezone.now()
    bank = Account.objects.get(code__startswith="1010")
    receive(loan, 5_000_00, date(2026, 3, 1))
    address = reverse("staff-books:explain")
    asked = {"account": bank.pk, "to": "2026-03-05"}

    def amount(**more: Any) -> int:
        return int(analyst.get(address, {**asked, **more}).context["node"].amount_paise)

    assert amount() - amount(known_at=instant_text(instant)) == 5_000_00
    assert amount(clock=Clock.BOOKED_ON.value) == 0


def test_drawer_leads_to_the_statement_of_each_event(loan: Loan, analyst: Client) -> None:
    bank = Account.objects.get(code__startswith="1010")
    told = figure_explain(question=QUESTION, figure=BookFigure.BALANCE, account=bank)
    page = analyst.get(reverse("staff-books:explain"), {"account": bank.pk}).content.decode()
    statement = analyst.get(reverse("staff-books:account", args=[bank.pk]), {"event": "RECEIVE"}).context["statement"]

    assert "event=RECEIVE" in page
    assert {part.label: part.amount_paise for part in told.parts}["RECEIVE"] == statement.closing_paise == 11_348_00


@pytest.mark.parametrize("query", [{"figure": "luck"}, {"kind": "LUCK"}, {"account": "999999"}])
def test_unknown_figure_is_not_found(analyst: Client, query: dict[str, str]) -> None:
    set_business_date(TODAY)

    assert analyst.get(reverse("staff-books:explain"), query).status_code == 404
