"""Download the books as CSV that a spreadsheet cannot mistake for formulas."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from core import audit

EXPORT_PERMISSION: Final = "ledger.export_books"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int | date | None


def is_export(request: HttpRequest) -> bool:
    """Tell whether a page is asked for as a file; those without the permission are refused.

    Raises:
        PermissionDenied: the user may look, but not download.
    """
    if request.GET.get("format") != "csv":
        return False
    if not request.user.has_perm(EXPORT_PERMISSION):
        raise PermissionDenied
    return True


def rupees(paise: int) -> str:
    """Write paise as a plain number of rupees: -1234.50."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def csv_download(
    request: HttpRequest, *, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], money: Sequence[int] = ()
) -> HttpResponse:
    """Answer with a file, and write to the audit trail who took it.

    Args:
        name: of the file, without its ending.
        money: places of the columns that hold paise; they become rupees.
    """
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    # Spreadsheets take a file without this mark for another encoding.
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value, place in money) for place, value in enumerate(row)])
    audit.record(
        actor=request.user,
        action="ledger.books_export",
        object_type="ledger.export",
        object_id=name[:64],
        detail={"query": request.GET.urlencode()[:200]},
    )
    return response


def _cell(value: Cell, is_money: bool) -> str:
    if value is None:
        return ""
    if is_money and isinstance(value, int):
        return rupees(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value.isoformat() if isinstance(value, date) else str(value)
