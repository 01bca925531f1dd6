"""Changes of what is known about a customer: history, uniqueness, repeats and the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.db import connection

from core.errors import KistError
from core.models import AuditEntry
from customers.models import Address, BankAccount, Customer, CustomerChange, CustomerNameToken
from customers.selectors import customers_search, state_code_on
from customers.services import CustomerValues, bank_account_change, customer_change, customer_move
from tests.factories.customers import make_customer, pan_number
from tests.factories.lms import next_key, set_business_date

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)


@pytest.fixture
def customer() -> Customer:
    """Return a customer who lives in Maharashtra, on 10 March 2026."""
    set_business_date(TODAY)
    return make_customer(full_name="Asha Verma", email="asha@example.com")


def change(customer: Customer, **options: Any) -> tuple[CustomerChange, ...]:
    """Change a customer, and read it anew."""
    known = {"reason": "Asked for", "idempotency_key": next_key("change")}
    asked = {name: options.pop(name) for name in list(options) if name in CustomerValues.__slots__}
    done = customer_change(customer_id=customer.pk, values=CustomerValues(**asked), **{**known, **options})
    customer.refresh_from_db()
    return done


def move(customer: Customer, **options: Any) -> Address:
    """Move a customer to Bengaluru, and read it anew."""
    values: dict[str, Any] = {
        "line_1": "12 MG Road",
        "city": "Bengaluru",
        "state_code": "KA",
        "pin_code": "560001",
        "reason": "Moved",
        "idempotency_key": next_key("move"),
        **options,
    }
    address = customer_move(customer_id=customer.pk, **values)
    customer.refresh_from_db()
    return address


@contextmanager
def refused(code: str) -> Iterator[Any]:
    """Expect a refusal with this code, and nothing changed."""
    tables = (Customer, CustomerChange, Address, BankAccount, AuditEntry, CustomerNameToken)
    before = [list(table._default_manager.order_by("pk").values_list()) for table in tables]
    with pytest.raises(KistError) as caught:
        yield caught
    assert caught.value.code == code
    assert [list(table._default_manager.order_by("pk").values_list()) for table in tables] == before


def test_fingerprint_of_a_change_is_another_one_under_another_key(customer: Customer, settings: Any) -> None:
    pan = pan_number(77)
    change(customer, pan=pan, idempotency_key="once")
    settings.BLIND_INDEX_KEY = "cd" * 32

    with refused("customers.idempotency_key_reused"):
        change(customer, pan=pan, idempotency_key="once")


def test_each_value_that_changes_is_a_row_of_history(customer: Customer) -> None:
    rows = change(customer, full_name="Asha Rao", email="", phone=customer.phone)

    assert [(row.field, row.old_value, row.new_value) for row in rows] == [
        ("full_name", "Asha Verma", "Asha Rao"),
        ("email", "asha@example.com", ""),
    ]
    assert (customer.full_name, customer.email) == ("Asha Rao", "")


def test_history_holds_no_value_in_clear_and_the_audit_trail_none_at_all(customer: Customer) -> None:
    change(customer, phone="9876543210")

    with_names = AuditEntry.objects.get(action="customers.customer_change")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(new_value AS CHAR) FROM customers_customerchange")
        assert "9876543210" not in cursor.fetchone()[0]
    assert with_names.detail == {"fields": ["phone"], "effective_from": "2026-03-10"}


def test_both_names_are_found(customer: Customer) -> None:
    change(customer, full_name="Nisha Iyer")

    assert customers_search(text="Nisha Iyer") == [customer]
    assert customers_search(text="Verma") == [customer]


def test_phone_is_found_by_its_end_after_a_change(customer: Customer) -> None:
    change(customer, phone="9876543210")

    assert customers_search(text="43210") == [customer]


def test_same_key_changes_once(customer: Customer) -> None:
    first = change(customer, email="a@example.com", idempotency_key="once")

    assert change(customer, email="a@example.com", idempotency_key="once") == first
    assert CustomerChange.objects.count() == 1
    with refused("customers.idempotency_key_reused"):
        change(customer, email="b@example.com", idempotency_key="once")


def test_phone_of_another_customer_needs_a_word(customer: Customer) -> None:
    other = make_customer()

    with refused("customers.phone_taken") as caught:
        change(customer, phone=other.phone)
    change(customer, phone=other.phone, is_phone_shared=True)

    assert other.number in caught.value.message
    assert other.phone not in caught.value.message
    assert customer.phone == other.phone


def test_pan_of_another_customer_is_refused(customer: Customer) -> None:
    other = make_customer()

    with refused("customers.pan_taken"):
        change(customer, pan=other.pan)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "customers.change_empty"),
        ({"full_name": "Asha Verma"}, "customers.change_empty"),
        ({"full_name": "123"}, "customers.name_invalid"),
        ({"phone": "12345"}, "customers.phone_invalid"),
        ({"email": "nobody"}, "customers.email_invalid"),
        ({"pan": "ABC"}, "customers.pan_invalid"),
        ({"birth_date": date(1066, 1, 1)}, "customers.birth_date_invalid"),
        ({"email": "a@example.com", "reason": " "}, "customers.reason_missing"),
        ({"email": "a@example.com", "idempotency_key": ""}, "customers.idempotency_key_missing"),
        ({"email": "a@example.com", "effective_from": date(2026, 3, 11)}, "customers.change_in_future"),
    ],
)
def test_what_is_no_change_is_refused_by_name(customer: Customer, values: dict[str, Any], code: str) -> None:
    with refused(code):
        change(customer, **values)


def test_change_before_a_later_one_is_refused(customer: Customer) -> None:
    change(customer, email="a@example.com")

    with refused("customers.change_before_last"):
        change(customer, email="b@example.com", effective_from=date(2026, 3, 9))


def test_nobody_is_changed_under_a_number_that_is_not_there(customer: Customer) -> None:
    with refused("customers.customer_unknown"):
        customer_change(
            customer_id=999_999, values=CustomerValues(email="a@example.com"), reason="x", idempotency_key="k"
        )


def test_move_gives_the_state_of_each_day(customer: Customer) -> None:
    move(customer, effective_from=date(2026, 3, 1))
    set_business_date(date(2026, 4, 1))
    move(customer, state_code="TN", city="Chennai", pin_code="600001")

    assert customer.state_code == "TN"
    days = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    assert [state_code_on(customer=customer, on_date=day) for day in days] == ["MH", "KA", "KA", "TN"]


def test_move_within_the_state_and_another_kind_leave_the_state(customer: Customer) -> None:
    move(customer, state_code="MH")
    move(customer, kind="OFFICE")

    assert customer.state_code == "MH"
    assert [(row.kind, row.effective_from) for row in customer.addresses.order_by("pk")] == [
        ("CURRENT", TODAY),
        ("OFFICE", TODAY),
    ]
    assert customer.changes.count() == 0


def test_same_key_moves_once(customer: Customer) -> None:
    first = move(customer, idempotency_key="once")

    assert move(customer, idempotency_key="once") == first
    with refused("customers.idempotency_key_reused"):
        move(customer, city="Mysuru", idempotency_key="once")


def test_state_that_does_not_exist_is_refused(customer: Customer) -> None:
    with refused("customers.state_unknown"):
        move(customer, state_code="ZZ")


def test_new_account_is_paid_into_and_the_former_one_stays_known(customer: Customer) -> None:
    account: dict[str, Any] = {"customer_id": customer.pk, "reason": "New bank", "ifsc": "HDFC0000123"}
    first = bank_account_change(account_number="111222333", **account)

    second = bank_account_change(account_number="444555666", **account)

    assert BankAccount.objects.get(primary_of=customer) == second
    assert BankAccount.objects.filter(customer=customer, is_primary=False).get() == first


def test_account_of_another_customer_needs_a_word(customer: Customer) -> None:
    other = make_customer(pan=pan_number(77))
    values: dict[str, Any] = {"account_number": "111222333", "ifsc": "HDFC0000123", "reason": "New bank"}
    bank_account_change(customer_id=other.pk, **values)

    with refused("customers.account_taken"):
        bank_account_change(customer_id=customer.pk, **values)
    bank_account_change(customer_id=customer.pk, is_joint=True, **values)

    assert BankAccount.objects.filter(primary_of=customer).count() == 1
