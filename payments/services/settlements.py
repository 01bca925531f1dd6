"""What gateways pay to our bank: what they took, less their fees and the tax on these."""

from typing import Final

from django.db import IntegrityError, transaction

from core.business_date import business_date
from core.clock import database_now
from core.transactions import run_in_transaction
from ledger.models import Account
from ledger.selectors import balance_now
from ledger.services import house_journal_post
from payments.errors import AmountDiffers
from payments.models import Settlement, Vendor
from payments.receipt_errors import SettlementAboveTaken
from payments.services.settlement_parts import settlement_report_begin
from payments.services.vendors import INPUT_TAX, POOL_BANK, VENDOR_FEES, vendor_accounts
from payments.vendors.heard import SettlementHeard

REFERENCE_TYPE: Final = "payments.settlement"


def settlement_told(*, vendor: Vendor, heard: SettlementHeard) -> Settlement:
    """Book a settlement, once: the bank and the fees get what the gateway no longer holds.

    Raises:
        SettlementAboveTaken: it is about more than the gateway holds; payments are missing, or the unit is wrong.
        AmountDiffers: it was told before with another amount.
    """

    def told() -> Settlement:
        known = Settlement.objects.filter(vendor=vendor, vendor_reference=heard.vendor_reference).first()
        if known is not None:
            return _same(known, heard)
        code = vendor_accounts(vendor=vendor).taken_code
        gross = heard.amount_paise + heard.fee_paise
        held = balance_now(account=Account.objects.get(code=code))
        if gross > held or heard.tax_paise > heard.fee_paise:
            raise SettlementAboveTaken(settlement=heard.vendor_reference, told_paise=gross, held_paise=held)
        try:
            with transaction.atomic():
                row = _create(vendor, heard)
        except IntegrityError:
            return _same(Settlement.objects.get(vendor=vendor, vendor_reference=heard.vendor_reference), heard)
        _post(row, "GATEWAY_SETTLED", to=POOL_BANK, amount_paise=row.amount_paise)
        _post(row, "GATEWAY_FEE", to=VENDOR_FEES, amount_paise=row.fee_paise - row.tax_paise)
        _post(row, "GATEWAY_FEE_TAX", to=INPUT_TAX, amount_paise=row.tax_paise)
        settlement_report_begin(settlement=row)
        return row

    return run_in_transaction(told)


def _create(vendor: Vendor, heard: SettlementHeard) -> Settlement:
    return Settlement.objects.create(
        vendor=vendor,
        vendor_reference=heard.vendor_reference,
        amount_paise=heard.amount_paise,
        fee_paise=heard.fee_paise,
        tax_paise=heard.tax_paise,
        utr=heard.utr[:35],
        booked_on=business_date(),
        told_at=database_now(),
    )


def _same(known: Settlement, heard: SettlementHeard) -> Settlement:
    if known.amount_paise != heard.amount_paise:
        raise AmountDiffers(
            what="Settlement",
            reference=known.vendor_reference,
            asked_paise=known.amount_paise,
            told_paise=heard.amount_paise,
        )
    return known


def _post(row: Settlement, event: str, *, to: str, amount_paise: int) -> None:
    if not amount_paise:
        return
    house_journal_post(
        idempotency_key=f"{REFERENCE_TYPE}:{row.pk}:{event}",
        event=event,
        reference_type=REFERENCE_TYPE,
        reference_id=row.pk,
        debit_code=to,
        credit_code=vendor_accounts(vendor=row.vendor).taken_code,
        amount_paise=amount_paise,
        value_date=row.booked_on,
        booked_on=row.booked_on,
        narration=row.utr,
    )
