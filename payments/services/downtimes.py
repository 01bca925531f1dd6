"""What vendors say about their own health: for people to see; routing follows the circuits, not announcements."""

from datetime import UTC, datetime

from core.clock import database_now
from payments.locks import downtimes_for_update
from payments.models import Vendor, VendorDowntime
from payments.vendors.heard import DowntimeHeard


def downtime_told(*, vendor: Vendor, heard: DowntimeHeard) -> str:
    """Note that a way of paying is down or works again, in the caller's transaction; what has ended stays ended."""
    known, _ = VendorDowntime.objects.get_or_create(vendor=vendor, vendor_reference=heard.vendor_reference)
    row = downtimes_for_update().get(pk=known.pk)
    row.method, row.instrument = heard.method[:60], heard.instrument[:120]
    row.began_at = row.began_at or _instant(heard.began_epoch)
    if row.ended_at is None and heard.status in ("resolved", "cancelled"):
        row.ended_at = _instant(heard.ended_epoch) or database_now()
    row.told_at = database_now()
    row.save()
    return f"{row.method} {'works again' if row.ended_at else 'does not work'}"


def _instant(epoch: int | None) -> datetime | None:
    return datetime.fromtimestamp(epoch, tz=UTC) if epoch else None
