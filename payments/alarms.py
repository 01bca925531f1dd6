"""Money that is stuck or late: each sort with how many, since when, and where to look.

Each sort is one look-up in an index that ends at a hundred: it is made for every page that a member of staff opens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.urls import reverse

from core.business_date import business_date
from core.clock import database_now
from core.inbox.models import InboxMessage, MessageState
from core.sagas.models import Saga, SagaState
from payments.models import (
    AttemptState,
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
from payments.selectors import age_tone
from payments.services.rules import PaymentRules, rules_on

_COUNTED: Final = 100
_PAYMENT_SAGAS: Final = "payments."
_WEBHOOKS: Final = "webhook:"
_TONES: Final = ("green", "amber", "orange", "red")
_SAGAS: Final = {
    "payments.refund": ("refund", "admin:payments_incomingpayment_changelist"),
    "payments.collect": ("link", "admin:payments_paymentlink_changelist"),
    "payments.virtual_account": ("virtual account", "admin:payments_virtualaccount_changelist"),
    "payments.virtual_account_close": ("virtual account", "admin:payments_virtualaccount_changelist"),
    "payments.virtual_account_payer": ("virtual account", "admin:payments_virtualaccount_changelist"),
    "payments.receipt_document": ("receipt", "staff-work:work"),
    "payments.settlement": ("settlement", "admin:payments_settlement_changelist"),
}
# What somebody decides when there is time; the rest is stuck.
DOUBTS: Final = "doubts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One sort of money that is stuck: of what, how many, the oldest since when, and the page to look at."""

    title: str
    count: int
    oldest_at: datetime | None
    tone: str
    address: str
    noun: str = "payment"
    place: str = "stuck"

    @property
    def is_counted_out(self) -> bool:
        """Tell whether there is more than was counted."""
        return self.count >= _COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """A sort of stuck money before it is counted: rows, the column of its age, and how it is told."""

    title: str
    rows: "QuerySet[Any]"
    column: str
    address: str
    # Empty: the colour follows from the age of the oldest.
    tone: str = ""
    noun: str = "payment"
    place: str = "stuck"


def alarms() -> tuple[Alarm, ...]:
    """Return each sort of money that is stuck or late; counts end at a hundred, and empty sorts are left out."""
    now, today = database_now(), business_date()
    rules = rules_on(day=today)
    sorts = (
        *_sagas(now, rules),
        *_calls(now, rules),
        *_transfers(now, rules),
        *_messages(now, rules),
        *_suspense(),
        *_counter(today, rules),
        *_settlements(today, rules),
    )
    found = zip(sorts, _counts(sorts), strict=True)
    return tuple(_alarm(sort, count, oldest, now) for sort, (count, oldest) in found if count)


def _counts(sorts: Sequence[_Sort]) -> list[tuple[int, datetime | None]]:
    """Count every sort in one statement, each up to the limit from its oldest row on."""
    parts: list[str] = []
    params: list[Any] = []
    for number, sort in enumerate(sorts):
        rows = sort.rows.order_by(sort.column).values(age=F(sort.column))[:_COUNTED]
        sql, own = rows.query.sql_with_params()
        parts.append(f"SELECT {number}, COUNT(*), MIN(age) FROM ({sql}) part_{number}")  # noqa: S608  # the ORM's own
        params.extend(own)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        found = {number: (int(count), _instant(oldest)) for number, count, oldest in cursor.fetchall()}
    return [found[number] for number in range(len(sorts))]


def _alarm(sort: _Sort, count: int, oldest: datetime | None, now: datetime) -> Alarm:
    tone = sort.tone or max(age_tone(since=oldest, now=now), "amber", key=_TONES.index)
    return Alarm(
        title=sort.title,
        count=count,
        oldest_at=oldest,
        tone=tone,
        address=sort.address,
        noun=sort.noun,
        place=sort.place,
    )


def _sagas(now: datetime, rules: PaymentRules) -> Iterator[_Sort]:
    """Give sagas in front of a person, and those whose way back is stuck, by what they are about."""
    parked = Saga.objects.filter(state=SagaState.MANUAL)
    late = now - timedelta(minutes=rules.undo_late_minutes)
    undone = Saga.objects.filter(state=SagaState.COMPENSATING, changed_at__lt=late)
    for title, rows in (("waits for a person", parked), ("stuck while being undone", undone)):
        payouts = rows.filter(kind__startswith=_PAYMENT_SAGAS).exclude(kind__in=_SAGAS)
        yield _Sort(title=title, rows=payouts, column="changed_at", tone="red", address=_list("payments_payout"))
        for kind, (noun, page) in _SAGAS.items():
            yield _Sort(
                title=title,
                rows=rows.filter(kind=kind),
                column="changed_at",
                tone="red",
                address=reverse(page),
                noun=noun,
            )


def _calls(now: datetime, rules: PaymentRules) -> tuple[_Sort, ...]:
    late = now - timedelta(minutes=rules.unproven_late_minutes)
    unknown = ProviderAttempt.objects.filter(state=AttemptState.UNKNOWN, is_live=True, changed_at__lt=late)
    title = "sent without proof either way"
    return (
        _Sort(
            title=title,
            rows=unknown.exclude(operation=Operation.REFUND),
            column="changed_at",
            tone="orange",
            address=_list("payments_payout"),
        ),
        _Sort(
            title=title,
            rows=unknown.filter(operation=Operation.REFUND),
            column="changed_at",
            tone="orange",
            address=_list("payments_incomingpayment", state__exact=PaymentState.REFUNDING),
            noun="refund",
        ),
        _Sort(
            title="name in doubt",
            rows=PayeeCheck.objects.filter(band=NameBand.REVIEW),
            column="asked_at",
            tone="amber",
            address=reverse("staff-payments:doubts"),
            noun="name",
            place=DOUBTS,
        ),
    )


def _transfers(now: datetime, rules: PaymentRules) -> tuple[_Sort, ...]:
    hours = rules.transfer_late_hours
    late = now - timedelta(hours=hours)
    return (
        _Sort(
            title=f"on its way for more than {hours} hours",
            rows=Payout.objects.filter(state=PayoutState.SENT, changed_at__lt=late),
            column="changed_at",
            tone="red",
            address=_list("payments_payout", state__exact=PayoutState.SENT),
        ),
        _Sort(
            title=f"not given back for more than {hours} hours",
            # Only an open refund has its payment in this column: its unique index holds the few that are.
            rows=PaymentRefund.objects.filter(open_payment__isnull=False, requested_at__lt=late),
            column="requested_at",
            tone="red",
            address=_list("payments_incomingpayment", state__exact=PaymentState.REFUNDING),
            noun="refund",
        ),
    )


def _messages(now: datetime, rules: PaymentRules) -> tuple[_Sort, ...]:
    rows = InboxMessage.objects.filter(source__startswith=_WEBHOOKS)
    late = now - timedelta(minutes=rules.webhook_late_minutes)
    parked = rows.filter(state=MessageState.PARKED, received_at__lt=late)
    return (
        _Sort(
            title="could not be applied",
            rows=rows.filter(state=MessageState.POISON),
            column="received_at",
            tone="red",
            address=_list("core_inboxmessage", state__exact=MessageState.POISON),
            noun="webhook",
        ),
        _Sort(
            title="parked: speaks of what we do not know",
            rows=parked,
            column="received_at",
            tone="amber",
            address=_list("core_inboxmessage", state__exact=MessageState.PARKED),
            noun="webhook",
        ),
        _Sort(
            title="in which webhooks were refused as not genuine or too long",
            rows=rows.filter(state=MessageState.REFUSED, received_at__gte=now - timedelta(days=1)),
            column="received_at",
            tone="amber",
            address=_list("core_inboxmessage", state__exact=MessageState.REFUSED),
            noun="minute",
        ),
    )


def _suspense() -> tuple[_Sort, ...]:
    return (
        _Sort(
            title="in suspense: nobody has decided whose it is",
            rows=IncomingPayment.objects.filter(state=PaymentState.SUSPENSE),
            column="changed_at",
            address=_list("payments_incomingpayment", state__exact=PaymentState.SUSPENSE),
        ),
    )


def _counter(today: date, rules: PaymentRules) -> tuple[_Sort, ...]:
    late = today - timedelta(days=rules.cheque_late_days)
    at_bank = CounterReceipt.objects.filter(kind=CounterKind.CHEQUE, state=SlipState.DEPOSITED)
    with_us = CounterReceipt.objects.filter(kind__in=CounterKind.values, state=SlipState.RECEIVED, taken_on__lt=today)
    counter = reverse("staff-payments:counter")
    return (
        _Sort(
            title="at the bank for too long",
            rows=at_bank.filter(deposit__deposited_on__lt=late),
            column="deposit__deposited_on",
            tone="red",
            address=counter,
            noun="cheque",
        ),
        _Sort(
            title="taken before today and not brought to the bank",
            rows=with_us,
            column="taken_on",
            tone="amber",
            address=counter,
            noun="receipt",
        ),
    )


def _settlements(today: date, rules: PaymentRules) -> tuple[_Sort, ...]:
    late = today - timedelta(days=rules.settlement_late_days)
    rows = Settlement.objects.all()
    return (
        _Sort(
            title="does not add up to its parts",
            rows=rows.filter(standing=SettlementStanding.DIFFERS),
            column="told_at",
            tone="red",
            address=_list("payments_settlement", standing__exact=SettlementStanding.DIFFERS),
            noun="settlement",
        ),
        _Sort(
            title="not explained by the gateway yet",
            rows=rows.filter(standing=SettlementStanding.WAITING, booked_on__lt=late),
            column="told_at",
            tone="amber",
            address=_list("payments_settlement", standing__exact=SettlementStanding.WAITING),
            noun="settlement",
        ),
        _Sort(
            title="not seen on the bank's statement yet",
            rows=rows.filter(credited_on__isnull=True, booked_on__lt=late),
            column="told_at",
            tone="amber",
            address=_list("payments_settlement", credited_on__isempty=1),
            noun="settlement",
        ),
    )


def _list(name: str, **filters: object) -> str:
    address = reverse(f"admin:{name}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def _instant(value: date | datetime | str | None) -> datetime | None:
    """Return an instant; the databases give it as text, or without a zone, and a day begins at our own midnight."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))
