"""Movements in two phases: money is set aside first, then posted, given back, or given back by the clock."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError

from core.money import MAX_PAISE
from core.prepared import row_insert
from core.transactions import run_in_transaction
from ledger.errors import (
    AccountClosed,
    AmountNotPositive,
    AmountTooLarge,
    HoldAccountsDeferred,
    HoldEnded,
    HoldExpired,
    HoldKeyReused,
)
from ledger.locks import holds_for_update
from ledger.models import Account, AccountMode, Hold, HoldState, Journal
from ledger.services.content import content_hash
from ledger.services.periods import booking_check
from ledger.services.posting import (
    Leg,
    Posting,
    Release,
    balances_locked,
    balances_save,
    posting_save,
    sync_accounts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder:
    """What a hold sets aside: an amount in paise that will go from the credited to the debited account.

    At least one of the accounts is posted at once; its limits count the hold as if it had moved already.
    """

    idempotency_key: str
    debit_account: Account
    credit_account: Account
    amount_paise: int
    reference_type: str
    reference_id: int
    expires_at: datetime | None = None


def hold_place(*, order: HoldOrder, now: datetime) -> Hold:
    """Set an amount aside.

    Returns:
        The hold; that of the first call when the key comes again with the same content.

    Raises:
        AmountNotPositive, AmountTooLarge, AccountClosed, HoldAccountsDeferred: it makes no sense.
        AccountLimitReached: an account has not that much to set aside.
        HoldKeyReused: the key placed another hold.

    Source: money 7.6.
    """
    _order_check(order)
    return run_in_transaction(lambda: _place(order, now))


def hold_post(*, hold_id: int, value_date: date, booked_on: date, now: datetime, narration: str = "") -> Journal:
    """Post what a hold set aside.

    Returns:
        The journal; the same one when the hold was posted before.

    Raises:
        HoldEnded: it was voided or has expired. HoldExpired: its time is over.
        PeriodClosed: the month of booking is closed.
    """

    def post() -> Journal:
        hold = holds_for_update().get(pk=hold_id)
        if hold.journal is not None:
            return hold.journal
        _active_check(hold)
        if hold.expires_at is not None and now >= hold.expires_at:
            raise HoldExpired(hold_id=hold.pk, expires_at=hold.expires_at.isoformat(timespec="minutes"))
        booking_check(booked_on=booked_on)
        accounts = {hold.debit_account_id, hold.credit_account_id}
        journal = posting_save(
            posting=_posting(hold, value_date=value_date, booked_on=booked_on, narration=narration),
            sync_ids=sync_accounts(account_ids=accounts),
            releases=[Release(hold.debit_account_id, hold.credit_account_id, hold.amount_paise)],
        )
        _end(hold, HoldState.POSTED, now, journal)
        return journal

    return run_in_transaction(post)


def hold_void(*, hold_id: int, now: datetime) -> Hold:
    """Give back what a hold set aside; a second call changes nothing.

    Raises:
        HoldEnded: it was posted or has expired.
    """
    return run_in_transaction(lambda: _give_back(hold_id, HoldState.VOIDED, now))


def holds_expire(*, now: datetime) -> int:
    """Give back what every hold set aside whose time is over; return how many."""
    due = Hold.objects.filter(state=HoldState.ACTIVE, expires_at__lte=now).order_by("pk").values_list("pk", flat=True)
    return sum(_expire(hold_id, now) for hold_id in list(due))


def _expire(hold_id: int, now: datetime) -> bool:
    try:
        run_in_transaction(lambda: _give_back(hold_id, HoldState.EXPIRED, now))
    except HoldEnded:
        # Somebody posted or voided it meanwhile.
        return False
    return True


def _order_check(order: HoldOrder) -> None:
    if order.amount_paise <= 0:
        raise AmountNotPositive(amount_paise=order.amount_paise)
    if order.amount_paise > MAX_PAISE:
        raise AmountTooLarge(event="HOLD")
    for account in (order.debit_account, order.credit_account):
        if not account.is_active:
            raise AccountClosed(account_code=account.code)
    if AccountMode.SYNC not in (order.debit_account.mode, order.credit_account.mode):
        raise HoldAccountsDeferred(debit_code=order.debit_account.code, credit_code=order.credit_account.code)


def _place(order: HoldOrder, now: datetime) -> Hold:
    hold = Hold(
        idempotency_key=order.idempotency_key,
        content_hash=content_hash(
            content=[
                *(order.debit_account.pk, order.credit_account.pk, order.amount_paise),
                *(order.reference_type, order.reference_id),
                order.expires_at.isoformat() if order.expires_at else None,
            ]
        ),
        debit_account=order.debit_account,
        credit_account=order.credit_account,
        amount_paise=order.amount_paise,
        reference_type=order.reference_type,
        reference_id=order.reference_id,
        placed_at=now,
        expires_at=order.expires_at,
    )
    try:
        row_insert(hold)
    except IntegrityError:
        earlier = holds_for_update().filter(idempotency_key=order.idempotency_key).first()
        if earlier is None:
            raise
        if (earlier.idempotency_key, earlier.content_hash) != (hold.idempotency_key, hold.content_hash):
            raise HoldKeyReused(idempotency_key=order.idempotency_key, hold_id=earlier.pk) from None
        return earlier
    _set_aside(hold, 1)
    return hold


def _give_back(hold_id: int, state: HoldState, now: datetime) -> Hold:
    hold = holds_for_update().get(pk=hold_id)
    if hold.state == state:
        return hold
    _active_check(hold)
    _set_aside(hold, -1)
    return _end(hold, state, now, None)


def _set_aside(hold: Hold, sign: int) -> None:
    """Add the hold to, or take it from, the balances of its accounts that are posted at once."""
    accounts = (hold.debit_account, hold.credit_account)
    balances = balances_locked(account_ids=[account.pk for account in accounts if account.mode == AccountMode.SYNC])
    if hold.debit_account_id in balances:
        balances[hold.debit_account_id].hold_debit_paise += sign * hold.amount_paise
    if hold.credit_account_id in balances:
        balances[hold.credit_account_id].hold_credit_paise += sign * hold.amount_paise
    balances_save(balances=balances)


def _posting(hold: Hold, *, value_date: date, booked_on: date, narration: str) -> Posting:
    journal = Journal(
        idempotency_key=f"ledger.hold:{hold.pk}",
        content_hash=content_hash(content=["hold", hold.pk, value_date.isoformat()]),
        event="HOLD_POSTED",
        reference_type=hold.reference_type,
        reference_id=hold.reference_id,
        product_code="",
        value_date=value_date,
        booked_on=booked_on,
        legs=1,
        total_paise=hold.amount_paise,
        narration=narration,
    )
    return Posting(journal, [Leg(hold.debit_account_id, hold.credit_account_id, hold.amount_paise)])


def _end(hold: Hold, state: HoldState, now: datetime, journal: Journal | None) -> Hold:
    hold.state, hold.ended_at, hold.journal = state.value, now, journal
    hold.save(update_fields=["state", "ended_at", "journal"])
    return hold


def _active_check(hold: Hold) -> None:
    if hold.state != HoldState.ACTIVE:
        raise HoldEnded(hold_id=hold.pk, state=HoldState(hold.state).label.lower())
