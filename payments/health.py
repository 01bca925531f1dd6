"""How vendors do, and what waits on the accounts that their money passes through."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from django.db.models import F, Max, Min, Sum

from core.clock import database_now
from ledger.models import Account, AccountBalance, DeferredEntry, Transfer
from payments.models import (
    IN_SUSPENSE,
    AttemptEvent,
    AttemptState,
    CheckState,
    IncomingPayment,
    Operation,
    PayeeCheck,
    PaymentEvent,
    Payout,
    PayoutState,
    ProviderAttempt,
    Vendor,
    VendorRoute,
)
from payments.selectors import age_tone
from payments.services.vendors import SUSPENSE, client_of, vendor_accounts

HOUR: Final = timedelta(hours=1)
_LIVE: Final = (AttemptState.SENDING, AttemptState.UNKNOWN, AttemptState.PROCESSING)
# An answer of these says nothing: the vendor, or the way to it, failed.
_NO_ANSWER: Final = ("UNSURE",)
# So many movements are looked through for the oldest amount that nothing was matched with.
_WALKED: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One vendor's operation: circuit, the last hour, how long it takes, what it costs, and what is still open."""

    vendor: Vendor
    operation: Operation
    circuit: str
    calls: int
    failures: int
    median_seconds: int | None
    cost_paise: int | None
    oldest_open_at: datetime | None
    tone: str

    @property
    def failure_pct(self) -> int:
        """Return the share of failures, rounded up."""
        return -(-self.failures * 100 // self.calls) if self.calls else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """An account that money passes through: what is on it, since when, and what of it nobody can explain."""

    account: Account
    balance_paise: int
    oldest_at: datetime | None
    tone: str
    unexplained_paise: int = 0


def vendors_health() -> tuple[Health, ...]:
    """Return how each vendor does at each operation that it has a route for; few queries, whatever the traffic."""
    now = database_now()
    routes: dict[tuple[int, str], VendorRoute] = {}
    for route in VendorRoute.objects.filter(valid_to__isnull=True).select_related("vendor"):
        routes.setdefault((route.vendor_id, route.operation), route)
    calls, failures, seconds = _traffic(now)
    oldest = _oldest_open()
    found = []
    for (vendor_id, operation), route in routes.items():
        key = (vendor_id, operation)
        circuit = _circuit(route.vendor, operation)
        tone = "red" if circuit == "open" else age_tone(since=oldest.get(key), now=now)
        found.append(
            Health(
                vendor=route.vendor,
                operation=Operation(operation),
                circuit=circuit,
                calls=calls[key],
                failures=failures[key],
                median_seconds=round(median(seconds[key])) if seconds[key] else None,
                cost_paise=route.cost_paise,
                oldest_open_at=oldest.get(key),
                tone=tone,
            )
        )
    return tuple(sorted(found, key=lambda row: (row.operation, row.vendor.code)))


def clearing_accounts() -> tuple[Clearing, ...]:
    """Return the accounts that vendors' money passes through, with the age of what is unmatched on each."""
    now = database_now()
    vendors = list(Vendor.objects.order_by("code"))
    codes = {code for vendor in vendors for code in _codes(vendor)} | {SUSPENSE}
    accounts = {row.code: row for row in Account.objects.filter(code__in=codes)}
    balances = _balances(accounts.values())
    in_flight = _in_flight()
    rows = []
    for vendor in vendors:
        own = vendor_accounts(vendor=vendor)
        for code in _codes(vendor):
            if code not in accounts:
                continue
            account = accounts[code]
            balance = balances[account.pk]
            oldest, unexplained = None, 0
            if code == own.sent_code:
                paise, oldest = in_flight.get(vendor.pk, (0, None))
                unexplained = balance - paise
            elif code == own.taken_code:
                oldest = _oldest_unmatched(account, balance)
            tone = "red" if unexplained else age_tone(since=oldest, now=now)
            rows.append(
                Clearing(
                    account=account, balance_paise=balance, oldest_at=oldest, tone=tone, unexplained_paise=unexplained
                )
            )
    if SUSPENSE in accounts:
        rows.append(_suspense(accounts[SUSPENSE], balances[accounts[SUSPENSE].pk], now))
    return tuple(rows)


def _suspense(account: Account, balance_paise: int, now: datetime) -> Clearing:
    """Return money in suspense by its payments: the oldest is the one that has lain there longest, whatever came later.

    A payment that was kept, or is being given back, has lain there since it came in; one taken off a loan, since then.
    """
    lying = IncomingPayment.objects.filter(state__in=IN_SUSPENSE).order_by()
    paise = lying.aggregate(total=Sum(F("amount_paise") - F("lost_paise")))["total"] or 0
    entered = PaymentEvent.objects.filter(payment__in=lying.values("pk"), state_after__in=IN_SUSPENSE)
    latest = entered.exclude(state_before__in=IN_SUSPENSE).order_by().values("payment_id").annotate(since=Max("at"))
    oldest = latest.order_by("since").values_list("since", flat=True).first()
    unexplained = balance_paise + int(paise)
    return Clearing(
        account=account,
        balance_paise=balance_paise,
        oldest_at=oldest,
        tone="red" if unexplained else age_tone(since=oldest, now=now),
        unexplained_paise=unexplained,
    )


def _codes(vendor: Vendor) -> tuple[str, str, str]:
    codes = vendor_accounts(vendor=vendor)
    return codes.float_code, codes.sent_code, codes.taken_code


def _circuit(vendor: Vendor, operation: str) -> str:
    if not vendor.is_active:
        return "switched off"
    return "closed" if client_of(vendor=vendor).http.is_closed(operation=operation) else "open"


def _traffic(
    now: datetime,
) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int], dict[tuple[int, str], list[float]]]:
    """Return calls, failures and how long ends took, by vendor and operation, of the last hour."""
    calls: dict[tuple[int, str], int] = defaultdict(int)
    failures: dict[tuple[int, str], int] = defaultdict(int)
    seconds: dict[tuple[int, str], list[float]] = defaultdict(list)
    # The latest by their keys: no index knows the hour, and one would be written by every call.
    events = AttemptEvent.objects.filter(source__in=("ANSWER", "LOOK", "WEBHOOK")).order_by("-pk")
    columns = ("attempt__vendor_id", "attempt__operation", "told", "state_before", "state_after", "at")
    for vendor_id, operation, told, before, after, at, begun in events.values_list(*columns, "attempt__created_at")[
        :_WALKED
    ]:
        if at < now - HOUR:
            continue
        key = (vendor_id, operation)
        calls[key] += 1
        failures[key] += told in _NO_ANSWER
        if before != after and after not in _LIVE:
            seconds[key].append((at - begun).total_seconds())
    checks = PayeeCheck.objects.filter(vendor__isnull=False).order_by("-pk")
    for vendor_id, operation, state, asked, answered in checks.values_list(
        "vendor_id", "operation", "state", "asked_at", "answered_at"
    )[:_WALKED]:
        assert vendor_id is not None  # noqa: S101  # filtered above
        if asked < now - HOUR:
            continue
        key = (vendor_id, operation)
        calls[key] += 1
        failures[key] += state == CheckState.UNPROVEN
        if answered is not None:
            seconds[key].append((answered - asked).total_seconds())
    return calls, failures, seconds


def _oldest_open() -> dict[tuple[int, str], datetime]:
    rows = ProviderAttempt.objects.filter(state__in=_LIVE, is_live=True).order_by()
    found: dict[tuple[int, str], datetime] = {}
    for row in rows.values("vendor_id", "operation").annotate(oldest=Min("created_at")):
        found[row["vendor_id"], row["operation"]] = row["oldest"]
    return found


def _in_flight() -> dict[int, tuple[int, datetime]]:
    """Return what payouts that nothing final is known of have on their way, by vendor, and since when."""
    sagas = Payout.objects.filter(state=PayoutState.SENT, saga_id__isnull=False).values("saga_id")
    rows = ProviderAttempt.objects.filter(saga_id__in=sagas, step="send", is_live=True).order_by()
    return {
        row["vendor_id"]: (int(row["paise"]), row["oldest"])
        for row in rows.values("vendor_id").annotate(paise=Sum("amount_paise"), oldest=Min("created_at"))
    }


def _balances(accounts: Iterable[Account]) -> dict[int, int]:
    """Return where accounts stand, with the legs that wait for the roller."""
    ids = [account.pk for account in accounts]
    found: dict[int, int] = defaultdict(int)
    for account_id, paise in AccountBalance.objects.filter(account__in=ids).values_list("account_id", "balance_paise"):
        found[account_id] += paise
    waiting = DeferredEntry.objects.filter(account__in=ids).order_by().values("account_id")
    for row in waiting.annotate(total=Sum("delta_paise")):
        found[row["account_id"]] += int(row["total"])
    return found


def _oldest_unmatched(account: Account, balance_paise: int) -> datetime | None:
    """Return since when the oldest of a balance waits, if what came first is matched first; None for no balance.

    Walks back through what made the balance until that explains it.
    """
    if not balance_paise:
        return None
    side = {"debit_account": account} if balance_paise > 0 else {"credit_account": account}
    rows = Transfer.objects.filter(**side).order_by("-value_date", "-pk").select_related("journal")
    left, oldest = abs(balance_paise), None
    for transfer in rows[:_WALKED]:
        oldest = transfer.journal.recorded_at
        left -= transfer.amount_paise
        if left <= 0:
            break
    return oldest
