"""What the pages show, and what they cost: few queries, the same number for one row and for many."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.models import AuditEntry
from customers.models import Customer
from customers.services import bank_account_add
from ledger.models import Journal
from lms.models import DayEnd, DayEndProblem, Loan
from lms.services.day_end import day_end_run
from tests.factories.approvals import approve, last_request
from tests.factories.book import levy, receive
from tests.factories.book import reverse as reverse_fact
from tests.factories.lms import make_customer, make_loan, make_sanctioned_loan, make_version, set_business_date
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def loan() -> Loan:
    """A loan with a receipt that was reversed, another one, a charge, and three closed nights."""
    set_business_date(date(2026, 3, 10))
    customer = make_customer(full_name="Lakshmi Narayanan", phone="9812345678", pan="ABCPL1234K")
    bank_account_add(customer=customer, account_number="50100012345678", ifsc="HDFC0000123")
    loan = make_loan(customer=customer)
    receive(loan, 5_000_00, date(2026, 2, 1), reference="UTR-WRONG")
    reverse_fact(loan, 2)
    receive(loan, 11_348_00, date(2026, 2, 1), reference="UTR-RIGHT")
    levy(loan, "STATEMENT", date(2026, 3, 10))
    day_end_run(to_date=date(2026, 3, 12))
    loan.refresh_from_db()
    return loan


@pytest.fixture
def analyst() -> Client:
    """The browser of an analyst."""
    return client_of("analyst")


@pytest.fixture
def manager() -> Client:
    """The browser of a manager."""
    return client_of("manager")


def page_of(client: Client, target: str, **query: Any) -> str:
    """Open a page and return its text with single spaces."""
    response = client.get(target, query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def loan_page(client: Client, loan: Loan, **query: Any) -> str:
    return page_of(client, reverse("admin:lms_loan_change", args=[loan.pk]), **query)


def find(client: Client, text: str) -> Any:
    return client.get(reverse("staff:search"), {"q": text})


def test_home_sums_the_book_by_bucket(loan: Loan, analyst: Client) -> None:
    standing = analyst.get(reverse("admin:index")).context["standing"]

    assert standing.loan_count == 1
    assert standing.principal_paise == loan.principal_outstanding_paise
    assert [bucket.loan_count for bucket in standing.buckets] == [0, 1, 0, 0, 0]
    assert standing.overdue_paise == loan.overdue_paise


def test_exact_loan_number_leads_to_the_loan(loan: Loan, analyst: Client) -> None:
    assert find(analyst, f" {loan.number.lower()} ")["Location"] == f"/admin/lms/loan/{loan.pk}/change/"


@pytest.mark.parametrize(
    "text", ["lakshmi", "Lakshmi Narayanan", "lakshmy", "9812345678", "345678", "ABCPL1234K", "L0000"]
)
def test_box_finds_the_customer_with_loans(loan: Loan, analyst: Client, text: str) -> None:
    result = find(analyst, text).context["result"]

    assert [(found.customer.pk, found.loans) for found in result.customers] == [(loan.customer_id, (loan,))]


def test_box_takes_personal_data_by_post(loan: Loan, analyst: Client) -> None:
    result = analyst.post(reverse("staff:search"), {"q": "ABCPL1234K"}).context["result"]

    assert [found.customer.pk for found in result.customers] == [loan.customer_id]


def test_box_finds_a_bank_reference(loan: Loan, analyst: Client) -> None:
    result = find(analyst, "UTR-RIGHT").context["result"]

    assert [(fact.loan_id, fact.sequence) for fact in result.references] == [(loan.pk, 4)]


def test_box_says_that_nothing_was_found(loan: Loan, analyst: Client) -> None:
    page = find(analyst, "<b>Zebedee</b>").content.decode()

    assert "Nothing found for “&lt;b&gt;Zebedee&lt;/b&gt;”" in page


def test_empty_box_says_what_can_be_typed(analyst: Client) -> None:
    assert "Type what you have at hand" in find(analyst, "  ").content.decode()


def test_search_masks_phones(loan: Loan, analyst: Client) -> None:
    page = find(analyst, "lakshmi").content.decode()

    assert "XXXXXX5678" in page
    assert "9812345678" not in page


def test_loan_page_shows_balances_postings_and_what_was_reversed(loan: Loan, analyst: Client) -> None:
    page = loan_page(analyst, loan)

    assert "₹1,11,098.03" in page  # principal after the first instalment
    assert '<tr id="fact-2" class="k-struck">' in page
    assert "reversed by 3" in page
    assert "1110.PL" in page
    assert "Interest accrued" in page


def test_loan_page_as_of_an_earlier_day_is_replayed(loan: Loan, analyst: Client) -> None:
    page = loan_page(analyst, loan, as_of="2026-01-15")

    assert "This is the loan as of 15 Jan 2026" in page
    assert "₹1,20,000.00" in page
    state = analyst.get(reverse("admin:lms_loan_change", args=[loan.pk]), {"as_of": "2026-01-15"}).context["state"]
    assert (state.outstanding.principal, state.days_past_due) == (1_20_000_00, 0)


@pytest.mark.parametrize("text", ["2026-12-31", "tomorrow", "2026-02-31"])
def test_day_that_cannot_be_shown_is_named_and_the_latest_shown(loan: Loan, analyst: Client, text: str) -> None:
    page = loan_page(analyst, loan, as_of=text)

    assert "The day asked for is later than 12 Mar 2026" in page
    assert "Back to the present" not in page


def test_loan_page_as_known_before_an_entry_was_recorded(loan: Loan, analyst: Client) -> None:
    set_business_date(date(2026, 3, 20))
    receive(loan, 1_000_00, date(2026, 3, 1), reference="UTR-LATE")

    before = analyst.get(reverse("admin:lms_loan_change", args=[loan.pk]), {"known_on": "2026-03-15"}).context
    now = analyst.get(reverse("admin:lms_loan_change", args=[loan.pk])).context

    assert [line.row.sequence for line in before["facts"]] == [5, 4, 3, 2, 1]
    assert [line.row.sequence for line in now["facts"]] == [5, 6, 4, 3, 2, 1]


def test_loan_that_is_not_disbursed_shows_the_schedule_to_come(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    loan = make_sanctioned_loan(first_due_date=date(2026, 4, 10))

    context = manager.get(reverse("admin:lms_loan_change", args=[loan.pk])).context

    assert context["offer"].start_date == date(2026, 3, 10)
    assert len(context["offer"].rows) == 12


def test_loan_whose_first_due_date_has_passed_says_so(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    loan = make_sanctioned_loan(first_due_date=date(2026, 2, 1))

    assert "There is no schedule for lending the money today" in loan_page(manager, loan)


def test_customer_page_masks_personal_data(loan: Loan, manager: Client) -> None:
    page = page_of(manager, reverse("admin:customers_customer_change", args=[loan.customer_id]))

    assert {"9812345678", "ABCPL1234K", "50100012345678"} & set(re.findall(r"\w+", page)) == set()
    assert {"XXXXXX5678", "XXXXXX234K", "XXXXXXXXXX5678"} <= set(re.findall(r"\w+", page))
    assert loan.number in page


def test_unmasking_needs_a_reason_and_is_audited(loan: Loan, manager: Client) -> None:
    target = reverse("staff-customers:unmask", args=[loan.customer_id])

    refused = manager.post(target, {"reason": " "}).content.decode()
    audited_before = AuditEntry.objects.filter(action="customers.customer_unmask").count()
    shown = manager.post(target, {"reason": "Borrower on the phone"}).content.decode()

    entry = AuditEntry.objects.get(action="customers.customer_unmask")
    assert "9812345678" not in refused
    assert audited_before == 0
    assert {"9812345678", "ABCPL1234K", "50100012345678"} <= set(re.findall(r"\w+", shown))
    assert (entry.object_id, entry.reason) == (str(loan.customer_id), "Borrower on the phone")


def test_customer_is_created_by_the_service(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    entered = {"full_name": "Meera Iyer", "kind": "INDIVIDUAL", "phone": "9000000001", "state_code": "TN"}

    refused = manager.post(reverse("staff-customers:add"), {**entered, "phone": "12345"})
    done = manager.post(reverse("staff-customers:add"), entered)

    customer = Customer.objects.get()
    assert refused.status_code == 422
    assert done["Location"] == reverse("admin:customers_customer_change", args=[customer.pk])
    assert customer.full_name == "Meera Iyer"


def test_preview_shows_instalment_apr_and_total_interest(analyst: Client) -> None:
    set_business_date(date(2026, 3, 10))
    query: dict[str, Any] = {
        "version": make_version().pk,
        "principal_paise": "1,20,000",
        "annual_rate_pct": "24",
        "instalment_count": "12",
        "start_date": "2026-03-10",
    }

    offer = analyst.get(reverse("staff:preview"), query).context["offer"]

    assert (offer.instalment_paise, len(offer.rows)) == (11_348_00, 12)
    assert offer.total_interest_paise == sum(row.due.interest for row in offer.rows)
    assert offer.total_charges_paise == 2_832_00  # 2 % of 1,20,000 and 18 % tax on it
    assert round(offer.apr_pct, 2) > 24


def test_new_version_starts_from_the_one_before_and_leaves_it_alone(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    version = make_version()
    target = reverse("staff:product-publish", args=[version.product_id])
    shown = manager.get(target).context["form"].initial
    entered = {name: value for name, value in shown.items() if value is not None}

    response = manager.post(
        target,
        {**entered, "rate_max_pct": "36", "effective_from": "2026-04-01", "reason": "Cap", "idempotency_key": "k"},
    )
    shown_to_head = last_request().effect
    unpublished = version.product.versions.count()
    approve()

    latest = version.product.versions.order_by("-number")[0]
    version.refresh_from_db()
    assert response.status_code == 302
    assert shown_to_head["changes"] == [{"figure": "rate_max_pct", "now": "48.0000", "then": "36.0000"}]
    assert unpublished == 1
    assert latest.published_by == make_staff("manager")
    assert (latest.number, latest.rate_max_pct, version.rate_max_pct) == (2, Decimal(36), Decimal(48))
    assert latest.terms_template == version.terms_template


def test_wrong_charge_line_is_refused(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    target = reverse("staff:product-publish", args=[make_version().product_id])
    entered = {name: value for name, value in manager.get(target).context["form"].initial.items() if value is not None}

    response = manager.post(
        target, {**entered, "charges": "BOUNCE five hundred", "reason": "x", "idempotency_key": "k"}
    )

    assert "&#x27;BOUNCE five hundred&#x27; is no charge" in response.content.decode()


def test_trial_balance_agrees_and_leads_to_the_loan(loan: Loan, analyst: Client) -> None:
    balance = analyst.get(reverse("staff-books:trial-balance")).context["balance"]
    principal = next(row for row in balance.rows if row.code == "1110.PL")

    statement = page_of(analyst, reverse("staff-books:account", args=[principal.account_id]))

    assert balance.is_balanced
    assert principal.debit_paise == loan.principal_outstanding_paise
    assert f'href="/admin/lms/loan/{loan.pk}/change/"' in statement


def test_trial_balance_before_the_first_entry_is_empty(loan: Loan, analyst: Client) -> None:
    page = page_of(analyst, reverse("staff-books:trial-balance"), as_of="2025-12-31")

    assert "Nothing is posted up to this day" in page


@pytest.mark.usefixtures("tasks_at_once")
def test_day_end_runs_from_its_page_and_shows_the_certificate(loan: Loan, manager: Client) -> None:
    response = manager.post(reverse("staff:day-end"), {"to_date": "2026-03-14"})

    page = page_of(manager, response["Location"])
    assert DayEnd.objects.filter(state=DayEnd.State.CLOSED).count() == 5
    assert "Done. Everything up to 14 Mar 2026 is closed." in page
    assert "all hold" in page
    assert AuditEntry.objects.filter(action="lms.day_end_run").count() == 1


@pytest.mark.usefixtures("queue_without_worker")
def test_day_end_that_no_worker_took_yet_says_so(loan: Loan, manager: Client) -> None:
    DayEnd.objects.update(finished_at=timezone.now() - timedelta(minutes=5))

    response = manager.post(reverse("staff:day-end"), {"to_date": "2026-03-13"})

    assert "Waiting for a worker" in page_of(manager, response["Location"])


def test_day_that_is_closed_cannot_be_run(loan: Loan, manager: Client) -> None:
    response = manager.post(reverse("staff:day-end"), {"to_date": "2026-03-01"})

    assert response.status_code == 422
    assert "The books are on 13 Mar 2026" in response.content.decode()


def test_set_aside_loan_is_tried_again(loan: Loan, manager: Client) -> None:
    Loan.objects.filter(pk=loan.pk).update(closed_upto=date(2026, 3, 11))
    DayEndProblem.objects.create(day_end=DayEnd.objects.all()[0], loan=loan, code="x", message="Look at it.")

    manager.post(reverse("staff:day-end-retry", args=[loan.pk]))

    loan.refresh_from_db()
    assert loan.closed_upto == date(2026, 3, 12)
    assert not DayEndProblem.objects.filter(resolved_at=None).exists()


def test_product_is_closed_for_new_loans_with_a_reason(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    product = make_version().product
    target = reverse("staff:product-standing", args=[product.pk])

    refused = manager.post(target, {"reason": ""})
    done = manager.post(target, {"reason": "Replaced"})

    product.refresh_from_db()
    assert (refused.status_code, done.status_code) == (422, 302)
    assert not product.is_active
    assert list(manager.get(reverse("staff:preview")).context["form"].fields["version"].queryset) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("ledger_journal", "nonsense", 0),
        ("ledger_journal", "lms.close", 0),
        ("core_auditentry", "customers.customer {customer}", 2),
        ("core_auditentry", "customers.customer", 0),
        ("customers_customer", "lakshmi", 1),
        ("ledger_account", "1110", 1),
    ],
)
def test_lists_find_what_they_say_they_find(loan: Loan, manager: Client, name: str, text: str, found: int) -> None:
    answer = manager.get(reverse(f"admin:{name}_changelist"), {"q": text.format(customer=loan.customer_id)})

    assert answer.status_code == 200
    assert answer.context["cl"].result_count == found


def test_journal_is_found_by_number_and_by_key(loan: Loan, manager: Client) -> None:
    journal = Journal.objects.order_by("pk")[0]

    for text in (str(journal.pk), journal.idempotency_key):
        answer = manager.get(reverse("admin:ledger_journal_changelist"), {"q": text})
        assert [found.pk for found in answer.context["cl"].result_list] == [journal.pk]
