"""Ask gateways which settlements they made, for the case that nobody told us: what is new goes the way of an event."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max, Min

from core.clock import database_now
from ledger.models import Account
from ledger.selectors import balance_now
from payments.errors import WebhookUnreadable
from payments.models import IncomingPayment, Settlement, Vendor, VendorKind
from payments.services.vendors import collect_client_of, vendor_accounts
from payments.vendors.errors import VendorError
from payments.vendors.heard import SettlementHeard
from payments.webhooks.applying import READINGS
from payments.webhooks.intake import webhook_store

logger = logging.getLogger(__name__)

# So far back is looked at least, however lately a settlement was told; a gateway may list one late.
_LEAST: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


def settlements_look() -> int:
    """Ask every gateway that holds money of ours; one that does not answer is asked at the next turn.

    Returns:
        How many settlements nobody had told us.
    """
    now = database_now()
    new = 0
    for vendor in Vendor.objects.filter(kind__in=READINGS).order_by("pk"):
        try:
            new += settlements_ask(vendor=vendor, now=now)
        except VendorError as error:
            logger.warning("%s does not tell its settlements: %s", vendor.code, error)
    return new


def settlements_ask(*, vendor: Vendor, now: datetime) -> int:
    """Ask one gateway for its settlements since the last one that we know, and put the others into the inbox.

    They are applied as if the gateway had told them by itself, so one that is told twice is booked once, and one that
    cannot be right waits for a person among the messages.

    Returns:
        How many of them we did not know.

    Raises:
        VendorError: the gateway does not tell.
    """
    since = _since(vendor, now)
    if since is None:
        return 0
    told = collect_client_of(vendor=vendor).settlements_told(since=since, until=now + _DAY)
    unknown = [body for body in told if not _is_known(vendor, body)]
    for body in unknown:
        webhook_store(vendor=vendor, raw=json.dumps(body, sort_keys=True).encode(), headers={})
    return len(unknown)


def _since(vendor: Vendor, now: datetime) -> datetime | None:
    """Return since when settlements may be missing; None while the gateway holds nothing of ours."""
    account = Account.objects.filter(code=vendor_accounts(vendor=vendor).taken_code).first()
    if account is None or not balance_now(account=account):
        return None
    known = Settlement.objects.filter(vendor=vendor).aggregate(at=Max("told_at"))["at"]
    first = known or IncomingPayment.objects.filter(vendor=vendor).aggregate(at=Min("created_at"))["at"] or now
    return min(first, now - _LEAST) - _DAY


def _is_known(vendor: Vendor, body: Mapping[str, Any]) -> bool:
    try:
        heard = READINGS[VendorKind(vendor.kind)](body).heard
    except WebhookUnreadable:
        # Somebody has to see it.
        return False
    told = [part for part in heard if isinstance(part, SettlementHeard)]
    return all(
        Settlement.objects.filter(
            vendor=vendor, vendor_reference=part.vendor_reference, amount_paise=part.amount_paise
        ).exists()
        for part in told
    )
