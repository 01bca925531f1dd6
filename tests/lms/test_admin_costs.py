"""What the pages cost: few queries, no count of a table, and as many for a hundred rows as for one."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.approvals.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from lms.acts import ActWaiting, act_of, act_submit
from lms.models import DocumentJob, ImportBatch, Loan
from lms.services.day_end import day_end_run
from tests.factories.book import levy, receive
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import client_of, make_staff
from tests.lms.documents.book import issue_some

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

MOST_QUERIES = 15


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def loan() -> Loan:
    """A loan with a receipt, a charge and three closed nights."""
    set_business_date(date(2026, 3, 10))
    loan = make_loan(customer=make_customer(full_name="Lakshmi Narayanan"))
    receive(loan, 11_348_00, date(2026, 2, 1))
    levy(loan, "STATEMENT", date(2026, 3, 10))
    day_end_run(to_date=date(2026, 3, 12))
    issue_some(loan)
    loan.refresh_from_db()
    return loan


@pytest.fixture
def manager() -> Client:
    """The browser of a manager."""
    return client_of("manager")


def queries_of(client: Client, target: str) -> list[str]:
    """Return the statements that a page takes, the session's among them."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(target).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


PAGES = {
    "home": lambda loan: reverse("admin:index"),
    "search": lambda loan: reverse("staff:search") + "?q=lakshmi",
    "loan": lambda loan: reverse("admin:lms_loan_change", args=[loan.pk]),
    "loan as of": lambda loan: reverse("admin:lms_loan_change", args=[loan.pk]) + "?as_of=2026-02-01",
    "receipt": lambda loan: reverse("staff:loan-act", args=[loan.pk, "receipt"]),
    "foreclose": lambda loan: reverse("staff:loan-act", args=[loan.pk, "foreclose"]),
    "reverse": lambda loan: reverse("staff:loan-act", args=[loan.pk, "reverse"]),
    "customer": lambda loan: reverse("admin:customers_customer_change", args=[loan.customer_id]),
    "customers": lambda loan: reverse("admin:customers_customer_changelist") + "?q=lakshmi",
    "loans": lambda loan: reverse("admin:lms_loan_changelist"),
    "product": lambda loan: reverse("admin:lms_product_change", args=[loan.product_version.product_id]),
    "preview": lambda loan: reverse("staff:preview"),
    "sanction": lambda loan: reverse("staff:loan-sanction"),
    "day-end": lambda loan: reverse("staff:day-end"),
    "documents": lambda loan: reverse("admin:lms_document_changelist"),
    "document": lambda loan: reverse("admin:lms_document_change", args=[loan.documents.latest("pk").pk]),
    "loan documents": lambda loan: reverse("staff-documents:loan", args=[loan.pk]),
    "outdated documents": lambda loan: reverse("staff-documents:outdated"),
    "document jobs": lambda loan: reverse("staff-documents:jobs"),
    "document job": lambda loan: reverse("staff-documents:job", args=[DocumentJob.objects.get().pk]),
    "imports": lambda loan: reverse("staff:imports"),
    "trial balance": lambda loan: reverse("staff-books:trial-balance"),
    "journals": lambda loan: reverse("admin:ledger_journal_changelist"),
    "accounts": lambda loan: reverse("admin:ledger_account_changelist"),
    "approvals": lambda loan: reverse("staff-approvals:inbox"),
    "limits": lambda loan: reverse("staff-approvals:limits"),
    "act rules": lambda loan: reverse("staff:act-rules"),
    "waiver": lambda loan: reverse("staff:loan-act", args=[loan.pk, "waive"]),
    "audit": lambda loan: reverse("admin:core_auditentry_changelist"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_takes_few_queries_and_counts_no_table(loan: Loan, manager: Client, name: str) -> None:
    taken = queries_of(manager, PAGES[name](loan))

    counts = [sql for sql in taken if "COUNT(*)" in sql and "LIMIT" not in sql]
    assert len(taken) <= MOST_QUERIES, taken
    assert counts == []


def test_lists_take_as_many_queries_for_a_hundred_rows_as_for_one(loan: Loan, manager: Client) -> None:
    lists = [
        "admin:lms_loan_changelist",
        "admin:customers_customer_changelist",
        "admin:ledger_journal_changelist",
        "admin:core_auditentry_changelist",
        "staff:imports",
        "staff:day-end",
    ]
    with_few = {name: len(queries_of(manager, reverse(name))) for name in lists}

    _more_rows(loan)

    assert {name: len(queries_of(manager, reverse(name))) for name in lists} == with_few


def test_loan_page_takes_as_many_queries_for_many_entries_as_for_few(loan: Loan, manager: Client) -> None:
    target = reverse("admin:lms_loan_change", args=[loan.pk])
    with_few = len(queries_of(manager, target))

    for number in range(40):
        receive(loan, 10_00, date(2026, 3, 13), reference=f"UTR-M{number}")

    assert len(queries_of(manager, target)) == with_few


def _more_rows(loan: Loan) -> None:
    """Add a hundred loans with customers, journals, audit entries and imports."""
    for number in range(100):
        make_loan(version=loan.product_version, value_date=date(2026, 1, 1))
        ImportBatch.objects.create(
            file_name="tape.csv", file_hash=str(number), map_name="m", product_code="PL", snapshot_date=date(2026, 3, 1)
        )


def test_inbox_and_request_take_few_queries_however_much_waits(loan: Loan, manager: Client) -> None:
    reason_codes_seed()

    def ask(key: str) -> ApprovalRequest:
        outcome = act_submit(
            act=act_of(slug="waive"),
            loan_id=loan.pk,
            values={"component": "FEE", "amount_paise": 1_00, "value_date": date(2026, 3, 12)},
            reason="Goodwill",
            reason_code="GOODWILL",
            actor=make_staff("operations"),
            idempotency_key=key,
        )
        assert isinstance(outcome, ActWaiting)
        return outcome.request

    first = ask("first")
    one = len(queries_of(manager, reverse("staff-approvals:inbox")))
    for number in range(4):
        ask(f"more-{number}")
    five = len(queries_of(manager, reverse("staff-approvals:inbox")))
    request = len(queries_of(manager, reverse("staff-approvals:request", args=[first.pk])))

    assert one == five <= MOST_QUERIES
    assert request <= MOST_QUERIES
