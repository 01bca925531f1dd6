"""What the founders pay in, by the way of every journal by hand: one person asks, another approves."""

from datetime import date

from django.contrib.auth.models import User

from core.approvals.services import approval_approve, approval_request
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.services.manual_journals import ManualJournal, ManualLine

_BANK, _SHARE_CAPITAL = "1010", "3010"
CAPITAL_PAISE = 40_00_00_000_00


def capital_pay_in(*, maker: User, checker: User, value_date: date) -> None:
    """Book share capital into the bank.

    Args:
        maker: asks for the journal.
        checker: approves it, with authority for the amount.
        value_date: the day of the payment.
    """
    reason = "Share capital of the demo lender"
    voucher = ManualJournal(
        lines=(
            ManualLine(account_code=_BANK, debit_paise=CAPITAL_PAISE),
            ManualLine(account_code=_SHARE_CAPITAL, credit_paise=CAPITAL_PAISE),
        ),
        value_date=value_date,
        narration=reason,
    )
    request = approval_request(
        kind=MANUAL_JOURNAL,
        payload=voucher_payload(voucher=voucher, reason=reason),
        reason=reason,
        actor=maker,
        idempotency_key="demo:capital",
    )
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)
