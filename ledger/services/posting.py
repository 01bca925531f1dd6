"""Write journals with their transfers and entries; what the other services of the ledger have in common."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db import IntegrityError, connection, transaction

from core.clock import database_now
from core.prepared import rows_update
from ledger.errors import AccountLimitReached, AccountNotOpened, JournalKeyReused
from ledger.locks import balances_for_update, journal_by_key_shared
from ledger.models import Account, AccountBalance, AccountMode, Journal
from ledger.rows import Value, rows_insert
from ledger.services.entries import ENTRY_COLUMNS, ENTRY_ROW, entry_row
from ledger.services.rolling import roll_soon

JOURNAL_COLUMNS = (
    "idempotency_key,content_hash,event,reference_type,reference_id,product_code,"
    "value_date,booked_on,recorded_at,reverses_id,legs,total_paise,narration"
)
TRANSFER_COLUMNS = "journal_id,leg,debit_account_id,credit_account_id,amount_paise,value_date,booked_on"
DEFERRED_COLUMNS = "account_id,journal_id,leg,delta_paise"
# Numbers, hashes and dates are written as they are; what may hold any text is a parameter.
_JOURNAL_ROW = "(%s,'{}',%s,%s,{:d},%s,'{!s}','{!s}',{!s},{},{:d},{:d},%s)"
_TRANSFER_ROW = "({:d},{:d},{:d},{:d},{:d},'{!s}','{!s}')"
_DEFERRED_ROW = "({:d},{:d},{:d},{:d})"
_BALANCE_COLUMNS = ("seq", "balance_paise", "hold_debit_paise", "hold_credit_paise", "tip_hash")


@dataclass(frozen=True, slots=True)
class Leg:
    """One amount from the account that it credits to the account that it debits."""

    debit_account_id: int
    credit_account_id: int
    amount_paise: int


@dataclass(frozen=True, slots=True)
class Posting:
    """A journal that is not saved yet, with its legs."""

    journal: Journal
    legs: Sequence[Leg]


@dataclass(frozen=True, slots=True)
class Release:
    """A hold that ends with a posting: its amounts leave the balances that had them set aside."""

    debit_account_id: int
    credit_account_id: int
    amount_paise: int


def posting_save(*, posting: Posting, sync_ids: Collection[int], releases: Sequence[Release] = ()) -> Journal:
    """Save a journal with everything below it, or return the one that has its key already.

    The journal goes in first: its unique key is the wall against repeats. Then the balances of the accounts that are
    posted at once are locked in key order, and everything else is written.

    Args:
        posting: journal and legs.
        sync_ids: the accounts among them that are posted at once.
        releases: holds that end with it.

    Raises:
        JournalKeyReused: the key has other content.
        AccountLimitReached, AccountNotOpened: an account that is posted at once does not allow it.
    """
    if sync_ids:
        # A refusal comes after the journal is in: it must not stay behind when a caller goes on.
        with transaction.atomic():
            return _save(posting, sync_ids, releases)
    return _save(posting, sync_ids, releases)


def postings_write(*, postings: Sequence[Posting], sync_ids: Collection[int], releases: Sequence[Release] = ()) -> None:
    """Write transfers, entries and waiting legs of journals that are saved.

    Raises:
        AccountLimitReached, AccountNotOpened: an account that is posted at once does not allow it.
    """
    transfers = chain.from_iterable(map(_transfers, postings))
    rows_insert(table="ledger_transfer", columns=TRANSFER_COLUMNS, row=_TRANSFER_ROW, rows=transfers)
    sides = [side for posting in postings for side in _sides(posting)]
    if sync_ids:
        _write_at_once([side for side in sides if side[0] in sync_ids], sync_ids, releases)
        sides = [side for side in sides if side[0] not in sync_ids]
    if sides:
        rows_insert(table="ledger_deferredentry", columns=DEFERRED_COLUMNS, row=_DEFERRED_ROW, rows=sides)
        roll_soon(waiting=len(sides))


def journals_insert(*, journals: Sequence[Journal]) -> None:
    """Insert journals by one statement; a single one has its key afterwards.

    Raises:
        IntegrityError: one of the idempotency keys is taken; nothing is inserted.
    """
    recorded_at = _now()
    values = ",".join(_journal_row(row, recorded_at) for row in journals)
    texts = [text for row in journals for text in _journal_texts(row)]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO ledger_journal ({JOURNAL_COLUMNS}) VALUES {values}", texts)  # noqa: S608  # only our own names and numbers stand in it
        if len(journals) == 1:
            journals[0].pk = cursor.lastrowid
    for journal in journals:
        journal._state.adding = False
        journal._state.db = connection.alias


def sync_accounts(*, account_ids: Collection[int]) -> frozenset[int]:
    """Return those of the accounts that are posted at once."""
    rows = Account.objects.filter(pk__in=account_ids, mode=AccountMode.SYNC).order_by()
    return frozenset(rows.values_list("pk", flat=True))


def same_journal(*, earlier: Journal, wanted: Journal) -> Journal:
    """Return the earlier journal of a key, or refuse other content.

    Raises:
        JournalKeyReused: the contents differ.
    """
    # The database may take keys for equal that differ in case or trailing spaces: those are two keys to the caller.
    if (earlier.idempotency_key, earlier.content_hash) != (wanted.idempotency_key, wanted.content_hash):
        raise JournalKeyReused(idempotency_key=wanted.idempotency_key, journal_id=earlier.pk)
    return earlier


def limits_check(*, balance: AccountBalance) -> None:
    """Refuse a balance that is past its limits once what is held has moved.

    Raises:
        AccountLimitReached: it is.
    """
    least = balance.balance_paise - balance.hold_credit_paise
    if balance.min_paise is not None and least < balance.min_paise:
        raise AccountLimitReached(account_code=_code(balance.pk), limit_paise=balance.min_paise, balance_paise=least)
    most = balance.balance_paise + balance.hold_debit_paise
    if balance.max_paise is not None and most > balance.max_paise:
        raise AccountLimitReached(account_code=_code(balance.pk), limit_paise=balance.max_paise, balance_paise=most)


def balances_locked(*, account_ids: Collection[int]) -> dict[int, AccountBalance]:
    """Lock the balances of accounts that are posted at once, in key order, and return them.

    Raises:
        AccountNotOpened: one of them has none.
    """
    found = {balance.pk: balance for balance in balances_for_update(account_ids=account_ids)}
    for account_id in account_ids:
        if account_id not in found:
            raise AccountNotOpened(account_code=_code(account_id))
    return found


def balances_save(*, balances: Mapping[int, AccountBalance]) -> None:
    """Check the limits of locked balances and save them in key order.

    Raises:
        AccountLimitReached: one is past its limits.
    """
    rows = [balance for _, balance in sorted(balances.items())]
    for balance in rows:
        limits_check(balance=balance)
    rows_update(rows=rows, columns=_BALANCE_COLUMNS)


def _save(posting: Posting, sync_ids: Collection[int], releases: Sequence[Release]) -> Journal:
    journal = posting.journal
    try:
        journals_insert(journals=[journal])
    except IntegrityError:
        # Both databases take back the one statement and go on with the transaction; no savepoint is needed for it.
        earlier = journal_by_key_shared(idempotency_key=journal.idempotency_key)
        if earlier is None:
            raise
        return same_journal(earlier=earlier, wanted=journal)
    postings_write(postings=[posting], sync_ids=sync_ids, releases=releases)
    return journal


def _now() -> str:
    """Return the instant of the database's clock as a value of the statement: seals compare all journals by it."""
    if connection.vendor == "mysql":
        return "UTC_TIMESTAMP(6)"
    return f"'{connection.ops.adapt_datetimefield_value(database_now())}'"


def _journal_row(row: Journal, recorded_at: str) -> str:
    """Write the values of `JOURNAL_COLUMNS`; by hand: asking the fields takes a third of a batch's time."""
    return _JOURNAL_ROW.format(
        row.content_hash,
        row.reference_id,
        row.value_date,
        row.booked_on,
        recorded_at,
        "NULL" if row.reverses_id is None else int(row.reverses_id),
        row.legs,
        row.total_paise,
    )


def _journal_texts(row: Journal) -> tuple[str, ...]:
    return (row.idempotency_key, row.event, row.reference_type, row.product_code, row.narration)


def _transfers(posting: Posting) -> Iterator[tuple[Value, ...]]:
    journal = posting.journal
    for number, leg in enumerate(posting.legs, start=1):
        yield (
            journal.pk,
            number,
            leg.debit_account_id,
            leg.credit_account_id,
            leg.amount_paise,
            journal.value_date,
            journal.booked_on,
        )


def _sides(posting: Posting) -> Iterator[tuple[int, int, int, int]]:
    journal_id = posting.journal.pk
    for number, leg in enumerate(posting.legs, start=1):
        yield leg.debit_account_id, journal_id, number, leg.amount_paise
        yield leg.credit_account_id, journal_id, number, -leg.amount_paise


def _write_at_once(
    sides: Sequence[tuple[int, int, int, int]], sync_ids: Collection[int], releases: Sequence[Release]
) -> None:
    """Number the sides on their accounts, whose balances stay locked until the caller's transaction ends."""
    balances = balances_locked(account_ids=sync_ids)
    for release in releases:
        if release.debit_account_id in balances:
            balances[release.debit_account_id].hold_debit_paise -= release.amount_paise
        if release.credit_account_id in balances:
            balances[release.credit_account_id].hold_credit_paise -= release.amount_paise
    entries = [
        entry_row(balance=balances[account_id], journal_id=journal_id, leg=leg, delta_paise=delta)
        for account_id, journal_id, leg, delta in sides
    ]
    rows_insert(table="ledger_entry", columns=ENTRY_COLUMNS, row=ENTRY_ROW, rows=entries)
    balances_save(balances=balances)


def _code(account_id: int) -> str:
    return Account.objects.values_list("code", flat=True).get(pk=account_id)
