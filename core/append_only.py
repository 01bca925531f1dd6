"""A migration operation that makes the database itself refuse changes to posted rows."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class AppendOnly(Operation):
    """Install triggers that refuse UPDATE and DELETE on a table.

    Columns in `mutable` may change at any time, those in `set_once` from NULL to a value and never again; every other
    column that the table has when the operation runs is frozen. A later migration that adds a column to such a table
    runs the operation again, because the list of frozen columns is part of the trigger. TRUNCATE fires no trigger:
    the database role of the application has no right to it.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self, table: str, *, mutable: Sequence[str] = (), set_once: Sequence[str] = (), may_delete: bool = False
    ) -> None:
        self.table = table
        self.mutable = tuple(mutable)
        self.set_once = tuple(set_once)
        self.may_delete = may_delete

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        """Describe the operation for Django's migration writer."""
        options = {"mutable": self.mutable, "set_once": self.set_once, "may_delete": self.may_delete}
        return type(self).__name__, [self.table], {key: value for key, value in options.items() if value}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing in the models: triggers live in the database alone."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the triggers, replacing those of an earlier or interrupted run."""
        self._drop(schema_editor)
        create = _create_sqlite if schema_editor.connection.vendor == "sqlite" else _create_mysql
        schema_editor.execute(create(self.table, "update", self._change_condition(schema_editor)), params=None)
        if not self.may_delete:
            schema_editor.execute(create(self.table, "delete", ""), params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove the triggers."""
        self._drop(schema_editor)

    def describe(self) -> str:
        """Say in one line what the operation does."""
        return f"Make {self.table} append-only"

    def _drop(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for action in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {_trigger_name(self.table, action)}", params=None)

    def _change_condition(self, schema_editor: BaseDatabaseSchemaEditor) -> str:
        """Return the SQL condition under which an UPDATE is refused; empty when every UPDATE is."""
        if not self.mutable and not self.set_once:
            return ""
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, self.table)]
        if unknown := set(self.mutable + self.set_once) - set(columns):
            raise ValueError(f"{self.table} has no column {', '.join(sorted(unknown))}.")
        differs = _differs_sqlite if connection.vendor == "sqlite" else _differs_mysql
        frozen = [differs(column) for column in columns if column not in self.mutable + self.set_once]
        once = [f"(OLD.{column} IS NOT NULL AND {differs(column)})" for column in self.set_once]
        return " OR ".join(frozen + once)


def _trigger_name(table: str, action: str) -> str:
    return f"{table}_no_{action}"


def _message(table: str, action: str) -> str:
    return f"{table} is append-only: {action} is refused, add a correcting row"


def _create_sqlite(table: str, action: str, condition: str) -> str:
    when = f"WHEN {condition} " if condition else ""
    return (
        f"CREATE TRIGGER {_trigger_name(table, action)} BEFORE {action.upper()} ON {table} FOR EACH ROW {when}"
        f"BEGIN SELECT RAISE(ABORT, '{_message(table, action)}'); END"
    )


def _create_mysql(table: str, action: str, condition: str) -> str:
    signal = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{_message(table, action)}'"
    body = f"IF {condition} THEN {signal}; END IF" if condition else signal
    return f"CREATE TRIGGER {_trigger_name(table, action)} BEFORE {action.upper()} ON {table} FOR EACH ROW {body}"


def _differs_sqlite(column: str) -> str:
    return f"OLD.{column} IS NOT NEW.{column}"


def _differs_mysql(column: str) -> str:
    # As bytes: the usual collation takes a change of case or accents for no change.
    return f"NOT (CAST(OLD.{column} AS BINARY) <=> CAST(NEW.{column} AS BINARY))"
