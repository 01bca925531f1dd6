"""Post movements of money as journals of balanced transfers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction

from core.money import MAX_PAISE
from ledger.errors import (
    AccountInactive,
    AmountTooLarge,
    JournalAlreadyReversed,
    JournalIsReversal,
    JournalKeyReused,
    ProductAccountMissing,
    ProductAccountsEqual,
)
from ledger.locks import journals_for_update
from ledger.models import AccountRole, Journal, ProductAccount, Transfer
from ledger.posting_rules import posting_rule


@dataclass(frozen=True, slots=True)
class MovementAmount:
    """One movement of one head by a number of paise; a negative amount takes an earlier movement back."""

    movement: str
    head: str
    amount_paise: int


@dataclass(frozen=True, slots=True)
class _Leg:
    debit_account_id: int
    credit_account_id: int
    amount_paise: int


@dataclass(frozen=True, slots=True)
class _Mapped:
    account_id: int
    code: str
    is_active: bool


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

    Source: money 7 (transfers balance by construction; the journal's key is the wall against repeats).
    """
    _require_transaction()
    moved = [item for item in movements if item.amount_paise]
    if not moved:
        return None
    total = sum(abs(item.amount_paise) for item in moved)
    if total > MAX_PAISE:
        raise AmountTooLarge(event=event)
    legs = _legs(product_code, moved)
    journal = Journal(
        idempotency_key=idempotency_key,
        content_hash=_hash(
            [
                *(event, reference_type, reference_id, product_code, value_date.isoformat()),
                [[item.movement, item.head, item.amount_paise] for item in moved],
            ]
        ),
        event=event,
        reference_type=reference_type,
        reference_id=reference_id,
        product_code=product_code,
        value_date=value_date,
        booked_on=booked_on,
        legs=len(legs),
        total_paise=total,
        narration=narration,
    )
    return _save_once(journal, legs)


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
    """
    _require_transaction()
    original = journals_for_update().get(pk=journal_id)
    if original.reverses_id is not None:
        raise JournalIsReversal(journal_id=journal_id)
    earlier = Journal.objects.filter(reverses=original).first()
    if earlier is not None and earlier.idempotency_key != idempotency_key:
        raise JournalAlreadyReversed(journal_id=journal_id, reversed_by_id=earlier.pk)
    legs = [
        _Leg(leg.credit_account_id, leg.debit_account_id, leg.amount_paise)
        for leg in Transfer.objects.filter(journal=original).order_by("leg")
    ]
    journal = Journal(
        idempotency_key=idempotency_key,
        content_hash=_hash(["reverse", original.pk]),
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
    return _save_once(journal, legs)


def _require_transaction() -> None:
    # A journal without the facts behind it, or the facts without their journal, must be impossible.
    assert connection.in_atomic_block, "Journals are posted inside the transaction of the act that causes them."  # noqa: S101


def _legs(product_code: str, movements: Sequence[MovementAmount]) -> list[_Leg]:
    """Turn movements into transfers between the product's accounts."""
    rules = [posting_rule(movement=item.movement, head=item.head) for item in movements]
    accounts = _accounts(product_code, {role for rule in rules for role in (rule.debit, rule.credit)})
    legs = []
    for item, rule in zip(movements, rules, strict=True):
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
        legs.append(_Leg(debit.account_id, credit.account_id, abs(item.amount_paise)))
    return legs


def _accounts(product_code: str, roles: set[AccountRole]) -> dict[str, _Mapped]:
    rows = ProductAccount.objects.filter(product_code=product_code, role__in=roles)
    return {
        role: _Mapped(account_id, code, is_active)
        for role, account_id, code, is_active in rows.values_list(
            "role", "account_id", "account__code", "account__is_active"
        )
    }


def _account(accounts: dict[str, _Mapped], product_code: str, role: AccountRole) -> _Mapped:
    account = accounts.get(role)
    if account is None:
        raise ProductAccountMissing(product_code=product_code, role=role.value)
    if not account.is_active:
        raise AccountInactive(account_code=account.code, role=role.value, product_code=product_code)
    return account


def _save_once(journal: Journal, legs: Sequence[_Leg]) -> Journal:
    """Save a journal with its transfers, or return the one that has its key already."""
    try:
        with transaction.atomic():
            journal.save(force_insert=True)
            Transfer.objects.bulk_create(_transfers(journal, legs))
    except IntegrityError:
        earlier = _journal_by_key(journal.idempotency_key)
        if earlier is None:
            raise
        # The database may take keys for equal that differ in case or trailing spaces: those are two keys to the caller.
        if (earlier.idempotency_key, earlier.content_hash) != (journal.idempotency_key, journal.content_hash):
            raise JournalKeyReused(idempotency_key=journal.idempotency_key, journal_id=earlier.pk) from None
        return earlier
    return journal


def _transfers(journal: Journal, legs: Sequence[_Leg]) -> list[Transfer]:
    return [
        Transfer(
            journal=journal,
            leg=number,
            debit_account_id=leg.debit_account_id,
            credit_account_id=leg.credit_account_id,
            amount_paise=leg.amount_paise,
            value_date=journal.value_date,
            booked_on=journal.booked_on,
        )
        for number, leg in enumerate(legs, start=1)
    ]


def _journal_by_key(idempotency_key: str) -> Journal | None:
    """Find the journal that a duplicate key collided with.

    Under repeatable read the snapshot may be older than that journal; a locking read sees it. The plain read comes
    first, because two repeats that both hold the duplicate's shared lock would deadlock over the exclusive one.
    """
    found = Journal.objects.filter(idempotency_key=idempotency_key).first()
    return found or journals_for_update().filter(idempotency_key=idempotency_key).first()


def _hash(content: Sequence[object]) -> str:
    """Fingerprint what a key stands for, so that a repeat can be told from a mistake."""
    canonical = json.dumps(content, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
