"""Post movements of money as journals of balanced transfers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from core.money import MAX_PAISE
from ledger.errors import (
    AccountInactive,
    AmountTooLarge,
    JournalAlreadyReversed,
    JournalIsReversal,
    PeriodClosed,
    ProductAccountMissing,
    ProductAccountsEqual,
)
from ledger.locks import journals_for_update
from ledger.models import AccountMode, AccountRole, Journal, Transfer
from ledger.posting_rules import PostingRule, posting_rule
from ledger.services.content import content_hash
from ledger.services.periods import booking_check
from ledger.services.posting import Leg, Posting, posting_save, same_journal, sync_accounts

_BY_PLACE: Final[Callable[..., Journal]] = Journal


@dataclass(frozen=True, slots=True)
class MovementAmount:
    """One movement of one head by a number of paise; a negative amount takes an earlier movement back."""

    movement: str
    head: str
    amount_paise: int


@dataclass(frozen=True, slots=True)
class _Mapped:
    account_id: int
    code: str
    is_active: bool
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOrder:
    """What one journal of a bulk posting says; the fields are the arguments of `journal_post`."""

    idempotency_key: str
    event: str
    reference_type: str
    reference_id: int
    product_code: str
    movements: Sequence[MovementAmount]
    value_date: date
    booked_on: date
    narration: str = ""


def journal_post(
    *,
    idempotency_key: str,
    event: str,
    reference_type: str,
    reference_id: int,
    product_code: str,
    movements: Sequence[MovementAmount],
    value_date: date,
    booked_on: date,
    narration: str = "",
) -> Journal | None:
    """Post movements of one product as one journal, in the caller's transaction.

    Args:
        idempotency_key: names the event once and for all; the unique index on it is what prevents a second posting.
        event: what happened, for readers of the journal, such as RECEIPT_POSTED.
        reference_type: `app.model` of the object behind the posting.
        reference_id: its key.
        product_code: whose accounts the roles of the posting rules are looked up in.
        movements: any number, zero amounts are dropped and negative ones swap debit and credit.
        value_date: the day that the movement counts from.
        booked_on: the business date on which it is booked.
        narration: free text without personal data.

    Returns:
        The journal; the earlier one when the key was posted before with the same event, reference, product, movements
        and value date (the day of booking and the narration may differ on a repeat); None when nothing moves.

    Raises:
        JournalKeyReused: the key was posted before with other content.
        PostingRuleMissing: a movement may not happen to its head.
        ProductAccountMissing, ProductAccountsEqual, AccountInactive: the product's accounts do not allow the posting.
        AmountTooLarge: an amount or the total has more than eighteen digits.
        PeriodClosed: the month of `booked_on` is closed.
        AccountLimitReached, AccountNotOpened: an account that is posted at once does not allow it.

    Source: money 7 (transfers balance by construction; the journal's key is the wall against repeats).
    """
    _require_transaction()
    order = JournalOrder(
        idempotency_key=idempotency_key,
        event=event,
        reference_type=reference_type,
        reference_id=reference_id,
        product_code=product_code,
        movements=movements,
        value_date=value_date,
        booked_on=booked_on,
        narration=narration,
    )
    postings, sync_ids = postings_of(orders=[order])
    return _save_in_period(postings[idempotency_key], sync_ids) if postings else None


def journal_reverse(*, journal_id: int, idempotency_key: str, booked_on: date, narration: str = "") -> Journal:
    """Post the mirror image of a journal, with its value date, in the caller's transaction.

    Args:
        journal_id: the journal whose debits and credits are swapped.
        idempotency_key: names this reversal.
        booked_on: the business date on which it is booked.
        narration: free text without personal data.

    Returns:
        The reversal; the earlier one when this key reversed the same journal before.

    Raises:
        Journal.DoesNotExist: there is no such journal.
        JournalIsReversal: the journal is itself a reversal.
        JournalAlreadyReversed: another key reversed the journal before.
        JournalKeyReused: the key posted something else.
        PeriodClosed: the month of `booked_on` is closed.
        AccountLimitReached, AccountNotOpened: an account that is posted at once does not allow it.
    """
    _require_transaction()
    original = journals_for_update().get(pk=journal_id)
    if original.reverses_id is not None:
        raise JournalIsReversal(journal_id=journal_id)
    earlier = Journal.objects.filter(reverses=original).first()
    if earlier is not None and earlier.idempotency_key != idempotency_key:
        raise JournalAlreadyReversed(journal_id=journal_id, reversed_by_id=earlier.pk)
    legs = [
        Leg(leg.credit_account_id, leg.debit_account_id, leg.amount_paise)
        for leg in Transfer.objects.filter(journal=original).order_by("leg")
    ]
    journal = Journal(
        idempotency_key=idempotency_key,
        content_hash=content_hash(content=["reverse", original.pk]),
        event=original.event,
        reference_type=original.reference_type,
        reference_id=original.reference_id,
        product_code=original.product_code,
        value_date=original.value_date,
        booked_on=booked_on,
        reverses=original,
        legs=original.legs,
        total_paise=original.total_paise,
        narration=narration,
    )
    accounts = {account_id for leg in legs for account_id in (leg.debit_account_id, leg.credit_account_id)}
    return _save_in_period(Posting(journal, legs), sync_accounts(account_ids=accounts))


def postings_of(*, orders: Sequence[JournalOrder]) -> tuple[dict[str, Posting], frozenset[int]]:
    """Build the journals of a bulk posting by key, without saving; give the accounts that are posted at once too.

    Orders that move nothing are left out.

    Raises:
        The refusals of `journal_post` that need no database lock.
    """
    _require_transaction()
    moves = {order.idempotency_key: _moved(order.movements) for order in orders}
    rules = {
        item: posting_rule(movement=item[0], head=item[1])
        for item in {(item.movement, item.head) for moved in moves.values() for item in moved}
    }
    accounts = _accounts({order.product_code for order in orders}) if rules else {}
    postings: dict[str, Posting] = {}
    modes: dict[int, str] = {}
    recorded_at = timezone.now()
    for order in orders:
        if moved := moves[order.idempotency_key]:
            legs, found = _mapped_legs(
                order.product_code, moved, [rules[item.movement, item.head] for item in moved], accounts
            )
            postings[order.idempotency_key] = Posting(_journal(order, moved, legs, recorded_at), legs)
            modes |= found
    return postings, _sync(modes)


def _journal(
    order: JournalOrder, moved: Sequence[MovementAmount], legs: Sequence[Leg], recorded_at: datetime
) -> Journal:
    total = sum(leg.amount_paise for leg in legs)
    if total > MAX_PAISE:
        raise AmountTooLarge(event=order.event)
    content = [
        *(order.event, order.reference_type, order.reference_id, order.product_code, order.value_date.isoformat()),
        [[item.movement, item.head, item.amount_paise] for item in moved],
    ]
    # In the order of the fields, without their names: those took a quarter of a batch's time.
    values: tuple[Any, ...] = (
        *(None, order.idempotency_key, content_hash(content=content), order.event),
        *(order.reference_type, order.reference_id, order.product_code, order.value_date, order.booked_on),
        *(recorded_at, None, len(legs), total, order.narration),
    )
    return _BY_PLACE(*values)


def _require_transaction() -> None:
    # A journal without the facts behind it, or the facts without their journal, must be impossible.
    assert connection.in_atomic_block, "Journals are posted inside the transaction of the act that causes them."  # noqa: S101  # a broken promise between our own functions


def _moved(movements: Sequence[MovementAmount]) -> list[MovementAmount]:
    return [item for item in movements if item.amount_paise]


def _mapped_legs(
    product_code: str,
    moved: Sequence[MovementAmount],
    rules: Sequence[PostingRule],
    accounts: Mapping[tuple[str, str], _Mapped],
) -> tuple[list[Leg], dict[int, str]]:
    legs: list[Leg] = []
    modes: dict[int, str] = {}
    for item, rule in zip(moved, rules, strict=True):
        debit, credit = (_account(accounts, product_code, role) for role in (rule.debit, rule.credit))
        if debit.account_id == credit.account_id:
            raise ProductAccountsEqual(
                product_code=product_code,
                debit_role=rule.debit.value,
                credit_role=rule.credit.value,
                account_code=debit.code,
            )
        if item.amount_paise < 0:
            debit, credit = credit, debit
        modes[debit.account_id], modes[credit.account_id] = debit.mode, credit.mode
        legs.append(Leg(debit.account_id, credit.account_id, abs(item.amount_paise)))
    return legs, modes


def _accounts(product_codes: Collection[str]) -> dict[tuple[str, str], _Mapped]:
    """Read the accounts of products by product and role; in plain SQL, because every posting asks."""
    marks = ",".join(["%s"] * len(product_codes))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.product_code, p.role, a.id, a.code, a.is_active, a.mode FROM ledger_productaccount p "  # noqa: S608  # only our own names and numbers stand in it
            f"JOIN ledger_account a ON a.id = p.account_id WHERE p.product_code IN ({marks})",
            list(product_codes),
        )
        return {
            (product_code, role): _Mapped(account_id, code, bool(is_active), mode)
            for product_code, role, account_id, code, is_active, mode in cursor.fetchall()
        }


def _account(accounts: Mapping[tuple[str, str], _Mapped], product_code: str, role: AccountRole) -> _Mapped:
    account = accounts.get((product_code, role))
    if account is None:
        raise ProductAccountMissing(product_code=product_code, role=role.value)
    if not account.is_active:
        raise AccountInactive(account_code=account.code, role=role.value, product_code=product_code)
    return account


def _sync(modes: Mapping[int, str]) -> frozenset[int]:
    return frozenset(account_id for account_id, mode in modes.items() if mode == AccountMode.SYNC)


def _save_in_period(posting: Posting, sync_ids: frozenset[int]) -> Journal:
    """Save a journal if its month is open; a repeat of one that is there already needs no open month."""
    try:
        booking_check(booked_on=posting.journal.booked_on)
    except PeriodClosed:
        earlier = Journal.objects.filter(idempotency_key=posting.journal.idempotency_key).first()
        if earlier is None:
            raise
        return same_journal(earlier=earlier, wanted=posting.journal)
    return posting_save(posting=posting, sync_ids=sync_ids)
