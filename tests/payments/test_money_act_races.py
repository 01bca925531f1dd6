"""Two approvals about the same money, or about the same borrowers, at one moment."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from core.acts.registry import Act, ActWaiting
from core.acts.submitting import act_submit
from core.approvals.models import ApprovalRequest
from core.approvals.services import approval_approve
from core.reasons.services import reason_codes_seed
from lms.models import Loan
from payments.acts.incoming import APPLY_ACT, MOVE_ACT
from payments.models import IncomingPayment, PaymentState, Vendor
from tests.callers import at_once
from tests.factories.approvals import make_head
from tests.factories.lms import make_loan, next_key, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.factories.payments_in import AMOUNT, arrive, arrive_on
from tests.factories.staff import make_staff
from tests.payments.test_receipts_races import received

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def vendor(transactional_db: None) -> Vendor:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    reason_codes_seed()
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


def asked(act: Act, payment: IncomingPayment, loan: Loan) -> ApprovalRequest:
    outcome = act_submit(
        act=act,
        subject_id=payment.pk,
        values={"loan": loan},
        reason="Letter",
        reason_code="OTHER",
        actor=make_staff("finance"),
        idempotency_key=next_key("race"),
    )
    assert isinstance(outcome, ActWaiting)
    return outcome.request


def approving(request: ApprovalRequest) -> Callable[[], object]:
    head = make_head()
    return partial(approval_approve, request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)


def test_one_payment_goes_to_one_loan_however_many_approve_at_once(vendor: Vendor) -> None:
    loans = [make_loan() for _ in range(4)]
    set_business_date(date(2026, 1, 5))
    payment = arrive(vendor=vendor)
    calls = [approving(asked(APPLY_ACT, payment, loan)) for loan in loans]

    results = at_once(*calls)

    done = [result for result in results if isinstance(result, ApprovalRequest)]
    assert len(done) == 1
    assert {result for result in results if isinstance(result, str)} == {"payments.payment_not_in_suspense"}
    payment.refresh_from_db()
    assert payment.state == PaymentState.APPLIED
    assert sum(received(loan) for loan in loans) == AMOUNT
    assert balance_of("2120") == 0


def test_moves_that_cross_between_two_borrowers_are_approved_at_once(vendor: Vendor) -> None:
    one, other = make_loan(), make_loan()
    set_business_date(date(2026, 1, 5))
    here, there = arrive_on(loan=one, vendor=vendor), arrive_on(loan=other, vendor=vendor)
    requests = [asked(MOVE_ACT, here, other), asked(MOVE_ACT, there, one)]
    before = balance_of("1010")

    results = at_once(*(approving(request) for request in requests))
    # Whoever comes second sees loans that have moved on, and is asked again: never a deadlock, never half a move.
    assert {result for result in results if isinstance(result, str)} <= {"core.approval_changed"}
    for request in requests:
        request.refresh_from_db()
        approving(request)()

    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.loan_id, there.loan_id) == (other.pk, one.pk)
    assert (received(one), received(other)) == (AMOUNT, AMOUNT)
    assert (balance_of("1010"), balance_of("2120")) == (before, 0)
