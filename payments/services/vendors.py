"""Vendors, the accounts that their money passes through, and the choice among them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from core.prepared import PreparedQuery
from ledger.models import Account, AccountKind, AccountMode
from ledger.services import account_create
from payments.errors import NoVendorAvailable, ParametersMissing
from payments.models import Operation, PaymentParameters, Rail, Vendor, VendorKind, VendorRoute
from payments.vendors.cashfree import CashfreeClient
from payments.vendors.cashfree_collect import CashfreeCollect
from payments.vendors.errors import VendorError
from payments.vendors.lookup import LookupClient
from payments.vendors.razorpay import RazorpayClient
from payments.vendors.razorpay_collect import RazorpayCollect

Client = RazorpayClient | CashfreeClient | LookupClient
PayoutClient = RazorpayClient | CashfreeClient
CollectClient = RazorpayCollect | CashfreeCollect
_CLIENTS: Final[dict[str, type[Client]]] = {
    VendorKind.RAZORPAY: RazorpayClient,
    VendorKind.CASHFREE: CashfreeClient,
    VendorKind.LOOKUP: LookupClient,
}
_PARAMETERS: Final = PreparedQuery(
    lambda day: PaymentParameters.objects.filter(valid_from__lte=day).order_by("-valid_from")[:1]
)
_OPEN: Final[dict[str, tuple[object, Client]]] = {}
POOL_BANK: Final = "1010"
SUSPENSE: Final = "2120"
VENDOR_FEES: Final = "5430"
PROOF_CREDITS: Final = "5440"
INPUT_TAX: Final = "1810"
DISPUTED: Final = "1080"
CASH_IN_HAND: Final = "1020"
COMPENSATION: Final = "5460"
COMPENSATION_OWED: Final = "2160"
_SHARED: Final = (
    (SUSPENSE, "Money of unknown senders", AccountKind.LIABILITY, AccountMode.DEFERRED, None),
    (VENDOR_FEES, "Fees of vendors", AccountKind.EXPENSE, AccountMode.DEFERRED, None),
    (PROOF_CREDITS, "Rupees credited to prove accounts", AccountKind.EXPENSE, AccountMode.DEFERRED, None),
    (INPUT_TAX, "GST input tax credit", AccountKind.ASSET, AccountMode.SYNC, None),
    (DISPUTED, "Payments disputed by their payers", AccountKind.ASSET, AccountMode.DEFERRED, None),
    (CASH_IN_HAND, "Cash in hand", AccountKind.ASSET, AccountMode.SYNC, 0),
    (COMPENSATION, "Compensation for late transfers", AccountKind.EXPENSE, AccountMode.DEFERRED, None),
    (COMPENSATION_OWED, "Compensation owed to borrowers", AccountKind.LIABILITY, AccountMode.DEFERRED, None),
)


@dataclass(frozen=True, slots=True)
class VendorAccounts:
    """Codes of the accounts that a vendor's money passes through.

    `float_code` is our money at the vendor, to be paid out; `sent_code` is on its way to borrowers; `taken_code` was
    taken from borrowers and not settled with us yet; `owed_code` is what we owe for what the vendor did.
    """

    float_code: str
    sent_code: str
    taken_code: str
    owed_code: str


def vendor_accounts(*, vendor: Vendor) -> VendorAccounts:
    """Return the codes of a vendor's accounts."""
    return VendorAccounts(*(f"{head}.{vendor.code}" for head in ("1050", "1060", "1070", "2410")))


@transaction.atomic
def vendor_accounts_create(*, vendor: Vendor) -> None:
    """Create the accounts that a vendor's money passes through, and those that all share; existing ones stay."""
    codes = vendor_accounts(vendor=vendor)
    own = (
        (codes.float_code, f"Payout balance at {vendor.name}", AccountKind.ASSET, AccountMode.SYNC, 0),
        (codes.sent_code, f"Payouts on their way by {vendor.name}", AccountKind.ASSET, AccountMode.DEFERRED, None),
        (codes.taken_code, f"Payments taken by {vendor.name}", AccountKind.ASSET, AccountMode.DEFERRED, None),
        (codes.owed_code, f"Owed to {vendor.name}", AccountKind.LIABILITY, AccountMode.DEFERRED, None),
    )
    _accounts_create(own)
    shared_accounts_create()


@transaction.atomic
def shared_accounts_create() -> None:
    """Create the accounts of payments that belong to no vendor; existing ones stay."""
    _accounts_create(_SHARED)


def _accounts_create(wanted: Sequence[tuple[str, str, AccountKind, AccountMode, int | None]]) -> None:
    present = set(Account.objects.filter(code__in=[row[0] for row in wanted]).values_list("code", flat=True))
    for code, name, kind, mode, least in wanted:
        if code not in present:
            account_create(code=code, name=name, kind=kind, mode=mode, min_paise=least)


def client_of(*, vendor: Vendor) -> Client:
    """Return the client of a vendor; one for all threads of the process, made anew when the contract's row changed."""
    contract: tuple[str, ...] = (vendor.base_url, vendor.key_id, vendor.key_secret, vendor.webhook_secret)
    contract += (vendor.previous_webhook_secret, vendor.account_number)
    limits = (vendor.calls_per_second, vendor.answer_seconds)
    known = _OPEN.get(vendor.code)
    if known is not None and known[0] == (contract, limits):
        return known[1]
    client = _CLIENTS[vendor.kind](vendor)
    _OPEN[vendor.code] = ((contract, limits), client)
    return client


def clients_close() -> None:
    """Close the connections to every vendor; the next call opens them again."""
    while _OPEN:
        _OPEN.popitem()[1][1].http.close()


def payout_client_of(*, vendor: Vendor) -> PayoutClient:
    """Return the client of a vendor that pays out."""
    client = client_of(vendor=vendor)
    if isinstance(client, LookupClient):
        raise ValueError(f"{vendor.code} does not pay out.")
    return client


def collect_client_of(*, vendor: Vendor) -> CollectClient:
    """Return what a vendor does with payments of borrowers."""
    client = client_of(vendor=vendor)
    if isinstance(client, RazorpayClient):
        return RazorpayCollect(client.http)
    if isinstance(client, CashfreeClient):
        return CashfreeCollect(client.http)
    raise ValueError(f"{vendor.code} takes no payments.")


def parameters_on(*, day: date) -> PaymentParameters:
    """Return the thresholds of payments that are in force on a day.

    Raises:
        ParametersMissing: none are.
    """
    found = _PARAMETERS.rows(day.isoformat())
    if not found:
        raise ParametersMissing(on=day)
    return found[0]


def routes(*, operations: Collection[Operation], rail: str, amount_paise: int, now: datetime) -> list[VendorRoute]:
    """Return the routes that are open for some operations, the best first: rank, then cost.

    Args:
        now: decides which rows are in force and which hours are open, by the lender's own time.
    """
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    rows = VendorRoute.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=local.date()),
        operation__in=operations,
        rail=rail,
        vendor__is_active=True,
        valid_from__lte=local.date(),
        least_paise__lte=amount_paise,
        most_paise__gte=amount_paise,
    ).select_related("vendor")
    moment = local.time()
    is_open = [
        row for row in rows if row.opens_at is None or row.closes_at is None or row.opens_at <= moment < row.closes_at
    ]
    return sorted(is_open, key=lambda row: (row.rank, row.cost_paise, row.pk))


def vendor_choose(*, operation: Operation, rail: str, amount_paise: int, now: datetime) -> Vendor:
    """Return the vendor to ask: the first open route whose circuit is closed.

    A circuit that is open is probed by a call that moves nothing, so that it closes when the vendor is back.

    Raises:
        NoVendorAvailable: there is no such vendor.
    """
    for route in routes(operations=[operation], rail=rail, amount_paise=amount_paise, now=now):
        client = client_of(vendor=route.vendor)
        if client.http.is_closed(operation=operation) or _is_back(client, operation):
            return route.vendor
    raise NoVendorAvailable(operation=Operation(operation).label, rail=rail)


def _is_back(client: Client, operation: Operation) -> bool:
    """Find out by a read whether a vendor answers again; money is never what finds it out."""
    try:
        client.probe(operation=operation)
    except VendorError:
        return False
    return client.http.is_closed(operation=operation)


def rail_for(*, amount_paise: int, now: datetime, is_upi: bool = False) -> Rail:
    """Return the rail with the fastest route that takes an amount: IMPS, then RTGS, then NEFT; UPI to an address of it.

    Raises:
        NoVendorAvailable: none does.
    """
    for rail in (Rail.UPI,) if is_upi else (Rail.IMPS, Rail.RTGS, Rail.NEFT):
        if routes(operations=[Operation.PAYOUT], rail=rail, amount_paise=amount_paise, now=now):
            return rail
    raise NoVendorAvailable(operation=Operation.PAYOUT.label, rail=Rail.UPI.label if is_upi else "")
