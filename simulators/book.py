"""The bank's own book: what really happened to money, in double entry, and what was asked for; the oracle of tests."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, reference TEXT NOT NULL, what TEXT NOT NULL,
  debit TEXT NOT NULL, credit TEXT NOT NULL, paise INTEGER NOT NULL CHECK (paise > 0), utr TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS entry_reference ON entry (reference);
CREATE INDEX IF NOT EXISTS entry_debit ON entry (debit);
CREATE INDEX IF NOT EXISTS entry_credit ON entry (credit);
CREATE TABLE IF NOT EXISTS request (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, vendor TEXT NOT NULL, what TEXT NOT NULL, reference TEXT NOT NULL,
  key TEXT NOT NULL, fault TEXT NOT NULL DEFAULT '', status INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS request_reference ON request (reference);
CREATE TABLE IF NOT EXISTS thing (
  id TEXT PRIMARY KEY, vendor TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL, key TEXT NOT NULL,
  at REAL NOT NULL, visible_at REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS thing_reference ON thing (vendor, kind, reference);
CREATE INDEX IF NOT EXISTS thing_key ON thing (vendor, kind, key);
CREATE TABLE IF NOT EXISTS state (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, thing TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS state_thing ON state (thing);
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, vendor TEXT NOT NULL, event TEXT NOT NULL, attempt INTEGER NOT NULL,
  fault TEXT NOT NULL DEFAULT '', status INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS violation (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, vendor TEXT NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL);
"""
TABLES = ("entry", "request", "thing", "state", "delivery", "violation")


class BankBook:
    """Entries, requests, things such as payouts with every state they went through, deliveries and violations."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # Without waiting for the disk: the oracle outlives processes of Kist, not the machine.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)

    def forget(self) -> None:
        """Begin anew."""
        for table in TABLES:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # only our own names and numbers stand in it

    def move(self, *, at: str, reference: str, what: str, debit: str, credit: str, paise: int, utr: str = "") -> None:
        """Move money from one account to another: debit receives, credit gives."""
        self._db.execute(
            "INSERT INTO entry (at, reference, what, debit, credit, paise, utr) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (at, reference, what, debit, credit, paise, utr),
        )

    def balance(self, account: str) -> int:
        """Return what an account has, in paise."""
        signed = "SUM(CASE WHEN debit = ? THEN paise ELSE -paise END)"
        query = f"SELECT COALESCE({signed}, 0) FROM entry WHERE ? IN (debit, credit)"  # noqa: S608  # only our own names and numbers stand in it
        return int(self._db.execute(query, (account, account)).fetchone()[0])

    def request_add(self, *, at: str, vendor: str, what: str, reference: str, key: str, fault: str) -> int:
        """Keep that something was asked for, whether or not anybody answered."""
        cursor = self._db.execute(
            "INSERT INTO request (at, vendor, what, reference, key, fault) VALUES (?, ?, ?, ?, ?, ?)",
            (at, vendor, what, reference, key, fault),
        )
        return int(cursor.lastrowid or 0)

    def request_answered(self, request_id: int, status: int) -> None:
        """Keep what was answered."""
        self._db.execute("UPDATE request SET status = ? WHERE id = ?", (status, request_id))

    def thing_add(
        self,
        *,
        thing_id: str,
        vendor: str,
        kind: str,
        reference: str,
        key: str,
        at: float,
        visible_at: float,
        body: Mapping[str, Any],
    ) -> None:
        """Keep a payout, link or whatever else a vendor made; it is found by look-up from `visible_at` on."""
        self._db.execute(
            "INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (thing_id, vendor, kind, reference, key, at, visible_at, json.dumps(body)),
        )

    def thing(self, thing_id: str) -> dict[str, Any] | None:
        """Return a thing's body by its id."""
        row = self._db.execute("SELECT body FROM thing WHERE id = ?", (thing_id,)).fetchone()
        return json.loads(row["body"]) if row else None

    def things(
        self, *, vendor: str, kind: str, reference: str = "", key: str = "", now: float = 0
    ) -> list[dict[str, Any]]:
        """Return things by our reference or by their key, the oldest first; with `now` only those that show by then."""
        query = "SELECT body FROM thing WHERE vendor = ? AND kind = ?"
        values: list[Any] = [vendor, kind]
        for column, value in (("reference", reference), ("key", key)):
            if value:
                query += f" AND {column} = ?"
                values.append(value)
        if now:
            query += " AND visible_at <= ?"
            values.append(now)
        return [json.loads(row["body"]) for row in self._db.execute(query + " ORDER BY at, id", values)]

    def thing_change(self, thing_id: str, body: Mapping[str, Any], *, at: str, state: str) -> None:
        """Keep a thing's new body and the state that it went into."""
        self._db.execute("UPDATE thing SET body = ? WHERE id = ?", (json.dumps(body), thing_id))
        self._db.execute("INSERT INTO state (at, thing, state) VALUES (?, ?, ?)", (at, thing_id, state))

    def violation_add(self, *, at: str, vendor: str, rule: str, detail: str) -> None:
        """Keep that a contract was not kept."""
        self._db.execute(
            "INSERT INTO violation (at, vendor, rule, detail) VALUES (?, ?, ?, ?)", (at, vendor, rule, detail)
        )

    def delivery_add(self, *, at: str, vendor: str, event: str, attempt: int, fault: str, status: int) -> None:
        """Keep that a webhook was sent, or kept back by a fault."""
        self._db.execute(
            "INSERT INTO delivery (at, vendor, event, attempt, fault, status) VALUES (?, ?, ?, ?, ?, ?)",
            (at, vendor, event, attempt, fault, status),
        )

    def truth(self, reference: str) -> dict[str, Any]:
        """Return everything about a reference: requests, keys, things with their states, and the net money out."""
        requests = [dict(row) for row in self._db.execute("SELECT * FROM request WHERE reference = ?", (reference,))]
        things = self._db.execute("SELECT id, body FROM thing WHERE reference = ? ORDER BY at", (reference,)).fetchall()
        entries = [dict(row) for row in self._db.execute("SELECT * FROM entry WHERE reference = ?", (reference,))]
        states = {
            row["id"]: [
                state["state"]
                for state in self._db.execute("SELECT state FROM state WHERE thing = ? ORDER BY id", (row["id"],))
            ]
            for row in things
        }
        out = sum(e["paise"] for e in entries if e["what"] == "PAYOUT")
        back = sum(e["paise"] for e in entries if e["what"] == "PAYOUT_REVERSED")
        return {
            "requests": requests,
            "keys": sorted({row["key"] for row in requests if row["key"]}),
            "things": [json.loads(row["body"]) for row in things],
            "states": states,
            "entries": entries,
            "net_out_paise": out - back,
            "credits": sum(1 for e in entries if e["what"] == "PAYOUT")
            - sum(1 for e in entries if e["what"] == "PAYOUT_REVERSED"),
        }

    def latest(self, table: str, limit: int = 30) -> list[dict[str, Any]]:
        """Return the newest rows of a table.

        Raises:
            ValueError: there is no such table.
        """
        if table not in TABLES:
            raise ValueError(f"There is no table {table}.")
        order = "at" if table == "thing" else "id"
        rows = self._db.execute(f"SELECT * FROM {table} ORDER BY {order} DESC LIMIT ?", (limit,))  # noqa: S608  # only our own names and numbers stand in it
        return [dict(row) for row in rows]

    def count(self, table: str) -> int:
        """Return how many rows a table has.

        Raises:
            ValueError: there is no such table.
        """
        if table not in TABLES:
            raise ValueError(f"There is no table {table}.")
        return int(self._db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608  # only our own names and numbers stand in it

    def paid_more_than_once(self) -> list[str]:
        """Return references with more than one payout that was not taken back."""
        query = """
            SELECT reference FROM entry WHERE what IN ('PAYOUT', 'PAYOUT_REVERSED') GROUP BY reference
            HAVING SUM(CASE what WHEN 'PAYOUT' THEN 1 ELSE -1 END) > 1
        """
        return [row["reference"] for row in self._db.execute(query)]
