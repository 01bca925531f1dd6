"""Forms about customers: each one reads what staff enter; the services judge it."""

from typing import Any

from django import forms

from core.staff_forms import DayField, StaffForm, reason_field
from core.states import STATES
from customers.models import AddressKind, Customer, CustomerKind
from customers.services import address_add, bank_account_add, customer_create, upi_address_add

_STATES = [(state.code, state.name) for state in sorted(STATES, key=lambda state: state.name)]


class CustomerForm(StaffForm):
    """A new customer."""

    full_name = forms.CharField(label="Full name", max_length=160, help_text="As on the PAN card.")
    kind = forms.ChoiceField(label="Kind", choices=CustomerKind.choices)
    phone = forms.CharField(label="Mobile number", max_length=10, help_text="Ten digits.")
    pan = forms.CharField(label="PAN", max_length=10, required=False)
    email = forms.CharField(label="E-mail", max_length=254, required=False)
    birth_date = DayField(label="Date of birth", required=False)
    state_code = forms.ChoiceField(label="State", choices=_STATES)

    def submit(self, *, actor: Any) -> Customer:
        """Create the customer."""
        return customer_create(**self.cleaned_data, actor=actor)


class AddressForm(StaffForm):
    """Another address of a customer."""

    kind = forms.ChoiceField(label="Kind", choices=AddressKind.choices)
    line_1 = forms.CharField(label="Address", max_length=160)
    line_2 = forms.CharField(label="Second line", max_length=160, required=False)
    city = forms.CharField(label="City", max_length=80)
    state_code = forms.ChoiceField(label="State", choices=_STATES)
    pin_code = forms.CharField(label="PIN code", max_length=6)

    def submit(self, *, customer: Customer, actor: Any) -> None:
        """Add the address."""
        address_add(customer=customer, **self.cleaned_data, actor=actor)


class BankAccountForm(StaffForm):
    """Another bank account of a customer."""

    account_number = forms.CharField(label="Account number", max_length=24)
    ifsc = forms.CharField(label="IFSC", max_length=11)
    holder_name = forms.CharField(
        label="Account holder", max_length=160, required=False, help_text="Empty: the customer."
    )

    def submit(self, *, customer: Customer, actor: Any) -> None:
        """Add the account; money goes there only if there was none: another one is a change that may need two."""
        is_first = not customer.bank_accounts.exists()
        bank_account_add(customer=customer, **self.cleaned_data, is_primary=is_first, actor=actor)


class UpiAddressForm(StaffForm):
    """A UPI address of a customer."""

    address = forms.CharField(label="UPI address", max_length=164, help_text="Such as asha.verma@okaxis.")
    holder_name = forms.CharField(label="Holder", max_length=160, required=False, help_text="Empty: the customer.")

    def submit(self, *, customer: Customer, actor: Any) -> None:
        """Add the address; it is proven before money goes to it."""
        upi_address_add(customer=customer, **self.cleaned_data, actor=actor)


class UnmaskForm(StaffForm):
    """Why personal data is to be shown in clear."""

    reason = reason_field(required=True)
