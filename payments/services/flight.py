"""Money on its way: out of the balance at the vendor before anything is sent, back when it is proven to be there."""

from collections.abc import Collection
from typing import Final

from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.models import Hold, Journal
from ledger.services import house_journal_post
from payments.models import Payout, ProviderAttempt
from payments.services.vendors import vendor_accounts

REFERENCE_TYPE: Final = "payments.payout"


def flight_begin(*, payout: Payout, attempt: ProviderAttempt) -> None:
    """Take an amount out of the balance at the vendor, in the caller's transaction; a repeat changes nothing.

    Raises:
        AccountLimitReached: the balance is smaller.

    Source: decision 0044.
    """
    today, codes = business_date(), vendor_accounts(vendor=attempt.vendor)
    house_journal_post(
        idempotency_key=_key(attempt),
        event="PAYOUT_ON_ITS_WAY",
        reference_type=REFERENCE_TYPE,
        reference_id=payout.pk,
        debit_code=codes.sent_code,
        credit_code=codes.float_code,
        amount_paise=payout.amount_paise,
        value_date=today,
        booked_on=today,
        narration=payout.number,
    )


def flight_end(*, attempt: ProviderAttempt, payout_id: int) -> None:
    """Book money of which it is proven that it did not leave back into the balance; a second call changes nothing."""

    def end() -> None:
        # Whoever undoes the step on a later day finds it back already: the journal of another day would be another one.
        if not _has_begun(attempt) or flights_ended(attempts=[attempt]):
            return
        today, codes = business_date(), vendor_accounts(vendor=attempt.vendor)
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


def _has_begun(attempt: ProviderAttempt) -> bool:
    key = _key(attempt)
    # Until decision 0044 a hold with this key took the money out, and was posted in the same transaction.
    return any(rows.filter(idempotency_key=key).exists() for rows in (Journal.objects, Hold.objects))


def _back_key(attempt: ProviderAttempt) -> str:
    return f"{_key(attempt)}:back"


def _key(attempt: ProviderAttempt) -> str:
    return f"payments.attempt:{attempt.pk}"
