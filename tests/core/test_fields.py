"""Personal data lies encrypted in the database, and is found by fingerprint."""

from importlib import import_module

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django.fixtures import Settings

from core.fields import FieldKeyMissing, FieldValueDamaged, PaiseField, blind_index, keyed_hash
from core.inbox.models import InboxMessage
from core.inbox.services import message_receive
from customers.models import BankAccount, Customer
from tests.factories.customers import make_bank_account, make_customer

PAN = "ABCPE1234F"


def _stored_pan(customer: Customer) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pan FROM customers_customer WHERE id = %s", [customer.pk])
        return str(cursor.fetchone()[0])


def _store_pan(customer: Customer, stored: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET pan = %s WHERE id = %s", [stored, customer.pk])


@pytest.mark.django_db
def test_value_is_unreadable_in_the_database_and_plain_in_memory() -> None:
    customer = make_customer(pan=PAN)

    assert PAN not in _stored_pan(customer)
    assert Customer.objects.get(pk=customer.pk).pan == PAN


@pytest.mark.django_db
def test_equal_values_are_stored_differently() -> None:
    first, second = make_bank_account(account_number="50100123456"), make_bank_account(account_number="50100123456")
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_number FROM customers_bankaccount WHERE id IN (%s, %s)", [first.pk, second.pk])
        stored = {row[0] for row in cursor.fetchall()}

    assert len(stored) == 2


@pytest.mark.django_db
def test_empty_value_stays_empty() -> None:
    assert _stored_pan(make_customer(pan="")) == ""


@pytest.mark.django_db
def test_value_of_a_previous_key_is_read_and_saved_under_the_new_one(settings: Settings) -> None:
    customer = make_customer(pan=PAN)
    before = _stored_pan(customer)
    settings.FIELD_ENCRYPTION_PREVIOUS_KEYS = [settings.FIELD_ENCRYPTION_KEY]
    settings.FIELD_ENCRYPTION_KEY = "ab" * 32

    again = Customer.objects.get(pk=customer.pk)
    again.save(update_fields=["pan"])
    settings.FIELD_ENCRYPTION_PREVIOUS_KEYS = []

    assert _stored_pan(customer) != before
    assert Customer.objects.get(pk=customer.pk).pan == PAN


@pytest.mark.django_db
def test_value_of_an_unknown_key_is_refused_by_name(settings: Settings) -> None:
    customer = make_customer(pan=PAN)
    settings.FIELD_ENCRYPTION_KEY = "ab" * 32

    with pytest.raises(FieldKeyMissing) as refusal:
        Customer.objects.get(pk=customer.pk)

    assert refusal.value.code == "core.field_key_missing"
    assert PAN not in refusal.value.message


@pytest.mark.django_db
def test_value_copied_from_another_column_does_not_open() -> None:
    account, customer = make_bank_account(), make_customer()
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_number FROM customers_bankaccount WHERE id = %s", [account.pk])
        _store_pan(customer, cursor.fetchone()[0])

    with pytest.raises(FieldValueDamaged) as refusal:
        Customer.objects.get(pk=customer.pk)

    assert refusal.value.context == {"column": "customers_customer.pan"}


@pytest.mark.django_db
@pytest.mark.parametrize("stored", ["plain text", "AAAA", "ABCPE1234F"])
def test_value_that_was_never_encrypted_is_refused(stored: str) -> None:
    customer = make_customer(pan=PAN)
    _store_pan(customer, stored)

    with pytest.raises((FieldValueDamaged, FieldKeyMissing)):
        Customer.objects.get(pk=customer.pk)


def test_encrypted_column_cannot_be_searched_by_value() -> None:
    with pytest.raises(FieldError):
        Customer.objects.filter(pan=PAN)
    assert "IS NULL" in str(BankAccount.objects.filter(account_number__isnull=True).query)


def test_personal_values_do_not_show_when_objects_are_printed() -> None:
    customer = Customer(number="C0000001", full_name="Asha Verma", phone="9876543210", pan=PAN)
    account = BankAccount(customer_id=1, account_number="50100123456", holder_name="Asha Verma")

    printed = f"{customer} {customer!r} {account} {account!r}"

    assert [value for value in (PAN, "50100123456", "9876543210", "Asha") if value in printed] == []


def test_blind_index_ignores_case_and_outer_spaces_and_separates_purposes() -> None:
    assert blind_index(" abcpe1234f ", purpose="customers.pan") == blind_index(PAN, purpose="customers.pan")
    assert blind_index(PAN, purpose="customers.pan") != blind_index(PAN, purpose="another")
    assert blind_index(PAN, purpose="customers.pan") != blind_index("ABCPE1234G", purpose="customers.pan")


def test_keyed_hash_depends_on_every_letter_the_purpose_and_the_key(settings: Settings) -> None:
    before = keyed_hash("a b", purpose="one")

    assert keyed_hash("a b", purpose="one") == before
    assert before not in {keyed_hash("A b", purpose="one"), keyed_hash("a b", purpose="another")}
    settings.BLIND_INDEX_KEY = "cd" * 32
    assert keyed_hash("a b", purpose="one") != before


def test_blind_index_depends_on_the_key(settings: Settings) -> None:
    before = blind_index(PAN, purpose="customers.pan")
    settings.BLIND_INDEX_KEY = "cd" * 32

    assert blind_index(PAN, purpose="customers.pan") != before


@pytest.mark.parametrize("value", [1.5, True, "100"])
def test_paise_field_refuses_what_is_not_an_integer(value: object) -> None:
    field = PaiseField(name="amount_paise")

    with pytest.raises(TypeError):
        field.get_prep_value(value)
    assert field.get_prep_value(100) == 100
    assert field.get_prep_value(None) is None


@pytest.mark.django_db
def test_bytes_that_were_changed_or_moved_are_refused_by_name() -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"Asha Verma", queue="tests")
    other, _ = message_receive(source="tests", event_id="evt_2", raw=b"Sunil Patil", queue="tests")
    with connection.cursor() as cursor:
        cursor.execute("SELECT raw FROM core_inboxmessage WHERE id = %s", [other.pk])
        stored = bytes(cursor.fetchone()[0])
        cursor.execute("UPDATE core_inboxmessage SET raw = %s WHERE id = %s", [stored[:-1] + b"\0", message.pk])

    with pytest.raises(FieldValueDamaged, match=r"core_inboxmessage\.raw"):
        InboxMessage.objects.get(pk=message.pk)

    assert bytes(InboxMessage.objects.get(pk=other.pk).raw) == b"Sunil Patil"


@pytest.mark.django_db
def test_encrypted_bytes_cannot_be_looked_for() -> None:
    with pytest.raises(FieldError):
        InboxMessage.objects.filter(raw=b"Asha Verma").exists()


@pytest.mark.django_db
def test_messages_of_an_older_release_are_encrypted_by_the_migration_once() -> None:
    message, _ = message_receive(source="tests", event_id="evt_1", raw=b"", queue="tests")
    kept, _ = message_receive(source="tests", event_id="evt_2", raw=b"Sunil Patil", queue="tests")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_inboxmessage SET raw = %s WHERE id = %s", [b"Asha Verma", message.pk])
    encrypt = import_module("core.migrations.0014_messages_are_encrypted").encrypt
    older = MigrationExecutor(connection).loader.project_state([("core", "0013_message_filed_by")]).apps

    encrypt(older, None)
    encrypt(older, None)

    found = InboxMessage.objects.in_bulk([message.pk, kept.pk])
    assert [bytes(found[pk].raw) for pk in (message.pk, kept.pk)] == [b"Asha Verma", b"Sunil Patil"]
