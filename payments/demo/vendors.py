"""Contracts with the simulated vendors: where they are, what they cost, and our money at them."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.db import transaction

from core.business_date import business_date
from ledger.services import house_journal_post
from payments.models import Operation, PaymentParameters, Rail, Vendor, VendorKind, VendorRoute
from payments.services.rules import PaymentRules, payment_parameters_publish, payment_parameters_seed
from payments.services.vendors import vendor_accounts, vendor_accounts_create

_FLOAT_PAISE: Final = 2_00_00_000_00
_FIRST_DAY: Final = date(2020, 1, 1)
_MOST: Final = 10**12
_CONTROL_SECONDS: Final = 10
_POLICY: Final = "Policy of the demo lender"
_ONE_PERSON_PAISE: Final = 2_00_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    operation: Operation
    rail: str = ""
    rank: int
    cost_paise: int
    least_paise: int = 1
    most_paise: int = _MOST
    opens_at: time | None = None
    closes_at: time | None = None
    # The simulators may be asked as often as one likes, and nobody waits a minute and a half for a demonstration.
    look_seconds: str = "10, 30, 90, 300, 900, 3600, 7200"
    looks_in_two_hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contract:
    kind: VendorKind
    name: str
    key_id: str
    float_paise: int
    calls_per_second: int
    idempotency_hours: int
    routes: tuple[_Route, ...]


def _payout(rail: Rail, rank: int, cost_paise: int, most_paise: int, *, least_paise: int = 1_00) -> _Route:
    return _Route(
        operation=Operation.PAYOUT,
        rail=rail,
        rank=rank,
        cost_paise=cost_paise,
        least_paise=least_paise,
        most_paise=most_paise,
    )


CONTRACTS: Final[dict[str, _Contract]] = {
    "razorpay": _Contract(
        kind=VendorKind.RAZORPAY,
        name="Gateway in paise",
        key_id="rzp_test_kist",
        float_paise=_FLOAT_PAISE,
        calls_per_second=50,
        idempotency_hours=24,
        routes=(
            _payout(Rail.IMPS, 10, 5_90, 5_00_000_00),
            _payout(Rail.UPI, 10, 3_54, 1_00_000_00),
            _payout(Rail.NEFT, 10, 2_36, _MOST),
            _payout(Rail.RTGS, 10, 23_60, _MOST, least_paise=2_00_000_00),
            _Route(operation=Operation.PENNY_DROP, rank=20, cost_paise=2_00),
            _Route(operation=Operation.VPA_CHECK, rank=20, cost_paise=1_50),
            _Route(operation=Operation.COLLECT, rank=10, cost_paise=0),
            _Route(operation=Operation.REFUND, rank=10, cost_paise=0),
            _Route(operation=Operation.VIRTUAL_ACCOUNT, rank=10, cost_paise=0),
        ),
    ),
    "cashfree": _Contract(
        kind=VendorKind.CASHFREE,
        name="Gateway in rupees",
        key_id="cf_test_kist",
        float_paise=_FLOAT_PAISE // 2,
        calls_per_second=25,
        idempotency_hours=1,
        routes=(
            _payout(Rail.IMPS, 20, 4_72, 5_00_000_00),
            _payout(Rail.UPI, 20, 3_00, 1_00_000_00),
            _payout(Rail.NEFT, 20, 2_00, _MOST),
            _payout(Rail.RTGS, 20, 20_00, _MOST, least_paise=2_00_000_00),
            _Route(operation=Operation.PENNILESS, rank=10, cost_paise=1_00),
            _Route(operation=Operation.VPA_CHECK, rank=10, cost_paise=50),
            _Route(operation=Operation.COLLECT, rank=20, cost_paise=0),
            _Route(operation=Operation.REFUND, rank=20, cost_paise=0),
        ),
    ),
    "lookup": _Contract(
        kind=VendorKind.LOOKUP,
        name="Look-up of names",
        key_id="lookup_test_kist",
        float_paise=0,
        calls_per_second=100,
        idempotency_hours=24,
        routes=(_Route(operation=Operation.NAME_LOOKUP, rank=10, cost_paise=0),),
    ),
}


def vendors_seed(*, address: str) -> int:
    """Enter the contracts with the simulators, or point those that exist to another address; return how many are new.

    Args:
        address: where the simulators listen, on this machine.

    Raises:
        ValueError: the address is not of this machine.
    """
    if urlsplit(address).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("The simulators are on this machine alone.")
    _thresholds()
    new = 0
    for code, contract in CONTRACTS.items():
        base_url = f"{address.rstrip('/')}/{code}"
        if Vendor.objects.filter(code=code).update(base_url=base_url):
            continue
        _enter(code, contract, base_url)
        new += 1
    return new


def webhooks_point(*, address: str, to: str) -> None:
    """Tell the simulators where webhooks go.

    Args:
        address: where the simulators listen.
        to: the address of our own server.
    """
    targets = {code: {"webhook_url": f"{to.rstrip('/')}/webhooks/{code}/"} for code in CONTRACTS if code != "lookup"}
    control(address=address, path="config", **targets)


def control(*, address: str, path: str, **body: object) -> Any:
    """Set something at the simulators, and return what they answer.

    Raises:
        httpx.HTTPError: they do not answer, or refuse it.
    """
    with httpx.Client(timeout=_CONTROL_SECONDS, trust_env=False) as client:
        return client.post(f"{address.rstrip('/')}/_sim/{path}", json=body).raise_for_status().json()


def _thresholds() -> None:
    """Publish a limit that loans of the demo reach, so that some payouts wait for a second person."""
    payment_parameters_seed()
    if not PaymentParameters.objects.filter(source=_POLICY).exists():
        payment_parameters_publish(
            valid_from=business_date(),
            rules=PaymentRules(payout_approval_above_paise=_ONE_PERSON_PAISE),
            source=_POLICY,
            reason="Opening of payouts",
        )


@transaction.atomic
def _enter(code: str, contract: _Contract, base_url: str) -> None:
    vendor = Vendor.objects.create(
        code=code,
        name=contract.name,
        kind=contract.kind,
        base_url=base_url,
        key_id=contract.key_id,
        # What the simulators know: nothing real listens to them.
        key_secret="kist-demo-secret",  # noqa: S106  # pragma: allowlist secret
        webhook_secret="kist-demo-webhook",  # noqa: S106  # pragma: allowlist secret
        # The fault `webhook_old_secret` shows that what was signed before the change is still taken.
        previous_webhook_secret="kist-demo-webhook-before",  # noqa: S106  # pragma: allowlist secret
        account_number="7878780080316316",
        calls_per_second=contract.calls_per_second,
        answer_seconds=10,
        idempotency_hours=contract.idempotency_hours,
    )
    vendor_accounts_create(vendor=vendor)
    for route in contract.routes:
        VendorRoute.objects.create(
            vendor=vendor,
            valid_from=_FIRST_DAY,
            operation=route.operation,
            rail=route.rail,
            rank=route.rank,
            cost_paise=route.cost_paise,
            least_paise=route.least_paise,
            most_paise=route.most_paise,
            opens_at=route.opens_at,
            closes_at=route.closes_at,
            look_seconds=route.look_seconds,
            looks_in_two_hours=route.looks_in_two_hours,
        )
    if contract.float_paise:
        _fund(vendor, contract.float_paise)


def _fund(vendor: Vendor, paise: int) -> None:
    today = business_date()
    house_journal_post(
        idempotency_key=f"demo:float:{vendor.code}",
        event="FLOAT_FUNDED",
        reference_type="payments.vendor",
        reference_id=vendor.pk,
        debit_code=vendor_accounts(vendor=vendor).float_code,
        credit_code="1010",
        amount_paise=paise,
        value_date=today,
        booked_on=today,
        narration=f"Balance for payouts at {vendor.name}",
    )
