"""Invariants I1 to I7 in SQL that both databases share; each gives the rows that break it, and none when it holds.

Source: money appendix B. Queries are shaped so that a sound ledger is proven by index look-ups and counts; only a
broken one pays for finding where.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from ledger.checks.report import OFFENCES_SHOWN
from ledger.models import DaySum, DaySumReach

_UNMATCHED_TRANSFERS = """
SELECT t.journal_id, t.leg FROM ledger_transfer t
LEFT JOIN ledger_entry d ON d.journal_id = t.journal_id AND d.leg = t.leg AND d.account_id = t.debit_account_id
LEFT JOIN ledger_entry c ON c.journal_id = t.journal_id AND c.leg = t.leg AND c.account_id = t.credit_account_id
WHERE t.journal_id > %s
  AND ((COALESCE(d.delta_paise, 0) <> t.amount_paise AND (d.seq IS NOT NULL OR NOT EXISTS (
          SELECT 1 FROM ledger_deferredentry w WHERE w.account_id = t.debit_account_id AND w.journal_id = t.journal_id
          AND w.leg = t.leg AND w.delta_paise = t.amount_paise)))
    OR (COALESCE(c.delta_paise, 0) <> -t.amount_paise AND (c.seq IS NOT NULL OR NOT EXISTS (
          SELECT 1 FROM ledger_deferredentry w WHERE w.account_id = t.credit_account_id AND w.journal_id = t.journal_id
          AND w.leg = t.leg AND w.delta_paise = -t.amount_paise))))
LIMIT %s
"""
# Outer joins, so that no database turns them round: the look-ups go in the order of the index, which has all they ask.
_ENTERED = """
SELECT COUNT(*), COALESCE(SUM(CASE WHEN d.account_id = t.debit_account_id THEN 1 ELSE 0 END
  + CASE WHEN c.account_id = t.credit_account_id THEN 1 ELSE 0 END), 0) FROM ledger_transfer t
LEFT JOIN ledger_entry d ON d.journal_id = t.journal_id AND d.leg = t.leg AND d.delta_paise = t.amount_paise
LEFT JOIN ledger_entry c ON c.journal_id = t.journal_id AND c.leg = t.leg AND c.delta_paise = -t.amount_paise
WHERE t.journal_id > %s
"""
_WAITING = """
SELECT COUNT(*), COALESCE(SUM(CASE
    WHEN t.debit_account_id = s.account_id AND t.amount_paise = s.delta_paise THEN 1
    WHEN t.credit_account_id = s.account_id AND t.amount_paise = -s.delta_paise THEN 1 ELSE 0 END), 0)
FROM ledger_deferredentry s LEFT JOIN ledger_transfer t ON t.journal_id = s.journal_id AND t.leg = s.leg
WHERE s.journal_id > %s
"""
_ENTRIES = "SELECT COUNT(*) FROM ledger_entry WHERE journal_id > %s"
_BOTH_WAYS = """
SELECT COUNT(*) FROM ledger_deferredentry d JOIN ledger_entry e
  ON e.journal_id = d.journal_id AND e.leg = d.leg AND e.account_id = d.account_id WHERE d.journal_id > %s
"""
_STRAY_SIDES = """
SELECT s.account_id, s.seq, s.journal_id, s.leg FROM (
  SELECT account_id, seq, journal_id, leg FROM ledger_entry WHERE journal_id > %s
  UNION ALL SELECT account_id, 0, journal_id, leg FROM ledger_deferredentry WHERE journal_id > %s) s
LEFT JOIN ledger_transfer t ON t.journal_id = s.journal_id AND t.leg = s.leg
  AND (t.debit_account_id = s.account_id OR t.credit_account_id = s.account_id)
WHERE t.id IS NULL LIMIT %s
"""
_TWICE_SIDES = """
SELECT s.account_id, MAX(s.seq), s.journal_id, s.leg FROM (
  SELECT account_id, seq, journal_id, leg FROM ledger_entry WHERE journal_id > %s
  UNION ALL SELECT account_id, 0, journal_id, leg FROM ledger_deferredentry WHERE journal_id > %s) s
GROUP BY s.account_id, s.journal_id, s.leg HAVING COUNT(*) > 1 LIMIT %s
"""
# By look-ups of each journal's transfers: a grouping of all of them is first written down, then read again.
_HEADERS = """
SELECT j.id FROM ledger_journal j WHERE j.id > %s AND (j.legs, j.total_paise) <> (
  SELECT COUNT(*), COALESCE(SUM(t.amount_paise), 0) FROM ledger_transfer t
  WHERE t.journal_id = j.id AND t.value_date = j.value_date AND t.booked_on = j.booked_on)
LIMIT %s
"""
_LEGS = """
SELECT (SELECT COUNT(*) FROM ledger_transfer WHERE journal_id > %s)
     - (SELECT COALESCE(SUM(legs), 0) FROM ledger_journal WHERE id > %s)
"""
_STRAYS = """
SELECT t.journal_id, t.leg, j.id FROM ledger_transfer t LEFT JOIN ledger_journal j ON j.id = t.journal_id
WHERE t.journal_id > %s AND (j.id IS NULL OR t.value_date <> j.value_date OR t.booked_on <> j.booked_on) LIMIT %s
"""
_RUNNING = """
SELECT e.account_id, e.seq FROM ledger_entry e
LEFT JOIN ledger_entry p ON p.account_id = e.account_id AND p.seq = e.seq - 1
WHERE (e.seq > 1 AND p.seq IS NULL) OR e.seq < 1
   OR e.balance_after_paise <> COALESCE(p.balance_after_paise, 0) + e.delta_paise LIMIT %s
"""
_TIPS = """
SELECT b.account_id, b.seq FROM ledger_accountbalance b
LEFT JOIN ledger_entry e ON e.account_id = b.account_id AND e.seq = b.seq
WHERE b.seq <> COALESCE((
    SELECT m.seq FROM ledger_entry m WHERE m.account_id = b.account_id ORDER BY m.seq DESC LIMIT 1), 0)
   OR b.balance_paise <> COALESCE(e.balance_after_paise, 0)
   OR (b.seq > 0 AND (e.seq IS NULL OR b.tip_hash <> e.hash))
LIMIT %s
"""
_WITHOUT_BALANCE = """
SELECT a.id FROM ledger_account a LEFT JOIN ledger_accountbalance b ON b.account_id = a.id
WHERE b.account_id IS NULL AND EXISTS (SELECT 1 FROM ledger_entry e WHERE e.account_id = a.id) LIMIT %s
"""
_HOLDS = """
SELECT b.account_id FROM ledger_accountbalance b JOIN ledger_account a ON a.id = b.account_id LEFT JOIN (
  SELECT account_id, SUM(debit_paise) AS debit_paise, SUM(credit_paise) AS credit_paise FROM (
    SELECT debit_account_id AS account_id, amount_paise AS debit_paise, 0 AS credit_paise
    FROM ledger_hold WHERE state = 'ACTIVE'
    UNION ALL SELECT credit_account_id, 0, amount_paise FROM ledger_hold WHERE state = 'ACTIVE') s
  GROUP BY account_id) h ON h.account_id = b.account_id AND a.mode = 'SYNC'
WHERE b.hold_debit_paise <> COALESCE(h.debit_paise, 0) OR b.hold_credit_paise <> COALESCE(h.credit_paise, 0) LIMIT %s
"""
_REVERSALS = """
SELECT r.id FROM ledger_journal r JOIN ledger_journal j ON j.id = r.reverses_id
WHERE r.id > %s AND (r.legs <> j.legs OR EXISTS (
  SELECT 1 FROM ledger_transfer m LEFT JOIN ledger_transfer o ON o.journal_id = r.reverses_id AND o.leg = m.leg
    AND o.debit_account_id = m.credit_account_id AND o.credit_account_id = m.debit_account_id
    AND o.amount_paise = m.amount_paise
  WHERE m.journal_id = r.id AND o.id IS NULL)) LIMIT %s
"""
_WRONG_SUMS = """
SELECT account_id, value_date, booked_on FROM (
  SELECT account_id, value_date, booked_on, debit_paise, credit_paise FROM ledger_daysum
  UNION ALL SELECT debit_account_id, value_date, booked_on, -amount_paise, 0 FROM ledger_transfer WHERE journal_id <= %s
  UNION ALL SELECT credit_account_id, value_date, booked_on, 0, -amount_paise FROM ledger_transfer
    WHERE journal_id <= %s) m
GROUP BY account_id, value_date, booked_on HAVING SUM(debit_paise) <> 0 OR SUM(credit_paise) <> 0 LIMIT %s
"""


def trial_balance_is_zero() -> Iterator[str]:
    """I1: the balances of all accounts, with the legs that wait, add up to nothing."""
    sql = (
        "SELECT (SELECT COALESCE(SUM(balance_paise), 0) FROM ledger_accountbalance) "
        "+ (SELECT COALESCE(SUM(delta_paise), 0) FROM ledger_deferredentry)"
    )
    if off := _number(sql):
        yield f"all accounts together are off by {off} paise"


def transfers_have_both_sides(*, after_journal: int = 0) -> Iterator[str]:
    """I2: every transfer has exactly its two sides as entries or waiting legs, and there is no other side."""
    if _sides_match(after_journal):
        return
    for journal_id, leg in _rows(_UNMATCHED_TRANSFERS, after_journal, OFFENCES_SHOWN):
        yield f"journal {journal_id} leg {leg}: its entries are missing or differ from the transfer"
    for sql, what in ((_STRAY_SIDES, "has no transfer"), (_TWICE_SIDES, "is there twice")):
        for account_id, seq, journal_id, leg in _rows(sql, after_journal, after_journal, OFFENCES_SHOWN):
            place = f"entry {seq}" if seq else "a waiting leg"
            yield f"account {account_id} {place}: journal {journal_id} leg {leg} {what}"


def headers_match_legs(*, after_journal: int = 0) -> Iterator[str]:
    """I3: a journal has the number, total and dates of its transfers, and every transfer has its journal."""
    broken = _rows(_HEADERS, after_journal, OFFENCES_SHOWN)
    for (journal_id,) in broken:
        yield f"journal {journal_id}: its header and its transfers differ"
    if broken or _number(_LEGS, after_journal, after_journal):
        for journal_id, leg, header_id in _rows(_STRAYS, after_journal, OFFENCES_SHOWN):
            what = "the transfer has no journal" if header_id is None else "its dates are not those of the journal"
            yield f"journal {journal_id} leg {leg}: {what}"


def running_balances_add_up() -> Iterator[str]:
    """I4: entries of an account are numbered without a gap; each balance is the one before plus the amount."""
    for account_id, seq in _rows(_RUNNING, OFFENCES_SHOWN):
        yield f"account {account_id} entry {seq}: does not follow from the entry before it"


def balances_are_tips() -> Iterator[str]:
    """I5: each balance row equals the last entry of its account."""
    for account_id, seq in _rows(_TIPS, OFFENCES_SHOWN):
        yield f"account {account_id}: its balance at {seq} is not that of its last entry"
    for (account_id,) in _rows(_WITHOUT_BALANCE, OFFENCES_SHOWN):
        yield f"account {account_id}: it has entries but no balance"


def holds_are_counted() -> Iterator[str]:
    """I6: what the balance rows hold equals the active holds of accounts that are posted at once."""
    for (account_id,) in _rows(_HOLDS, OFFENCES_SHOWN):
        yield f"account {account_id}: what it holds is not the sum of its active holds"


def reversals_mirror(*, after_journal: int = 0) -> Iterator[str]:
    """I7: a reversal mirrors its original leg by leg."""
    for (journal_id,) in _rows(_REVERSALS, after_journal, OFFENCES_SHOWN):
        yield f"journal {journal_id}: does not mirror the journal that it reverses"


def day_sums_add_up() -> Iterator[str]:
    """DS: the sums of days are those of the transfers of the journals that are in them."""
    reach = DaySumReach.objects.values_list("last_journal", flat=True).first() or 0
    if reach == 0 and not DaySum.objects.exists():
        # Nothing was summed yet, not even journals that somebody has put before the first one.
        return
    for account_id, value_date, booked_on in _rows(_WRONG_SUMS, reach, reach, OFFENCES_SHOWN):
        yield f"account {account_id}: the sums of {value_date}, booked on {booked_on}, differ from the transfers"


def _sides_match(after_journal: int) -> bool:
    """Tell whether there are exactly as many sides, and as many that match, as two for each transfer.

    A side is unique by journal, leg and direction, in each table and over both: then each transfer has its own two.
    """
    transfers, entered = map(int, _rows(_ENTERED, after_journal)[0])
    waiting, matched = map(int, _rows(_WAITING, after_journal)[0])
    sides = _number(_ENTRIES, after_journal) + waiting
    return sides == entered + matched == 2 * transfers and not _number(_BOTH_WAYS, after_journal)


def _rows(sql: str, *parameters: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _number(sql: str, *parameters: int) -> int:
    return int(_rows(sql, *parameters)[0][0])
