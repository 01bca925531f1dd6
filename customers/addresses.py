"""Where letters to a customer go."""

from datetime import date

from customers.models import Address, AddressKind, Customer


def customer_address(*, customer: Customer, on_date: date) -> Address | None:
    """Return where letters go on a day: the current address, else the latest of another kind, or None."""
    known = [
        address
        for address in customer.addresses.all()
        if address.effective_from is None or address.effective_from <= on_date
    ]
    return max(
        known,
        key=lambda address: (address.kind == AddressKind.CURRENT, address.effective_from or date.min, address.pk),
        default=None,
    )
