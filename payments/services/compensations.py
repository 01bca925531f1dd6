"""What the lender owes for transfers that took too long: worked out and booked as soon as their end is known."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Sum

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.models import Account, AccountKind
from ledger.services import house_journal_post
from lms.services.checks import amount_check, reason_check
from payments.desk_errors import CompensationAccountUnfit, CompensationRuleDateTaken, CompensationRuleInPast
from payments.events import PayoutEnded
from payments.locks import payouts_for_update
from payments.models import CompensationRule, Payout, PayoutCompensation, PayoutState, ProviderAttempt, Rail
from payments.services.flight import REFERENCE_TYPE
from payments.services.payout_answers import local_day
from payments.services.vendors import COMPENSATION, COMPENSATION_OWED

SUBSCRIBER: Final = "payments.compensation"
FIRST_SOURCE: Final = "RBI/2019-20/67 of 20 Sep 2019: credit not given by T+1, then ₹100 a day"
# The day on which the circular began to count.
_FIRST_DAY: Final = date(2019, 10, 15)
_FIRST_RAILS: Final = (Rail.IMPS, Rail.UPI)
_FREE_DAYS: Final = 1
_PAISE_PER_DAY: Final = 100_00


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationTerms:
    """A rule to be: the days that are free, what each further day costs, and the accounts that it is booked on."""

    free_days: int
    paise_per_day: int
    expense_code: str = COMPENSATION
    owed_code: str = COMPENSATION_OWED


def compensation_on_end(event: PayoutEnded) -> None:
    """Book what is owed for a payout that has ended."""
    compensation_book(payout_id=event.payout_id)


def compensation_book(*, payout_id: int) -> PayoutCompensation | None:
    """Book what is owed for a payout that took longer than its rail's rule allows; a repeat books nothing more.

    The day of the first call is T, by the calendar; it ends on the day on which the borrower's account was credited, or
    the money was back. The rule of the day T counts. A payout that was late already and comes back later still gets
    the further days alone.

    Returns:
        What was booked now; None where nothing is owed.

    Source: RBI/2019-20/67.
    """

    def book() -> PayoutCompensation | None:
        payout = payouts_for_update().filter(pk=payout_id).first()
        if payout is None or payout.state not in (PayoutState.PAID, PayoutState.FAILED, PayoutState.REVERSED):
            return None
        sent_at = _first_sent(payout)
        if sent_at is None:
            return None
        rule = _rule(rail=payout.rail, day=sent_at)
        ended_on = local_day(payout.changed_at)
        late_days = (ended_on - sent_at).days - rule.free_days if rule else 0
        if rule is None or late_days <= 0:
            return None
        booked = payout.compensations.aggregate(total=Sum("amount_paise"))["total"] or 0
        amount_paise = late_days * rule.paise_per_day - booked
        return _book(payout, rule, (sent_at, ended_on), late_days, amount_paise) if amount_paise > 0 else None

    return run_in_transaction(book)


def compensation_rules_seed() -> int:
    """Publish the circular's own terms, once; return how many rules are new."""
    known = set(CompensationRule.objects.values_list("rail", flat=True))
    rows = [
        CompensationRule(
            rail=rail,
            valid_from=_FIRST_DAY,
            free_days=_FREE_DAYS,
            paise_per_day=_PAISE_PER_DAY,
            expense_code=COMPENSATION,
            owed_code=COMPENSATION_OWED,
            source=FIRST_SOURCE,
        )
        for rail in _FIRST_RAILS
        if rail not in known
    ]
    return len(CompensationRule.objects.bulk_create(rows))


def compensation_rule_publish(
    *, rail: Rail, valid_from: date, terms: CompensationTerms, source: str, reason: str, actor: User | None = None
) -> CompensationRule:
    """Publish what a late transfer on a rail costs from a day on; earlier transfers go by the earlier rule.

    Raises:
        CompensationRuleInPast: the day is closed.
        CompensationRuleDateTaken: another rule begins on that day.
        CompensationAccountUnfit: an account is not there, or of another kind.
        AmountNotPositive, ReasonMissing: the input is wrong.
    """
    reason_check(reason=reason, is_required=True)
    amount_check(amount_paise=terms.paise_per_day)
    if valid_from < (today := business_date()):
        raise CompensationRuleInPast(valid_from=valid_from, business_date=today)
    for code, kind in ((terms.expense_code, AccountKind.EXPENSE), (terms.owed_code, AccountKind.LIABILITY)):
        if not Account.objects.filter(code=code, kind=kind, is_active=True).exists():
            raise CompensationAccountUnfit(account_code=code, kind=kind.label.lower())

    def publish() -> CompensationRule:
        columns = {name: getattr(terms, name) for name in CompensationTerms.__slots__}
        try:
            with transaction.atomic():
                row = CompensationRule.objects.create(
                    rail=rail, valid_from=valid_from, source=source.strip(), **columns
                )
        except IntegrityError as error:
            raise CompensationRuleDateTaken(rail=rail, valid_from=valid_from) from error
        detail = {"rail": rail, "valid_from": valid_from.isoformat(), **columns}
        audit.record(actor=actor, action="payments.compensation_rule", obj=row, reason=reason, detail=detail)
        return row

    return run_in_transaction(publish)


def _first_sent(payout: Payout) -> date | None:
    """Return the calendar day on which the first call left; None where nothing ever did."""
    sent = ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0, first_sent_at__isnull=False)
    first = sent.order_by("first_sent_at").values_list("first_sent_at", flat=True).first()
    return local_day(first) if first is not None else None


def _rule(*, rail: str, day: date) -> CompensationRule | None:
    return CompensationRule.objects.filter(rail=rail, valid_from__lte=day).order_by("-valid_from").first()


def _book(
    payout: Payout, rule: CompensationRule, days: tuple[date, date], late_days: int, amount_paise: int
) -> PayoutCompensation:
    today = business_date()
    row = PayoutCompensation.objects.create(
        payout=payout,
        rule=rule,
        sent_on=days[0],
        ended_on=days[1],
        late_days=late_days,
        amount_paise=amount_paise,
        booked_on=today,
    )
    house_journal_post(
        idempotency_key=f"payments.compensation:{payout.pk}:{late_days}",
        event="PAYOUT_COMPENSATION",
        reference_type=REFERENCE_TYPE,
        reference_id=payout.pk,
        debit_code=rule.expense_code,
        credit_code=rule.owed_code,
        amount_paise=amount_paise,
        value_date=today,
        booked_on=today,
        narration=f"{payout.number}: {late_days} days late",
    )
    return row
