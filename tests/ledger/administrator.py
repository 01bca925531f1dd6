"""A database administrator who can do what no application can: drop the triggers and the checks."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from core.append_only import AppendOnly

_PROTECTED = (
    AppendOnly("ledger_journal"),
    AppendOnly("ledger_transfer"),
    AppendOnly("ledger_entry"),
    AppendOnly("ledger_deferredentry", may_delete=True),
    AppendOnly("ledger_seal"),
    AppendOnly("ledger_sealtip"),
)
_OFF = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"),
    "mysql": ("SET SESSION foreign_key_checks = 0", "SET SESSION check_constraint_checks = 0"),
}
_ON = {
    "sqlite": ("PRAGMA foreign_keys = ON", "PRAGMA ignore_check_constraints = OFF"),
    "mysql": ("SET SESSION foreign_key_checks = 1", "SET SESSION check_constraint_checks = 1"),
}


@contextmanager
def unprotected_ledger() -> Iterator[None]:
    """Take every protection away, and put it back afterwards; outside a transaction."""
    with connection.schema_editor(atomic=False) as editor:
        for operation in _PROTECTED:
            operation._drop(editor)
    run(*_OFF[connection.vendor])
    try:
        yield
    finally:
        with connection.schema_editor(atomic=False) as editor:
            for operation in _PROTECTED:
                operation.database_forwards("ledger", editor, None, None)  # type: ignore[arg-type]
        run(*_ON[connection.vendor])


def journal_number_skip(*, last: int) -> int:
    """Let the next journal leave a number out, as after a posting that was rolled back; return the number."""
    run(
        f"ALTER TABLE ledger_journal AUTO_INCREMENT = {last + 2}"
        if connection.vendor == "mysql"
        else "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'ledger_journal'"
    )
    return last + 1


def run(*statements: str) -> None:
    """Execute statements one after the other."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
