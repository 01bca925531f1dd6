"""The class that loans had on past days: as the diary told it, and as later corrections say it should have been."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from lms.engine.classification import AssetClass
from lms.models import ClassificationCorrection, ClassificationEntry
from lms.services.knowledge import ALL_KNOWN, Knowledge

_ONE_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class ToldClasses:
    """Classes of one loan by day: the diary's turns, and the corrections of its days in the order of recording."""

    turns: list[tuple[date, AssetClass]] = field(default_factory=list)
    corrections: list[ClassificationCorrection] = field(default_factory=list)

    def told_on(self, day: date) -> AssetClass:
        """Return the class that the diary has for a day-end."""
        place = bisect_right(self.turns, day, key=lambda turn: turn[0])
        return self.turns[place - 1][1] if place else AssetClass.STANDARD

    def on(self, day: date) -> AssetClass:
        """Return the class of a day-end with what corrections say of it; the latest one counts."""
        for correction in reversed(self.corrections):
            if correction.from_date <= day <= correction.to_date:
                return AssetClass(correction.asset_class)
        return self.told_on(day)

    def edges_within(self, *, first: date, last: date) -> list[date]:
        """Return the days from one to another, in order, on which the class can be another one than the day before."""
        return [edge for edge in self._edges() if first <= edge <= last]

    def last_day_without_npa(self, day: date) -> date:
        """Return the latest day up to `day` with a performing class; before the first turn every day has one."""
        found = day
        for edge in reversed(self.edges_within(first=date.min, last=day)):
            if not self.on(found).is_npa:
                return found
            found = edge - _ONE_DAY
        return found

    def _edges(self) -> list[date]:
        edges = {turn for turn, _ in self.turns}
        for correction in self.corrections:
            edges |= {correction.from_date, correction.to_date + _ONE_DAY}
        return sorted(edges)


def told_classes(*, loan_ids: Iterable[int], knowledge: Knowledge = ALL_KNOWN) -> dict[int, ToldClasses]:
    """Read the classes of loans, with two queries.

    Args:
        knowledge: what counts.
    """
    ids = list(loan_ids)
    found = {loan_id: ToldClasses() for loan_id in ids}
    entries = ClassificationEntry.objects.filter(loan_id__in=ids).order_by("on_date", "pk")
    corrections = ClassificationCorrection.objects.filter(loan_id__in=ids).order_by("pk")
    entries, corrections = knowledge.of(entries, day="on_date"), knowledge.of(corrections)
    for loan_id, on_date, asset_class in entries.values_list("loan_id", "on_date", "asset_class"):
        found[loan_id].turns.append((on_date, AssetClass(asset_class)))
    for correction in corrections:
        found[correction.loan_id].corrections.append(correction)
    return found


def asset_class_as_of(*, loan_id: int, as_of: date, knowledge: Knowledge = ALL_KNOWN) -> AssetClass:
    """Return the class of a loan at a day-end, by what is or was known.

    Source: design promise 2 (two clocks).
    """
    return told_classes(loan_ids=[loan_id], knowledge=knowledge)[loan_id].on(as_of)
