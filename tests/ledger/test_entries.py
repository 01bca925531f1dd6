"""Entries number what happens on each account, at once or by the roller, and always add up."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.checks import ledger_check
from ledger.errors import AccountLimitReached, AccountModeFixed, AccountNotOpened, JournalKeyReused
from ledger.models import (
    Account,
    AccountBalance,
    AccountKind,
    AccountMode,
    DeferredEntry,
    Entry,
    Journal,
    ProductAccount,
    Transfer,
)
from ledger.selectors import balance_now, trial_balance
from ledger.services import JournalOrder, account_create, account_roll, journals_post_many, ledger_requeue, ledger_roll
from ledger.services.charts import account_limits_set
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, moved, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _accounts() -> None:
    ledger_ready()


@pytest.fixture
def vault() -> Account:
    """An account that is posted at once, holds at least nothing, and is the product's bank."""
    vault = account_create(
        code="1011", name="Vault", kind=AccountKind.ASSET, mode=AccountMode.SYNC, min_paise=0, max_paise=1_000
    )
    ProductAccount.objects.filter(product_code=PRODUCT, role="BANK").update(account=vault)
    return vault


def entries(code: str) -> list[tuple[int, int, int]]:
    """Return sequence, amount and balance of an account's entries."""
    rows = Entry.objects.filter(account__code=code).order_by("seq")
    return list(rows.values_list("seq", "delta_paise", "balance_after_paise"))


def assert_sound() -> None:
    """Check every invariant, and that nothing waits for no reason."""
    assert [offence for found in ledger_check().findings for offence in found.offences] == []


def order(key: str, *amounts: int, **changes: Any) -> JournalOrder:
    """Return an order of a bulk posting that receives principal."""
    values: dict[str, Any] = {
        "idempotency_key": key,
        "event": "TEST",
        "reference_type": "tests.loan",
        "reference_id": 1,
        "product_code": PRODUCT,
        "movements": [moved("RECEIVED", "PRINCIPAL", amount) for amount in amounts],
        "value_date": VALUE_DATE,
        "booked_on": VALUE_DATE,
    }
    return JournalOrder(**(values | changes))


def bulk(*orders: JournalOrder) -> tuple[Journal | None, ...]:
    """Post orders in a transaction of their own."""
    with transaction.atomic():
        return journals_post_many(orders=orders)


def test_control_accounts_of_a_product_are_deferred_and_cash_is_not() -> None:
    modes = dict(Account.objects.values_list("code", "mode"))

    assert {modes[account.account.code] for account in ProductAccount.objects.all()} == {"DEFERRED"}
    assert modes["1020"] == "SYNC"
    assert AccountBalance.objects.get(account__code="1020").min_paise == 0
    assert AccountBalance.objects.count() == Account.objects.count()


def test_posting_on_deferred_accounts_leaves_legs_for_the_roller() -> None:
    post(moved("DISBURSED", "PRINCIPAL", 1_000), moved("RECEIVED", "PRINCIPAL", 400))

    assert Entry.objects.count() == 0
    assert DeferredEntry.objects.count() == 4
    assert balance_now(account=Account.objects.get(code="1110.PL")) == 600
    assert_sound()


def test_roller_numbers_the_legs_and_leaves_none() -> None:
    post(moved("DISBURSED", "PRINCIPAL", 1_000))
    post(moved("RECEIVED", "PRINCIPAL", 400), moved("RECEIVED", "PRINCIPAL", -30))

    assert ledger_roll() == 6

    assert DeferredEntry.objects.count() == 0
    assert entries("1110.PL") == [(1, 1_000, 1_000), (2, -400, 600), (3, 30, 630)]
    assert entries("1010") == [(1, -1_000, -1_000), (2, 400, -600), (3, -30, -630)]
    assert AccountBalance.objects.get(account__code="1110.PL").balance_paise == 630
    assert ledger_roll() == 0
    assert_sound()


def test_roller_goes_on_where_it_stopped_and_keeps_journals_whole() -> None:
    for amount in (1, 2, 3):
        post(moved("RECEIVED", "PRINCIPAL", amount), moved("RECEIVED", "INTEREST", amount * 10))
    bank = Account.objects.get(code="1010")

    counts = [account_roll(account_id=bank.pk, limit=3) for _ in range(3)]

    # The limit falls within the second journal, which is taken whole.
    assert counts == [4, 2, 0]
    assert [seq for seq, _, _ in entries("1010")] == [1, 2, 3, 4, 5, 6]
    assert balance_now(account=bank) == 66
    assert_sound()


def test_account_posted_at_once_has_its_entry_with_the_journal(vault: Account) -> None:
    post(moved("RECEIVED", "PRINCIPAL", 700))
    post(moved("DISBURSED", "PRINCIPAL", 300))

    assert entries("1011") == [(1, 700, 700), (2, -300, 400)]
    assert balance_now(account=vault) == 400
    assert DeferredEntry.objects.filter(account=vault).count() == 0
    assert_sound()


@pytest.mark.parametrize(("movement", "amount"), [("DISBURSED", 1), ("RECEIVED", 1_001)])
def test_account_is_not_taken_past_its_limits(vault: Account, movement: str, amount: int) -> None:
    with pytest.raises(AccountLimitReached):
        post(moved(movement, "PRINCIPAL", amount))

    assert (Journal.objects.count(), Transfer.objects.count(), Entry.objects.count()) == (0, 0, 0)
    assert AccountBalance.objects.get(account=vault).balance_paise == 0


def test_refused_posting_leaves_nothing_behind_when_the_caller_goes_on(vault: Account) -> None:
    with transaction.atomic():
        with pytest.raises(AccountLimitReached):
            post(moved("DISBURSED", "PRINCIPAL", 1))
        post(moved("RECEIVED", "PRINCIPAL", 5))

    assert Journal.objects.count() == 1
    assert_sound()


def test_database_itself_keeps_the_limit(vault: Account) -> None:
    with pytest.raises(DatabaseError, match="balance_is_above_its_minimum"), transaction.atomic():
        AccountBalance.objects.filter(account=vault).update(balance_paise=-1)


def test_account_without_a_balance_is_refused_by_name(vault: Account) -> None:
    AccountBalance.objects.filter(account=vault).delete()

    with pytest.raises(AccountNotOpened):
        post(moved("RECEIVED", "PRINCIPAL", 5))

    assert Journal.objects.count() == 0


def test_limits_are_for_accounts_posted_at_once(vault: Account) -> None:
    with pytest.raises(AccountModeFixed):
        account_create(code="1012", name="Other", kind=AccountKind.ASSET, min_paise=0)
    with pytest.raises(AccountModeFixed):
        account_limits_set(account=Account.objects.get(code="1010"), min_paise=0, max_paise=None)
    post(moved("RECEIVED", "PRINCIPAL", 500))
    with pytest.raises(AccountLimitReached):
        account_limits_set(account=vault, min_paise=501, max_paise=None)

    account_limits_set(account=vault, min_paise=500, max_paise=None)

    assert AccountBalance.objects.get(account=vault).max_paise is None


@pytest.mark.parametrize(
    "sql", ["UPDATE ledger_entry SET delta_paise = 1", "DELETE FROM ledger_entry", "UPDATE ledger_entry SET seq = 9"]
)
def test_entries_are_append_only(sql: str) -> None:
    post(moved("RECEIVED", "PRINCIPAL", 5))
    ledger_roll()

    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_waiting_leg_never_changes() -> None:
    post(moved("RECEIVED", "PRINCIPAL", 5))

    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_deferredentry SET delta_paise = 7")


def test_bulk_posting_is_the_same_as_one_by_one(vault: Account) -> None:
    journals = bulk(order("a", 100, 20), order("b", 300), order("c"), order("d", -50, booked_on=date(2026, 4, 11)))

    assert [journal and journal.total_paise for journal in journals] == [120, 300, None, 50]
    assert entries("1011") == [(1, 100, 100), (2, 20, 120), (3, 300, 420), (4, -50, 370)]
    assert trial_balance().debit_total_paise == 370
    assert post(moved("RECEIVED", "PRINCIPAL", 300), key="b") == journals[1]
    assert_sound()


def test_bulk_posting_returns_earlier_journals_and_posts_the_rest() -> None:
    first = post(moved("RECEIVED", "PRINCIPAL", 100), key="a")

    journals = bulk(order("a", 100), order("b", 5))

    assert journals[0] == first
    assert Journal.objects.count() == 2
    assert_sound()


def test_bulk_posting_with_one_key_of_other_content_posts_nothing() -> None:
    post(moved("RECEIVED", "PRINCIPAL", 100), key="a")

    with pytest.raises(JournalKeyReused):
        bulk(order("b", 5), order("a", 101))

    assert Journal.objects.count() == 1


def test_same_key_twice_in_a_bulk_posting_is_a_broken_promise() -> None:
    with pytest.raises(ValueError, match="same key"):
        bulk(order("a", 1), order("a", 2))


def test_books_of_an_earlier_version_are_queued_and_rolled() -> None:
    post(moved("DISBURSED", "PRINCIPAL", 1_000))
    post(moved("RECEIVED", "PRINCIPAL", 400))
    DeferredEntry.objects.all().delete()
    AccountBalance.objects.all().delete()

    queued = ledger_requeue()

    assert queued == 4
    assert ledger_requeue() == 0
    assert balance_now(account=Account.objects.get(code="1110.PL")) == 600
    assert_sound()
    assert ledger_roll() == 4
    assert_sound()
