"""Work cut into parts: workers take one after the other, and whoever sleeps too long over one is shut out of it."""

from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet

from core.clock import database_now

Part = TypeVar("Part", bound=Model)
# Where so many are taken while this worker looks, it looks again.
_LOOKED_AT: Final = 20


def part_claim(*, pending: QuerySet[Part], lease: timedelta) -> Part | None:
    """Take the first part that nobody works on, under a fence of its own; None where there is none.

    Args:
        pending: parts that are not done, with `number`, `state`, `fence` and `lease_until`.
        lease: how long it stays with a worker that says nothing.

    Returns:
        The part with its new fence: what the worker writes later holds only while the row still has it.
    """
    now = database_now()
    free = pending.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    row: Any
    for row in free.order_by("number")[:_LOOKED_AT]:
        # Columns of the row alone: an update by a join would be two statements, and another worker fits in between.
        unchanged = type(row)._default_manager.filter(pk=row.pk, fence=row.fence, state=row.state)
        if unchanged.update(fence=row.fence + 1, lease_until=now + lease):
            row.fence += 1
            taken: Part = row
            return taken
    return None
