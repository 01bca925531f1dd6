"""Tools of staff take cash and cheques, ask for slips, and enter what the bank says of a cheque."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.models import ApprovalRequest
from lms.models import Loan, LoanFact
from payments.models import CounterReceipt, Deposit, IncomingPayment
from tests.factories.api import done, read, send, tool_of, waiting
from tests.factories.approvals import approve
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 1)
CASH, POOL = "1020", "1010"
CHEQUE = {"number": "123456", "bank": "A bank, Pune", "dated": "2026-02-27"}
WHY = {"reason": "Memo of the bank"}
RETURNED = {**WHY, "reason_code": "01"}


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters(cash_receipt_limit_paise=10_000_00)
    loan = make_loan()
    set_business_date(TODAY)
    make_vendor(address="http://127.0.0.1:9", float_paise=0)
    return loan


@pytest.fixture
def cashier() -> APIClient:
    return tool_of("operations")


def money(loan: Loan, paise: int = 5_000_00, **more: Any) -> dict[str, Any]:
    return {"loan": loan.number, "amount_paise": paise, **more}


def slip(*numbers: str, **changes: Any) -> dict[str, Any]:
    values = {"bank_reference": "SLIP 7", "deposited_on": "2026-03-01", "reason": "Carried by the guard"}
    return {"payments": list(numbers), **values, **changes}


def at_bank(loan: Loan, cashier: APIClient) -> str:
    """Take a cheque, bring it to the bank, and return its number."""
    taken = done(send(cashier, "/counter-receipts/take/", money(loan, cheque=CHEQUE)))["number"]
    approve(waiting(send(cashier, "/deposits/ask/", slip(taken))))
    return str(taken)


def everything() -> list[list[tuple[Any, ...]]]:
    models = (IncomingPayment, CounterReceipt, Deposit, ApprovalRequest, LoanFact)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_cash_is_previewed_and_taken_once_for_its_key(loan: Loan, cashier: APIClient) -> None:
    preview = send(cashier, "/counter-receipts/take/preview/", money(loan))
    assert (preview.status_code, IncomingPayment.objects.count()) == (200, 0)
    [effect] = preview.json()["effect"]["loans"]
    assert [fact["amount_paise"] for fact in effect["facts"]] == [5_000_00]

    first, again = (send(cashier, "/counter-receipts/take/", money(loan), key="till-1") for _ in range(2))

    taken = done(first)
    assert (again.json(), again["Idempotent-Replayed"], first["Location"]) == (taken, "true", taken["address"])
    assert (taken["kind"], taken["state"], taken["payment_state"]) == ("CASH", "RECEIVED", "APPLIED")
    assert (taken["loan"], taken["amount_paise"], taken["taken_by"]) == (loan.number, 5_000_00, "operations")
    assert (loan.facts.filter(kind="RECEIVE").count(), balance_of(CASH)) == (1, 5_000_00)


def test_what_was_taken_is_listed_shown_and_lies_in_a_drawer(loan: Loan, cashier: APIClient) -> None:
    cash = done(send(cashier, "/counter-receipts/take/", money(loan)))
    cheque = done(send(cashier, "/counter-receipts/take/", money(loan, 9_000_00, cheque=CHEQUE)))
    analyst = tool_of("analyst")

    assert read(analyst, "/counter-receipts/").json()["results"] == [cheque, cash]
    for query in ({"kind": "CASH"}, {"loan": loan.number, "kind": "CASH"}, {"taken_on": "2026-03-01", "kind": "CASH"}):
        assert read(analyst, "/counter-receipts/", **query).json()["results"] == [cash]
    shown = read(analyst, f"/counter-receipts/{cheque['number']}/").json()
    assert shown == {"receipt": cheque, "document": None, "request": None, "days_at_bank": None, "is_late": False}
    assert read(analyst, "/counter-receipts/RC99999999/").status_code == 404
    till = read(analyst, "/counter-till/").json()
    assert (till["cash_paise"], till["booked_paise"], till["difference_paise"]) == (5_000_00, 5_000_00, 0)
    [drawer] = till["drawers"]
    assert (drawer["username"], drawer["cash_paise"], drawer["left_cheques"]) == ("operations", 5_000_00, 1)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount_paise": 10_000_01}, 422, "payments.cash_above_limit"),
        ({"amount_paise": 0}, 400, "lms.amount_not_positive"),
        ({"cheque": {**CHEQUE, "number": "12345"}}, 422, "payments.cheque_incomplete"),
        ({"cheque": {"number": "123456"}}, 400, "core.input_invalid"),
        ({"loan": "L99999999"}, 400, "core.input_invalid"),
        ({"kind": "CASH"}, 400, "core.input_invalid"),
    ],
)
def test_money_that_cannot_be_taken_is_refused_in_preview_and_earnest(
    loan: Loan, cashier: APIClient, changes: dict[str, Any], status: int, code: str
) -> None:
    before = everything()

    answers = [
        send(cashier, path, {**money(loan), **changes})
        for path in ("/counter-receipts/take/preview/", "/counter-receipts/take/")
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(status, code)}
    assert everything() == before


def test_cash_goes_to_the_bank_when_a_second_person_confirms(loan: Loan, cashier: APIClient) -> None:
    before = balance_of(POOL)
    numbers = [done(send(cashier, "/counter-receipts/take/", money(loan, 1_000_00)))["number"] for _ in range(2)]

    asked, again = (send(cashier, "/deposits/ask/", slip(*numbers), key="slip-7") for _ in range(2))

    request = waiting(asked)
    assert (again.json(), ApprovalRequest.objects.count(), balance_of(POOL)) == (asked.json(), 1, before)
    assert read(cashier, f"/counter-receipts/{numbers[0]}/").json()["request"] == request.pk
    finance = tool_of("finance")
    approve(request)
    deposit = Deposit.objects.get()
    [listed] = read(finance, "/deposits/", kind="CASH", bank_reference="SLIP 7").json()["results"]
    shown = read(finance, f"/deposits/{deposit.number}/").json()
    assert (shown["deposit"], shown["request"]) == (listed, request.pk)
    assert (listed["amount_paise"], listed["deposited_by"]) == (2_000_00, "operations")
    assert [row["number"] for row in shown["receipts"]] == numbers
    assert (balance_of(CASH), balance_of(POOL)) == (0, before + 2_000_00)


def test_slip_that_cannot_be_is_refused_and_leaves_nothing(loan: Loan, cashier: APIClient) -> None:
    cash = done(send(cashier, "/counter-receipts/take/", money(loan)))["number"]
    cheque = done(send(cashier, "/counter-receipts/take/", money(loan, cheque=CHEQUE)))["number"]
    waiting(send(cashier, "/deposits/ask/", slip(cash)))
    before = everything()

    bodies = [slip(cash), slip(cash, cheque), slip(cheque, deposited_on="2026-03-02"), slip("RC99999999"), slip()]
    answers = [send(cashier, "/deposits/ask/", body) for body in bodies]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "payments.deposit_asked_for"),
        (409, "payments.deposit_asked_for"),
        (422, "payments.deposit_day_wrong"),
        (400, "core.input_invalid"),
        (400, "core.input_invalid"),
    ]
    assert everything() == before


def test_cheque_is_credited_and_bounces_after_all(loan: Loan, cashier: APIClient) -> None:
    number = at_bank(loan, cashier)
    set_business_date(date(2026, 3, 6))
    finance, path = tool_of("finance"), f"/counter-receipts/{number}"
    shown = read(finance, f"{path}/").json()
    assert (shown["receipt"]["state"], shown["days_at_bank"], shown["is_late"]) == ("DEPOSITED", 5, True)
    preview = send(finance, f"{path}/clear/preview/", WHY).json()["effect"]["loans"][0]
    assert [fact["kind"] for fact in preview["facts"]] == ["RECEIVE"]
    assert not loan.facts.filter(kind="RECEIVE").exists()

    cleared = send(finance, f"{path}/clear/", WHY)
    assert (cleared.status_code, cleared.json()["receipt"]["state"]) == (200, "CLEARED")
    assert loan.facts.get(kind="RECEIVE").value_date == date(2026, 3, 6)
    undone = send(finance, f"{path}/bounce/preview/", RETURNED)
    assert (undone.status_code, loan.facts.filter(kind="BOUNCE").count()) == (200, 0)
    bounced = send(finance, f"{path}/bounce/", RETURNED, key="memo-1")
    again = send(finance, f"{path}/bounce/", RETURNED, key="memo-1")

    assert (bounced.status_code, bounced.json()["receipt"]["state"]) == (200, "BOUNCED")
    assert (again.json(), again["Idempotent-Replayed"]) == (bounced.json(), "true")
    assert loan.facts.get(kind="BOUNCE").recorded_by == make_staff("finance")


def test_word_about_a_cheque_that_is_not_at_the_bank_is_refused(loan: Loan, cashier: APIClient) -> None:
    number = done(send(cashier, "/counter-receipts/take/", money(loan, cheque=CHEQUE)))["number"]
    finance, before = tool_of("finance"), everything()

    answers = [
        send(finance, f"/counter-receipts/{number}/clear/", WHY),
        send(finance, f"/counter-receipts/{number}/clear/preview/", WHY),
        send(finance, f"/counter-receipts/{number}/bounce/", RETURNED),
        send(finance, f"/counter-receipts/{number}/bounce/", WHY),
        send(finance, "/counter-receipts/RC99999999/clear/", WHY),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        *[(409, "payments.cheque_not_deposited")] * 3,
        (400, "core.input_invalid"),
        (404, "core.not_found"),
    ]
    assert everything() == before
