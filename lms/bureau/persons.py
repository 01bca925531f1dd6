"""Borrowers as they were known at an instant, in the form that bureaus take."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction

from core.states import state_by_code
from customers.locks import customers_for_update
from customers.models import Address, AddressKind, Customer, CustomerChange, CustomerField, CustomerKind
from lms.bureau.entries import Identifier, Person, PersonAddress, Phone
from lms.bureau.layout import Layout, NotWritable, written_name, written_text

_PAN: Final = "01"
_MOBILE: Final = "01"
_ADDRESS_KINDS: Final = {AddressKind.PERMANENT: "01", AddressKind.CURRENT: "02", AddressKind.OFFICE: "03"}


def persons_known(*, customer_ids: Iterable[int], known_at: datetime, layout: Layout) -> dict[int, Person]:
    """Return borrowers by key, with nothing that was recorded after an instant.

    The rows are locked for the moment of reading: a change that began before the instant is waited for.
    """
    ids = sorted(set(customer_ids))
    with transaction.atomic():
        customers = list(customers_for_update().filter(pk__in=ids))
        later = CustomerChange.objects.filter(customer__in=ids, recorded_at__gt=known_at).order_by("-pk")
        for change in later:
            _take_back(change, {customer.pk: customer for customer in customers})
        addresses: dict[int, list[Address]] = defaultdict(list)
        for address in Address.objects.filter(customer__in=ids, created_at__lte=known_at).order_by("pk"):
            addresses[address.customer_id].append(address)
    return {customer.pk: person_of(customer, addresses[customer.pk], layout) for customer in customers}


def person_of(customer: Customer, addresses: Sequence[Address], layout: Layout) -> Person:
    """Return a borrower; what cannot be written is left out and named among the problems."""
    problems: list[str] = [] if customer.kind == CustomerKind.INDIVIDUAL else ["borrower_not_a_person"]
    return Person(
        names=_parts(customer.full_name, layout.name_parts, "name", problems),
        birth_date=customer.birth_date,
        identifiers=(Identifier(_PAN, customer.pan),) if customer.pan else (),
        phones=(Phone(_MOBILE, customer.phone),) if customer.phone else (),
        emails=(customer.email,) if customer.email else (),
        addresses=_addresses(addresses, layout, problems),
        problems=tuple(dict.fromkeys(problems)),
    )


def _take_back(change: CustomerChange, customers: dict[int, Customer]) -> None:
    """Put the old value back, in memory; the latest change comes first."""
    value: str | date | None = change.old_value
    if change.field == CustomerField.BIRTH_DATE:
        value = date.fromisoformat(change.old_value) if change.old_value else None
    setattr(customers[change.customer_id], change.field, value)


def _addresses(addresses: Sequence[Address], layout: Layout, problems: list[str]) -> tuple[PersonAddress, ...]:
    """Return the latest address of each kind."""
    latest = {
        address.kind: address
        for address in sorted(addresses, key=lambda address: (address.effective_from or date.min, address.pk))
    }
    return tuple(
        PersonAddress(
            lines=_parts(
                ", ".join(filter(None, (address.line_1, address.line_2, address.city))),
                layout.address_parts,
                "address",
                problems,
            ),
            state=state.gst_code if (state := state_by_code(address.state_code)) else "",
            pin_code=address.pin_code,
            kind=_ADDRESS_KINDS[AddressKind(address.kind)],
        )
        for _, address in sorted(latest.items())
    )


def _parts(text: str, room: tuple[int, int], name: str, problems: list[str]) -> tuple[str, ...]:
    """Cut a text into at most so many parts of at most so many characters, at spaces where there are any."""
    count, width = room
    try:
        written = written_name(text) if name == "name" else written_text(text)
    except NotWritable:
        problems.append(f"{name}_not_latin")
        return ("?",)
    parts = tuple(textwrap.wrap(written, width, break_on_hyphens=False))
    if len(parts) > count:
        problems.append(f"{name}_too_long")
    return parts[:count]
