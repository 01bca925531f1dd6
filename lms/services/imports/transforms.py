"""From the text of a cell to a value of ours: a closed list, exact, without float."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.problems import CellRefused

AMOUNT_MAX_PAISE: Final = 10**13
_NUMBER = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?")
_COUNT = re.compile(r"([0-9]{1,4})(?:\.0{1,4})?")
_COUNT_OF_MONTHS = re.compile(r"([0-9]{1,4})(?:\.0{1,4})?(?: ?(?:m|mo|months?))?", re.IGNORECASE)
_DATES = {
    "YYYY-MM-DD": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"),
    "DD-MM-YYYY": re.compile(r"(?P<d>[0-9]{1,2})-(?P<m>[0-9]{1,2})-(?P<y>[0-9]{4})"),
    "DD/MM/YYYY": re.compile(r"(?P<d>[0-9]{1,2})/(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})"),
    "MM/DD/YYYY": re.compile(r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})"),
}
_MONTHS = {
    "Mon-YYYY": re.compile(r"(?P<name>[A-Za-z]{3})-(?P<y>[0-9]{4})"),
    "YYYY-MM": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})"),
    "MM/YYYY": re.compile(r"(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})"),
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FORMULA_STARTS = ("=", "+", "-", "@")
_COUNT_MAX = 1200
_RATE_MAX = Decimal(100)
_YEARS = range(1990, 2101)

Value = int | str | date | Decimal | TapeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One way to read a cell, with what the map says about it.

    `unit_paise` is what one of the column's units is worth; `is_rounded` lets more than two decimals be rounded
    half-up to the paisa; `day` is the day of the month that a month stands for; `statuses` maps the file's words.
    """

    name: str
    unit_paise: int = 100
    is_rounded: bool = False
    format: str = ""
    day: int = 1
    statuses: tuple[tuple[str, TapeStatus], ...] = ()


def cell_value(*, transform: Transform, text: str, max_length: int = 0) -> Value:
    """Read one cell that is not empty.

    Raises:
        CellRefused: the text is not what the transform reads; its code is one of `problems.PROBLEMS`.
    """
    return _READERS[transform.name](text, transform, max_length)


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet would take the text for a formula."""
    return text.startswith(_FORMULA_STARTS) or text.startswith(("\t", "\r"))


def _text(text: str, _: Transform, max_length: int) -> str:
    if is_formula(text):
        raise CellRefused("cell_formula", first=text[0])
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise CellRefused("cell_control_character")
    if max_length and len(text) > max_length:
        raise CellRefused("cell_too_long", length=len(text), limit=max_length)
    return text


def _money(text: str, transform: Transform, _: int) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise CellRefused("money_invalid", text=text[:30])
    exact = Decimal(text) * transform.unit_paise
    if len(match[3] or "") > (2 if transform.unit_paise == 100 else 0) and not transform.is_rounded:
        raise CellRefused("money_three_decimals", text=text[:30])
    paise = int(exact.to_integral_value(ROUND_HALF_UP))
    if match[1] and paise:
        raise CellRefused("money_negative", text=text[:30])
    if paise > AMOUNT_MAX_PAISE:
        raise CellRefused("money_too_large", text=text[:30])
    return paise


def _percent(text: str, _: Transform, __: int) -> Decimal:
    match = _NUMBER.fullmatch(text)
    if match is None or len((match[3] or "").rstrip("0")) > 4:
        raise CellRefused("rate_invalid", text=text[:30])
    rate = Decimal(text)
    if not 0 <= rate <= _RATE_MAX:
        raise CellRefused("rate_invalid", text=text[:30])
    return rate


def _count(text: str, transform: Transform, _: int) -> int:
    pattern = _COUNT_OF_MONTHS if transform.name == "months" else _COUNT
    match = pattern.fullmatch(text)
    if match is None or int(match[1]) > _COUNT_MAX:
        raise CellRefused("count_invalid", text=text[:30])
    return int(match[1])


def _date(text: str, transform: Transform, _: int) -> date:
    match = _DATES[transform.format].fullmatch(text)
    found = match and _calendar_day(int(match["y"]), int(match["m"]), int(match["d"]))
    if not found:
        raise CellRefused("date_invalid", text=text[:30], format=transform.format)
    return found


def _month(text: str, transform: Transform, _: int) -> date:
    match = _MONTHS[transform.format].fullmatch(text)
    found = match and _calendar_day(int(match["y"]), _month_number(match), transform.day)
    if not found:
        raise CellRefused("month_invalid", text=text[:30], format=transform.format)
    return found


def _month_number(match: re.Match[str]) -> int:
    if "name" not in match.groupdict():
        return int(match["m"])
    name = match["name"].lower()
    return _MONTH_NAMES.index(name) + 1 if name in _MONTH_NAMES else 0


def _calendar_day(year: int, month: int, day: int) -> date | None:
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _status(text: str, transform: Transform, _: int) -> TapeStatus:
    for word, status in transform.statuses:
        if word == text:
            return status
    raise CellRefused("status_unknown", text=text[:40])


_READERS: Final[dict[str, Callable[[str, Transform, int], Value]]] = {
    "text": _text,
    "money": _money,
    "percent": _percent,
    "count": _count,
    "months": _count,
    "date": _date,
    "month": _month,
    "status": _status,
}
