"""Machines whose clocks are wrong: what is recorded stands in one order, by the database's clock."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from core.clock import database_now
from customers.models import Address, CustomerChange
from customers.services import address_add
from customers.services.changes import CustomerValues, customer_change
from ledger.models import Journal
from lms.models import Loan
from lms.models.document import DocumentKind
from lms.selectors import loan_facts, loan_state_as_of
from tests.factories.book import receive, reverse
from tests.factories.lms import make_loan, set_business_date
from tests.lms.documents.book import issue, publish_lender

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]

LENT, PAID = date(2026, 1, 1), date(2026, 2, 5)
FAST, SLOW = timedelta(minutes=10), timedelta(minutes=-10)


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Make this process believe another time, as another machine would."""
    right = timezone.now

    def turn_by(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: right() + by)

    return turn_by


@pytest.fixture
def loan() -> Loan:
    set_business_date(LENT)
    publish_lender(LENT)
    loan = make_loan()
    set_business_date(PAID)
    return loan


def test_entries_are_known_in_the_order_in_which_they_were_recorded(
    loan: Loan, turn: Callable[[timedelta], None]
) -> None:
    turn(FAST)
    receipt = receive(loan, 5_000_00, PAID)
    between = database_now()
    turn(SLOW)
    reversal = reverse(loan, receipt.sequence)

    instants = list(loan.facts.order_by("sequence").values_list("recorded_at", flat=True))
    assert instants == sorted(instants)
    assert instants[1] < between < instants[2] < database_now()
    assert [fact.sequence for fact in loan_facts(loan=loan, known_at=between)] == [1, 2]
    assert loan_state_as_of(loan=loan, as_of=PAID, known_at=between).overdue.total == 6_348_00
    assert (receipt.recorded_at, reversal.recorded_at) == (instants[1], instants[2])


def test_loan_and_books_know_an_entry_from_about_the_same_instant_on(
    loan: Loan, turn: Callable[[timedelta], None]
) -> None:
    turn(FAST)

    receipt = receive(loan, 5_000_00, PAID)

    journal = Journal.objects.get(idempotency_key=f"lms.fact:{receipt.pk}")
    assert timedelta() <= journal.recorded_at - receipt.recorded_at < timedelta(seconds=30)


def test_document_of_a_slow_machine_is_of_all_that_was_recorded_before(
    loan: Loan, turn: Callable[[timedelta], None]
) -> None:
    receipt = receive(loan, 5_000_00, PAID)
    turn(SLOW)

    document = issue(loan, DocumentKind.STATEMENT)

    assert receipt.recorded_at < document.known_at < database_now()


def test_address_is_known_from_the_databases_instant_on(loan: Loan, turn: Callable[[timedelta], None]) -> None:
    before = database_now()
    turn(SLOW)

    address = address_add(
        customer=loan.customer,
        kind="CURRENT",
        line_1="12 Tilak Road",
        line_2="Shivajinagar",
        city="Pune",
        state_code="MH",
        pin_code="411005",
    )

    assert before < Address.objects.get(pk=address.pk).created_at < database_now()


def test_change_of_a_customer_is_known_from_the_databases_instant_on(
    loan: Loan, turn: Callable[[timedelta], None]
) -> None:
    before: datetime = database_now()
    turn(FAST)

    customer_change(
        customer_id=loan.customer_id,
        values=CustomerValues(email="asha@mail.example"),
        reason="By letter",
        idempotency_key="mail",
    )

    assert before < CustomerChange.objects.get().recorded_at < database_now()
