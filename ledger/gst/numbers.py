"""Numbers of tax documents: one series for each kind, state and financial year, without a gap."""

from datetime import date
from typing import Final

from core.dates import financial_year
from core.sequences import take_numbers
from core.states import State
from ledger.gst.errors import TaxSeriesClosed, TaxSeriesFull
from ledger.models import TaxDocument, TaxDocumentKind

_LETTERS: Final = {
    TaxDocumentKind.INVOICE: "I",
    TaxDocumentKind.CREDIT_NOTE: "C",
    TaxDocumentKind.DEBIT_NOTE: "D",
}
_DIGITS: Final = 7
LAST_SERIAL: Final = 10**_DIGITS - 1


def series_of(*, kind: TaxDocumentKind, state: State, on_date: date) -> str:
    """Return the series of a kind in a state and financial year, such as I27-2627."""
    label = financial_year(on_date).label
    return f"{_LETTERS[kind]}{state.gst_code}-{label[2:4]}{label[5:7]}"


def series_row(*, series: str) -> str:
    """Return the name of the counter of a series."""
    return f"ledger.gst.{series}"


def number_take(*, series: str, issued_on: date) -> tuple[int, str]:
    """Take the next number of a series; its counter stays locked until the caller's transaction ends.

    Returns:
        The serial, and the number of at most sixteen characters.

    Raises:
        TaxSeriesClosed: the series, or one of a later year, has a document of a later day.
        TaxSeriesFull: the series has no number left.

    Source: CGST Rules, rule 46(b): consecutive, at most sixteen characters, unique for a financial year.
    """
    serial = take_numbers(name=series_row(series=series)).start
    if serial > LAST_SERIAL:
        raise TaxSeriesFull(series=series, last=LAST_SERIAL)
    # By the unique index: the last of this series, and whether one of a later year has begun.
    latest = TaxDocument.objects.filter(series=series).order_by("-serial").values_list("issued_on", flat=True).first()
    if latest is None or latest <= issued_on:
        later = TaxDocument.objects.filter(series__gt=series, series__startswith=series[:4])
        latest = later.order_by("series", "serial").values_list("issued_on", flat=True).first()
    if latest is not None and latest > issued_on:
        raise TaxSeriesClosed(series=series, issued_on=issued_on, latest=latest)
    return serial, f"{series}-{serial:0{_DIGITS}d}"
