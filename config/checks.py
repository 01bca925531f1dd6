"""System checks: what must hold on a database server before money is moved on it."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  # the name that Django gives it
from django.db import connections

READ_COMMITTED = "READ-COMMITTED"
CHARSET = "utf8mb4"


@register(Tags.database)
def check_servers(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask each MariaDB or MySQL server for the isolation level and the character set that our connections really have.

    Runs with `migrate` and with `check --database default`.
    """
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor == "mysql":
            with connection.cursor() as cursor:
                # The level has one name on MariaDB and another on newer MySQL.
                cursor.execute(
                    "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"
                )
                isolation = cursor.fetchone()[1]
                cursor.execute("SELECT @@character_set_database")
                messages += verdict(isolation, cursor.fetchone()[0], alias=alias)
    return messages


def verdict(isolation: str, charset: str, *, alias: str) -> list[CheckMessage]:
    """Turn what a server said into messages; none if all is well."""
    messages: list[CheckMessage] = []
    if isolation != READ_COMMITTED:
        messages.append(
            Error(
                f"Database '{alias}' works at {isolation}; locks of Kist are designed for {READ_COMMITTED}.",
                hint="Take the database entry from config.env.database; it sets the level on every connection.",
                id="kist.E001",
            )
        )
    if charset != CHARSET:
        messages.append(
            Warning(
                f"Database '{alias}' stores text as {charset}; names in Indian scripts need {CHARSET}.",
                hint=f"Before the first migration: ALTER DATABASE … CHARACTER SET {CHARSET}.",
                id="kist.W001",
            )
        )
    return messages
