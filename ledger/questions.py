"""Which transfers a question to the books is about: the days, by which clock, as known when, of which product."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Q


class Clock(StrEnum):
    """Which of a journal's two dates a question goes by; the value is the field's name."""

    VALUE_DATE = "value_date"
    BOOKED_ON = "booked_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What counts: days by a clock, what was recorded by an instant, one product, one event; None for all.

    The product "" is what was posted without one, such as journals by hand.
    """

    from_date: date | None = None
    to_date: date | None = None
    clock: Clock = Clock.VALUE_DATE
    known_at: datetime | None = None
    product_code: str | None = None
    event: str | None = None

    def transfers(self) -> Q:
        """Return the condition on transfers."""
        condition = self._days()
        if self.known_at is not None:
            condition &= Q(journal__recorded_at__lte=self.known_at)
        if self.product_code is not None:
            condition &= Q(journal__product_code=self.product_code)
        if self.event is not None:
            condition &= Q(journal__event=self.event)
        return condition

    def day_sums(self) -> Q:
        """Return the condition on sums of days, which know neither instants nor events."""
        condition = self._days()
        return condition if self.product_code is None else condition & Q(product_code=self.product_code)

    def _days(self) -> Q:
        condition = Q()
        if self.from_date is not None:
            condition &= Q((f"{self.clock.value}__gte", self.from_date))
        if self.to_date is not None:
            condition &= Q((f"{self.clock.value}__lte", self.to_date))
        return condition
