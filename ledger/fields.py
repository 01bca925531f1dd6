"""Column types of the ledger."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class HashField(models.BinaryField):  # type: ignore[type-arg]  # the class takes no argument when it runs
    """A SHA-256 digest: 32 bytes, half the width of its hexadecimal form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 32)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return a column of fixed width where the database has one."""
        return "binary(32)" if connection.vendor == "mysql" else "BLOB"

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        """Return plain bytes, whatever the driver gives."""
        return None if value is None else bytes(value)
