"""Journals by hand: an accountant writes the lines, a second person approves, the ledger balances them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.money import MAX_PAISE
from core.transactions import run_in_transaction
from ledger.errors import (
    AccountClosed,
    AccountTakesNoManual,
    AccountUnknown,
    JournalAccountTwice,
    JournalLinesMissing,
    JournalLineWrong,
    JournalUnbalanced,
    PeriodClosed,
    ReasonMissing,
    ValueDateInFuture,
)
from ledger.models import Account, Journal
from ledger.services.content import content_hash
from ledger.services.periods import SOFT_PERMISSION, booking_check
from ledger.services.posting import Leg, Posting, posting_save, same_journal, sync_accounts

MOST_LINES: Final = 100
EVENT: Final = "MANUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """One line of a voucher: an account with either a debit or a credit, in paise."""

    account_code: str
    debit_paise: int = 0
    credit_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualJournal:
    """A voucher: its lines, the day that it belongs to, and what it is for.

    It is booked on its value date, so that it stands in the month that it concerns; when it was recorded stays visible.
    """

    lines: tuple[ManualLine, ...]
    value_date: date
    narration: str
    product_code: str = ""

    @property
    def total_paise(self) -> int:
        """Sum of the debits."""
        return sum(line.debit_paise for line in self.lines)


def manual_journal_check(*, voucher: ManualJournal, actor: User | None) -> None:
    """Refuse a voucher that could not be posted now; writes nothing.

    Raises:
        The refusals of `manual_journal_post`.
    """
    _legs(voucher)
    _date_check(voucher, actor)


def manual_journal_post(
    *,
    voucher: ManualJournal,
    idempotency_key: str,
    reference_type: str,
    reference_id: int,
    actor: User,
    reason: str,
) -> Journal:
    """Post a voucher whose lines balance, booked on its value date.

    Args:
        reference_type, reference_id: the request behind it, with maker, checker and papers.
        actor: in whose name it is posted; in a soft-closed month he needs the permission for it.

    Returns:
        The journal; that of the first call when the key comes again with the same voucher.

    Raises:
        JournalLinesMissing, JournalLineWrong, JournalUnbalanced, JournalAccountTwice: the lines are no journal.
        AccountUnknown, AccountClosed, AccountTakesNoManual: a line names an account that takes none by hand.
        ValueDateInFuture, PeriodClosed: its day is not open.
        AccountLimitReached: an account with limits does not allow it.
        JournalKeyReused: the key posted something else.
        ReasonMissing: no reason is given.
    """
    if not reason.strip():
        raise ReasonMissing()

    def post() -> Journal:
        legs = _legs(voucher)
        journal = _journal(voucher, legs, idempotency_key, (reference_type, reference_id))
        try:
            _date_check(voucher, actor)
        except (PeriodClosed, ValueDateInFuture):
            # A repeat of what is there already needs no open month.
            earlier = Journal.objects.filter(idempotency_key=idempotency_key).first()
            if earlier is None:
                raise
            return same_journal(earlier=earlier, wanted=journal)
        accounts = {account_id for leg in legs for account_id in (leg.debit_account_id, leg.credit_account_id)}
        saved = posting_save(posting=Posting(journal, legs), sync_ids=sync_accounts(account_ids=accounts))
        if saved is journal:
            audit.record(
                actor=actor,
                action="ledger.manual_journal_post",
                obj=saved,
                reason=reason,
                detail={"total_paise": voucher.total_paise, "value_date": voucher.value_date.isoformat()},
            )
        return saved

    return run_in_transaction(post)


def _date_check(voucher: ManualJournal, actor: User | None) -> None:
    today = business_date()
    if voucher.value_date > today:
        raise ValueDateInFuture(value_date=voucher.value_date, business_date=today)
    is_soft_allowed = actor is not None and actor.has_perm(SOFT_PERMISSION)
    booking_check(booked_on=voucher.value_date, is_soft_allowed=is_soft_allowed)


def _legs(voucher: ManualJournal) -> list[Leg]:
    """Check the lines, and pair debits with credits in their order: each pair is a transfer, so nothing can be left."""
    _lines_check(voucher.lines)
    accounts = _accounts(voucher.lines)
    debits = [[accounts[line.account_code], line.debit_paise] for line in voucher.lines if line.debit_paise]
    credits_ = [[accounts[line.account_code], line.credit_paise] for line in voucher.lines if line.credit_paise]
    legs = []
    while debits:
        amount = min(debits[0][1], credits_[0][1])
        legs.append(Leg(debits[0][0], credits_[0][0], amount))
        for side in (debits, credits_):
            side[0][1] -= amount
            if not side[0][1]:
                side.pop(0)
    return legs


def _lines_check(lines: Sequence[ManualLine]) -> None:
    if not 2 <= len(lines) <= MOST_LINES:
        raise JournalLinesMissing(most=MOST_LINES)
    for number, line in enumerate(lines, start=1):
        one, other = sorted((line.debit_paise, line.credit_paise))
        if one != 0 or not 0 < other <= MAX_PAISE:
            raise JournalLineWrong(line=number)
    debit, credit = (sum(getattr(line, side) for line in lines) for side in ("debit_paise", "credit_paise"))
    if debit != credit or debit > MAX_PAISE:
        raise JournalUnbalanced(debit_paise=debit, credit_paise=credit)
    twice = {line.account_code for line in lines if line.debit_paise} & {
        line.account_code for line in lines if line.credit_paise
    }
    if twice:
        raise JournalAccountTwice(account_code=min(twice))


def _accounts(lines: Sequence[ManualLine]) -> dict[str, int]:
    found = {
        account.code: account for account in Account.objects.filter(code__in={line.account_code for line in lines})
    }
    for line in lines:
        account = found.get(line.account_code)
        if account is None:
            raise AccountUnknown(account_code=line.account_code)
        if not account.is_active:
            raise AccountClosed(account_code=account.code)
        if not account.is_manual_allowed:
            raise AccountTakesNoManual(account_code=account.code)
    return {code: account.pk for code, account in found.items()}


def _journal(voucher: ManualJournal, legs: Sequence[Leg], key: str, reference: tuple[str, int]) -> Journal:
    lines = [[line.account_code, line.debit_paise, line.credit_paise] for line in voucher.lines]
    return Journal(
        idempotency_key=key,
        content_hash=content_hash(
            content=[EVENT, *reference, voucher.product_code, voucher.value_date.isoformat(), voucher.narration, lines]
        ),
        event=EVENT,
        reference_type=reference[0],
        reference_id=reference[1],
        product_code=voucher.product_code,
        value_date=voucher.value_date,
        booked_on=voucher.value_date,
        legs=len(legs),
        total_paise=voucher.total_paise,
        narration=voucher.narration,
    )
