"""Journals of the lender itself, between two accounts of the chart that belong to no product."""

from datetime import date
from typing import Final

from django.db import connection

from core.money import MAX_PAISE
from core.prepared import PreparedQuery
from ledger.errors import AccountClosed, AccountUnknown, AmountTooLarge, PeriodClosed
from ledger.models import Account, AccountMode, Journal
from ledger.services.content import content_hash
from ledger.services.periods import booking_check
from ledger.services.posting import Leg, Posting, posting_save, same_journal

_NO_PRODUCT: Final = ""
_ACCOUNT: Final = PreparedQuery(lambda code: Account.objects.filter(code=code).order_by())


def house_journal_post(
    *,
    idempotency_key: str,
    event: str,
    reference_type: str,
    reference_id: int,
    debit_code: str,
    credit_code: str,
    amount_paise: int,
    value_date: date,
    booked_on: date,
    narration: str = "",
) -> Journal:
    """Post one amount between two accounts of the chart, in the caller's transaction.

    For what the rules of the trade demand of the lender as a whole, such as an appropriation of profit. What loans
    do is posted by `journal_post`, what people decide by `manual_journal_post`.

    Args:
        debit_code, credit_code: accounts of the chart.
        amount_paise: more than zero.
        The others are those of `journal_post`.

    Returns:
        The journal; that of the first call when the key comes again with the same content.

    Raises:
        AccountUnknown, AccountClosed: an account cannot be posted to.
        AmountTooLarge: the amount has more than eighteen digits.
        PeriodClosed: the month of `booked_on` is closed.
        JournalKeyReused: the key posted something else.
        AccountLimitReached: an account with limits does not allow it.
        ValueError: the amount is not positive.
    """
    assert connection.in_atomic_block, "Journals are posted inside the transaction of the act that causes them."  # noqa: S101  # a broken promise between our own functions
    if amount_paise <= 0:
        raise ValueError("A journal of the house moves more than nothing.")
    if amount_paise > MAX_PAISE:
        raise AmountTooLarge(event=event)
    debit, credit = _account(debit_code), _account(credit_code)
    content = [event, reference_type, reference_id, debit_code, credit_code, amount_paise, value_date.isoformat()]
    journal = Journal(
        idempotency_key=idempotency_key,
        content_hash=content_hash(content=content),
        event=event,
        reference_type=reference_type,
        reference_id=reference_id,
        product_code=_NO_PRODUCT,
        value_date=value_date,
        booked_on=booked_on,
        legs=1,
        total_paise=amount_paise,
        narration=narration,
    )
    try:
        booking_check(booked_on=booked_on)
    except PeriodClosed:
        # A repeat of what is there already needs no open month.
        earlier = Journal.objects.filter(idempotency_key=idempotency_key).first()
        if earlier is None:
            raise
        return same_journal(earlier=earlier, wanted=journal)
    at_once = frozenset(account.pk for account in (debit, credit) if account.mode == AccountMode.SYNC)
    return posting_save(posting=Posting(journal, [Leg(debit.pk, credit.pk, amount_paise)]), sync_ids=at_once)


def _account(code: str) -> Account:
    found = _ACCOUNT.rows(code)
    if not found:
        raise AccountUnknown(account_code=code)
    if not found[0].is_active:
        raise AccountClosed(account_code=code)
    return found[0]
