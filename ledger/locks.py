"""The only place where ledger rows are locked."""

from django.db.models import QuerySet

from ledger.models import Journal


def journals_for_update() -> QuerySet[Journal]:
    """Return journals that stay locked until the caller's transaction ends, keys ascending."""
    return Journal.objects.select_for_update().order_by("pk")
