"""The registry of acts: one way to do, to ask for and to preview each of them."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.acts.models import ActRule
from core.approvals.models import ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.services import approval_approve
from core.models import AuditEntry
from core.reasons.services import reason_codes_seed
from lms.acts import ACTS, ActDone, ActWaiting, act_of, act_preview, act_submit
from lms.engine.terms import Component
from lms.models import Loan
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified, receive, refused
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(TODAY)
    reason_codes_seed()
    return make_loan()


@pytest.fixture
def clerk() -> User:
    return make_staff("operations")


@pytest.fixture
def head() -> User:
    """A manager with authority for every act up to one lakh rupees."""
    AuthorityLimit.objects.bulk_create(
        AuthorityLimit(role="manager", kind=act.approval_code, up_to_paise=1_00_000_00, effective_from=date(2026, 1, 1))
        for act in ACTS
    )
    return make_staff("manager")


def submit(slug: str, loan: Loan, actor: User, *, key: str = "k-1", **options: Any) -> ActDone | ActWaiting:
    """Submit an act with a reason, on the business date unless told otherwise."""
    values = {"value_date": TODAY, **options.pop("values", {})}
    outcome = act_submit(
        act=act_of(slug=slug),
        loan_id=loan.pk,
        values=values,
        actor=actor,
        idempotency_key=key,
        **{"reason": "Letter of the borrower", "reason_code": "OTHER", **options},
    )
    loan.refresh_from_db()
    return outcome


RECEIPT = {"amount_paise": 5_000_00, "reference": "UTR-1", "channel": "UPI"}
WAIVER = {"amount_paise": 100_00, "component": "INTEREST"}


def test_ordinary_act_is_done_at_once_and_a_repeat_gives_the_first_entry(loan: Loan, clerk: User) -> None:
    first = submit("receipt", loan, clerk, values=RECEIPT, reason_code="BORROWER_ASKED")
    second = submit("receipt", loan, clerk, values=RECEIPT, reason_code="BORROWER_ASKED")

    assert isinstance(first, ActDone)
    assert isinstance(second, ActDone)
    assert first.fact.pk == second.fact.pk
    assert (first.fact.kind, first.fact.amount_paise, first.fact.credit_reference) == ("RECEIVE", 5_000_00, "UPI:UTR-1")
    kept = AuditEntry.objects.get(action="lms.act_reason")
    assert kept.detail == {"act": "receipt", "reason_code": "BORROWER_ASKED", "key": "k-1"}
    assert_verified(loan)


def test_waiver_waits_for_a_second_person_and_is_then_the_makers(loan: Loan, clerk: User, head: User) -> None:
    waiting = submit("waive", loan, clerk, values=WAIVER)
    assert isinstance(waiting, ActWaiting)
    assert loan.fact_count == 1

    request = waiting.request
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)

    done = submit("waive", loan, clerk, values=WAIVER)
    assert isinstance(done, ActDone)
    assert (done.fact.kind, done.fact.amount_paise, done.fact.recorded_by) == ("WAIVE", 100_00, clerk)
    assert done.fact.idempotency_key == f"approval:{request.pk}"
    assert ApprovalRequest.objects.get().state == ApprovalState.EXECUTED
    assert_verified(loan)


def test_preview_is_the_effect_that_a_request_carries(loan: Loan, clerk: User) -> None:
    effect = act_preview(act=act_of(slug="waive"), loan_id=loan.pk, values={"value_date": TODAY, **WAIVER}, actor=clerk)
    waiting = submit("waive", loan, clerk, values=WAIVER)

    assert isinstance(waiting, ActWaiting)
    assert _plain(waiting.request.effect) == _plain(effect.as_json())
    assert [fact.kind for fact in effect.loans[0].facts] == ["WAIVE"]


def test_backdating_waits_beyond_the_days_of_the_rule(loan: Loan, clerk: User) -> None:
    near = submit("receipt", loan, clerk, key="near", values={**RECEIPT, "value_date": date(2026, 3, 3)})
    far = submit(
        "receipt", loan, clerk, key="far", values={**RECEIPT, "reference": "UTR-2", "value_date": date(2026, 3, 2)}
    )

    assert isinstance(near, ActDone)
    assert isinstance(far, ActWaiting)


def test_dated_row_replaces_the_rule(loan: Loan, clerk: User) -> None:
    ActRule.objects.create(act="receipt", effective_from=TODAY, above_paise=4_999_99, reason="Board note")

    outcome = submit("receipt", loan, clerk, values=RECEIPT)

    assert isinstance(outcome, ActWaiting)


def test_reversal_waits_only_where_the_entry_needed_a_second_person(loan: Loan, head: User) -> None:
    receive(loan, 5_000_00, TODAY)
    waiver_grant(
        loan_id=loan.pk,
        component=Component.INTEREST,
        amount_paise=100_00,
        value_date=TODAY,
        idempotency_key="w",
        reason="Hard time",
    )

    receipt = act_submit(**reversal(loan, head, 2))
    waiver = act_submit(**reversal(loan, head, 3))

    assert isinstance(receipt, ActDone)
    assert isinstance(waiver, ActWaiting)
    assert waiver.request.effect["loans"][0]["facts"][0]["kind"] == "REVERSE"


def reversal(loan: Loan, actor: User, sequence: int) -> dict[str, Any]:
    """Return the arguments that reverse an entry."""
    return {
        "act": act_of(slug="reverse"),
        "loan_id": loan.pk,
        "values": {"sequence": sequence},
        "reason": "Wrong loan",
        "reason_code": "WRONG_LOAN",
        "actor": actor,
        "idempotency_key": f"reverse-{sequence}",
    }


def test_call_without_permission_or_with_wrong_values_is_refused(loan: Loan, clerk: User) -> None:
    analyst = make_staff("analyst")

    with refused("core.act_forbidden"):
        submit("receipt", loan, analyst, values=RECEIPT)
    with refused("core.act_input_invalid"):
        submit("receipt", loan, clerk, values={"amount_paise": 1_00})
    with refused("lms.reason_missing"):
        submit("waive", loan, clerk, values=WAIVER, reason=" ")
    with refused("lms.idempotency_key_missing"):
        submit("receipt", loan, clerk, values=RECEIPT, key="k" * 65)


def _plain(content: Any) -> Any:
    """Return content as a JSON column gives it back: tuples are lists."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    return [_plain(value) for value in content] if isinstance(content, list | tuple) else content
