"""I8, I9 and F: what breaks them is found and named by the one check of the ledger."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from core.models import SagaStep
from ledger.checks import ledger_check
from payments.models import AttemptState, Payout, ProviderAttempt, Vendor
from payments.services.attempts import attempt_open
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def payout() -> Payout:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_sanctioned_loan()
    make_vendor(address=NOWHERE)
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return ask_payout(loan=loan, account=account)


def attempt(payout: Payout, state: AttemptState) -> ProviderAttempt:
    with transaction.atomic():
        opened = attempt_open(
            saga_id=payout.saga_id or 0,
            step="send",
            vendor=Vendor.objects.get(),
            operation="PAYOUT",  # type: ignore[arg-type]
            rail="IMPS",
            amount_paise=payout.amount_paise,
        )
    ProviderAttempt.objects.filter(pk=opened.pk).update(state=state, is_live=None)
    return opened


def offences(code: str) -> tuple[str, ...]:
    return next(found.offences for found in ledger_check().findings if found.code == code)


def test_sound_payouts_break_nothing(payout: Payout) -> None:
    attempt(payout, AttemptState.PROCESSED)

    assert (offences("I8"), offences("I9"), offences("F")) == ((), (), ())


def test_intent_that_paid_twice_is_named(payout: Payout) -> None:
    attempt(payout, AttemptState.PROCESSED)
    attempt(payout, AttemptState.PROCESSED)

    assert offences("I8") == (f"saga {payout.saga_id} send has paid 2 times",)


def test_call_that_nobody_looks_after_is_named(payout: Payout) -> None:
    left = attempt(payout, AttemptState.UNKNOWN)
    ProviderAttempt.objects.update(is_live=True)
    assert offences("I9") == ()

    due = timezone.now() - timedelta(minutes=11)
    SagaStep.objects.filter(saga_id=payout.saga_id or 0).update(run_at=due)

    assert offences("I9")[0].startswith(f"call {left.our_reference} of saga {payout.saga_id} is UNKNOWN")


def test_money_on_its_way_of_no_payout_is_named(payout: Payout) -> None:
    attempt(payout, AttemptState.PROCESSING)
    ProviderAttempt.objects.update(is_live=True)
    Payout.objects.update(state="SENT")

    assert offences("F") == (f"razorpay has 0 paise on their way, its payouts {payout.amount_paise}",)
