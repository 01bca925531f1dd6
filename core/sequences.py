"""Numbers in a row, for things that people call by number."""

from django.db import IntegrityError, transaction

from core.models import NumberSequence


@transaction.atomic
def take_numbers(*, name: str, count: int = 1) -> range:
    """Take the next numbers of a series; they are given back only if the caller's transaction is rolled back.

    The series stays locked until that transaction ends, so its numbers have no gap.

    Args:
        name: `app.what`, such as `customers.number`; a new name starts a series at 1.
        count: how many numbers to take, at least one.
    """
    if count < 1:
        raise ValueError("At least one number is taken.")
    row = _row(name)
    first = row.next_value
    row.next_value = first + count
    row.save(update_fields=["next_value"])
    return range(first, first + count)


def _row(name: str) -> NumberSequence:
    """Lock the row of a series and return it; look for it with a lock first, a snapshot may be older than the row."""
    rows = NumberSequence.objects.select_for_update()
    row = rows.filter(name=name).first()
    if row is not None:
        return row
    try:
        with transaction.atomic():
            return NumberSequence.objects.create(name=name)
    except IntegrityError:
        return rows.get(name=name)
