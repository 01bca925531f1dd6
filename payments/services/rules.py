"""Thresholds of payments: which row is the first one, and how the next one is published."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.services.checks import reason_check
from payments.errors import ParameterOutOfRange, ParametersDateTaken, ParametersInPast, ParametersInvalid
from payments.models import PaymentParameters

FIRST_SOURCE: Final = (
    "Lender's policy for payouts, proofs and names; cash of one event below two lakh: s. 269ST, Income-tax Act 1961"
)
# The day on which section 269ST began to count.
_FIRST_DAY: Final = date(2017, 4, 1)
_MOST_SCORE: Final = 100
_DAYS: Final = (1, 365)
_MINUTES: Final = (1, 1440)
# The least and the most of each time. What a vendor says may change for a week. Source: money 4.
RANGES: Final = {
    "payee_proof_days": _DAYS,
    "proof_unknown_minutes": _MINUTES,
    "reversal_watch_days": _DAYS,
    "cheque_late_days": _DAYS,
    "settlement_late_days": _DAYS,
    "cheque_valid_months": (1, 12),
    "undo_late_minutes": _MINUTES,
    "unproven_late_minutes": _MINUTES,
    "webhook_late_minutes": _MINUTES,
    "look_late_minutes": _MINUTES,
    "transfer_late_hours": (1, 168),
    "call_asked_days": (7, 365),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules:
    """Thresholds by the names of their columns; the defaults are those of the first row."""

    payout_approval_above_paise: int = 5_00_000_00
    payee_proof_days: int = 90
    name_pass_score: int = 90
    name_review_score: int = 60
    name_complete_score: int = 99
    name_high_score: int = 85
    name_moderate_score: int = 70
    name_low_score: int = 45
    proof_unknown_minutes: int = 30
    reversal_watch_days: int = 7
    cash_receipt_limit_paise: int = 1_99_999_99
    cheque_late_days: int = 3
    settlement_late_days: int = 3
    # Reserve Bank of India, DBOD.AML BC.47, 4 November 2011.
    cheque_valid_months: int = 3
    undo_late_minutes: int = 5
    unproven_late_minutes: int = 15
    webhook_late_minutes: int = 30
    look_late_minutes: int = 10
    transfer_late_hours: int = 24
    call_asked_days: int = 7

    def as_columns(self) -> dict[str, int]:
        """Return the thresholds by the names of their columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def rules_on(*, day: date) -> PaymentRules:
    """Return the thresholds in force on a day; the first ones where nothing was published yet."""
    row = PaymentParameters.objects.filter(valid_from__lte=day).order_by("-valid_from").first()
    if row is None:
        return PaymentRules()
    return PaymentRules(**{name: getattr(row, name) for name in PaymentRules.__slots__})


def payment_parameters_seed() -> None:
    """Publish the defaults as the first row, once."""
    if not PaymentParameters.objects.exists():
        PaymentParameters.objects.create(valid_from=_FIRST_DAY, source=FIRST_SOURCE, **PaymentRules().as_columns())


def payment_parameters_publish(
    *, valid_from: date, rules: PaymentRules, source: str, reason: str, actor: User | None = None
) -> PaymentParameters:
    """Publish thresholds that count from a day on; what was asked for before went by the earlier ones.

    Args:
        valid_from: the business date or later.
        source: the circular, or the decision of the board.

    Raises:
        ParametersInPast: the day is closed.
        ParametersInvalid: the scores are not in order.
        ParameterOutOfRange: a time is too short or too long.
        ParametersDateTaken: another row begins on that day.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    if valid_from < (today := business_date()):
        raise ParametersInPast(valid_from=valid_from, business_date=today)
    _check(rules)

    def publish() -> PaymentParameters:
        try:
            with transaction.atomic():
                row = PaymentParameters.objects.create(
                    valid_from=valid_from, source=source.strip(), **rules.as_columns()
                )
        except IntegrityError as error:
            raise ParametersDateTaken(valid_from=valid_from) from error
        audit.record(
            actor=actor,
            action="payments.parameters_publish",
            obj=row,
            reason=reason,
            detail={"valid_from": valid_from.isoformat(), **rules.as_columns()},
        )
        return row

    return run_in_transaction(publish)


def _check(rules: PaymentRules) -> None:
    degrees = (rules.name_low_score, rules.name_moderate_score, rules.name_high_score, rules.name_complete_score)
    is_ordered = sorted(degrees) == list(degrees) and degrees[-1] <= _MOST_SCORE
    if not is_ordered or not 0 < rules.name_review_score <= rules.name_pass_score <= _MOST_SCORE:
        raise ParametersInvalid()
    for name, (least, most) in RANGES.items():
        value = getattr(rules, name)
        if not least <= value <= most:
            raise ParameterOutOfRange(name=name.replace("_", " "), value=value, least=least, most=most)
