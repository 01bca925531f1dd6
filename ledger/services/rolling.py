"""The roller: turn the legs that postings left waiting into numbered entries, a few thousand in each transaction."""

import logging
from typing import Final

from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from core.failpoints import failpoint
from core.transactions import run_in_transaction
from ledger.backfill import balances_backfill, ledger_backfill
from ledger.locks import balances_for_update
from ledger.models import AccountBalance, DeferredEntry
from ledger.rows import rows_insert
from ledger.services.entries import ENTRY_COLUMNS, ENTRY_ROW, entry_row

logger = logging.getLogger(__name__)

LEGS_PER_COMMIT: Final = 2_000
TASK_NAME: Final = "ledger.roll"
# So many waiting legs in one posting wake the roller; small ones wait for its next round.
_WAKING_LEGS: Final = 500
_WAKING_PAUSE_SECONDS: Final = 60
# A posting that is done already is not kept waiting for a broker.
_BROKER_SECONDS: Final = 1
_WAKING_KEY: Final = "ledger.roller_woken"

Side = tuple[int, int, int]


def account_roll(*, account_id: int, limit: int = LEGS_PER_COMMIT) -> int:
    """Turn the oldest waiting legs of an account into entries, in one transaction.

    The account's balance row stays locked: there is one roller per account at a time, and the next one starts where
    this one committed.

    Args:
        account_id: whose legs; its balance row exists.
        limit: how many legs at most; a journal with more is taken whole.

    Returns:
        How many legs became entries; 0 when none waits.

    Source: money 7.7.
    """
    _read_committed_next()
    return run_in_transaction(lambda: _roll(account_id, limit))


def ledger_roll(*, limit: int = LEGS_PER_COMMIT) -> int:
    """Roll every account until no leg waits that was there when its turn came; return how many became entries.

    Accounts without a balance row get one.
    """
    balances_backfill(connection=connection)
    rolled = 0
    waiting = DeferredEntry.objects.order_by().values_list("account_id", flat=True).distinct()
    for account_id in sorted(waiting):
        while count := account_roll(account_id=account_id, limit=limit):
            rolled += count
            if count < limit:
                break
    return rolled


def ledger_requeue() -> int:
    """Queue every side of a transfer that has neither an entry nor a waiting leg; return how many.

    On a sound ledger there is none: this is for books that come from an earlier version, or after a repair.
    """
    return run_in_transaction(lambda: ledger_backfill(connection=connection))


def roll_soon(*, waiting: int) -> None:
    """Wake the roller after the caller's transaction, if a posting left many legs; at most once a minute."""
    if waiting >= _WAKING_LEGS:
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    if not cache.add(_WAKING_KEY, 1, timeout=_WAKING_PAUSE_SECONDS):
        return
    try:
        with current_app.connection_for_write(connect_timeout=_BROKER_SECONDS) as link:
            link.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_BROKER_SECONDS)
            current_app.send_task(TASK_NAME, connection=link, retry=False)
    except OperationalError:
        # The roller's own round finds the legs; a posting never fails for a broker.
        logger.warning("The roller could not be woken: the broker does not answer.")


def _roll(account_id: int, limit: int) -> int:
    balance = balances_for_update(account_ids=[account_id]).get()
    sides = _oldest(account_id, limit)
    if not sides:
        return 0
    start = balance.seq
    entries = [
        entry_row(balance=balance, journal_id=journal_id, leg=leg, delta_paise=delta)
        for journal_id, leg, delta in sides
    ]
    rows_insert(table="ledger_entry", columns=ENTRY_COLUMNS, row=ENTRY_ROW, rows=entries)
    moved = AccountBalance.objects.filter(pk=account_id, seq=start).update(
        seq=balance.seq, balance_paise=balance.balance_paise, tip_hash=balance.tip_hash
    )
    # The lock already keeps a second roller out; the fence makes a lost lock show instead of counting twice.
    assert moved == 1, f"Account {account_id} was rolled by somebody else."  # noqa: S101  # a broken promise between our own functions
    journals = ",".join(str(journal_id) for journal_id in {side[0] for side in sides})
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM ledger_deferredentry WHERE account_id = {account_id} AND journal_id IN ({journals})"  # noqa: S608  # only our own names and numbers stand in it
        )
        assert cursor.rowcount == len(sides), f"Account {account_id}: other legs were rolled than read."  # noqa: S101  # a broken promise between our own functions
    failpoint("roller.before_commit")
    return len(sides)


def _oldest(account_id: int, limit: int) -> list[Side]:
    """Return the waiting legs of whole journals: a journal's legs are deleted together, by its number."""
    waiting = DeferredEntry.objects.filter(account_id=account_id).order_by("journal_id", "leg")
    columns = ("journal_id", "leg", "delta_paise")
    sides = list(waiting.values_list(*columns)[:limit])
    if len(sides) == limit:
        last = sides[-1][0]
        sides = [side for side in sides if side[0] != last]
        sides += waiting.filter(journal_id=last).values_list(*columns)
    return sides


def _read_committed_next() -> None:
    """Read committed for the next transaction: under the higher levels the roller's reads would lock postings out."""
    if connection.vendor == "mysql" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
