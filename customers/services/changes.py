"""Changes of what is known about a customer: the value, its history and the audit trail, in one transaction."""

import json
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.fields import blind_index, keyed_hash
from core.transactions import run_in_transaction
from customers.errors import (
    AccountTaken,
    BirthDateInvalid,
    ChangeBeforeLast,
    ChangeEmpty,
    ChangeInFuture,
    ChangeKeyMissing,
    ChangeKeyReused,
    ChangeReasonMissing,
    CustomerMerged,
    CustomerUnknown,
    PanTaken,
    PhoneTaken,
)
from customers.locks import customers_for_update
from customers.models import Address, AddressKind, BankAccount, Customer, CustomerChange, CustomerField
from customers.name_index import names_index
from customers.selectors import bank_accounts_by_number, family_ids
from customers.services.people import address_add, bank_account_add
from customers.values import (
    PAN_PURPOSE,
    clean_email,
    clean_name,
    clean_pan,
    clean_phone,
    clean_state_code,
)

KEY_MAX: Final = 96
REASON_MAX: Final = 200
_PURPOSE: Final = "customers.change"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerValues:
    """New values of a customer; None leaves a value as it is. Plain values, so that a request can carry them."""

    full_name: str | None = None
    phone: str | None = None
    email: str | None = None
    pan: str | None = None
    birth_date: date | None = None

    def __repr__(self) -> str:
        return "CustomerValues(…)"


def customer_change(
    *,
    customer_id: int,
    values: CustomerValues,
    reason: str,
    idempotency_key: str,
    is_phone_shared: bool = False,
    effective_from: date | None = None,
    actor: AbstractBaseUser | None = None,
) -> tuple[CustomerChange, ...]:
    """Replace values of a customer, and keep the old ones in the history.

    Args:
        values: what changes; a value equal to the present one is left out.
        is_phone_shared: another customer may have the phone number too, such as a spouse.
        effective_from: the business date from which it counts; today when not given.

    Returns:
        One row for each value that changed; those of the first call with the same key and content.

    Raises:
        NameInvalid, PhoneInvalid, EmailInvalid, PanInvalid, BirthDateInvalid: a value is malformed.
        PhoneTaken, PanTaken: another customer has it.
        ChangeEmpty, ChangeReasonMissing, ChangeKeyMissing, ChangeInFuture, ChangeBeforeLast: the request is no change.
        CustomerUnknown, CustomerMerged: there is nobody to change.
        ChangeKeyReused: the key belongs to another change.
    """
    asked = _Asked.of(reason=reason, key=idempotency_key, effective_from=effective_from, actor=actor)
    cleaned = _cleaned(values)
    content = _content(customer_id, asked, {name: str(value) for name, value in cleaned.items()})

    def change() -> tuple[CustomerChange, ...]:
        customer = customer_locked(customer_id=customer_id)
        if earlier := _earlier(asked.key, content):
            return earlier
        changed = {name: value for name, value in cleaned.items() if value != _present(customer, name)}
        if not changed:
            raise ChangeEmpty()
        _refuse_taken(customer, changed, is_phone_shared=is_phone_shared)
        return _write(customer, changed, asked, content)

    return run_in_transaction(change)


def customer_move(
    *,
    customer_id: int,
    line_1: str,
    city: str,
    state_code: str,
    pin_code: str,
    reason: str,
    idempotency_key: str,
    line_2: str = "",
    kind: str = AddressKind.CURRENT,
    effective_from: date | None = None,
    actor: AbstractBaseUser | None = None,
) -> Address:
    """Add an address from a day on; a current one moves the customer to its state, which taxes go by from that day.

    Returns:
        The address; that of the first call with the same key and content.

    Raises:
        AddressInvalid, StateUnknown, PinCodeInvalid: a value is missing or malformed.
        ChangeReasonMissing, ChangeKeyMissing, ChangeKeyReused, ChangeInFuture, ChangeBeforeLast,
        CustomerUnknown, CustomerMerged: as for `customer_change`.
    """
    asked = _Asked.of(reason=reason, key=idempotency_key, effective_from=effective_from, actor=actor)
    state = clean_state_code(state_code)
    lines = {"line_1": line_1, "line_2": line_2, "city": city, "pin_code": pin_code, "kind": kind, "state": state}
    content = _content(customer_id, asked, lines)

    def move() -> Address:
        customer = customer_locked(customer_id=customer_id)
        if earlier := Address.objects.filter(idempotency_key=asked.key).first():
            if earlier.content_hash != content:
                raise ChangeKeyReused(key=asked.key)
            return earlier
        address = address_add(
            customer=customer,
            line_1=line_1,
            line_2=line_2,
            city=city,
            state_code=state,
            pin_code=pin_code,
            kind=kind,
            actor=actor,
        )
        address.effective_from, address.idempotency_key = asked.effective_from, asked.key
        address.content_hash = content
        address.save(update_fields=["effective_from", "idempotency_key", "content_hash"])
        if kind == AddressKind.CURRENT and state != customer.state_code:
            _write(customer, {CustomerField.STATE_CODE.value: state}, asked, content)
        return address

    return run_in_transaction(move)


def bank_account_change(
    *,
    customer_id: int,
    account_number: str,
    ifsc: str,
    reason: str,
    holder_name: str = "",
    is_joint: bool = False,
    actor: AbstractBaseUser | None = None,
) -> BankAccount:
    """Pay a customer into another account from now on; the former one stays known. The same account again is no change.

    Args:
        is_joint: another customer may have the account too.

    Raises:
        AccountTaken: another customer has it.
        AccountNumberInvalid, IfscInvalid, NameInvalid, ChangeReasonMissing, CustomerUnknown, CustomerMerged.
    """
    _reason_check(reason)

    def change() -> BankAccount:
        customer = customer_locked(customer_id=customer_id)
        family = family_ids(customer_id=customer.pk)
        others = bank_accounts_by_number(account_number=account_number).exclude(customer_id__in=family)
        if not is_joint and (other := others.filter(ifsc=ifsc.strip().upper()).first()):
            raise AccountTaken(number=other.customer.number)
        before = BankAccount.objects.filter(primary_of=customer).first()
        account = bank_account_add(
            customer=customer, account_number=account_number, ifsc=ifsc, holder_name=holder_name, actor=actor
        )
        if before is None or before.pk != account.pk:
            detail = {"account_id": account.pk, "former_id": before.pk if before else None}
            audit.record(
                actor=actor, action="customers.bank_account_change", obj=customer, reason=reason, detail=detail
            )
        return account

    return run_in_transaction(change)


def customer_locked(*, customer_id: int) -> Customer:
    """Lock a customer and return it; inside a transaction.

    Raises:
        CustomerUnknown, CustomerMerged: there is nobody to act on.
    """
    customer = customers_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise CustomerUnknown(customer=customer_id)
    customer_stands_check(customer=customer)
    return customer


def customer_stands_check(*, customer: Customer) -> None:
    """Refuse a customer who was merged into another one.

    Raises:
        CustomerMerged: use the survivor.
    """
    if customer.merged_into_id is not None:
        survivor = Customer.objects.get(pk=customer.merged_into_id)
        raise CustomerMerged(number=customer.number, survivor=survivor.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    reason: str
    key: str
    effective_from: date
    actor: AbstractBaseUser | None

    @classmethod
    def of(cls, *, reason: str, key: str, effective_from: date | None, actor: AbstractBaseUser | None) -> "_Asked":
        """Check what every change carries."""
        _reason_check(reason)
        if not key.strip() or len(key) > KEY_MAX:
            raise ChangeKeyMissing(maximum=KEY_MAX)
        today = business_date()
        day = effective_from or today
        if day > today:
            raise ChangeInFuture(effective_from=day, business_date=today)
        return cls(reason=reason, key=key, effective_from=day, actor=actor)


def _reason_check(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_MAX:
        raise ChangeReasonMissing()


def _cleaned(values: CustomerValues) -> dict[str, str | date]:
    """Return the values that were given, in the form that they are kept in."""
    cleaners = {"full_name": clean_name, "phone": clean_phone, "email": clean_email, "pan": clean_pan}
    cleaned: dict[str, str | date] = {}
    for field in fields(values):
        value = getattr(values, field.name)
        if isinstance(value, str):
            cleaned[field.name] = cleaners[field.name](value)
        elif value is not None:
            if not 1900 <= value.year <= 2100:
                raise BirthDateInvalid(birth_date=value)
            cleaned[field.name] = value
    if not cleaned:
        raise ChangeEmpty()
    return cleaned


def _present(customer: Customer, name: str) -> str | date | None:
    value: str | date | None = getattr(customer, name)
    return value


def _refuse_taken(customer: Customer, changed: dict[str, str | date], *, is_phone_shared: bool) -> None:
    others = Customer.objects.exclude(pk__in=family_ids(customer_id=customer.pk))
    phone, pan = changed.get("phone"), changed.get("pan")
    if phone and not is_phone_shared and (other := others.filter(phone=phone).first()):
        raise PhoneTaken(number=other.number)
    if pan:
        owner = others.filter(pan_index=blind_index(str(pan), purpose=PAN_PURPOSE)).first()
        if owner is not None:
            raise PanTaken(number=owner.number)


def _write(
    customer: Customer, changed: dict[str, str | date], asked: _Asked, content: str
) -> tuple[CustomerChange, ...]:
    """Save the values and their history; the caller holds the lock."""
    last = customer.changes.filter(field__in=list(changed)).order_by("-effective_from").first()
    if last is not None and last.effective_from > asked.effective_from:
        raise ChangeBeforeLast(field=last.get_field_display().lower(), last=last.effective_from)
    rows = [
        CustomerChange(
            customer=customer,
            field=name,
            old_value=str(_present(customer, name) or ""),
            new_value=str(value),
            effective_from=asked.effective_from,
            reason=asked.reason,
            idempotency_key=asked.key,
            content_hash=content,
            recorded_by_id=None if asked.actor is None else asked.actor.pk,
        )
        for name, value in changed.items()
    ]
    for name, value in changed.items():
        setattr(customer, name, value)
    _derive(customer)
    try:
        with transaction.atomic():
            customer.save()
            for row in rows:
                row.save(force_insert=True)
    except IntegrityError:
        # Somebody else took the PAN or the key between the look-up and the write.
        _refuse_taken(customer, changed, is_phone_shared=True)
        raise
    if "full_name" in changed:
        # The words of the former name stay: people go on looking for it.
        names_index(customers=[customer])
    audit.record(
        actor=asked.actor,
        action="customers.customer_change",
        obj=customer,
        reason=asked.reason,
        detail={"fields": sorted(changed), "effective_from": asked.effective_from.isoformat()},
    )
    return tuple(rows)


def _derive(customer: Customer) -> None:
    customer.phone_reversed = customer.phone[::-1]
    customer.pan_index = blind_index(customer.pan, purpose=PAN_PURPOSE) if customer.pan else None


def _content(customer_id: int, asked: _Asked, values: dict[str, str]) -> str:
    """Fingerprint a request; of the values only a hash is kept, which tells nothing without the key."""
    parts = [customer_id, asked.effective_from.isoformat(), sorted(values.items())]
    return keyed_hash(json.dumps(parts), purpose=_PURPOSE)


def _earlier(key: str, content: str) -> tuple[CustomerChange, ...]:
    rows = tuple(CustomerChange.objects.filter(idempotency_key=key).order_by("pk"))
    if rows and rows[0].content_hash != content:
        raise ChangeKeyReused(key=key)
    return rows
