"""Whatever an administrator does to the books is found, and the place is named."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from ledger.checks import ledger_check, ledger_check_keep
from ledger.models import Account, AccountKind, AccountMode, Journal, LedgerCheck, ProductAccount, Seal, SealTip
from ledger.services import (
    HoldOrder,
    account_create,
    hold_place,
    journal_reverse,
    ledger_roll,
    ledger_seal,
    seals_compare,
    seals_export,
)
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, moved, post
from tests.ledger.administrator import journal_number_skip, run, unprotected_ledger

pytestmark = pytest.mark.django_db(transaction=True)

NO_GRACE = timedelta(minutes=-10)
# What the app above adds to the one question.
OF_PAYMENTS = ("I8", "I9", "F", "U", "T", "D")


@pytest.fixture
def book() -> dict[str, Any]:
    """Five sealed journals on accounts of both modes, the last a reversal; one more that is not sealed; a hold."""
    ledger_ready()
    vault = account_create(code="1011", name="Vault", kind=AccountKind.ASSET, mode=AccountMode.SYNC, min_paise=0)
    ProductAccount.objects.filter(product_code=PRODUCT, role="BANK").update(account=vault)
    journals = [
        post(moved("RECEIVED", "PRINCIPAL", amount), moved("ACCRUED", "PENAL", 7)) for amount in (100, 100, 300)
    ]
    journals += [post(moved("RECEIVED", "INTEREST", 40))]
    gap = journal_number_skip(last=_key(journals[3]))
    with transaction.atomic():
        journals += [journal_reverse(journal_id=_key(journals[3]), idempotency_key="r", booked_on=VALUE_DATE)]
    ledger_roll()
    ledger_seal(now=timezone.now(), grace=NO_GRACE)
    journals += [post(moved("RECEIVED", "PRINCIPAL", 9))]
    ledger_roll()
    hold_place(
        order=HoldOrder(
            idempotency_key="h",
            debit_account=Account.objects.get(code="1010"),
            credit_account=vault,
            amount_paise=50,
            reference_type="tests.payout",
            reference_id=1,
        ),
        now=timezone.now(),
    )
    names = {f"j{number}": _key(journal) for number, journal in enumerate(journals, start=1)}
    principal = Account.objects.get(code="1110.PL")
    return {
        **names,
        "gap": gap,
        "before": names["j1"] - 1,
        "vault": vault.pk,
        "principal": principal.pk,
        "other": Account.objects.get(code="1030").pk,
    }


@pytest.fixture
def unprotected() -> Iterator[None]:
    """Let the test write to the tables as their administrator."""
    with unprotected_ledger():
        yield


def _key(journal: Journal | None) -> int:
    assert journal is not None
    return journal.pk


def broken(*, is_incremental: bool = False) -> dict[str, tuple[str, ...]]:
    """Return what breaks each invariant that does not hold."""
    report = ledger_check(is_incremental=is_incremental)
    return {found.code: found.offences for found in report.findings if not found.is_held}


def test_sound_ledger_holds_every_invariant(book: dict[str, Any]) -> None:
    assert broken() == {}
    assert broken(is_incremental=True) == {}


def test_journal_put_before_the_first_one_is_in_no_sum_of_a_day(book: dict[str, Any], unprotected: None) -> None:
    with connection.cursor() as cursor:
        for table, column in (("journal", "id"), ("transfer", "journal_id"), ("entry", "journal_id")):
            cursor.execute(f"UPDATE ledger_{table} SET {column} = 0 WHERE {column} = %s", [book["j6"]])  # noqa: S608  # names of this test

    assert "DS" not in broken()


# What is done, which invariants say so, and the places that they name between them.
CORRUPTIONS: dict[str, tuple[list[str], set[str], set[str]]] = {
    "transfer deleted": (
        ["DELETE FROM ledger_transfer WHERE journal_id = {j2} AND leg = 1"],
        {"I2", "I3", "S"},
        {"journal {j2}: its header and its transfers differ", "journal {j2}: was altered after seal 1"},
    ),
    "transfer altered": (
        ["UPDATE ledger_transfer SET amount_paise = 101 WHERE journal_id = {j2} AND leg = 1"],
        {"I2", "I3", "S"},
        {"journal {j2} leg 1: its entries are missing or differ from the transfer"},
    ),
    "transfer with another date": (
        ["UPDATE ledger_transfer SET value_date = '2020-01-01' WHERE journal_id = {j2} AND leg = 1"],
        {"I3", "S"},
        {"journal {j2}: its header and its transfers differ"},
    ),
    "debit and credit swapped": (
        [
            "UPDATE ledger_transfer SET debit_account_id = {principal}, credit_account_id = {vault} "
            "WHERE journal_id = {j2} AND leg = 1"
        ],
        {"I2", "S"},
        {"journal {j2} leg 1: its entries are missing or differ from the transfer"},
    ),
    "transfer duplicated": (
        [
            "INSERT INTO ledger_transfer "
            "(journal_id, leg, debit_account_id, credit_account_id, amount_paise, value_date, booked_on) "
            "SELECT journal_id, 9, debit_account_id, credit_account_id, amount_paise, value_date, booked_on "
            "FROM ledger_transfer WHERE journal_id = {j2} AND leg = 1"
        ],
        {"I2", "I3", "S"},
        {"journal {j2} leg 9: its entries are missing or differ from the transfer"},
    ),
    "transfers truncated": (
        ["DELETE FROM ledger_transfer WHERE journal_id >= {j6}"],
        {"I2", "I3"},
        {"journal {j6}: its header and its transfers differ"},
    ),
    "entry deleted": (
        ["DELETE FROM ledger_entry WHERE account_id = {vault} AND seq = 2"],
        {"I2", "I4", "H"},
        {
            "journal {j2} leg 1: its entries are missing or differ from the transfer",
            "account {vault} entry 3: does not follow from the entry before it",
        },
    ),
    "entry altered": (
        ["UPDATE ledger_entry SET delta_paise = 101 WHERE account_id = {vault} AND seq = 2"],
        {"I2", "I4", "H"},
        {"account {vault} entry 2: its hash does not follow from the entry before it"},
    ),
    "balance after an entry altered": (
        ["UPDATE ledger_entry SET balance_after_paise = 1 WHERE account_id = {vault} AND seq = 2"],
        {"I4", "H"},
        {"account {vault} entry 2: does not follow from the entry before it"},
    ),
    "hash of an entry altered": (
        ["UPDATE ledger_entry SET hash = X'" + "ab" * 32 + "' WHERE account_id = {vault} AND seq = 2"],
        {"H"},
        {"account {vault} entry 2: its hash does not follow from the entry before it"},
    ),
    "entries swapped": (
        # The two journals have the same amount, so that every sum and every balance stays as it was.
        [
            "UPDATE ledger_entry SET leg = 99 WHERE account_id = {vault} AND seq = 1",
            "UPDATE ledger_entry SET journal_id = {j1}, leg = 1 WHERE account_id = {vault} AND seq = 2",
            "UPDATE ledger_entry SET journal_id = {j2}, leg = 1 WHERE account_id = {vault} AND seq = 1",
        ],
        {"H"},
        {
            "account {vault} entry 1: its hash does not follow from the entry before it",
            "account {vault} entry 2: its hash does not follow from the entry before it",
        },
    ),
    "entry duplicated on another account": (
        [
            "INSERT INTO ledger_entry (account_id, seq, journal_id, leg, delta_paise, balance_after_paise, hash) "
            "SELECT {other}, 1, journal_id, 9, delta_paise, delta_paise, hash FROM ledger_entry "
            "WHERE account_id = {vault} AND seq = 2"
        ],
        {"I2", "I5", "H"},
        {"account {other} entry 1: journal {j2} leg 9 has no transfer"},
    ),
    "waiting leg forged": (
        [
            "INSERT INTO ledger_deferredentry (account_id, journal_id, leg, delta_paise) "
            "VALUES ({principal}, {j2}, 1, 5)"
        ],
        {"I1", "I2"},
        {"account {principal} entry 2: journal {j2} leg 1 is there twice"},
    ),
    "end of an account truncated, its balance set back": (
        [
            "DELETE FROM ledger_entry WHERE account_id = {vault} AND seq = 6",
            "UPDATE ledger_accountbalance SET seq = 5, balance_paise = 500, tip_hash = "
            "(SELECT hash FROM ledger_entry WHERE account_id = {vault} AND seq = 5) WHERE account_id = {vault}",
        ],
        {"I1", "I2"},
        {"journal {j6} leg 1: its entries are missing or differ from the transfer"},
    ),
    "balance altered": (
        ["UPDATE ledger_accountbalance SET balance_paise = balance_paise + 1 WHERE account_id = {vault}"],
        {"I1", "I5"},
        {"account {vault}: its balance at 6 is not that of its last entry", "all accounts together are off by 1 paise"},
    ),
    "held amount altered": (
        ["UPDATE ledger_accountbalance SET hold_credit_paise = 0 WHERE account_id = {vault}"],
        {"I6"},
        {"account {vault}: what it holds is not the sum of its active holds"},
    ),
    "journal header altered": (
        ["UPDATE ledger_journal SET total_paise = 108 WHERE id = {j2}"],
        {"I3", "S"},
        {"journal {j2}: its header and its transfers differ", "journal {j2}: was altered after seal 1"},
    ),
    "narration altered": (
        ["UPDATE ledger_journal SET narration = 'Something else' WHERE id = {j2}"],
        {"S"},
        {"journal {j2}: was altered after seal 1"},
    ),
    "reversal pointed at another journal": (
        ["UPDATE ledger_journal SET reverses_id = {j1} WHERE id = {j5}"],
        {"I7", "S"},
        {"journal {j5}: does not mirror the journal that it reverses"},
    ),
    "journal deleted with all that belongs to it": (
        [
            "DELETE FROM ledger_entry WHERE journal_id = {j2}",
            "DELETE FROM ledger_transfer WHERE journal_id = {j2}",
            "DELETE FROM ledger_journal WHERE id = {j2}",
        ],
        {"I4", "H", "S"},
        {"journal {j2}: was deleted after seal 1"},
    ),
    "journal inserted between sealed ones": (
        [
            "UPDATE ledger_journal SET id = {gap} WHERE id = {j6}",
            "UPDATE ledger_transfer SET journal_id = {gap} WHERE journal_id = {j6}",
            "UPDATE ledger_entry SET journal_id = {gap} WHERE journal_id = {j6}",
        ],
        {"H", "S"},
        {"journal {gap}: was inserted after seal 1"},
    ),
    "journal inserted before the sealed ones": (
        [
            "UPDATE ledger_journal SET id = {before} WHERE id = {j6}",
            "UPDATE ledger_transfer SET journal_id = {before} WHERE journal_id = {j6}",
            "UPDATE ledger_entry SET journal_id = {before} WHERE journal_id = {j6}",
        ],
        {"H", "I10"},
        {"journal {before}: was inserted before seal 1"},
    ),
    "seal altered": (
        ["UPDATE ledger_seal SET root = X'" + "cd" * 32 + "' WHERE no = 1"],
        {"I10", "S"},
        {"seal 1: its own figures were changed", "seal 1: its own leaves were changed"},
    ),
    "seal deleted": (
        ["DELETE FROM ledger_sealtip", "UPDATE ledger_seal SET no = 2"],
        {"I10", "S"},
        {"seal 2: seal 1 before it is missing"},
    ),
    "sealed tip altered": (
        ["UPDATE ledger_sealtip SET balance_paise = 1 WHERE account_id = {vault}"],
        {"S"},
        {"seal 1: its tips were changed", "account {vault} entry 5: it is not the entry that was sealed by seal 1"},
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruption_is_found_and_located(book: dict[str, Any], unprotected: None, name: str) -> None:
    statements, codes, places = CORRUPTIONS[name]

    run(*(statement.format(**book) for statement in statements))
    found = broken()

    assert found.keys() == codes
    assert {place.format(**book) for place in places} <= {place for offences in found.values() for place in offences}


@pytest.mark.parametrize(
    ("statement", "codes", "place"),
    [
        (
            "UPDATE ledger_transfer SET amount_paise = 8 WHERE journal_id = {j6}",
            {"I2", "I3"},
            "journal {j6} leg 1: its entries are missing or differ from the transfer",
        ),
        (
            "UPDATE ledger_entry SET balance_after_paise = 1 WHERE account_id = {principal} AND seq = 4",
            {"I4", "I5"},
            "account {principal} entry 4: its hash does not follow from the entry before it",
        ),
        (
            "DELETE FROM ledger_entry WHERE account_id = {vault} AND seq = 5",
            {"I4", "S"},
            "account {vault} entry 5: it is not the entry that was sealed",
        ),
    ],
)
def test_check_since_the_last_seal_finds_what_came_after_it(
    book: dict[str, Any], unprotected: None, statement: str, codes: set[str], place: str
) -> None:
    run(statement.format(**book))

    found = broken(is_incremental=True)

    assert found.keys() == codes
    assert place.format(**book) in {offence for offences in found.values() for offence in offences}


def test_seals_chain_and_cover_every_journal_once(book: dict[str, Any]) -> None:
    ledger_seal(now=timezone.now(), grace=NO_GRACE)

    first, second = Seal.objects.order_by("no")

    assert (first.first_journal, first.last_journal, first.journals) == (book["j1"], book["j5"], 5)
    assert (second.first_journal, second.last_journal, second.journals) == (book["j6"], book["j6"], 1)
    assert second.previous_hash == first.seal_hash
    assert int(first.total_paise) == 107 + 107 + 307 + 40 + 40
    assert SealTip.objects.filter(seal=second, account_id=book["vault"]).get().seq == 6
    assert ledger_seal(now=timezone.now(), grace=NO_GRACE) == ()
    assert broken() == {}


def test_young_journals_and_all_after_them_wait_for_the_next_seal(book: dict[str, Any]) -> None:
    assert ledger_seal(now=timezone.now()) == ()
    assert Seal.objects.get().last_journal == book["j5"]


def test_exported_seals_show_a_ledger_that_was_cut_off(book: dict[str, Any], unprotected: None) -> None:
    ledger_seal(now=timezone.now(), grace=NO_GRACE)
    kept = io.StringIO()
    assert seals_export(to=kept) == 2
    assert list(seals_compare(lines=kept.getvalue().splitlines())) == []

    run("DELETE FROM ledger_sealtip WHERE seal_id = 2", "DELETE FROM ledger_seal WHERE no = 2")

    assert broken() == {}
    assert list(seals_compare(lines=kept.getvalue().splitlines())) == [
        "seal 2: is in the file but not in the ledger, which was cut off before it"
    ]


def test_command_names_what_is_broken_and_fails(book: dict[str, Any], unprotected: None, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    call_command("ledger_seal", "--export", str(file), stdout=io.StringIO())
    sound = io.StringIO()
    call_command("ledger_check", "--seals", str(file), stdout=sound)
    assert sound.getvalue().count(" held ") == 12 + len(OF_PAYMENTS)

    run(f"UPDATE ledger_journal SET narration = 'x' WHERE id = {book['j2']}")  # noqa: S608
    output = io.StringIO()
    with pytest.raises(CommandError, match="The ledger breaks S"):
        call_command("ledger_check", stdout=output)

    assert f"journal {book['j2']}: was altered after seal 1" in output.getvalue()


def test_command_refuses_a_file_that_holds_no_seals(book: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    file.write_text("not a seal\n")

    with pytest.raises(CommandError, match="Line 1 of the file is no seal"):
        call_command("ledger_check", "--seals", str(file), stdout=io.StringIO())


def test_outcome_is_kept_for_the_page(book: dict[str, Any]) -> None:
    ledger_check_keep()

    kept = LedgerCheck.objects.get()
    assert kept.is_held
    assert [found["code"] for found in kept.results] == [
        "I1",
        "I2",
        "I3",
        "I4",
        "I5",
        "I6",
        "I7",
        "H",
        "I10",
        "S",
        "DS",
        "G",
        *OF_PAYMENTS,
    ]
    assert kept.at <= datetime.now(UTC)
