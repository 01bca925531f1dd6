"""Change contracts with vendors: values, secrets, and the dated rows of what each is asked for."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.services.checks import reason_check
from payments.errors import RouteDateTaken, RouteInPast, RouteInvalid, RouteLooksInvalid, VendorCodeTaken, VendorInvalid
from payments.locks import vendors_for_update
from payments.models import Operation, Vendor, VendorRoute
from payments.models.vendor import look_seconds_standard
from payments.protocol import looks_within
from payments.services.vendors import vendor_accounts_create

# What is changed by `vendor_change`; secrets have an act of their own.
VENDOR_VALUES: Final = (
    "name",
    "base_url",
    "key_id",
    "account_number",
    "priority_class",
    "calls_per_second",
    "answer_seconds",
    "idempotency_hours",
    "is_active",
)
# A lease of a step is longer than the slowest answer.
_SLOWEST_ANSWER_SECONDS: Final = 50
_LOOKS_MOST: Final = 12
_LOOK: Final = re.compile(r"[1-9][0-9]{0,4}")
_TWO_HOURS: Final = timedelta(hours=2)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTerms:
    """What a vendor is asked for from a day on; without hours at any time, without an end until further notice."""

    operation: Operation
    rail: str
    rank: int
    cost_paise: int
    least_paise: int
    most_paise: int
    valid_from: date
    opens_at: time | None = None
    closes_at: time | None = None
    look_seconds: str = look_seconds_standard()
    looks_in_two_hours: int = 3


def vendor_add(*, code: str, kind: str, values: dict[str, Any], reason: str, actor: User | None) -> Vendor:
    """Enter a contract with a vendor, without secrets, and open the accounts that its money passes through.

    Raises:
        VendorInvalid, VendorCodeTaken: the contract cannot be.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    _check(values)

    def add() -> Vendor:
        try:
            with transaction.atomic():
                vendor = Vendor.objects.create(code=code, kind=kind, **values)
        except IntegrityError as error:
            raise VendorCodeTaken(vendor=code) from error
        vendor_accounts_create(vendor=vendor)
        audit.record(actor=actor, action="payments.vendor_add", obj=vendor, reason=reason, detail=_kept(values))
        return vendor

    return run_in_transaction(add)


def vendor_change(*, vendor_id: int, values: dict[str, Any], reason: str, actor: User | None) -> Vendor:
    """Change what a contract says; calls that follow go by it.

    Raises:
        VendorInvalid: the values cannot be.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    _check(values)

    def change() -> Vendor:
        vendor = vendors_for_update().get(pk=vendor_id)
        before = {name: getattr(vendor, name) for name in values}
        for name, value in values.items():
            setattr(vendor, name, value)
        vendor.save(update_fields=list(values))
        changed = {name: [str(before[name]), str(value)] for name, value in values.items() if before[name] != value}
        audit.record(actor=actor, action="payments.vendor_change", obj=vendor, reason=reason, detail=changed)
        return vendor

    return run_in_transaction(change)


def vendor_secrets_rotate(
    *, vendor_id: int, key_secret: str, webhook_secret: str, reason: str, actor: User | None
) -> Vendor:
    """Replace secrets; an empty one stays. What was signed with the webhook secret before is still taken.

    Raises:
        VendorInvalid: neither is given.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    if not key_secret and not webhook_secret:
        raise VendorInvalid(problem="Give the new key secret, the new webhook secret, or both.")

    def rotate() -> Vendor:
        vendor = vendors_for_update().get(pk=vendor_id)
        if key_secret:
            vendor.key_secret = key_secret
        if webhook_secret and webhook_secret != vendor.webhook_secret:
            vendor.previous_webhook_secret = vendor.webhook_secret
            vendor.webhook_secret = webhook_secret
        vendor.save()
        replaced = [name for name, given in (("key", key_secret), ("webhook", webhook_secret)) if given]
        audit.record(
            actor=actor, action="payments.secret_change", obj=vendor, reason=reason, detail={"replaced": replaced}
        )
        return vendor

    return run_in_transaction(rotate)


def vendor_route_add(*, vendor_id: int, terms: RouteTerms, reason: str, actor: User | None) -> VendorRoute:
    """Let a vendor be asked for an operation from a day on; an earlier row for the same ends the day before.

    Raises:
        RouteInPast, RouteInvalid, RouteLooksInvalid, RouteDateTaken: the row cannot be.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    today = business_date()
    if terms.valid_from < today:
        raise RouteInPast(business_date=today)
    is_pair = (terms.opens_at is None) == (terms.closes_at is None)
    is_ordered = terms.opens_at is None or terms.closes_at is None or terms.opens_at < terms.closes_at
    if not 0 < terms.least_paise <= terms.most_paise or not is_pair or not is_ordered:
        raise RouteInvalid()
    _looks_check(terms)

    def add() -> VendorRoute:
        vendor = vendors_for_update().get(pk=vendor_id)
        same = VendorRoute.objects.filter(vendor=vendor, operation=terms.operation, rail=terms.rail)
        if same.filter(valid_from=terms.valid_from).exists():
            raise RouteDateTaken(vendor=vendor.name, valid_from=terms.valid_from)
        last_day = date.fromordinal(terms.valid_from.toordinal() - 1)
        open_rows = same.filter(valid_from__lt=terms.valid_from)
        (open_rows.filter(valid_to__isnull=True) | open_rows.filter(valid_to__gt=last_day)).update(valid_to=last_day)
        row = VendorRoute.objects.create(vendor=vendor, **{name: getattr(terms, name) for name in terms.__slots__})
        audit.record(
            actor=actor,
            action="payments.route_add",
            obj=row,
            reason=reason,
            detail={name: str(getattr(terms, name)) for name in terms.__slots__},
        )
        return row

    return run_in_transaction(add)


def vendor_route_end(*, route_id: int, reason: str, actor: User | None) -> VendorRoute:
    """End a route with today; one that has ended stays as it is.

    Raises:
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def end() -> VendorRoute:
        seen = VendorRoute.objects.get(pk=route_id)
        vendors_for_update().get(pk=seen.vendor_id)
        # Read again under the vendor's lock: another row for the same may have ended it meanwhile.
        row = VendorRoute.objects.select_related("vendor").get(pk=route_id)
        today = business_date()
        if row.valid_to is not None and row.valid_to <= today:
            return row
        row.valid_to = today
        row.save(update_fields=["valid_to"])
        audit.record(actor=actor, action="payments.route_end", obj=row, reason=reason)
        return row

    return run_in_transaction(end)


def _check(values: dict[str, Any]) -> None:
    parts = urlsplit(values.get("base_url", "https://given.elsewhere"))
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise VendorInvalid(problem="A vendor is called by https alone; give an address that begins with it.")
    if not 0 < values.get("answer_seconds", 1) <= _SLOWEST_ANSWER_SECONDS:
        raise VendorInvalid(problem=f"An answer is waited for from 1 to {_SLOWEST_ANSWER_SECONDS} seconds.")
    if values.get("calls_per_second", 1) <= 0 or values.get("idempotency_hours", 1) <= 0:
        raise VendorInvalid(problem="Calls a second and the hours of a key are more than zero.")


def _looks_check(terms: RouteTerms) -> None:
    parts = [part.strip() for part in terms.look_seconds.split(",")]
    if len(parts) > _LOOKS_MOST or not all(_LOOK.fullmatch(part) for part in parts):
        raise RouteLooksInvalid(problem=f"Give up to {_LOOKS_MOST} pauses in whole seconds, with commas between them")
    ladder = tuple(timedelta(seconds=int(part)) for part in parts)
    most = terms.looks_in_two_hours
    if most and not looks_within(ladder=ladder, most=most, window=_TWO_HOURS):
        raise RouteLooksInvalid(problem=f"Whoever waits so asks more often than {most} times in two hours")


def _kept(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
