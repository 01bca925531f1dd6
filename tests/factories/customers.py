"""Generated customers, made by the services so that every derived column is right."""

from typing import Any

import factory

from customers.models import BankAccount, Customer
from customers.services import bank_account_add, customer_create

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pan_number(number: int) -> str:
    """Return the PAN of a person by number: equal numbers give equal PANs, and others differ below 26 x 10,000."""
    return f"AAA{'P'}{_LETTERS[number // 10_000 % 26]}{number % 10_000:04d}{_LETTERS[number % 26]}"


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    """An individual with a name, a phone, a PAN and a state."""

    class Meta:
        model = Customer

    full_name = factory.Sequence(lambda number: f"Asha Verma {_LETTERS[number % 26]}")
    phone = factory.Sequence(lambda number: f"9{number:09d}")
    pan = factory.Sequence(pan_number)
    state_code = "MH"

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **kwargs: Any) -> Customer:
        return customer_create(*args, **kwargs)


class BankAccountFactory(factory.django.DjangoModelFactory[BankAccount]):
    """The primary bank account of a new customer."""

    class Meta:
        model = BankAccount

    customer = factory.SubFactory(CustomerFactory)
    account_number = factory.Sequence(lambda number: f"50100{number:09d}")
    ifsc = "HDFC0000123"

    @classmethod
    def _create(cls, model_class: type[BankAccount], *args: Any, **kwargs: Any) -> BankAccount:
        return bank_account_add(*args, **kwargs)
