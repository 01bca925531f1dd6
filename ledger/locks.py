"""The only place where ledger rows are locked."""

from collections.abc import Collection

from django.db import connection
from django.db.models import QuerySet

from ledger.models import AccountBalance, DaySumReach, Hold, Journal, Period, Seal


def journals_for_update() -> QuerySet[Journal]:
    """Return journals that stay locked until the caller's transaction ends, keys ascending."""
    return Journal.objects.select_for_update().order_by("pk")


def journal_by_key_shared(*, idempotency_key: str) -> Journal | None:
    """Return the journal that a duplicate key collided with, as it is now and not as the snapshot has it.

    Under repeatable read the snapshot may be older than that journal. The lock is shared: callers that collided hold
    one on the duplicate already, and would deadlock over an exclusive one.
    """
    rows = Journal.objects.raw(
        f"SELECT * FROM ledger_journal WHERE idempotency_key = %s{_share()}",  # noqa: S608  # only our own names and numbers stand in it
        [idempotency_key],
    )
    return next(iter(rows), None)


def balances_for_update(*, account_ids: Collection[int]) -> QuerySet[AccountBalance]:
    """Return balances in key order, locked when the queryset runs: one order for all prevents deadlocks."""
    return AccountBalance.objects.select_for_update().filter(pk__in=account_ids).order_by("pk")


def holds_for_update() -> QuerySet[Hold]:
    """Return holds in key order, locked when the queryset runs."""
    return Hold.objects.select_for_update().order_by("pk")


def seals_for_update() -> QuerySet[Seal]:
    """Return seals, the last one first, locked when the queryset runs."""
    return Seal.objects.select_for_update().order_by("-no")


def day_sum_reach_for_update() -> DaySumReach:
    """Return how far the sums go, locked; the row is made when it is first asked for."""
    DaySumReach.objects.get_or_create(pk=1)
    return DaySumReach.objects.select_for_update().get(pk=1)


def periods_for_update() -> QuerySet[Period]:
    """Return months in key order, locked when the queryset runs."""
    return Period.objects.select_for_update().order_by("pk")


def period_state_shared(*, period_id: int) -> str | None:
    """Return a month's state, None without a row, and keep it as it is until the caller's transaction ends.

    Every posting reads the row: the lock is shared, because with an exclusive one they would wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT state FROM ledger_period WHERE id = %s{_share()}", [period_id])  # noqa: S608  # only our own names and numbers stand in it
        row = cursor.fetchone()
    return str(row[0]) if row else None


def _share() -> str:
    return " LOCK IN SHARE MODE" if connection.vendor == "mysql" else ""
