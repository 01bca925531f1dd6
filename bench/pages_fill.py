"""A lender multiplied inside the database: each copy has rows of its own for everything that the first one had.

Every key is moved by the same distance for each copy, so that rows of a copy lead to rows of the same copy.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import CharField, Field, Max, Model

from ledger.models import DaySumReach, Journal
from lms.book_cells import book_snapshot_take

# Copied with every copy: what stands in lists, and what the pages of a loan or a customer count or sum.
_EVERY: Final = """
customers.Customer customers.Address customers.BankAccount customers.CustomerNameToken lms.Loan lms.ProvisionResult
lms.BureauRecord lms.CreditLine lms.LineFact lms.RateNotice ledger.Journal ledger.Transfer ledger.Entry
ledger.TaxDocument core.AuditEntry core.InboxMessage core.SentEvent core.Saga core.SagaStep payments.Payout
payments.ProviderAttempt payments.PaymentLink payments.VirtualAccount payments.IncomingPayment payments.PaymentEvent
payments.PaymentPayer payments.PaymentRefund payments.Deposit payments.CounterReceipt payments.Dispute
payments.PayeeCheck payments.PaidCheck payments.ProofJob payments.Settlement payments.SettlementPart
payments.PayoutCompensation
"""
# Only with every so many copies: the whole history of a loan, dozens of rows each.
HISTORY_EVERY: Final = 10
_HISTORY: Final = """
lms.LoanFact lms.Instalment lms.Allocation lms.LoanCharge lms.LoanAccrual lms.ClassificationEntry lms.DryRunLoan
lms.Document lms.StoredQuote lms.Freeze lms.ProvisionMark core.SagaEvent core.ApprovalRequest payments.AttemptEvent
"""
# Work that waits for somebody: with so few copies that a lender could still do it.
_OPEN_EVERY: Final = 100
_OPEN: Final = {
    "core.Saga": "state IN ('RUNNING', 'COMPENSATING', 'MANUAL')",
    "core.InboxMessage": "state IN ('NEW', 'PARKED', 'POISON')",
    "core.ApprovalRequest": "state = 'PENDING'",
    "payments.ProviderAttempt": "is_live",
    "payments.Payout": "state IN ('REQUESTED', 'SENT')",
    "payments.IncomingPayment": "state IN ('SUSPENSE', 'KEPT', 'CREATED', 'HELD')",
    "payments.PaymentRefund": "state IN ('REQUESTED', 'SENT')",
    "payments.CounterReceipt": "state IN ('RECEIVED', 'DEPOSITED')",
    "payments.Dispute": "state = 'OPEN'",
    "payments.ProofJob": "done_at IS NULL",
    "payments.PaymentLink": "state IN ('OPENING', 'OPEN')",
    "payments.PayeeCheck": "band = 'REVIEW' OR state = 'WAITING'",
    "payments.Settlement": "standing <> 'EXPLAINED' OR credited_on IS NULL",
}
_HASHED: Final = {"account_index", "pan_index", "pdf_sha256", "vpa_index"}
_SUFFIXED: Final = {
    "number",
    "external_reference",
    "idempotency_key",
    "credit_reference",
    "reference",
    "our_reference",
    "vendor_reference",
    "order_reference",
    "intent_key",
    "event_id",
    "entity",
    "bank_reference",
    "utr",
    "partition_key",
}
# Keys of rows that no foreign key says.
_KEYS: Final = {"reference_id", "subject_id", "object_id", "saga_id", "serial", "seq"}
_PHONE: Final = "LPAD(6000000000 + MOD(CRC32(CONCAT(base.phone, '-', k.seq)), 4000000000), 10, '0')"
_COPIES_AT_ONCE: Final = 200


def distance_of_copies() -> int:
    """Return a power of ten beyond every key of the lender that there is."""
    labels = _EVERY.split() + _HISTORY.split()
    models = [apps.get_model(label) for label in labels]
    largest = max(
        model._default_manager.aggregate(key=Max(name))["key"] or 0 for model in models for name in _number_keys(model)
    )
    return int(10 ** len(str(largest)))


def multiply(*, first: int, last: int, distance: int) -> None:
    """Add copies by their numbers, from 1 on; 0 is the lender that was there, with keys below `distance`.

    Constraints are not asked again: the rows are those of a lender that keeps them, moved as a whole.
    """
    with connection.cursor() as cursor:
        for check in ("foreign_key_checks", "unique_checks", "check_constraint_checks"):
            cursor.execute(f"SET SESSION {check} = 0")
        for begin in range(first, last + 1, _COPIES_AT_ONCE):
            end = min(begin + _COPIES_AT_ONCE - 1, last)
            for label in _EVERY.split() + _HISTORY.split():
                for every, condition in _parts(label):
                    cursor.execute(_statement(label, distance, (begin, end), every, condition))
        for check in ("foreign_key_checks", "unique_checks", "check_constraint_checks"):
            cursor.execute(f"SET SESSION {check} = 1")


def sums_renew(*, now: datetime) -> None:
    """Leave what tasks would have left by now: the sums of days, and the book in cells.

    The copies' journals are not sealed, so that their sums are taken by one statement.
    """
    side = "SELECT {0}_account_id a, journal_id j, value_date v, booked_on b, {1} d, {2} c FROM ledger_transfer"
    both = " UNION ALL ".join((side.format("debit", "amount_paise", 0), side.format("credit", 0, "amount_paise")))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_daysum")
        cursor.execute(
            "INSERT INTO ledger_daysum (account_id, product_code, value_date, booked_on, debit_paise, credit_paise)"  # noqa: S608  # only our own names stand in it
            f" SELECT a, product_code, v, b, SUM(d), SUM(c) FROM ({both}) m"
            " JOIN ledger_journal ON ledger_journal.id = j GROUP BY a, product_code, v, b"
        )
    DaySumReach.objects.update_or_create(pk=1, defaults={"last_journal": Journal.objects.latest("pk").pk})
    book_snapshot_take(now=now)


def statistics_renew() -> None:
    """Let the database look at its tables again, as it does by itself when they have grown for a while."""
    with connection.cursor() as cursor:
        for label in _EVERY.split() + _HISTORY.split():
            cursor.execute(f"ANALYZE TABLE {apps.get_model(label)._meta.db_table}")


def sizes() -> Iterator[tuple[str, int, int]]:
    """Give the largest tables: name, rows as the database estimates them, and bytes with their indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, table_rows, data_length + index_length FROM information_schema.tables"
            " WHERE table_schema = DATABASE() ORDER BY data_length + index_length DESC"
        )
        yield from cursor.fetchall()


def _number_keys(model: type[Model]) -> list[str]:
    numbers = {"AutoField", "BigAutoField", "BigIntegerField", "PositiveIntegerField"}
    return [
        field.name
        for field in model._meta.local_fields
        if field.get_internal_type() in numbers and (field.primary_key or field.name in _KEYS)
    ]


def _parts(label: str) -> list[tuple[int, str]]:
    every = HISTORY_EVERY if label in _HISTORY.split() else 1
    if label not in _OPEN:
        return [(every, "TRUE")]
    return [(every, f"({_OPEN[label]}) IS NOT TRUE"), (_OPEN_EVERY, _OPEN[label])]


def _statement(label: str, distance: int, copies: tuple[int, int], every: int, condition: str) -> str:
    model = apps.get_model(label)
    fields = [field for field in model._meta.local_fields if field.column]
    columns = ", ".join(f"`{field.column}`" for field in fields)
    values = ", ".join(_value(field, distance) for field in fields)
    table = model._meta.db_table
    first, last = -(-copies[0] // every) * every, copies[1]
    numbers = f"seq_{first}_to_{max(last, first)}_step_{every} k" if first <= last else "(SELECT 0 seq WHERE FALSE) k"
    base = f"(SELECT * FROM {table} WHERE {_of_base(model, distance)} AND ({condition})) base"  # noqa: S608  # only our own names stand in it
    return f"INSERT INTO {table} ({columns}) SELECT STRAIGHT_JOIN {values} FROM {numbers} JOIN {base}"  # noqa: S608  # only our own names and numbers stand in it


def _of_base(model: type[Model], distance: int) -> str:
    keys = [field for field in model._meta.local_fields if field.name == "seq" or field.primary_key]
    number = next((field for field in keys if not isinstance(field, CharField) and field.column), None)
    # Events have a text for a key: copies carry a hyphen in it.
    return f"{number.column} < {distance}" if number else "event_id NOT LIKE '%-%'"


def _value(field: "Field[Any, Any]", distance: int) -> str:
    column = f"base.`{field.column}`"
    moved = f"{column} + k.seq * {distance}"
    related = field.related_model
    is_own = field.primary_key and not isinstance(field, CharField)
    if is_own or (related is not None and not isinstance(related, str) and related._meta.label in _COPIED):
        return moved
    return (
        _text(field, column, distance) if isinstance(field, CharField) else (moved if field.name in _KEYS else column)
    )


def _text(field: "Field[Any, Any]", column: str, distance: int) -> str:
    """Return the text of a copy: another number, fingerprint or telephone, or the same word."""
    if field.name in ("phone", "phone_reversed") and field.model._meta.label == "customers.Customer":
        return _PHONE if field.name == "phone" else f"REVERSE({_PHONE})"
    if field.name == "number" and field.model._meta.label == "ledger.TaxDocument":
        # The law gives such a number no more places than it has.
        return f"CONCAT('T', base.`id` + k.seq * {distance})"
    if field.name in _KEYS:
        return f"IF({column} REGEXP '^[0-9]+$', {column} + k.seq * {distance}, {column})"
    if field.name in _HASHED:
        return f"IF({column} = '', '', SHA2(CONCAT({column}, k.seq), 256))"
    return f"IF({column} = '', '', CONCAT({column}, '-', k.seq))" if field.name in _SUFFIXED else column


_COPIED: Final = set(_EVERY.split() + _HISTORY.split())
