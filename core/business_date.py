"""The date that the books are on: a row, because no code asks the wall clock for it."""

from datetime import date

from django.db import transaction

from core.errors import KistError
from core.models import BusinessDate
from core.prepared import PreparedQuery

_ROW = 1
_DATE = PreparedQuery(lambda row: BusinessDate.objects.filter(pk=row).order_by().values_list("date", flat=True))


class BusinessDateMissing(KistError):
    """The installation has no business date yet."""

    code = "core.business_date_missing"
    http_status = 503
    template = "No business date is set. Run `manage.py init_kist --business-date YYYY-MM-DD` once."


class BusinessDateBackward(KistError):
    """The business date was asked to go back."""

    code = "core.business_date_backward"
    http_status = 409
    template = "The books are on {current}; the business date cannot go back to {to}. Post with a value date instead."


def business_date() -> date:
    """Return the day that the books are on.

    Raises:
        BusinessDateMissing: the installation was not initialised.
    """
    found = _DATE.rows(_ROW)
    if not found:
        raise BusinessDateMissing()
    return found[0]


def business_date_for_update() -> BusinessDate:
    """Lock the business date until the caller's transaction ends, and return its row.

    Raises:
        BusinessDateMissing: the installation was not initialised.
    """
    row = BusinessDate.objects.select_for_update().filter(pk=_ROW).first()
    if row is None:
        raise BusinessDateMissing()
    return row


@transaction.atomic
def business_date_set(*, to: date) -> BusinessDate:
    """Move the books to a day; the first call creates the row.

    Args:
        to: the same day as now, or a later one.

    Raises:
        BusinessDateBackward: `to` is before the present business date.
    """
    row, is_new = BusinessDate.objects.select_for_update().get_or_create(pk=_ROW, defaults={"date": to})
    if is_new or row.date == to:
        return row
    if to < row.date:
        raise BusinessDateBackward(current=row.date, to=to)
    row.date = to
    row.save(update_fields=["date"])
    return row
