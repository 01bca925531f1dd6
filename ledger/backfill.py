"""Bring balances and waiting legs in line with what is posted; in plain SQL, so that migrations can use it too."""

from typing import Any

_BALANCES = """
INSERT INTO ledger_accountbalance
  (account_id, seq, balance_paise, hold_debit_paise, hold_credit_paise, min_paise, max_paise, tip_hash)
SELECT a.id, 0, 0, 0, 0, NULL, NULL, {no_hash} FROM ledger_account a
WHERE NOT EXISTS (SELECT 1 FROM ledger_accountbalance b WHERE b.account_id = a.id)
"""
_LEGS = """
INSERT INTO ledger_deferredentry (account_id, journal_id, leg, delta_paise)
SELECT t.{side}, t.journal_id, t.leg, {sign}t.amount_paise FROM ledger_transfer t
WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.journal_id = t.journal_id AND e.leg = t.leg
                  AND e.account_id = t.{side})
  AND NOT EXISTS (SELECT 1 FROM ledger_deferredentry d WHERE d.account_id = t.{side} AND d.journal_id = t.journal_id
                  AND d.leg = t.leg)
"""
_SIDES = (("debit_account_id", ""), ("credit_account_id", "-"))


def balances_backfill(*, connection: Any) -> int:
    """Give every account without a balance row one at zero; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES.format(no_hash=f"X'{'00' * 32}'"))
        return int(cursor.rowcount)


def ledger_backfill(*, connection: Any) -> int:
    """Give every account its balance row and queue every side of a transfer that has no entry; return how many sides.

    What exists already stays: on a sound ledger nothing happens.
    """
    balances_backfill(connection=connection)
    queued = 0
    with connection.cursor() as cursor:
        for side, sign in _SIDES:
            cursor.execute(_LEGS.format(side=side, sign=sign))
            queued += int(cursor.rowcount)
    return queued
