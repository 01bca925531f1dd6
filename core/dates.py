"""Dates as India writes them, and its financial year."""

import re
from dataclasses import dataclass
from datetime import date

from core.errors import KistError

_DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2})[-/](?P<month>[0-9]{1,2})[-/](?P<year>[0-9]{4})")
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")


class DateInvalid(KistError):
    """The text is not a day of the calendar."""

    code = "core.date_invalid"
    template = "'{text}' is not a date. Write it as DD-MM-YYYY or YYYY-MM-DD, such as 31-03-2026."


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """1 April to 31 March; `label` is what people write, such as 2026-27."""

    first_day: date
    last_day: date
    label: str


def financial_year(day: date) -> FinancialYear:
    """Return the financial year that a day falls into.

    Source: regulation 14 (1 April to 31 March).
    """
    start = day.year if day.month >= 4 else day.year - 1
    return FinancialYear(date(start, 4, 1), date(start + 1, 3, 31), f"{start}-{(start + 1) % 100:02d}")


def parse_date(text: str) -> date:
    """Read a date written DD-MM-YYYY, DD/MM/YYYY or YYYY-MM-DD.

    Raises:
        DateInvalid: another form, or a day that the month does not have, such as 31-02-2026.
    """
    stripped = text.strip()
    match = _DAY_FIRST.fullmatch(stripped) or _YEAR_FIRST.fullmatch(stripped)
    if match is None:
        raise DateInvalid(text=text[:40])
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise DateInvalid(text=text[:40]) from error
