"""What of money is stuck or late, sort by sort: which rows, since when, how it is told and where to look.

Each sort is one look-up in an index; times are those of the thresholds in force.
"""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from core.inbox.models import InboxMessage, MessageState
from core.queues import saga_queues
from core.sagas.models import Saga, SagaState, SagaStep, StepState
from core.selectors import LATE
from payments.models import (
    AttemptState,
    CheckState,
    CounterKind,
    CounterReceipt,
    IncomingPayment,
    NameBand,
    Operation,
    PayeeCheck,
    PaymentRefund,
    PaymentState,
    Payout,
    PayoutState,
    ProviderAttempt,
    Settlement,
    SettlementStanding,
    SlipState,
)
from payments.services.proof_ends import proofs_ended
from payments.services.rules import PaymentRules
from payments.webhooks.intake import QUEUE

# What somebody decides when there is time; the rest is stuck.
DOUBTS: Final = "doubts"
_PAYMENT_SAGAS: Final = "payments."
_WEBHOOKS: Final = "webhook:"
_PAYOUTS: Final = "admin:payments_payout_changelist"
_PAYMENTS: Final = "admin:payments_incomingpayment_changelist"
_ACCOUNTS: Final = "admin:payments_virtualaccount_changelist"
_SETTLEMENTS: Final = "admin:payments_settlement_changelist"
_MESSAGES: Final = "admin:core_inboxmessage_changelist"
_COUNTER: Final = "staff-payments:counter"
_CHECKS: Final = "admin:payments_payeecheck_changelist"
_WORK: Final = "staff-work:work"
# What sagas are about, and where it is looked at; the others are about payouts.
_SAGAS: Final = {
    "payments.refund": ("refund", _PAYMENTS),
    "payments.collect": ("link", "admin:payments_paymentlink_changelist"),
    "payments.virtual_account": ("virtual account", _ACCOUNTS),
    "payments.virtual_account_close": ("virtual account", _ACCOUNTS),
    "payments.virtual_account_payer": ("virtual account", _ACCOUNTS),
    "payments.receipt_document": ("receipt", "staff-work:work"),
    "payments.settlement": ("settlement", _SETTLEMENTS),
}


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of stuck money before it is counted: its name, rows, the column of its age, and the page to look at.

    Args:
        tone: its colour; empty: that follows from the age of the oldest.
        noun: what one of it is called.
        filters: of the page.
    """

    title: str
    rows: QuerySet[Any]
    column: str
    page: str
    _: KW_ONLY
    tone: str = ""
    noun: str = "payment"
    place: str = "stuck"
    filters: Mapping[str, object] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Return the page to look at, with its filters."""
        address = reverse(self.page)
        return f"{address}?{urlencode(self.filters)}" if self.filters else address


def sorts_of_stuck_money(*, now: datetime, today: date, rules: PaymentRules) -> tuple[Sort, ...]:
    """Return each sort, in the order in which staff read them."""
    return (
        *_idle(now),
        *_sagas(now, rules),
        *_calls(now, rules),
        *_transfers(now, rules),
        *_webhooks(now, rules),
        *_suspense(),
        *_counter(today, rules),
        *_settlements(today, rules),
    )


def _idle(now: datetime) -> Iterator[Sort]:
    """Give work whose time has come and that nobody does: the workers are not there, or cannot keep up.

    Each queue by itself: an index gives the oldest of one queue and state in order, whatever else is late.
    """
    late, since = now - LATE, f"due for more than {LATE.seconds // 60} minutes, and no worker"
    going = SagaStep.objects.filter(saga__state=SagaState.RUNNING, saga__kind__startswith=_PAYMENT_SAGAS)
    for queue in saga_queues():
        due = going.filter(queue=queue, state=StepState.PENDING, run_at__lt=late)
        yield Sort(f"{since} takes it ({queue})", due, "run_at", _WORK, tone="red", noun="task")
    left = going.filter(state=StepState.CLAIMED, lease_until__lt=late)
    title = "left by a worker that ended, and no other takes it over"
    yield Sort(title, left, "lease_until", _WORK, tone="red", noun="task")
    unread = InboxMessage.objects.filter(queue=QUEUE, state=MessageState.NEW, next_at__lt=late)
    filters = {"state__exact": MessageState.NEW}
    yield Sort(f"{since} reads it", unread, "next_at", _MESSAGES, tone="red", noun="webhook", filters=filters)


def _sagas(now: datetime, rules: PaymentRules) -> Iterator[Sort]:
    """Give sagas in front of a person, and those whose way back is stuck, by what they are about."""
    late = now - timedelta(minutes=rules.undo_late_minutes)
    parked = Saga.objects.filter(state=SagaState.MANUAL)
    undone = Saga.objects.filter(state=SagaState.COMPENSATING, changed_at__lt=late)
    for title, rows in (("waits for a person", parked), ("stuck while being undone", undone)):
        payouts = rows.filter(kind__startswith=_PAYMENT_SAGAS).exclude(kind__in=_SAGAS)
        yield Sort(title, payouts, "changed_at", _PAYOUTS, tone="red")
        for kind, (noun, page) in _SAGAS.items():
            yield Sort(title, rows.filter(kind=kind), "changed_at", page, tone="red", noun=noun)


def _calls(now: datetime, rules: PaymentRules) -> Iterator[Sort]:
    late = now - timedelta(minutes=rules.unproven_late_minutes)
    unknown = ProviderAttempt.objects.filter(state=AttemptState.UNKNOWN, is_live=True, changed_at__lt=late)
    payouts, refunds = unknown.exclude(operation=Operation.REFUND), unknown.filter(operation=Operation.REFUND)
    title, being_refunded = "sent without proof either way", {"state__exact": PaymentState.REFUNDING}
    yield Sort(title, payouts, "changed_at", _PAYOUTS, tone="orange")
    yield Sort(title, refunds, "changed_at", _PAYMENTS, tone="orange", noun="refund", filters=being_refunded)
    doubts = PayeeCheck.objects.filter(band=NameBand.REVIEW)
    yield Sort("name in doubt", doubts, "asked_at", "staff-payments:doubts", tone="amber", noun="name", place=DOUBTS)
    title, ended = "refused by the bank: prove it anew, or ask for another", {"state__exact": CheckState.ENDED}
    yield Sort(title, proofs_ended(), "asked_at", _CHECKS, tone="red", noun="account", filters=ended)


def _transfers(now: datetime, rules: PaymentRules) -> Iterator[Sort]:
    hours = rules.transfer_late_hours
    late = now - timedelta(hours=hours)
    yield Sort(
        f"on its way for more than {hours} hours",
        Payout.objects.filter(state=PayoutState.SENT, changed_at__lt=late),
        "changed_at",
        _PAYOUTS,
        tone="red",
        filters={"state__exact": PayoutState.SENT},
    )
    yield Sort(
        f"not given back for more than {hours} hours",
        # Only an open refund has its payment in this column: its unique index holds the few that are.
        PaymentRefund.objects.filter(open_payment__isnull=False, requested_at__lt=late),
        "requested_at",
        _PAYMENTS,
        tone="red",
        noun="refund",
        filters={"state__exact": PaymentState.REFUNDING},
    )


def _webhooks(now: datetime, rules: PaymentRules) -> Iterator[Sort]:
    late = now - timedelta(minutes=rules.webhook_late_minutes)
    rows = InboxMessage.objects.filter(source__startswith=_WEBHOOKS)
    for state, title, tone, noun, chosen in (
        (MessageState.POISON, "could not be applied", "red", "webhook", {}),
        (
            MessageState.PARKED,
            "parked: speaks of what we do not know",
            "amber",
            "webhook",
            {"received_at__lt": late},
        ),
        (
            MessageState.REFUSED,
            "in which webhooks were refused",
            "amber",
            "minute",
            {"received_at__gte": now - timedelta(days=1)},
        ),
    ):
        found = rows.filter(state=state, **chosen)
        yield Sort(title, found, "received_at", _MESSAGES, tone=tone, noun=noun, filters={"state__exact": state})


def _suspense() -> Iterator[Sort]:
    yield Sort(
        "in suspense: nobody has decided whose it is",
        IncomingPayment.objects.filter(state=PaymentState.SUSPENSE),
        "changed_at",
        _PAYMENTS,
        filters={"state__exact": PaymentState.SUSPENSE},
    )


def _counter(today: date, rules: PaymentRules) -> Iterator[Sort]:
    late = today - timedelta(days=rules.cheque_late_days)
    at_bank = CounterReceipt.objects.filter(
        kind=CounterKind.CHEQUE, state=SlipState.DEPOSITED, deposit__deposited_on__lt=late
    )
    yield Sort("at the bank for too long", at_bank, "deposit__deposited_on", _COUNTER, tone="red", noun="cheque")
    with_us = CounterReceipt.objects.filter(kind__in=CounterKind.values, state=SlipState.RECEIVED, taken_on__lt=today)
    title = "taken before today and not brought to the bank"
    yield Sort(title, with_us, "taken_on", _COUNTER, tone="amber", noun="receipt")


def _settlements(today: date, rules: PaymentRules) -> Iterator[Sort]:
    late = today - timedelta(days=rules.settlement_late_days)
    differs, waiting = SettlementStanding.DIFFERS, SettlementStanding.WAITING
    for title, chosen, tone, filters in (
        ("does not add up to its parts", {"standing": differs}, "red", {"standing__exact": differs}),
        (
            "not explained by the gateway yet",
            {"standing": waiting, "booked_on__lt": late},
            "amber",
            {"standing__exact": waiting},
        ),
        (
            "not seen on the bank's statement yet",
            {"credited_on__isnull": True, "booked_on__lt": late},
            "amber",
            {"credited_on__isempty": 1},
        ),
    ):
        rows = Settlement.objects.filter(**chosen)
        yield Sort(title, rows, "told_at", _SETTLEMENTS, tone=tone, noun="settlement", filters=filters)
