"""After a change of key everything is encrypted again, and the old key can go."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from core.inbox.models import InboxMessage
from core.inbox.services import message_receive
from core.key_rotation import field_keys_rotate
from customers.models import BankAccount, Customer
from customers.services import CustomerData, customers_create_many
from tests.factories.customers import make_bank_account, make_customer, pan_number

pytestmark = pytest.mark.django_db

NEW_KEY = "ab" * 32


def _change_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_PREVIOUS_KEYS = [settings.FIELD_ENCRYPTION_KEY]
    settings.FIELD_ENCRYPTION_KEY = NEW_KEY


def _stored_pans() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pan FROM customers_customer ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_values_are_read_without_the_old_key_after_rotation(settings: Settings) -> None:
    make_bank_account(customer=make_customer(pan="ABCPE1234F"), account_number="50100123456")
    make_customer(pan="")
    message_receive(source="tests", event_id="evt_1", raw=b"Asha Verma", queue="tests")
    message_receive(source="tests", event_id="evt_2", raw=b"", queue="tests")
    _change_key(settings)

    counts = {column: count for column, count in field_keys_rotate().items() if count}

    assert counts == {
        "core_inboxmessage.raw": 1,
        "customers_customer.pan": 1,
        "customers_bankaccount.account_number": 1,
    }
    settings.FIELD_ENCRYPTION_PREVIOUS_KEYS = []
    assert list(Customer.objects.order_by("pk").values_list("pan", flat=True)) == ["ABCPE1234F", ""]
    assert BankAccount.objects.get().account_number == "50100123456"
    assert [bytes(message.raw) for message in InboxMessage.objects.order_by("pk")] == [b"Asha Verma", b""]


def test_second_run_touches_nothing(settings: Settings) -> None:
    make_customer()
    _change_key(settings)
    field_keys_rotate()
    before = _stored_pans()

    assert set(field_keys_rotate().values()) == {0}
    assert _stored_pans() == before


def test_every_batch_is_reached(settings: Settings) -> None:
    people = [
        CustomerData(full_name="Asha Verma", phone="9876543210", state_code="MH", pan=pan_number(number))
        for number in range(1_001)
    ]
    customers_create_many(customers=people)
    _change_key(settings)

    assert field_keys_rotate()["customers_customer.pan"] == 1_001


def test_command_says_what_it_did(settings: Settings) -> None:
    make_customer()
    _change_key(settings)
    out = StringIO()

    call_command("rotate_field_keys", stdout=out)

    assert "customers_customer.pan: 1 encrypted again" in out.getvalue()


def test_missing_old_key_is_refused_by_name_and_changes_nothing(settings: Settings) -> None:
    make_customer()
    before = _stored_pans()
    settings.FIELD_ENCRYPTION_KEY = NEW_KEY

    with pytest.raises(CommandError, match="FIELD_ENCRYPTION_PREVIOUS_KEYS"):
        call_command("rotate_field_keys", stdout=StringIO())

    assert _stored_pans() == before
