"""What a document is about: a loan with what is known of it, and the part that is asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from core.dates import FinancialYear, financial_year
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms
from lms.errors import refusal_of
from lms.models import Loan

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is asked for; which fields count follows from the kind of document.

    `year` is the calendar year in which the financial year begins; `sequence` is the entry of a receipt; `tax_number`
    is the number of a GST invoice or note, `quote` that of a stored foreclosure quote; `known_at` leaves out what was
    recorded after an instant.
    """

    as_of: date | None = None
    from_date: date | None = None
    year: int | None = None
    sequence: int | None = None
    tax_number: str = ""
    quote: str = ""
    known_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are set, as JSON can carry them."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if value not in (None, "")
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Subject":
        """Read what `to_json` wrote."""
        read = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        for name in ("as_of", "from_date"):
            if name in read:
                read[name] = date.fromisoformat(read[name])
        if "known_at" in read:
            read["known_at"] = datetime.fromisoformat(read["known_at"])
        return cls(**read)

    @property
    def financial_year(self) -> FinancialYear:
        """Return the financial year asked for."""
        assert self.year is not None  # noqa: S101  # checked with the other fields that the kind needs
        return financial_year(date(self.year, 4, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A loan with its terms and the facts that are known, and the subject with its day filled in."""

    loan: Loan
    terms: Terms
    facts: tuple[Fact, ...]
    subject: Subject
    issued_on: date

    @property
    def as_of(self) -> date:
        """Return the day that the figures are of."""
        assert self.subject.as_of is not None  # noqa: S101  # filled in before the case is made
        return self.subject.as_of

    def state(self, day: date) -> LoanState:
        """Replay the loan to the day-end of a day.

        Raises:
            FactRefused: the entries contradict each other.
        """
        try:
            return replay(terms=self.terms, facts=self.facts, as_of=day)
        except EngineRefusal as error:
            raise refusal_of(error) from error

    def state_before(self, day: date) -> LoanState:
        """Replay the loan to the eve of a day."""
        return self.state(day - timedelta(days=1))
