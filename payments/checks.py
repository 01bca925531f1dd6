"""Invariants of money on its way, as parts of the ledger's one check."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count

from core.business_date import business_date
from core.clock import database_now
from core.models import SagaStep
from core.sagas.models import SagaState, StepState
from ledger.models import Account
from ledger.selectors import balance_now
from payments.models import AttemptState, Payout, PayoutState, ProviderAttempt, Vendor
from payments.services.flight import flights_ended
from payments.services.rules import rules_on
from payments.services.vendors import vendor_accounts


def paid_at_most_once() -> Iterator[str]:
    """I8: give intents with more than one call that has paid and was not taken back."""
    paid = ProviderAttempt.objects.filter(state=AttemptState.PROCESSED).order_by().values("saga_id", "step")
    for row in paid.annotate(times=Count("pk")).filter(times__gt=1):
        yield f"saga {row['saga_id']} {row['step']} has paid {row['times']} times"


def nothing_is_left_alone() -> Iterator[str]:
    """I9: give calls without proof whose next look is overdue."""
    unproven = ProviderAttempt.objects.filter(state__in=(AttemptState.SENDING, AttemptState.UNKNOWN), is_live=True)
    if not unproven.exists():
        return
    # A step that is so late has lost its worker.
    late = database_now() - timedelta(minutes=rules_on(day=business_date()).look_late_minutes)
    waiting = SagaStep.objects.filter(state=StepState.PENDING, run_at__lt=late, saga__state=SagaState.RUNNING)
    running = SagaStep.objects.filter(state=StepState.CLAIMED, lease_until__lt=late)
    overdue = {step.saga_id: step.run_at for step in [*waiting, *running]}
    for attempt in unproven.filter(saga_id__in=overdue):
        since = overdue[attempt.saga_id].isoformat(timespec="minutes")
        yield f"call {attempt.our_reference} of saga {attempt.saga_id} is {attempt.state}, its look was due {since}"


def flights_are_counted() -> Iterator[str]:
    """F: give vendors whose money on its way is not that of the payouts that are on their way.

    A payout's latest call has its money on the way until that is booked back; of an earlier one nothing is left.
    """
    latest: dict[int, ProviderAttempt] = {}
    sagas = Payout.objects.filter(state=PayoutState.SENT).values("saga_id")
    for attempt in ProviderAttempt.objects.filter(saga_id__in=sagas).order_by("generation"):
        latest[attempt.saga_id] = attempt
    ended = [attempt for attempt in latest.values() if not attempt.is_live]
    back = flights_ended(attempts=ended)
    expected: Counter[int] = Counter()
    for attempt in latest.values():
        if attempt.pk not in back:
            expected[attempt.vendor_id] += attempt.amount_paise
    for vendor in Vendor.objects.order_by("pk"):
        account = Account.objects.filter(code=vendor_accounts(vendor=vendor).sent_code).first()
        found = balance_now(account=account) if account else 0
        if found != expected[vendor.pk]:
            yield f"{vendor.code} has {found} paise on their way, its payouts {expected[vendor.pk]}"
