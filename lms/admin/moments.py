"""Which day a page is about and what was known then, read from its address and written into those of its links."""

from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from core.business_date import business_date
from core.moments import instant_of, instant_text
from core.staff_forms import as_of_date
from core.templatetags.kist import day, instant
from lms.models import Loan
from lms.services.knowledge import Knowledge

# Where a request keeps the business date.
_TODAY = "kist_business_date"


@dataclass(frozen=True, slots=True)
class Moment:
    """What the reader asks for: the day that counts, and what was known.

    `is_refused`: the day asked for is no date, or later than the latest; the latest is shown in its place.
    """

    as_of: date
    knowledge: Knowledge
    is_past: bool
    today: date
    is_refused: bool = False

    @property
    def known_on(self) -> date | None:
        """Return the last business day of recording that was known."""
        return self.knowledge.known_on

    @property
    def known_at(self) -> datetime | None:
        """Return the instant up to which recording was known, in local time."""
        found = self.knowledge.known_at
        return None if found is None else timezone.localtime(found)

    @property
    def words(self) -> str:
        """Say what was known, empty where all of it was."""
        parts = [f"recorded up to {day(self.known_on)}"] if self.known_on else []
        parts += [f"recorded by {instant(self.known_at)}"] if self.known_at else []
        return ", and ".join(parts)

    @property
    def query(self) -> str:
        """Return the part of an address that asks for the same moment."""
        known = {
            "known_on": self.known_on.isoformat() if self.known_on else None,
            "known_at": instant_text(self.knowledge.known_at),
        }
        return urlencode({"as_of": self.as_of.isoformat(), **{name: text for name, text in known.items() if text}})


def today_of(request: HttpRequest) -> date:
    """Return the business date, read once for all parts of a page."""
    found: date | None = getattr(request, _TODAY, None)
    if found is None:
        found = business_date()
        setattr(request, _TODAY, found)
    return found


def moment_of(request: HttpRequest, loan: Loan) -> Moment:
    """Read the moment from the address; without one the loan is shown as its caches have it."""
    today = today_of(request)
    return _moment(request, today=today, latest=loan.as_of or today)


def moment_of_book(request: HttpRequest) -> Moment:
    """Read the moment of a page that is about several loans."""
    today = today_of(request)
    return _moment(request, today=today, latest=today)


def _moment(request: HttpRequest, *, today: date, latest: date) -> Moment:
    asked = request.GET.get("as_of", "")
    wanted = as_of_date(asked, latest=latest)
    knowledge = Knowledge(
        known_on=as_of_date(request.GET.get("known_on"), latest=today),
        known_at=instant_of(request.GET.get("known_at")),
    )
    return Moment(
        as_of=wanted or latest,
        knowledge=knowledge,
        is_past=wanted is not None or not knowledge.is_all,
        today=today,
        is_refused=bool(asked) and wanted is None and asked != latest.isoformat(),
    )
