"""Tools of staff see what settlements are made of, note their credit, and see what late transfers and vendors cost."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from lms.models import Loan
from payments.models import (
    CompensationRule,
    IncomingPayment,
    PartKind,
    Payout,
    PayoutCompensation,
    Settlement,
    SettlementPart,
    Vendor,
)
from payments.services.compensations import compensation_rules_seed
from payments.services.settlement_parts import settlement_parts_told
from payments.services.settlements import settlement_told
from payments.vendors.heard import PartHeard, SettlementHeard
from tests.factories.api import done, read, send, tool_of
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.factories.payments_in import AMOUNT, arrive_on

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
PAID, FEE, TAX = AMOUNT - 118_00, 118_00, 18_00
CREDIT = {"utr": "UTR1", "amount_paise": PAID, "credited_on": "2026-03-10"}
RULE = {
    "rail": "NEFT",
    "valid_from": "2026-03-10",
    "free_days": 2,
    "paise_per_day": 100_00,
    "source": "Policy of the board",
    "reason": "NEFT too",
}


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(TODAY)
    return loan


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    return make_vendor(address="http://127.0.0.1:9")


@pytest.fixture
def payment(loan: Loan, vendor: Vendor) -> IncomingPayment:
    return arrive_on(loan=loan, vendor=vendor)


@pytest.fixture
def settlement(payment: IncomingPayment, vendor: Vendor) -> Settlement:
    """A settlement of one payment, whose line was not told yet."""
    heard = SettlementHeard(vendor_reference="setl_1", amount_paise=PAID, fee_paise=FEE, tax_paise=TAX, utr="UTR1")
    return settlement_told(vendor=vendor, heard=heard)


@pytest.fixture
def finance() -> APIClient:
    return tool_of("finance")


def part(reference: str) -> PartHeard:
    return PartHeard(
        kind=PartKind.PAYMENT,
        vendor_reference=reference,
        amount_paise=AMOUNT,
        fee_paise=FEE,
        tax_paise=TAX,
        net_paise=PAID,
    )


def everything() -> list[list[tuple[Any, ...]]]:
    models = (Settlement, SettlementPart, CompensationRule)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_settlement_is_shown_with_its_lines_and_adds_up(
    settlement: Settlement, payment: IncomingPayment, loan: Loan, finance: APIClient
) -> None:
    settlement_parts_told(settlement_id=settlement.pk, heard=[part(str(payment.vendor_reference))])

    shown = read(finance, f"/settlements/{settlement.pk}/").json()
    [line] = read(finance, f"/settlements/{settlement.pk}/parts/", kind="PAYMENT").json()["results"]

    row = shown["settlement"]
    assert (row["vendor"], row["standing"], row["difference_paise"]) == ("razorpay", "EXPLAINED", 0)
    assert shown["problems"] == []
    assert shown["sums"] == [
        {
            "kind": "PAYMENT",
            "count": 1,
            "amount_paise": AMOUNT,
            "fee_paise": FEE - TAX,
            "tax_paise": TAX,
            "net_paise": PAID,
        }
    ]
    assert (line["payment"], line["loan"], line["net_paise"]) == (payment.number, loan.number, PAID)
    assert read(finance, "/settlements/", standing="EXPLAINED", vendor="razorpay").json()["results"] == [row]
    assert read(finance, "/settlements/", standing="DIFFERS").json()["results"] == []
    assert read(finance, "/settlements/999999/").status_code == 404


def test_line_that_nobody_knows_is_listed_with_what_to_do(settlement: Settlement, finance: APIClient) -> None:
    settlement_parts_told(settlement_id=settlement.pk, heard=[part("pay_of_nobody")])

    shown = read(finance, f"/settlements/{settlement.pk}/").json()
    unknown = read(finance, f"/settlements/{settlement.pk}/parts/", is_known="false").json()["results"]

    assert shown["settlement"]["standing"] == "DIFFERS"
    [problem] = shown["problems"]
    assert shown["problem_count"] == 1
    assert problem["what"] == "Payment pay_of_nobody of ₹5,000.00 is not known to us"
    assert [(line["vendor_reference"], line["payment"]) for line in unknown] == [("pay_of_nobody", None)]
    assert read(finance, f"/settlements/{settlement.pk}/parts/", is_known="true").json()["results"] == []


def test_credit_is_noted_once_as_the_statement_has_it(settlement: Settlement, finance: APIClient) -> None:
    path = f"/settlements/{settlement.pk}/credit/"
    set_business_date(date(2026, 3, 14))
    late = read(finance, f"/settlements/{settlement.pk}/").json()
    assert (late["credit_days"], late["is_late"]) == (4, True)

    first, again = (send(finance, path, CREDIT, key="statement-1") for _ in range(2))

    row = first.json()
    assert (first.status_code, row["credited_on"], row["credited_by"]) == (200, "2026-03-10", "finance")
    seen = read(finance, f"/settlements/{settlement.pk}/").json()
    assert (seen["settlement"], seen["credit_days"], seen["is_late"]) == (row, None, False)
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert read(finance, "/settlements/", is_credited="true").json()["results"] == [row]
    assert read(finance, "/settlements/", is_credited="false").json()["results"] == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"utr": "UTR2"}, 409, "payments.settlement_credit_differs"),
        ({"amount_paise": PAID + 1}, 409, "payments.settlement_credit_differs"),
        ({"credited_on": "2026-03-11"}, 422, "payments.settlement_credit_day_wrong"),
        ({"credited_on": "soon"}, 400, "core.input_invalid"),
    ],
)
def test_credit_that_is_not_the_settlements_is_refused(
    settlement: Settlement, finance: APIClient, changes: dict[str, Any], status: int, code: str
) -> None:
    before = everything()

    answer = send(finance, f"/settlements/{settlement.pk}/credit/", {**CREDIT, **changes})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert everything() == before


@pytest.fixture
def late(vendor: Vendor) -> PayoutCompensation:
    """What is owed for a payout that took four days."""
    compensation_rules_seed()
    loan = make_sanctioned_loan(sanctioned_on=TODAY, first_due_date=date(2026, 4, 10))
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    payout = ask_payout(loan=loan, account=account)
    return PayoutCompensation.objects.create(
        payout=payout,
        rule=CompensationRule.objects.get(rail="IMPS"),
        sent_on=date(2026, 3, 1),
        ended_on=date(2026, 3, 5),
        late_days=3,
        amount_paise=300_00,
        booked_on=TODAY,
    )


def test_what_late_payouts_cost_is_listed(late: PayoutCompensation, finance: APIClient) -> None:
    payout = Payout.objects.get()

    listed = read(finance, "/compensations/", loan=payout.loan.number, payout=payout.number).json()["results"]

    assert listed == [
        {
            "id": late.pk,
            "payout": payout.number,
            "loan": payout.loan.number,
            "rail": "IMPS",
            "sent_on": "2026-03-01",
            "ended_on": "2026-03-05",
            "late_days": 3,
            "amount_paise": 300_00,
            "booked_on": "2026-03-10",
        }
    ]
    assert read(finance, "/compensations/", booked_on="2026-03-11").json()["results"] == []


def test_rule_of_compensation_is_published_once(vendor: Vendor) -> None:
    compensation_rules_seed()
    manager = tool_of("manager")

    first, again = (send(manager, "/compensation-rules/publish/", RULE, key="rule-1") for _ in range(2))

    published = done(first)
    assert (again.json(), again["Idempotent-Replayed"]) == (published, "true")
    assert read(manager, "/compensation-rules/", rail="NEFT").json()["results"] == [published]
    assert (published["expense_code"], published["owed_code"]) == ("5460", "2160")
    assert CompensationRule.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"valid_from": "2026-03-09"}, 422, "payments.compensation_rule_in_past"),
        ({"expense_code": "2160"}, 422, "payments.compensation_account_unfit"),
        ({"paise_per_day": 0}, 400, "lms.amount_not_positive"),
        ({"rail": "SWIFT"}, 400, "core.input_invalid"),
    ],
)
def test_rule_that_cannot_be_is_refused(vendor: Vendor, changes: dict[str, Any], status: int, code: str) -> None:
    before = everything()

    answer = send(tool_of("manager"), "/compensation-rules/publish/", {**RULE, **changes})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert everything() == before


def test_vendors_and_the_accounts_of_their_money_are_listed(payment: IncomingPayment, finance: APIClient) -> None:
    health = read(finance, "/vendor-health/")
    clearing = read(finance, "/clearing-accounts/")

    collect = {row["operation"]: row for row in health.json()}["COLLECT"]
    assert (collect["vendor"], collect["circuit"], collect["calls"], collect["tone"]) == (
        "razorpay",
        "closed",
        0,
        "green",
    )
    taken = {row["account"]: row for row in clearing.json()}["1070.razorpay"]
    assert (taken["balance_paise"], taken["unexplained_paise"]) == (AMOUNT, 0)
    unchanged = finance.get("/api/v1/clearing-accounts/", headers={"If-None-Match": clearing["ETag"]})
    assert unchanged.status_code == 304
