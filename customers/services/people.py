"""Customers, their addresses and their bank accounts: added, never taken away."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from core.fields import blind_index
from core.sequences import take_numbers
from customers.errors import AddressInvalid, BirthDateInvalid, NumberTaken, PanTaken
from customers.locks import customers_for_update
from customers.models import UPI_BRANCH, Address, AddressKind, BankAccount, Customer, CustomerKind
from customers.name_index import names_index
from customers.values import (
    ACCOUNT_PURPOSE,
    PAN_PURPOSE,
    clean_account_number,
    clean_email,
    clean_ifsc,
    clean_name,
    clean_pan,
    clean_phone,
    clean_pin_code,
    clean_state_code,
    clean_upi_address,
)

_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerData:
    """What is known about a new customer; `number` None lets Kist give one."""

    full_name: str
    phone: str
    state_code: str
    number: str | None = None
    pan: str = ""
    email: str = ""
    birth_date: date | None = None
    kind: str = CustomerKind.INDIVIDUAL

    def __repr__(self) -> str:
        return f"CustomerData(number={self.number!r})"


def customer_create(
    *,
    full_name: str,
    phone: str,
    state_code: str,
    number: str | None = None,
    pan: str = "",
    email: str = "",
    birth_date: date | None = None,
    kind: str = CustomerKind.INDIVIDUAL,
    actor: AbstractBaseUser | None = None,
) -> Customer:
    """Create one customer and write it to the audit trail.

    Args:
        full_name: as on the PAN card.
        phone: mobile number, ten digits.
        state_code: two-letter or GST code of the state where the customer lives.
        number: a number of another system; None gives the next of our own, such as C0000001.
        pan: AAAAA9999A, or empty.
        email: or empty.
        birth_date: or None.
        kind: a CustomerKind.
        actor: the user who creates; None for the system.

    Raises:
        NameInvalid, PhoneInvalid, StateUnknown, PanInvalid, EmailInvalid, BirthDateInvalid: a value is malformed.
        PanTaken, NumberTaken: another customer has it.
    """
    data = CustomerData(
        full_name=full_name,
        phone=phone,
        state_code=state_code,
        number=number,
        pan=pan,
        email=email,
        birth_date=birth_date,
        kind=kind,
    )
    with transaction.atomic():
        (customer,) = customers_create_many(customers=[data])
        audit.record(actor=actor, action="customers.customer_create", obj=customer)
    return customer


@transaction.atomic
def customers_create_many(*, customers: Sequence[CustomerData]) -> list[Customer]:
    """Create customers in bulk, for imports; all or none, in the given order.

    Raises:
        The refusals of `customer_create`, for the first customer that is refused.
    """
    unsaved = [_unsaved(data) for data in customers]
    _refuse_taken(unsaved)
    _give_numbers(unsaved)
    try:
        with transaction.atomic():
            saved = _insert(unsaved)
    except IntegrityError:
        # Somebody else was faster between the look-up and the insert: say which value it was.
        _refuse_taken(unsaved)
        raise
    names_index(customers=saved)
    return saved


@transaction.atomic
def address_add(
    *,
    customer: Customer,
    line_1: str,
    city: str,
    state_code: str,
    pin_code: str,
    kind: str = AddressKind.CURRENT,
    line_2: str = "",
    actor: AbstractBaseUser | None = None,
) -> Address:
    """Add an address; the latest of a kind is the one in use. `customer_move` moves the customer there.

    Raises:
        AddressInvalid, StateUnknown, PinCodeInvalid: a value is missing or malformed.
    """
    first, second, town = (" ".join(text.split()) for text in (line_1, line_2, city))
    if not first or not town or max(len(first), len(second)) > 160 or len(town) > 80:
        raise AddressInvalid()
    address = Address.objects.create(
        customer=customer,
        kind=AddressKind(kind),
        line_1=first,
        line_2=second,
        city=town,
        state_code=clean_state_code(state_code),
        pin_code=clean_pin_code(pin_code),
    )
    audit.record(actor=actor, action="customers.address_add", obj=customer, detail={"address_id": address.pk})
    return address


@transaction.atomic
def bank_account_add(
    *,
    customer: Customer,
    account_number: str,
    ifsc: str,
    holder_name: str = "",
    is_primary: bool = True,
    actor: AbstractBaseUser | None = None,
) -> BankAccount:
    """Add a bank account; the same account again returns the first row.

    Args:
        customer: whose account it is.
        account_number: 6 to 20 letters or digits.
        ifsc: of the branch.
        holder_name: empty for the customer's own name.
        is_primary: money is paid here from now on; the former primary account steps back.
        actor: the user who adds; None for the system.

    Raises:
        AccountNumberInvalid, IfscInvalid, NameInvalid: a value is malformed.
    """
    number = clean_account_number(account_number)
    holder = clean_name(holder_name or customer.full_name)
    customers_for_update().get(pk=customer.pk)
    account, is_new = BankAccount.objects.get_or_create(
        customer=customer,
        account_index=blind_index(number, purpose=ACCOUNT_PURPOSE),
        ifsc=clean_ifsc(ifsc),
        defaults={"holder_name": holder, "account_number": number},
    )
    if is_primary and not account.is_primary:
        BankAccount.objects.filter(primary_of=customer).update(is_primary=False, primary_of=None)
        account.is_primary, account.primary_of = True, customer
        account.save(update_fields=["is_primary", "primary_of"])
    if is_new:
        audit.record(actor=actor, action="customers.bank_account_add", obj=customer, detail={"account_id": account.pk})
    return account


@transaction.atomic
def upi_address_add(
    *, customer: Customer, address: str, holder_name: str = "", actor: AbstractBaseUser | None = None
) -> BankAccount:
    """Add a UPI address; the same one again returns the first row, and it never becomes the primary account.

    Args:
        customer: whose address it is.
        address: such as asha.verma@okaxis.
        holder_name: empty for the customer's own name.
        actor: the user who adds; None for the system.

    Raises:
        UpiAddressInvalid, NameInvalid: a value is malformed.
    """
    cleaned = clean_upi_address(address)
    holder = clean_name(holder_name or customer.full_name)
    customers_for_update().get(pk=customer.pk)
    account, is_new = BankAccount.objects.get_or_create(
        customer=customer,
        account_index=blind_index(cleaned, purpose=ACCOUNT_PURPOSE),
        ifsc=UPI_BRANCH,
        defaults={"holder_name": holder, "account_number": cleaned},
    )
    if is_new:
        audit.record(actor=actor, action="customers.upi_address_add", obj=customer, detail={"account_id": account.pk})
    return account


def _unsaved(data: CustomerData) -> Customer:
    """Build a customer from checked values."""
    if data.birth_date is not None and not 1900 <= data.birth_date.year <= 2100:
        raise BirthDateInvalid(birth_date=data.birth_date)
    pan, phone = clean_pan(data.pan), clean_phone(data.phone)
    return Customer(
        number=(data.number or "").strip(),
        kind=CustomerKind(data.kind),
        full_name=clean_name(data.full_name),
        phone=phone,
        phone_reversed=phone[::-1],
        email=clean_email(data.email),
        pan=pan,
        pan_index=blind_index(pan, purpose=PAN_PURPOSE) if pan else None,
        birth_date=data.birth_date,
        state_code=clean_state_code(data.state_code),
    )


def _refuse_taken(unsaved: Sequence[Customer]) -> None:
    """Refuse numbers and PANs that are in use, in the database or twice in the same batch."""
    numbers = [customer.number for customer in unsaved if customer.number]
    indexes = [customer.pan_index for customer in unsaved if customer.pan_index]
    for number in _repeated(numbers):
        raise NumberTaken(number=number)
    for index in _repeated(indexes):
        twins = [customer.number or "in the same batch" for customer in unsaved if customer.pan_index == index]
        raise PanTaken(number=twins[0])
    for start in range(0, len(unsaved), _BATCH):
        taken = Customer.objects.filter(number__in=numbers[start : start + _BATCH]).values_list("number", flat=True)
        for number in taken:
            raise NumberTaken(number=number)
        owners = Customer.objects.filter(pan_index__in=indexes[start : start + _BATCH])
        for number in owners.values_list("number", flat=True):
            raise PanTaken(number=number)


def _repeated(values: Sequence[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _insert(unsaved: Sequence[Customer]) -> list[Customer]:
    """Insert customers, with keys on every database: MySQL, unlike MariaDB and SQLite, does not return them."""
    saved = Customer.objects.bulk_create(unsaved, batch_size=_BATCH)
    if any(customer.pk is None for customer in saved):
        numbers = [customer.number for customer in saved]
        keys = dict(Customer.objects.filter(number__in=numbers).values_list("number", "pk"))
        for customer in saved:
            customer.pk = keys[customer.number]
    return saved


def _give_numbers(unsaved: Sequence[Customer]) -> None:
    """Give the next free numbers of our own series, in order, to customers that came without one."""
    # An import may have brought numbers that look like ours.
    taken = {customer.number for customer in unsaved if customer.number}
    waiting = [customer for customer in unsaved if not customer.number]
    free: list[str] = []
    while len(free) < len(waiting):
        offered = [f"C{value:07d}" for value in take_numbers(name="customers.number", count=len(waiting) - len(free))]
        taken.update(Customer.objects.filter(number__in=offered).values_list("number", flat=True))
        free.extend(number for number in offered if number not in taken)
    for customer, number in zip(waiting, free, strict=True):
        customer.number = number
