"""Rows that an address or a query names."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound

Row = TypeVar("Row", bound=Model)


def row_of(rows: QuerySet[Row], **named: Any) -> Row:
    """Return the row that an address names.

    Raises:
        NotFound: there is none.
    """
    row = rows.filter(**named).first()
    if row is None:
        raise NotFound
    return row


def rows_of(rows: QuerySet[Row], asked: Mapping[str, Any], **columns: str) -> QuerySet[Row]:
    """Return the rows that a query asks for; `columns` are those that are called otherwise than the query's names."""
    return rows.filter(**{columns.get(name, name): value for name, value in asked.items()})
