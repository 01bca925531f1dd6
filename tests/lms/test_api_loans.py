"""Loans, statements and explanations as tools read them."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from customers.models import Customer
from ledger.models import Journal
from lms.models import Loan, LoanFact
from tests.factories.api import V1, read, tool_of
from tests.factories.book import receive
from tests.factories.lms import make_customer, make_loan, make_sanctioned_loan, set_business_date

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """A running loan with a receipt, and the books on 10 March 2026."""
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    receive(loan, 15_000_00, date(2026, 2, 1))
    return loan


def test_loan_shows_its_figures_and_who_has_it(loan: Loan) -> None:
    body = read(tool_of("analyst"), f"/loans/{loan.number}/").json()

    assert (body["loan"]["number"], body["loan"]["customer"]) == (loan.number, loan.customer.number)
    assert body["state"]["as_of"] == "2026-03-09"
    assert body["state"]["outstanding"]["principal"] == loan.principal_outstanding_paise
    assert body["state"]["overdue"]["total"] == loan.overdue_paise == body["loan"]["overdue_paise"]
    assert (body["known_at"], body["waiting_requests"]) == (None, [])


def test_loan_is_read_as_of_a_day_and_as_known_at_an_instant(loan: Loan) -> None:
    tool = tool_of("analyst")
    disbursal, receipt = LoanFact.objects.order_by("sequence")
    between = disbursal.recorded_at + (receipt.recorded_at - disbursal.recorded_at) / 2

    earlier = read(tool, f"/loans/{loan.number}/", as_of="2026-01-31").json()["state"]
    unknown = read(tool, f"/loans/{loan.number}/", as_of="2026-02-01", known_at=between.isoformat()).json()["state"]
    known = read(tool, f"/loans/{loan.number}/", as_of="2026-02-01").json()["state"]

    assert (earlier["outstanding"]["principal"], earlier["overdue"]["total"]) == (1_20_000_00, 0)
    assert (unknown["overdue"]["total"], unknown["excess_paise"]) == (11_348_00, 0)
    assert (known["overdue"]["total"], known["excess_paise"]) == (0, 15_000_00 - 11_348_00)


def test_day_to_come_and_names_that_mean_nothing_are_refused(loan: Loan) -> None:
    tool = tool_of("analyst")

    to_come = read(tool, f"/loans/{loan.number}/", as_of="2026-03-11")
    misspelt = read(tool, "/loans/", staus="ACTIVE")
    unknown, empty = (read(tool, "/loans/", status=status) for status in ("OPEN", ""))

    assert [answer.status_code for answer in (to_come, misspelt, unknown, empty)] == [400, 400, 400, 400]
    assert to_come.json()["context"]["fields"] == {"as_of": ["The books are on 2026-03-10."]}
    assert misspelt.json()["context"]["fields"] == {"staus": ["This name means nothing here."]}
    assert list(unknown.json()["context"]["fields"]) == ["status"]


def test_schedule_has_every_row_with_what_is_paid(loan: Loan) -> None:
    rows = read(tool_of("analyst"), f"/loans/{loan.number}/schedule/").json()["instalments"]

    assert [row["number"] for row in rows] == [*range(1, 13)]
    assert (rows[0]["due"]["total"], rows[0]["open"]["total"], rows[0]["paid_on"]) == (11_348_00, 0, "2026-02-01")
    assert rows[11]["balance_after_paise"] == 0


def test_statement_shows_how_entries_were_applied(loan: Loan) -> None:
    body = read(tool_of("analyst"), f"/loans/{loan.number}/statement/", from_date="2026-01-02").json()

    assert (body["from_date"], body["to_date"]) == ("2026-01-02", "2026-03-10")
    line = body["lines"][0]
    assert (line["kind"], line["amount_paise"]) == ("RECEIVE", 15_000_00)
    parts = ("principal_paise", "interest_paise", "fee_paise", "tax_paise", "penal_paise", "excess_paise")
    assert sum(line[part] for part in parts) == 15_000_00


def test_entries_come_latest_first_and_as_known(loan: Loan) -> None:
    tool = tool_of("analyst")
    first = LoanFact.objects.order_by("pk")[0]

    rows = read(tool, f"/loans/{loan.number}/facts/").json()["results"]
    known = read(tool, f"/loans/{loan.number}/facts/", known_at=first.recorded_at.isoformat()).json()["results"]

    assert [(row["sequence"], row["kind"]) for row in rows] == [(2, "RECEIVE"), (1, "DISBURSE")]
    assert [row["sequence"] for row in known] == [1]


def test_quote_closes_the_loan_on_its_day(loan: Loan) -> None:
    tool = tool_of("analyst")

    today = read(tool, f"/loans/{loan.number}/foreclosure-quote/").json()
    tomorrow = read(tool, f"/loans/{loan.number}/foreclosure-quote/", on_date="2026-03-11").json()

    assert (today["on_date"], tomorrow["on_date"]) == ("2026-03-10", "2026-03-11")
    assert tomorrow["interest_paise"] - today["interest_paise"] == today["per_day_interest_paise"]


def test_figure_explains_itself_down_to_the_journals(loan: Loan) -> None:
    tool = tool_of("analyst")

    body = read(tool, f"/loans/{loan.number}/explain/", figure="outstanding.principal").json()

    tree = body["explanation"]
    assert tree["amount"] == str(loan.principal_outstanding_paise)
    assert sum(int(part["amount"]) for part in tree["parts"]) == loan.principal_outstanding_paise
    received = read(tool, f"/loans/{loan.number}/explain/", figure="totals.RECEIVED.INTEREST").json()
    disbursal, receipt = LoanFact.objects.order_by("sequence")
    keys = [f"lms.fact:{disbursal.pk}", f"lms.fact:{receipt.pk}"]
    assert body["journals"] == list(
        Journal.objects.filter(idempotency_key__in=keys).order_by("pk").values_list("pk", flat=True)
    )
    assert {part["rule"] for part in tree["parts"]} == {"SUM"}
    assert received["journals"] == [Journal.objects.get(idempotency_key=f"lms.fact:{receipt.pk}").pk]


def test_unknown_figure_is_refused(loan: Loan) -> None:
    answer = read(tool_of("analyst"), f"/loans/{loan.number}/explain/", figure="happiness")

    assert (answer.status_code, answer.json()["code"]) == (409, "lms.fact_refused")


def test_list_is_read_page_by_page_and_filtered(loan: Loan) -> None:
    other = make_customer()
    waiting = make_sanctioned_loan(customer=other, version=loan.product_version)
    numbers = [make_loan(version=loan.product_version).number for _ in range(3)][::-1]
    tool = tool_of("analyst")

    first = read(tool, "/loans/", limit=3).json()
    second = tool.get(first["next"]).json()

    assert [row["number"] for row in first["results"]] == numbers
    assert [row["number"] for row in second["results"]] == [waiting.number, loan.number]
    assert (first["previous"], second["next"]) == (None, None)
    of_other = read(tool, "/loans/", customer=other.number).json()["results"]
    late = read(tool, "/loans/", days_past_due_from=1, status="ACTIVE", product="PL").json()["results"]
    assert [row["number"] for row in of_other] == [waiting.number]
    assert [row["number"] for row in late] == [*numbers, loan.number]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "ten", ""])
def test_page_of_no_size_is_refused(loan: Loan, limit: str) -> None:
    answer = read(tool_of("analyst"), "/loans/", limit=limit)

    assert (answer.status_code, list(answer.json()["context"]["fields"])) == (400, ["limit"])


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ=="])
def test_cursor_that_no_page_gave_out_is_not_found(loan: Loan, cursor: str) -> None:
    assert read(tool_of("analyst"), "/loans/", cursor=cursor).status_code == 404


def test_list_that_has_not_changed_is_not_sent_again(loan: Loan) -> None:
    tool = tool_of("analyst")
    first = read(tool, "/loans/")

    same = tool.get(f"{V1}/loans/", headers={"If-None-Match": first["ETag"]})
    receive(loan, 100_00, date(2026, 3, 10))
    other = tool.get(f"{V1}/loans/", headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert first["Cache-Control"] == "private, no-cache"


def test_list_costs_the_same_for_one_row_and_for_many(
    loan: Loan, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for _ in range(4):
        make_loan(version=loan.product_version)
    tool = tool_of("analyst")

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert len(read(tool, "/loans/").json()["results"]) == 5


def test_product_shows_its_versions(loan: Loan) -> None:
    body = read(tool_of("analyst"), "/products/PL/").json()

    assert (body["code"], [version["number"] for version in body["versions"]]) == ("PL", [1])
    assert [row["code"] for row in read(tool_of("analyst"), "/products/").json()["results"]] == ["PL"]
    assert read(tool_of("analyst"), "/products/NONE/").status_code == 404


def test_customer_is_shown_with_masked_identifiers(loan: Loan) -> None:
    customer = Customer.objects.get(pk=loan.customer_id)
    tool = tool_of("analyst")

    shown = read(tool, f"/customers/{customer.number}/")
    found = tool.post(f"{V1}/customers/search/", {"text": customer.phone}, format="json").json()

    assert shown.json()["phone_masked"] == f"XXXXXX{customer.phone[-4:]}"
    assert customer.phone not in shown.content.decode()
    assert [row["number"] for row in found] == [customer.number]
    assert read(tool, "/customers/", state_code="MH").json()["results"][0]["number"] == customer.number


def test_instants_are_told_with_their_offset(loan: Loan) -> None:
    recorded_at = read(tool_of("analyst"), f"/loans/{loan.number}/facts/").json()["results"][0]["recorded_at"]

    assert recorded_at.endswith("+05:30")
    assert timezone.now() - LoanFact.objects.order_by("-pk")[0].recorded_at < timedelta(minutes=5)
