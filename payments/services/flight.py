"""Money on its way: out of the balance at the vendor before anything is sent, back when it is proven to be there."""

from collections.abc import Collection
from typing import Final

from core.business_date import business_date
from core.clock import database_now
from core.transactions import run_in_transaction
from ledger.models import Account, Hold, HoldState, Journal
from ledger.services import HoldOrder, hold_place, hold_post, hold_void, house_journal_post
from payments.models import Payout, ProviderAttempt
from payments.services.vendors import vendor_accounts

REFERENCE_TYPE: Final = "payments.payout"


def flight_begin(*, payout: Payout, attempt: ProviderAttempt) -> None:
    """Take an amount out of the balance at the vendor, in the caller's transaction.

    Raises:
        AccountLimitReached: the balance is smaller.
    """
    today, now = business_date(), database_now()
    codes = vendor_accounts(vendor=attempt.vendor)
    rows = Account.objects.filter(code__in=(codes.sent_code, codes.float_code))
    accounts = {account.code: account for account in rows}
    hold = hold_place(
        order=HoldOrder(
            idempotency_key=_hold_key(attempt),
            debit_account=accounts[codes.sent_code],
            credit_account=accounts[codes.float_code],
            amount_paise=payout.amount_paise,
            reference_type=REFERENCE_TYPE,
            reference_id=payout.pk,
        ),
        now=now,
    )
    hold_post(hold_id=hold.pk, value_date=today, booked_on=today, now=now, narration=payout.number)


def flight_end(*, attempt: ProviderAttempt, payout_id: int) -> None:
    """Book money of which it is proven that it did not leave back into the balance; a second call changes nothing."""

    def end() -> None:
        hold = Hold.objects.filter(idempotency_key=_hold_key(attempt)).first()
        if hold is None:
            return
        if hold.state == HoldState.ACTIVE:
            hold_void(hold_id=hold.pk, now=database_now())
            return
        today = business_date()
        codes = vendor_accounts(vendor=attempt.vendor)
        house_journal_post(
            idempotency_key=_back_key(attempt),
            event="PAYOUT_NOT_PAID",
            reference_type=REFERENCE_TYPE,
            reference_id=payout_id,
            debit_code=codes.float_code,
            credit_code=codes.sent_code,
            amount_paise=attempt.amount_paise,
            value_date=today,
            booked_on=today,
        )

    run_in_transaction(end)


def flights_ended(*, attempts: Collection[ProviderAttempt]) -> set[int]:
    """Return the keys of those of some calls whose money is back in the balance at the vendor."""
    keys = {_back_key(attempt): attempt.pk for attempt in attempts}
    found = Journal.objects.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True)
    return {keys[key] for key in found}


def _back_key(attempt: ProviderAttempt) -> str:
    return f"{_hold_key(attempt)}:back"


def _hold_key(attempt: ProviderAttempt) -> str:
    return f"payments.attempt:{attempt.pk}"
