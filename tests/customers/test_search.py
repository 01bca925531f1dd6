"""One search box finds a customer by whatever staff have at hand."""

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer, NameVariant
from customers.name_index import words_like
from customers.selectors import (
    bank_accounts_by_number,
    customer_by_number,
    customer_by_pan,
    customers_search,
)
from customers.services import CustomerData, bank_account_add, customers_create_many

pytestmark = pytest.mark.django_db

PEOPLE = (
    ("Asha Verma", "9876543210", "ABCPE1234F"),
    ("Ashok Kumar Verma", "9812300001", ""),
    ("Ramesh Iyer", "7001234567", ""),
    ("Lakshmi Narayanan", "8123456789", ""),
    ("José Fernandes", "6000098765", ""),
    ("आशा वर्मा", "9999912345", ""),
)


@pytest.fixture(autouse=True)
def _people() -> None:
    customers_create_many(
        customers=[CustomerData(full_name=name, phone=phone, state_code="MH", pan=pan) for name, phone, pan in PEOPLE]
    )


def _found(text: str, limit: int = 20) -> list[str]:
    return [customer.full_name for customer in customers_search(text=text, limit=limit)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Asha", ["Asha Verma"]),
        ("ASHA", ["Asha Verma"]),
        ("ash", ["Asha Verma", "Ashok Kumar Verma"]),
        ("verma asha", ["Asha Verma"]),
        ("ver ash", ["Asha Verma", "Ashok Kumar Verma"]),
        ("kumar ashok", ["Ashok Kumar Verma"]),
        ("jose", ["José Fernandes"]),
        ("José", ["José Fernandes"]),
        ("आशा", ["आशा वर्मा"]),
        ("asha iyer", []),
        ("zebra", []),
        ("%", []),
        ("_sha", []),
        ("", []),
        ("   ", []),
    ],
)
def test_name_is_found_by_words_and_beginnings(text: str, names: list[str]) -> None:
    assert _found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("rmesh", ["Ramesh Iyer"]),
        ("rameesh", ["Ramesh Iyer"]),
        ("ramash", ["Ramesh Iyer"]),
        ("raemsh", ["Ramesh Iyer"]),
        ("laxshmi narayanan", ["Lakshmi Narayanan"]),
        ("lakshmi narayann", ["Lakshmi Narayanan"]),
        ("vemra asha", ["Asha Verma"]),
        ("rmsh", []),
        ("xyz", []),
    ],
)
def test_one_typing_error_per_word_is_forgiven(text: str, names: list[str]) -> None:
    assert _found(text) == names


def test_words_as_typed_come_before_guesses() -> None:
    customers_create_many(customers=[CustomerData(full_name="Rimesh Shah", phone="9000000001", state_code="GJ")])

    assert _found("Rimesh") == ["Rimesh Shah"]
    assert _found("Romesh") == ["Ramesh Iyer", "Rimesh Shah"]


def test_whole_word_comes_before_a_word_that_begins_so() -> None:
    customers_create_many(customers=[CustomerData(full_name="Ashalata Bose", phone="9000000001", state_code="WB")])

    assert _found("asha") == ["Asha Verma", "Ashalata Bose"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("9876543210", ["Asha Verma"]),
        ("+91 98765 43210", ["Asha Verma"]),
        ("919876543210", ["Asha Verma"]),
        ("09876543210", ["Asha Verma"]),
        ("98765", ["Asha Verma", "José Fernandes"]),
        ("43210", ["Asha Verma"]),
        ("9812", ["Ashok Kumar Verma"]),
        ("12345", ["आशा वर्मा"]),
        ("9876543211", []),
        ("98", []),
    ],
)
def test_phone_is_found_whole_by_its_beginning_and_by_its_end(text: str, names: list[str]) -> None:
    assert _found(text) == names


@pytest.mark.parametrize("text", ["ABCPE1234F", " abcpe1234f "])
def test_pan_is_found_exactly(text: str) -> None:
    assert _found(text) == ["Asha Verma"]
    assert _found("ABCPE1234G") == []


@pytest.mark.parametrize("text", ["C0000003", "c0000003"])
def test_customer_number_is_found(text: str) -> None:
    assert _found(text) == ["Ramesh Iyer"]


def test_beginning_of_a_number_lists_customers_in_order() -> None:
    assert _found("C000000") == [name for name, _, _ in PEOPLE]
    assert _found("C000000", limit=2) == ["Asha Verma", "Ashok Kumar Verma"]


def test_limit_holds_for_names_too() -> None:
    assert _found("ash", limit=1) == ["Asha Verma"]


@pytest.mark.parametrize("text", ["asha verma", "laxshmi", "98765", "C0000003", "ABCPE1234F"])
def test_search_takes_few_queries(text: str, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(5):
        customers_search(text=text)


def test_words_enter_the_index_once() -> None:
    before = NameVariant.objects.count()

    customers_create_many(customers=[CustomerData(full_name="Asha Verma", phone="9000000001", state_code="GJ")])

    assert NameVariant.objects.count() == before
    assert words_like("vemra") == ["verma"]
    assert words_like("ver") == []


def test_customer_is_found_by_exact_number_pan_and_account() -> None:
    asha = Customer.objects.get(phone="9876543210")
    account = bank_account_add(customer=asha, account_number="50100123456", ifsc="HDFC0000123")

    assert customer_by_number(number=" C0000001 ") == asha
    assert customer_by_number(number="C9") is None
    assert customer_by_pan(pan="abcpe1234f") == asha
    assert customer_by_pan(pan="ABCPE1234G") is None
    assert list(bank_accounts_by_number(account_number="5010 0123 456")) == [account]
