"""The books as tools read them, and journals by hand that tools ask for."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from core.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from ledger.models import Account, Journal
from ledger.services import account_open
from tests.factories.api import V1, read, send, tool_of
from tests.factories.lms import make_loan, set_business_date

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _books() -> None:
    """Books on 10 March 2026 with one loan lent, and two accounts that take journals by hand."""
    set_business_date(TODAY)
    reason_codes_seed()
    call_command("authority_seed", stdout=StringIO())
    make_loan()
    for code in ("91", "92"):
        account_open(account=Account.objects.create(code=code, name="Suspense", kind="ASSET", is_manual_allowed=True))


def voucher(**changes: Any) -> dict[str, Any]:
    """Return a journal by hand of five rupees."""
    lines = [{"account_code": "91", "debit_paise": 500}, {"account_code": "92", "credit_paise": 500}]
    body = {"lines": lines, "value_date": "2026-03-10", "narration": "Rounding", "reason": "Rounding"}
    return {**body, "reason_code": "STAFF_MISTAKE", **changes}


def request_of(answer: Any) -> str:
    """Return the path of a request that waits."""
    return str(answer["Location"]).removeprefix(V1)


def test_trial_balance_balances_as_of_any_day() -> None:
    tool = tool_of("analyst")

    now = read(tool, "/ledger/trial-balance/").json()
    before = read(tool, "/ledger/trial-balance/", as_of="2025-12-31", clock="value_date").json()

    assert now["is_balanced"]
    assert now["debit_total_paise"] == now["credit_total_paise"] == 1_25_093_86
    assert before["rows"] == []


def test_profit_and_loss_and_balance_sheet_are_read_by_product_as_of_and_as_known() -> None:
    tool = tool_of("analyst")
    before = Journal.objects.order_by("recorded_at")[0].recorded_at - timedelta(microseconds=1)

    year = read(tool, "/ledger/profit-and-loss/").json()
    sheet = read(tool, "/ledger/balance-sheet/").json()
    unknown = read(tool, "/ledger/balance-sheet/", known_at=before.isoformat()).json()
    earlier = read(tool, "/ledger/profit-and-loss/", to_date="2025-12-31").json()

    assert (year["products"], year["profit_by_product"]) == (["PL"], [year["profit_paise"]])
    assert year["profit_paise"] == year["income"]["total_paise"] - year["expenses"]["total_paise"] == 5_093_86
    assert [row["code"] for row in year["income"]["rows"]] == ["4110.PL"]
    assert sheet["is_balanced"]
    assert sheet["assets"]["total_paise"] == sheet["profit_paise"] == 5_093_86
    assert (unknown["products"], unknown["profit_paise"], earlier["profit_paise"]) == ([], 0, 0)


def test_statement_of_an_account_is_read_page_by_page() -> None:
    tool = tool_of("analyst")
    code = Account.objects.filter(pk__in=Journal.objects.values("transfers__debit_account")).order_by("pk")[0].code
    make_loan(principal_paise=50_000_00)

    first = read(tool, f"/ledger/accounts/{code}/statement/", limit=1).json()

    assert (first["account"], first["opening_paise"], len(first["lines"])) == (code, 0, 1)
    assert first["closing_paise"] == first["lines"][0]["balance_paise"]
    assert (
        first["next_page"] is None
        or read(tool, f"/ledger/accounts/{code}/statement/", limit=1, after=first["next_page"]).json()["opening_paise"]
        == first["closing_paise"]
    )


@pytest.mark.parametrize("after", ["x", "2026-13-01:5", "2026-02-30:5"])
def test_page_that_no_statement_has_is_refused(after: str) -> None:
    answer = read(tool_of("analyst"), "/ledger/accounts/91/statement/", after=after)

    assert (answer.status_code, list(answer.json()["context"]["fields"])) == (400, ["after"])


def test_journals_are_found_by_what_they_are_for() -> None:
    tool = tool_of("analyst")
    journal = Journal.objects.get()

    found = read(tool, "/ledger/journals/", reference_type="lms.loan", reference_id=journal.reference_id).json()
    shown = read(tool, f"/ledger/journals/{journal.pk}/").json()

    assert [row["id"] for row in found["results"]] == [journal.pk]
    assert shown["total_paise"] == sum(leg["amount_paise"] for leg in shown["transfers"])
    assert read(tool, "/ledger/journals/", event="NONE").json()["results"] == []


def test_journal_by_hand_is_posted_by_a_second_person() -> None:
    asked = send(tool_of("finance"), "/ledger/manual-journals/", voucher(), key="v-1")
    seen = read(tool_of("manager"), request_of(asked)).json()
    approval = {"seen_effect_hash": seen["effect_hash"]}

    assert (asked.status_code, seen["state"], seen["made_by"]) == (202, "PENDING", "finance")
    assert seen["effect"]["balances_move_by_paise"] == {"91": 500, "92": -500}
    done = send(tool_of("manager"), f"{request_of(asked)}approve/", approval, key="a-1")
    again = send(tool_of("manager"), f"{request_of(asked)}approve/", approval, key="a-1")

    assert (done.status_code, done.json()["state"], done.json()["result_type"]) == (200, "EXECUTED", "ledger.journal")
    assert (again.json(), again["Idempotent-Replayed"]) == (done.json(), "true")
    assert Journal.objects.filter(event="MANUAL").count() == 1


def test_maker_does_not_approve_his_own_request() -> None:
    asked = send(tool_of("finance"), "/ledger/manual-journals/", voucher())
    seen = read(tool_of("finance"), request_of(asked)).json()

    answer = send(tool_of("finance"), f"{request_of(asked)}approve/", {"seen_effect_hash": seen["effect_hash"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "core.approval_by_maker")
    assert ApprovalRequest.objects.get().state == "PENDING"


def test_approver_who_saw_another_effect_is_asked_again_and_may_not_repeat_himself() -> None:
    asked = send(tool_of("finance"), "/ledger/manual-journals/", voucher())
    target = f"{request_of(asked)}approve/"

    answers = [send(tool_of("manager"), target, {"seen_effect_hash": "other"}, key="a-1") for _ in range(2)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "core.approval_changed")] * 2
    assert not Journal.objects.filter(event="MANUAL").exists()


def test_expired_request_is_closed_though_its_approval_is_refused() -> None:
    asked = send(tool_of("finance"), "/ledger/manual-journals/", voucher())
    row = ApprovalRequest.objects.get()
    ApprovalRequest.objects.update(expires_at=row.made_at)

    answer = send(tool_of("manager"), f"{request_of(asked)}approve/", {"seen_effect_hash": row.effect_hash})

    assert (answer.status_code, answer.json()["code"]) == (409, "core.approval_expired")
    assert ApprovalRequest.objects.get().state == "EXPIRED"


def test_request_is_rejected_with_a_reason_or_withdrawn_by_its_maker() -> None:
    first = send(tool_of("finance"), "/ledger/manual-journals/", voucher())
    second = send(tool_of("finance"), "/ledger/manual-journals/", voucher(narration="Another"))

    silent = send(tool_of("manager"), f"{request_of(first)}reject/", {})
    rejected = send(tool_of("manager"), f"{request_of(first)}reject/", {"reason": "Wrong account"})
    by_other = send(tool_of("manager"), f"{request_of(second)}withdraw/", {})
    withdrawn = send(tool_of("finance"), f"{request_of(second)}withdraw/", {})

    assert (silent.status_code, silent.json()["code"]) == (400, "core.input_invalid")
    assert (rejected.json()["state"], rejected.json()["decision_reason"]) == ("REJECTED", "Wrong account")
    assert by_other.json()["code"] == "core.approval_by_other"
    assert withdrawn.json()["state"] == "WITHDRAWN"
    pending = read(tool_of("analyst"), "/approvals/", state="PENDING").json()["results"]
    by_finance = read(tool_of("analyst"), "/approvals/", made_by="finance", kind="ledger.manual_journal").json()
    assert (pending, len(by_finance["results"])) == ([], 2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": [{"account_code": "91", "debit_paise": 500}]}, "core.input_invalid"),
        ({"reason_code": "GOODWILL"}, "core.reason_code_unknown"),
        ({"value_date": "2026-03-11"}, "ledger.value_date_in_future"),
        (
            {
                "lines": [
                    {"account_code": "91", "debit_paise": 500},
                    {"account_code": "92", "credit_paise": 400},
                ]
            },
            "ledger.journal_unbalanced",
        ),
    ],
)
def test_wrong_journal_by_hand_is_refused_by_name(change: dict[str, Any], code: str) -> None:
    answer = send(tool_of("finance"), "/ledger/manual-journals/", voucher(**change))

    assert answer.json()["code"] == code
    assert ApprovalRequest.objects.count() == 0


def test_accounts_are_listed() -> None:
    codes = [row["code"] for row in read(tool_of("analyst"), "/ledger/accounts/", limit=2).json()["results"]]

    assert codes == ["92", "91"]
