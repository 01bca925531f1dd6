"""Acts through the API: done once, previewed, or waiting for a second person."""

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection

from core.models import ApprovalRequest, AuditEntry, IdempotencyKey
from core.reasons.services import reason_codes_seed
from lms.acts import ACTS
from lms.models import Loan, LoanFact
from tests.factories.api import BODIES, V1, body_of, read, send, tool_of
from tests.factories.book import assert_verified, receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
CALLERS = 100
ROUNDS = 2
SIDE_BY_SIDE = 12


@pytest.fixture
def loan() -> Loan:
    """A running loan with a receipt, and the books on 10 March 2026."""
    return _loan()


def _loan() -> Loan:
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 5))
    return loan


def act(loan: Loan, slug: str) -> str:
    """Return the path of an act."""
    return f"/loans/{loan.number}/acts/{slug}/"


def test_every_act_has_an_address_and_a_body_here() -> None:
    assert BODIES.keys() <= {each.slug for each in ACTS}


def test_receipt_is_posted_and_its_entry_returned(loan: Loan) -> None:
    answer = send(tool_of("operations"), act(loan, "receipt"), body_of("receipt"))

    assert (answer.status_code, answer["Location"]) == (201, f"{V1}/loans/{loan.number}/")
    body = answer.json()
    fact = LoanFact.objects.get(reference="UTR-R")
    assert (body["outcome"], body["result_type"], body["result_id"]) == ("DONE", "lms.loanfact", fact.pk)
    assert (body["fact"]["sequence"], body["fact"]["amount_paise"]) == (3, 5_000_00)
    assert body["fact"]["recorded_by"] == "operations"
    loan.refresh_from_db()
    assert body["loan"]["overdue_paise"] == loan.overdue_paise
    assert AuditEntry.objects.get(action="lms.receipt_post", object_id=str(fact.pk)).actor == make_staff("operations")
    assert_verified(loan)


def test_repeat_gets_the_first_answer_and_says_so(loan: Loan) -> None:
    tool = tool_of("operations")
    first = send(tool, act(loan, "receipt"), body_of("receipt"), key="once")
    facts = LoanFact.objects.count()

    again = send(tool, act(loan, "receipt"), body_of("receipt"), key="once")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert again["Location"] == first["Location"]
    assert LoanFact.objects.count() == facts


def test_same_key_with_another_body_is_refused(loan: Loan) -> None:
    tool = tool_of("operations")
    send(tool, act(loan, "receipt"), body_of("receipt"), key="once")
    facts = LoanFact.objects.count()

    other = send(tool, act(loan, "receipt"), body_of("receipt", amount_paise=1), key="once")

    assert (other.status_code, other.json()["code"]) == (422, "core.request_key_reused")
    assert LoanFact.objects.count() == facts


def test_act_without_a_key_is_refused(loan: Loan) -> None:
    answer = tool_of("operations").post(f"{V1}{act(loan, 'receipt')}", body_of("receipt"), format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "core.idempotency_key_missing")
    assert LoanFact.objects.count() == 2


def test_refused_act_may_be_sent_again_with_its_key(loan: Loan) -> None:
    tool = tool_of("operations")

    early = send(tool, act(loan, "receipt"), body_of("receipt", value_date="2026-03-11"), key="later")
    set_business_date(date(2026, 3, 11))
    later = send(tool, act(loan, "receipt"), body_of("receipt", value_date="2026-03-11"), key="later")

    assert (early.status_code, early.json()["code"]) == (400, "lms.value_date_in_future")
    assert later.status_code == 201


def test_key_that_was_forgotten_still_finds_its_entry(loan: Loan) -> None:
    tool = tool_of("operations")
    first = send(tool, act(loan, "receipt"), body_of("receipt"), key="once")
    IdempotencyKey.objects.all().delete()

    again = send(tool, act(loan, "receipt"), body_of("receipt"), key="once")

    assert again.json()["fact"] == first.json()["fact"]
    assert LoanFact.objects.filter(kind="RECEIVE").count() == 2


def test_wrong_input_names_each_field(loan: Loan) -> None:
    answer = send(tool_of("operations"), act(loan, "receipt"), {"amount_paise": "much", "value_date": "10/03/2026"})

    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "core.input_invalid")
    assert set(body["context"]["fields"]) == {"amount_paise", "value_date", "reference"}
    assert (LoanFact.objects.count(), IdempotencyKey.objects.count()) == (2, 0)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"reason_code": ""}, 400, "core.input_invalid"),
        ({"reason": ""}, 400, "core.input_invalid"),
        ({"reason_code": "FRAUD"}, 400, "core.reason_code_unknown"),
        ({"amount_paise": 0}, 400, "lms.amount_not_positive"),
    ],
)
def test_penal_charge_needs_a_reason_with_a_code(loan: Loan, change: dict[str, Any], status: int, code: str) -> None:
    answer = send(tool_of("manager"), act(loan, "penal"), body_of("penal", **change))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert LoanFact.objects.count() == 2


def test_reason_code_stands_beside_the_entry(loan: Loan) -> None:
    answer = send(tool_of("manager"), act(loan, "penal"), body_of("penal"))

    fact = LoanFact.objects.get(pk=answer.json()["result_id"])
    entry = AuditEntry.objects.get(action="lms.act_reason", object_id=str(fact.pk))
    assert entry.detail == {"act": "penal", "reason_code": "BORROWER_ASKED", "key": fact.idempotency_key}


def test_preview_tells_the_effect_and_leaves_nothing(loan: Loan) -> None:
    before = LoanFact.objects.count(), IdempotencyKey.objects.count(), AuditEntry.objects.count()

    answer = tool_of("operations").post(f"{V1}{act(loan, 'receipt')}preview/", body_of("receipt"), format="json")

    assert answer.status_code == 200
    effect = answer.json()["effect"]["loans"][0]
    assert effect["loan"] == loan.number
    assert [(fact["kind"], fact["amount_paise"]) for fact in effect["facts"]] == [("RECEIVE", 5_000_00)]
    assert answer.json()["approval_reasons"] == []
    assert (LoanFact.objects.count(), IdempotencyKey.objects.count(), AuditEntry.objects.count()) == before


def test_act_that_makes_no_entry_tells_what_came_of_it(loan: Loan) -> None:
    answer = send(tool_of("operations"), act(loan, "quote"), body_of("quote"), key="quote-1")
    again = send(tool_of("operations"), act(loan, "quote"), body_of("quote"), key="quote-1")

    body = answer.json()
    assert (answer.status_code, body["fact"], body["loan"]["number"]) == (201, None, loan.number)
    assert (body["result_type"], again.json()) == ("lms.storedquote", body)


def test_every_act_may_be_previewed_or_says_why_not(loan: Loan) -> None:
    tool = tool_of("manager")
    changes = {"transfer": {"to_loan_id": loan.pk}}

    answers = {
        slug: tool.post(f"{V1}{act(loan, slug)}preview/", body_of(slug, **changes.get(slug, {})), format="json").json()
        for slug in BODIES
    }

    assert {slug: body["code"] for slug, body in answers.items() if "effect" not in body} == {
        "disburse": "lms.disbursal_above_sanction",
        "recover": "lms.loan_not_written_off",
        "refund": "lms.refund_above_excess",
        "transfer": "lms.transfer_to_same_loan",
        "settle-plan-cancel": "lms.settlement_plan_not_active",
        "settle-plan-restore": "lms.settlement_plan_not_broken",
        "quote-pay": "lms.quote_unknown",
        "unfreeze": "lms.freeze_unknown",
    }


def test_preview_is_refused_as_the_act_would_be(loan: Loan) -> None:
    body = body_of("receipt", value_date="2025-12-31")

    answer = tool_of("operations").post(f"{V1}{act(loan, 'receipt')}preview/", body, format="json")

    assert answer.json()["code"] == "lms.value_date_before_disbursal"


def test_waiver_waits_for_a_second_person_who_lets_it_happen(loan: Loan) -> None:
    asked = send(tool_of("manager"), act(loan, "waive"), body_of("waive"))
    request_id = asked.json()["request"]["id"]

    assert (asked.status_code, asked.json()["outcome"]) == (202, "WAITING")
    assert asked["Location"] == f"{V1}/approvals/{request_id}/"
    assert LoanFact.objects.count() == 2
    assert read(tool_of("analyst"), f"/loans/{loan.number}/").json()["waiting_requests"] == [request_id]
    assert ApprovalRequest.objects.get().made_by == make_staff("manager")


def test_loan_that_does_not_exist_is_not_found(loan: Loan) -> None:
    answer = send(tool_of("operations"), "/loans/NONE/acts/receipt/", body_of("receipt"))

    assert (answer.status_code, answer.json()["code"]) == (404, "core.not_found")


def test_bulk_receipts_are_posted_one_by_one(loan: Loan) -> None:
    other = make_loan(version=loan.product_version)
    lines = [
        {"loan": loan.number, "amount_paise": 100_00, "value_date": "2026-03-10", "reference": "B-1"},
        {"loan": "NONE", "amount_paise": 100_00, "value_date": "2026-03-10", "reference": "B-2"},
        {"loan": other.number, "amount_paise": 0, "value_date": "2026-03-10", "reference": "B-3"},
        {"loan": other.number, "amount_paise": 300_00, "value_date": "2026-03-10", "reference": "B-4"},
        {"loan": other.number, "amount_paise": 400_00, "value_date": "2026-02-10", "reference": "B-5"},
    ]
    tool = tool_of("operations")

    first = send(tool, "/receipts/bulk/", {"receipts": lines}, key="file-1")
    again = send(tool, "/receipts/bulk/", {"receipts": lines}, key="file-1")

    body = first.json()
    assert (first.status_code, body["done"], body["waiting"], body["refused"]) == (200, 2, 1, 2)
    assert [result["outcome"] for result in body["results"]] == ["DONE", "REFUSED", "REFUSED", "DONE", "WAITING"]
    assert [(result["refusal"] or {}).get("code") for result in body["results"]] == [
        None,
        "core.not_found",
        "lms.amount_not_positive",
        None,
        None,
    ]
    assert [result["sequence"] for result in body["results"]] == [3, None, None, 2, None]
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")
    assert LoanFact.objects.filter(reference__startswith="B-").count() == 2
    assert_verified(loan)


def test_bulk_that_was_cut_off_goes_on_where_it_stopped(loan: Loan) -> None:
    lines = [
        {"loan": loan.number, "amount_paise": 100_00, "value_date": "2026-03-10", "reference": f"B-{number}"}
        for number in range(3)
    ]
    tool = tool_of("operations")
    first = send(tool, "/receipts/bulk/", {"receipts": lines}, key="file-1")
    IdempotencyKey.objects.all().delete()

    again = send(tool, "/receipts/bulk/", {"receipts": lines}, key="file-1")

    assert again.json() == first.json()
    assert LoanFact.objects.filter(reference__startswith="B-").count() == 3


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_hundred_identical_receipts_at_once_are_one(_round: int) -> None:
    loan = _loan()

    answers = _at_once(loan, [("once", "UTR-R")] * CALLERS)

    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer.json() for answer in answers if answer.status_code == 201]
    assert all(body == done[0] for body in done)
    assert [answer.json()["code"] for answer in answers if answer.status_code == 409] == [
        "core.request_in_progress"
    ] * (CALLERS - len(done))
    assert LoanFact.objects.filter(reference="UTR-R").count() == 1
    assert_verified(loan)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("level", ["read committed", "repeatable read"])
def test_receipts_at_once_on_one_loan_all_count(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", level)
    loan = _loan()

    answers = _at_once(loan, [(f"key-{number}", f"UTR-{number}") for number in range(SIDE_BY_SIDE)])

    assert [answer.status_code for answer in answers] == [201] * SIDE_BY_SIDE
    assert sorted(answer.json()["fact"]["sequence"] for answer in answers) == [*range(3, SIDE_BY_SIDE + 3)]
    assert_verified(loan)


def _at_once(loan: Loan, sent: list[tuple[str, str]]) -> list[Any]:
    """Send receipts, each a key and a reference, from threads that start together; return the answers."""
    start = threading.Barrier(len(sent))
    answers: list[Any] = [None] * len(sent)
    tools = [tool_of("operations") for _ in sent]

    def call(place: int) -> None:
        key, reference = sent[place]
        start.wait(timeout=20)
        try:
            answers[place] = send(tools[place], act(loan, "receipt"), body_of("receipt", reference=reference), key=key)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(sent))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return answers
