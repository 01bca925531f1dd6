"""What was known of the book: up to a business day, up to an instant, or all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The second clock: what was recorded on a later business day, or after an instant, was not known."""

    known_on: date | None = None
    known_at: datetime | None = None

    @property
    def is_all(self) -> bool:
        """Tell whether everything is known."""
        return self.known_on is None and self.known_at is None

    def of(self, rows: QuerySet[Row], *, day: str = "recorded_on") -> QuerySet[Row]:
        """Keep the rows that were known.

        Args:
            rows: with a column `recorded_at`.
            day: the column of the business day on which a row was recorded.
        """
        if self.known_on is not None:
            rows = rows.filter(**{f"{day}__lte": self.known_on})
        return rows if self.known_at is None else rows.filter(recorded_at__lte=self.known_at)

    def among(self, rows: Iterable[Any]) -> list[Any]:
        """Keep the entries, read before, that were known."""
        return [
            row
            for row in rows
            if (self.known_on is None or row.recorded_on <= self.known_on)
            and (self.known_at is None or row.recorded_at <= self.known_at)
        ]


ALL_KNOWN = Knowledge()
