"""Guards of credit lines: which are in force, and how a change of policy is published."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors.lines import LineParametersDateTaken, LineParametersInPast, LineParametersInvalid
from lms.models import LineParameters
from lms.services.checks import reason_check

FIRST_SOURCE: Final = "Lender's policy: nothing drawn pays the own dues of its customer"
_FIRST_DAY: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule:
    """Days past due that stop drawdowns, and days for which the excess of one stays on it."""

    refuse_from_days_past_due: int = 1
    own_dues_days: int = 30

    def as_columns(self) -> dict[str, int]:
        """Return the rule by the names of its columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def line_rule_on(*, day: date) -> LineRule:
    """Return the guards in force on a day; the defaults where nothing was published yet."""
    row = LineParameters.objects.filter(effective_from__lte=day).order_by("-effective_from").first()
    return LineRule() if row is None else LineRule(**{name: getattr(row, name) for name in LineRule.__slots__})


def line_parameters_seed() -> None:
    """Publish the defaults as the first row, once."""
    if not LineParameters.objects.exists():
        LineParameters.objects.create(effective_from=_FIRST_DAY, source=FIRST_SOURCE)


def line_parameters_publish(
    *, effective_from: date, rule: LineRule, source: str, reason: str, actor: User | None = None
) -> LineParameters:
    """Publish guards that count from a day on; drawdowns before it went by the earlier ones.

    Args:
        effective_from: the business date or later.
        source: the circular, or the decision of the board.

    Raises:
        LineParametersInPast: the day is closed.
        LineParametersInvalid: the guard against own dues would be off.
        LineParametersDateTaken: another row begins on that day.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    if effective_from < (today := business_date()):
        raise LineParametersInPast(effective_from=effective_from, business_date=today)
    if rule.refuse_from_days_past_due < 1:
        raise LineParametersInvalid()
    return run_in_transaction(lambda: _publish(effective_from, rule, source.strip(), reason, actor))


def _publish(effective_from: date, rule: LineRule, source: str, reason: str, actor: User | None) -> LineParameters:
    try:
        with transaction.atomic():
            row = LineParameters.objects.create(
                effective_from=effective_from, source=source, published_by=actor, **rule.as_columns()
            )
    except IntegrityError as error:
        raise LineParametersDateTaken(effective_from=effective_from) from error
    audit.record(
        actor=actor,
        action="lms.line_parameters_publish",
        obj=row,
        reason=reason,
        detail={"effective_from": effective_from.isoformat(), **rule.as_columns()},
    )
    return row
