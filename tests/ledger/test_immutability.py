"""Posted journals stay as they are, whoever asks and however."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.models import Account, Journal, Transfer
from tests.factories.ledger import VALUE_DATE, ledger_ready, moved, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _posted() -> None:
    ledger_ready()
    post(moved("DISBURSED", "PRINCIPAL", 1_000_000), moved("ACCRUED", "INTEREST", 55), key="k")


def _everything() -> list[object]:
    return [*Journal.objects.order_by("pk").values(), *Transfer.objects.order_by("pk").values()]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_journal SET narration = 'other'",
        "UPDATE ledger_journal SET total_paise = 1 WHERE idempotency_key = 'k'",
        "UPDATE ledger_transfer SET amount_paise = amount_paise + 1",
        "UPDATE ledger_transfer SET debit_account_id = credit_account_id, credit_account_id = debit_account_id",
        "UPDATE ledger_transfer SET value_date = '2020-01-01'",
        "DELETE FROM ledger_transfer",
        "DELETE FROM ledger_transfer WHERE leg = 2",
        "DELETE FROM ledger_journal",
        "REPLACE INTO ledger_transfer SELECT * FROM ledger_transfer",
        "REPLACE INTO ledger_journal SELECT * FROM ledger_journal",
    ],
)
def test_statement_that_changes_a_posting_is_refused_by_the_database(sql: str) -> None:
    before = _everything()

    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert _everything() == before


def test_models_cannot_change_a_posting_either() -> None:
    before = _everything()
    journal = Journal.objects.get()
    journal.narration = "other"

    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic():
        journal.save()
    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic():
        Transfer.objects.update(amount_paise=1)

    assert _everything() == before


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount_paise": 0}, "transfer_amount_is_positive"),
        ({"amount_paise": -5}, "transfer_amount_is_positive"),
        ({"amount_paise": 10**18}, "transfer_amount_has_at_most_18_digits"),
        ({"debit_code": "1010", "credit_code": "1010"}, "transfer_is_between_two_accounts"),
        ({"leg": 1}, "leg"),
    ],
)
def test_transfer_that_makes_no_sense_is_refused_by_the_database(changes: dict[str, Any], constraint: str) -> None:
    values: dict[str, Any] = {"debit_code": "1010", "credit_code": "1020", "amount_paise": 5, "leg": 3} | changes
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        Transfer.objects.create(
            journal=Journal.objects.get(),
            leg=values["leg"],
            debit_account=Account.objects.get(code=values["debit_code"]),
            credit_account=Account.objects.get(code=values["credit_code"]),
            amount_paise=values["amount_paise"],
            value_date=VALUE_DATE,
            booked_on=VALUE_DATE,
        )

    assert Transfer.objects.count() == 2


def _delete_bank() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_productaccount")
        cursor.execute("DELETE FROM ledger_account WHERE code = '1010'")
        # SQLite would wait for the end of the outermost transaction.
        connection.check_constraints()


def test_account_with_postings_cannot_be_deleted() -> None:
    with pytest.raises(IntegrityError):
        _delete_bank()

    assert Account.objects.filter(code="1010").count() == 1
