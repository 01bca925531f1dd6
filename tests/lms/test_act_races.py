"""Deciders at the same moment: whatever two of them do to one request, the act happens once or not at all."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection

from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_approve, approval_reject, approvals_expire
from core.reasons.services import reason_codes_seed
from lms.acts import ActWaiting, act_of, act_submit
from lms.models import Loan, LoanFact
from lms.services.receipts import receipt_post
from tests.callers import at_once
from tests.factories.approvals import make_head
from tests.factories.book import assert_verified
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import make_staff

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

TODAY = date(2026, 3, 10)


every_isolation = pytest.mark.parametrize(
    "_isolation", ["read committed", "repeatable read", "serializable"], indirect=True
)


@pytest.fixture(autouse=True, params=["read committed"])
def _isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads' connections run at a level; ours in production is the first."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)


@pytest.fixture
def loan(transactional_db: None) -> Loan:
    """Return a running loan, committed, with two persons who may decide."""
    set_business_date(TODAY)
    reason_codes_seed()
    make_staff("operations")
    make_head()
    second = User.objects.create_user("second", is_staff=True)
    second.groups.set(make_head().groups.all())
    return make_loan()


def ask(loan: Loan, *, key: str = "ask") -> ApprovalRequest:
    """Ask for a waiver of 100 rupees."""
    outcome = act_submit(
        act=act_of(slug="waive"),
        loan_id=loan.pk,
        values={"component": "INTEREST", "amount_paise": 100_00, "value_date": TODAY},
        reason="Goodwill",
        reason_code="GOODWILL",
        actor=make_staff("operations"),
        idempotency_key=key,
    )
    assert isinstance(outcome, ActWaiting)
    return outcome.request


def approving(request: ApprovalRequest, username: str = "head") -> Callable[[], ApprovalRequest]:
    """Return a call that approves a request as it was shown."""
    actor = User.objects.get(username=username)
    return partial(approval_approve, request_id=request.pk, seen_effect_hash=request.effect_hash, actor=actor)


def waivers(loan: Loan) -> int:
    """Count the waivers of a loan."""
    return LoanFact.objects.filter(loan=loan, kind="WAIVE").count()


@every_isolation
def test_two_approvers_at_once_do_the_act_once(loan: Loan) -> None:
    request = ask(loan)

    results = at_once(approving(request), approving(request, "second"))

    assert sorted(str(getattr(result, "state", result)) for result in results) == [
        "EXECUTED",
        "core.approval_not_pending",
    ]
    assert waivers(loan) == 1
    assert_verified(loan)


def test_one_approver_twice_at_once_does_the_act_once(loan: Loan) -> None:
    request = ask(loan)

    results = at_once(*[approving(request)] * 4)

    assert {getattr(result, "state", result) for result in results} == {ApprovalState.EXECUTED}
    assert waivers(loan) == 1
    assert_verified(loan)


def test_approval_and_expiry_at_once_leave_one_outcome(loan: Loan) -> None:
    request = ask(loan)
    later = request.expires_at + timedelta(seconds=1)

    approved, expired = at_once(approving(request), partial(approvals_expire, now=later))

    request.refresh_from_db()
    outcomes = {
        ApprovalState.EXECUTED.value: (ApprovalState.EXECUTED, 0, 1),
        ApprovalState.EXPIRED.value: ("core.approval_not_pending", 1, 0),
    }
    assert (getattr(approved, "state", approved), expired, waivers(loan)) == outcomes[request.state]
    assert_verified(loan)


def test_approval_and_rejection_at_once_leave_one_outcome(loan: Loan) -> None:
    request = ask(loan)
    second = User.objects.get(username="second")

    results = at_once(
        approving(request), partial(approval_reject, request_id=request.pk, reason="Not now", actor=second)
    )

    request.refresh_from_db()
    assert sorted(str(getattr(result, "state", result)) for result in results) == sorted(
        [request.state, "core.approval_not_pending"]
    )
    assert waivers(loan) == {ApprovalState.EXECUTED: 1, ApprovalState.REJECTED: 0}[ApprovalState(request.state)]
    assert_verified(loan)


@every_isolation
def test_receipt_beside_an_approval_is_before_it_or_after_it(loan: Loan) -> None:
    request = ask(loan)
    receipt = partial(
        receipt_post,
        loan_id=loan.pk,
        amount_paise=500_00,
        value_date=TODAY,
        reference="UTR-1",
        idempotency_key="receipt",
    )

    approved, _ = at_once(approving(request), receipt)

    request.refresh_from_db()
    # The receipt was first: the approver has not seen what would happen now, and is asked again.
    outcomes = {
        ApprovalState.EXECUTED.value: (ApprovalState.EXECUTED, 1),
        ApprovalState.PENDING.value: ("core.approval_changed", 0),
    }
    assert (getattr(approved, "state", approved), waivers(loan)) == outcomes[request.state]
    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 1
    assert_verified(loan)


def test_same_intent_from_many_callers_is_one_request(loan: Loan) -> None:
    requests = at_once(*[partial(ask, loan)] * 4)

    assert len({getattr(request, "pk", request) for request in requests}) == 1
    assert ApprovalRequest.objects.count() == 1
