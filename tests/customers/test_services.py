"""Customers come into the book checked, once, and with a trace of who brought them."""

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from core.errors import KistError
from core.models import AuditEntry
from core.transactions import run_in_transaction
from customers.errors import NumberTaken, PanTaken
from customers.models import Address, BankAccount, Customer, CustomerNameToken
from customers.services import CustomerData, address_add, bank_account_add, customer_create, customers_create_many
from tests.factories.core import make_user
from tests.factories.customers import make_customer, pan_number

pytestmark = pytest.mark.django_db

VALUES: dict[str, Any] = {"full_name": "Asha Verma", "phone": "9876543210", "state_code": "MH"}


def _data(**changes: Any) -> CustomerData:
    return CustomerData(**(VALUES | changes))


def test_customer_is_stored_normalised_with_a_number_and_an_audit_entry() -> None:
    maker = make_user()

    customer = customer_create(
        full_name=" Asha  Verma",
        phone="9876543210",
        state_code="27",
        pan="abcpe1234f",
        email="asha@example.org",
        birth_date=date(1990, 5, 17),
        actor=maker,
    )

    stored = Customer.objects.get(number="C0000001")
    assert stored == customer
    assert (stored.full_name, stored.phone, stored.phone_reversed) == ("Asha Verma", "9876543210", "0123456789")
    assert (stored.pan, stored.state_code, stored.email) == ("ABCPE1234F", "MH", "asha@example.org")
    assert (stored.kind, stored.birth_date) == ("INDIVIDUAL", date(1990, 5, 17))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.object_id) == (maker, "customers.customer_create", str(customer.pk))


def test_numbers_follow_each_other_and_step_over_those_in_use() -> None:
    first = customer_create(**VALUES)
    brought = customer_create(**VALUES, number="C0000002")
    third = customer_create(**VALUES)

    assert [customer.number for customer in (first, brought, third)] == ["C0000001", "C0000002", "C0000003"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"full_name": ""}, "customers.name_invalid"),
        ({"phone": "12345"}, "customers.phone_invalid"),
        ({"state_code": "ZZ"}, "customers.state_unknown"),
        ({"pan": "X"}, "customers.pan_invalid"),
        ({"email": "nobody"}, "customers.email_invalid"),
        ({"birth_date": date(1017, 5, 1)}, "customers.birth_date_invalid"),
    ],
)
def test_refused_customer_leaves_nothing_behind(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(KistError) as refusal:
        customer_create(**(VALUES | changes))

    assert refusal.value.code == code
    assert (Customer.objects.count(), CustomerNameToken.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


def test_second_customer_with_a_pan_is_refused_with_the_number_of_the_first() -> None:
    first = customer_create(**VALUES, pan="ABCPE1234F")

    with pytest.raises(PanTaken) as refusal:
        customer_create(**VALUES, pan="abcpe1234f ")

    assert refusal.value.context == {"number": first.number}
    assert "ABCPE1234F" not in refusal.value.message
    assert Customer.objects.count() == 1


def test_number_in_use_is_refused() -> None:
    customer_create(**VALUES, number="LC-7")

    with pytest.raises(NumberTaken) as refusal:
        customer_create(**VALUES, number="LC-7")

    assert refusal.value.context == {"number": "LC-7"}
    assert Customer.objects.count() == 1


def test_customers_without_a_pan_may_be_many() -> None:
    customers_create_many(customers=[_data(), _data()])

    assert list(Customer.objects.values_list("pan_index", flat=True)) == [None, None]


def test_bulk_keeps_order_and_given_numbers() -> None:
    saved = customers_create_many(
        customers=[_data(number="A-1"), _data(full_name="Ravi Rao"), _data(number="C0000001"), _data()]
    )

    assert [customer.number for customer in saved] == ["A-1", "C0000002", "C0000001", "C0000003"]
    assert [Customer.objects.get(pk=customer.pk).number for customer in saved] == [c.number for c in saved]
    assert set(CustomerNameToken.objects.filter(customer=saved[1]).values_list("token", flat=True)) == {"ravi", "rao"}


@pytest.mark.parametrize(
    "bad",
    [
        {"phone": "1"},
        {"number": "A-1"},
        {"pan": pan_number(1)},
        {"number": "OLD"},
        {"pan": pan_number(2)},
    ],
)
def test_bulk_with_one_refused_customer_creates_none(bad: dict[str, Any]) -> None:
    customer_create(**VALUES, number="OLD", pan=pan_number(2))

    with pytest.raises(KistError):
        customers_create_many(customers=[_data(number="A-1", pan=pan_number(1)), _data(**bad)])

    assert list(Customer.objects.values_list("number", flat=True)) == ["OLD"]


def test_bulk_of_nobody_is_nobody() -> None:
    assert customers_create_many(customers=[]) == []


def test_bulk_of_thousands_takes_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    people = [_data(number=f"B-{number}", pan=pan_number(number)) for number in range(2_000)]

    with django_assert_max_num_queries(60):
        customers_create_many(customers=people)

    assert Customer.objects.count() == 2_000


def test_data_of_a_customer_does_not_show_when_printed() -> None:
    printed = repr(_data(pan="ABCPE1234F", number="A-1"))

    assert printed == "CustomerData(number='A-1')"


def test_address_is_stored_normalised() -> None:
    customer = make_customer()

    address_add(customer=customer, line_1=" 12  MG Road ", city="Pune", state_code="27", pin_code="411001")

    stored = Address.objects.get(customer=customer)
    assert (stored.kind, stored.line_1, stored.line_2, stored.city) == ("CURRENT", "12 MG Road", "", "Pune")
    assert (stored.state_code, stored.pin_code) == ("MH", "411001")
    assert AuditEntry.objects.get(action="customers.address_add").detail == {"address_id": stored.pk}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"line_1": " "}, "customers.address_invalid"),
        ({"city": ""}, "customers.address_invalid"),
        ({"city": "P" * 81}, "customers.address_invalid"),
        ({"pin_code": "41100"}, "customers.pin_code_invalid"),
        ({"state_code": "99"}, "customers.state_unknown"),
    ],
)
def test_refused_address_is_not_stored(changes: dict[str, Any], code: str) -> None:
    values = {"line_1": "12 MG Road", "city": "Pune", "state_code": "MH", "pin_code": "411001"}

    with pytest.raises(KistError) as refusal:
        address_add(customer=make_customer(), **(values | changes))

    assert refusal.value.code == code
    assert Address.objects.count() == 0


def test_latest_primary_account_replaces_the_former() -> None:
    customer = make_customer(full_name="Asha Verma")
    first = bank_account_add(customer=customer, account_number="50100 123456", ifsc="hdfc0000123")
    second = bank_account_add(
        customer=customer, account_number="602001234567", ifsc="ICIC0000456", holder_name="A Verma"
    )
    third = bank_account_add(customer=customer, account_number="70300999999", ifsc="ICIC0000456", is_primary=False)

    stored = BankAccount.objects.filter(customer=customer).order_by("pk")
    assert list(stored) == [first, second, third]
    assert [account.is_primary for account in stored] == [False, True, False]
    assert [account.account_number for account in stored] == ["50100123456", "602001234567", "70300999999"]
    assert [account.holder_name for account in stored] == ["Asha Verma", "A Verma", "Asha Verma"]


def test_same_account_again_is_the_first_row() -> None:
    customer = make_customer()
    first = bank_account_add(customer=customer, account_number="50100123456", ifsc="HDFC0000123", is_primary=False)

    again = bank_account_add(customer=customer, account_number="50100123456", ifsc="HDFC0000123")

    assert again == first
    assert BankAccount.objects.get().is_primary
    assert AuditEntry.objects.filter(action="customers.bank_account_add").count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account_number": "12"}, "customers.account_number_invalid"),
        ({"ifsc": "HDFC123"}, "customers.ifsc_invalid"),
        ({"holder_name": "42"}, "customers.name_invalid"),
    ],
)
def test_refused_bank_account_is_not_stored(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(KistError) as refusal:
        bank_account_add(
            customer=make_customer(), **({"account_number": "50100123456", "ifsc": "HDFC0000123"} | changes)
        )

    assert refusal.value.code == code
    assert BankAccount.objects.count() == 0


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_customers_created_at_once_get_numbers_of_their_own_and_one_keeps_the_pan() -> None:
    start = threading.Barrier(6)
    results: list[str] = []

    def create() -> None:
        start.wait(timeout=10)
        try:
            results.append(run_in_transaction(lambda: customer_create(**VALUES, pan="ABCPE1234F")).number)
        except PanTaken as refusal:
            results.append(refusal.code)
        results.append(run_in_transaction(lambda: customer_create(**VALUES)).number)
        connection.close()

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert results.count("customers.pan_taken") == 5
    assert sorted(Customer.objects.values_list("number", flat=True)) == [f"C{n:07d}" for n in range(1, 8)]
