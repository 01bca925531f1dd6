"""What vendors charge for what they did: an expense of the day, owed until their bill or statement settles it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from core.prepared import PreparedQuery
from ledger.services import house_journal_post
from payments.models import CheckState, Operation, Vendor, VendorRoute
from payments.services.check_rows import CheckNow
from payments.services.vendors import PROOF_CREDITS, VENDOR_FEES, vendor_accounts

PROOF_REFERENCE: Final = "payments.proof"
# What a credit that proves an account is made of.
_RUPEE_PAISE: Final = 1_00
_EXPENSES: Final = {"PROOF_FEE": VENDOR_FEES, "PROOF_CREDIT": PROOF_CREDITS}
_ANSWERED: Final = (CheckState.VALID, CheckState.INVALID)
# Those that began last come last.
_ROUTES: Final = PreparedQuery(
    lambda rail, day: (
        VendorRoute.objects.filter(rail=rail, valid_from__lte=day)
        .order_by("valid_from")
        .values_list("vendor_id", "operation", "cost_paise", "valid_to")
    )
)


def proof_costs_book(*, checks: Sequence[CheckNow], today: date) -> None:
    """Book what locked checks cost that a vendor has made, once for each: its fee, and the rupee that was credited.

    The checks of one vendor share a journal; each tells its own part of it. The caller saves them.

    Args:
        checks: with what was answered; those that cost nothing, or are booked, are passed over.
        today: the day on which they ran.
    """
    made = [check for check in checks if check.booked_on is None and (check.state in _ANSWERED or check.utr)]
    fees = _proof_fees(today) if made else {}
    booked: dict[int, list[CheckNow]] = defaultdict(list)
    for check in made:
        if check.vendor_id is None or check.taken_from_id is not None:
            continue
        is_credited = check.operation == Operation.PENNY_DROP and (check.state == CheckState.VALID or bool(check.utr))
        check.fee_paise = fees.get((check.vendor_id, check.operation), 0)
        check.moved_paise = _RUPEE_PAISE if is_credited else 0
        if check.fee_paise or check.moved_paise:
            check.booked_on = today
            booked[check.vendor_id].append(check)
    for vendor in Vendor.objects.filter(pk__in=booked).only("code", "name").order_by("pk"):
        own = booked[vendor.pk]
        _owe(vendor, own, event="PROOF_FEE", paise=sum(check.fee_paise for check in own), today=today)
        _owe(vendor, own, event="PROOF_CREDIT", paise=sum(check.moved_paise for check in own), today=today)


def payout_fee_book(*, vendor: Vendor, rail: str, payout_id: int, reference_type: str, today: date) -> None:
    """Book what a vendor charges for a payout, in the caller's transaction; nothing for one that is free."""
    fee = _fee(VendorRoute.objects.filter(vendor=vendor, operation=Operation.PAYOUT, rail=rail), today)
    if fee:
        house_journal_post(
            idempotency_key=f"{reference_type}:{payout_id}:fee",
            event="PAYOUT_FEE",
            reference_type=reference_type,
            reference_id=payout_id,
            debit_code=VENDOR_FEES,
            credit_code=vendor_accounts(vendor=vendor).owed_code,
            amount_paise=fee,
            value_date=today,
            booked_on=today,
        )


def _proof_fees(today: date) -> dict[tuple[int, str], int]:
    """Return what each vendor charges for each sort of check on a day."""
    return {
        (vendor_id, operation): cost_paise
        for vendor_id, operation, cost_paise, valid_to in _ROUTES.rows("", today.isoformat())
        if valid_to is None or valid_to >= today
    }


def _fee(routes: QuerySet[VendorRoute], today: date) -> int:
    route = routes.filter(_in_force(today)).order_by("-valid_from").first()
    return route.cost_paise if route is not None else 0


def _in_force(today: date) -> Q:
    return Q(valid_from__lte=today) & (Q(valid_to__isnull=True) | Q(valid_to__gte=today))


def _owe(vendor: Vendor, checks: Sequence[CheckNow], *, event: str, paise: int, today: date) -> None:
    if not paise:
        return
    first = min(check.pk for check in checks)
    house_journal_post(
        idempotency_key=f"{PROOF_REFERENCE}:{first}:{event}",
        event=event,
        reference_type=PROOF_REFERENCE,
        reference_id=first,
        debit_code=_EXPENSES[event],
        credit_code=vendor_accounts(vendor=vendor).owed_code,
        amount_paise=paise,
        value_date=today,
        booked_on=today,
        narration=f"{len(checks)} accounts proven by {vendor.name}",
    )
