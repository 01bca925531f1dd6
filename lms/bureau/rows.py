"""Dated rows of bureau files: which are in force, the first ones, and how the next are published."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction

from core import audit
from core.transactions import run_in_transaction
from lms.bureau.layout import NotWritable, written_text
from lms.bureau.layouts import LAYOUTS, TUDF_3_71
from lms.errors.bureau import BureauRowDateTaken, BureauRowInBuiltCycle, BureauRowInvalid, BureauRowsMissing
from lms.models import Bureau, BureauAccountType, BureauCycle, BureauMembership, BureauParameters, FileKind
from lms.services.checks import reason_check

Row = TypeVar("Row", bound=models.Model)
_FIRST_DAY: Final = date(2000, 1, 1)
_WEEKLY_FROM: Final = date(2026, 7, 1)
_CODE: Final = re.compile(r"[A-Z0-9]{1,30}")
_LAST_DAY_MAX: Final = 28
_RULES: Final = "what the rules of bureau files are"
_DISPUTES: Final = "RBI/2023-24/72 of 26 October 2023"


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauRules:
    """What a row of parameters says; days of the month run from 1 to 28, amounts are paise."""

    full_days: tuple[int, ...] = ()
    incremental_days: tuple[int, ...] = (9, 16, 23)
    full_within_days: int = 5
    incremental_within_days: int = 4
    layout: str = TUDF_3_71.code
    alert_from_days: int = 1
    dispute_days: int = 30
    dispute_lender_days: int = 21
    dispute_paise_per_day: int = 100_00
    dispute_credit_working_days: int = 5

    def as_columns(self) -> dict[str, object]:
        """Return the rules by the names of their columns."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDate:
    """One day that is reported: the whole book or what changed, and the last day for it."""

    day: date
    kind: FileKind
    due_on: date
    parameters: BureauParameters


_FIRST: Final = (
    (
        _FIRST_DAY,
        BureauRules(full_days=(15,), incremental_days=(), full_within_days=7),
        f"Fortnightly files within seven days; disputes by {_DISPUTES}",
    ),
    (_WEEKLY_FROM, BureauRules(), f"RBI/DOR/2025-26/117 of 4 December 2025; disputes by {_DISPUTES}"),
)


@transaction.atomic
def bureau_seed() -> None:
    """Publish the first rules where there are none.

    Source: regulation 8.
    """
    if not BureauParameters.objects.exists():
        BureauParameters.objects.bulk_create(
            BureauParameters(effective_from=first_day, source=source, **rules.as_columns())
            for first_day, rules, source in _FIRST
        )


def bureau_parameters_on(*, on_date: date) -> BureauParameters:
    """Return the rules in force on a day.

    Raises:
        BureauRowsMissing: none had begun by then.
    """
    row = BureauParameters.objects.filter(effective_from__lte=on_date).order_by("-effective_from").first()
    if row is None:
        raise BureauRowsMissing(what=_RULES, on_date=on_date)
    return row


def reference_date_of(*, day: date) -> ReferenceDate | None:
    """Return how a day is reported; None where it is no reference date.

    Raises:
        BureauRowsMissing: no rules are in force.
    """
    return _reported(day, bureau_parameters_on(on_date=day))


def reference_date_before(*, day: date) -> ReferenceDate:
    """Return the last reference date before a day.

    Raises:
        BureauRowsMissing: no rules are in force.
    """
    return _nearest(day, timedelta(days=-1))


def reference_date_after(*, day: date) -> ReferenceDate:
    """Return the first reference date after a day.

    Raises:
        BureauRowsMissing: no rules are in force.
    """
    return _nearest(day, timedelta(days=1))


def _nearest(day: date, step: timedelta) -> ReferenceDate:
    """Return the next reference date in a direction; every month has one, at its end."""
    rows = list(BureauParameters.objects.order_by("-effective_from"))
    while True:
        day += step
        rules = next((row for row in rows if row.effective_from <= day), None)
        if rules is None:
            raise BureauRowsMissing(what=_RULES, on_date=day)
        if (found := _reported(day, rules)) is not None:
            return found


def _reported(day: date, rules: BureauParameters) -> ReferenceDate | None:
    is_month_end = day.day == calendar.monthrange(day.year, day.month)[1]
    if is_month_end or day.day in rules.full_days:
        due_on = day + timedelta(days=rules.full_within_days)
        return ReferenceDate(day=day, kind=FileKind.FULL, due_on=due_on, parameters=rules)
    if day.day in rules.incremental_days:
        due_on = day + timedelta(days=rules.incremental_within_days)
        return ReferenceDate(day=day, kind=FileKind.INCREMENTAL, due_on=due_on, parameters=rules)
    return None


def memberships_on(*, on_date: date) -> list[BureauMembership]:
    """Return how each bureau knows the lender on a day, in the order of the bureaus."""
    latest = {
        row.bureau: row
        for row in BureauMembership.objects.filter(effective_from__lte=on_date).order_by("effective_from")
    }
    return [latest[bureau] for bureau in Bureau.values if bureau in latest]


def account_types_on(*, on_date: date) -> dict[str, str]:
    """Return the account type of each product that has one on a day."""
    rows = BureauAccountType.objects.filter(effective_from__lte=on_date).order_by("effective_from")
    return dict(rows.values_list("product_code", "account_type"))


def bureau_parameters_publish(
    *, effective_from: date, rules: BureauRules, source: str, reason: str, actor: User | None = None
) -> BureauParameters:
    """Publish reference dates, deadlines and the clock of disputes from a day on.

    Raises:
        BureauRowInvalid: a day of the month, a deadline or a share of the dispute's days cannot be.
        BureauRowInBuiltCycle, BureauRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    _days_check((*rules.full_days, *rules.incremental_days))
    if min(rules.full_within_days, rules.incremental_within_days, rules.alert_from_days) < 1:
        raise BureauRowInvalid(problem="A number of days is less than one.")
    if not 1 <= rules.dispute_lender_days < rules.dispute_days or rules.dispute_paise_per_day < 0:
        raise BureauRowInvalid(problem="The lender's share of a dispute has to end before the dispute has to.")
    if rules.layout not in LAYOUTS:
        raise BureauRowInvalid(problem="There is no such layout.")
    if not source.strip():
        raise BureauRowInvalid(problem="The row does not say what demands it.")
    row = BureauParameters(effective_from=effective_from, source=source.strip(), **rules.as_columns())
    return _publish(row, reason=reason, actor=actor)


def bureau_membership_publish(
    *, bureau: Bureau, effective_from: date, member_code: str, member_name: str, reason: str, actor: User | None = None
) -> BureauMembership:
    """Publish how a bureau knows the lender from a day on.

    Raises:
        BureauRowInvalid: the code or the name is no code or name of a bureau.
        BureauRowInBuiltCycle, BureauRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    code, name = member_code.strip().upper(), member_name.strip()
    if not _CODE.fullmatch(code):
        raise BureauRowInvalid(problem="A member code has up to 30 capitals and digits.")
    try:
        name = written_text(name)
    except NotWritable:
        name = ""
    if not 1 <= len(name) <= 16:
        raise BureauRowInvalid(problem="A member's short name has up to 16 Latin letters.")
    row = BureauMembership(bureau=bureau, effective_from=effective_from, member_code=code, member_name=name)
    return _publish(row, reason=reason, actor=actor)


def bureau_account_type_publish(
    *, product_code: str, effective_from: date, account_type: str, reason: str, actor: User | None = None
) -> BureauAccountType:
    """Publish what a product's loans are called from a day on.

    Raises:
        BureauRowInvalid: no layout knows the type.
        BureauRowInBuiltCycle, BureauRowDateTaken: the day cannot be taken.
        ReasonMissing: the reason is empty.
    """
    if not any(account_type in layout.account_types for layout in LAYOUTS.values()):
        raise BureauRowInvalid(problem="No layout knows this account type.")
    row = BureauAccountType(product_code=product_code, effective_from=effective_from, account_type=account_type)
    return _publish(row, reason=reason, actor=actor)


def _days_check(days: Sequence[int]) -> None:
    if len(set(days)) < len(days) or not all(1 <= day <= _LAST_DAY_MAX for day in days):
        raise BureauRowInvalid(problem="Reference dates are days from 1 to 28, each once; the month-end always is one.")


def _publish(row: Row, *, reason: str, actor: User | None) -> Row:
    reason_check(reason=reason, is_required=True)
    row.published_by = actor  # type: ignore[attr-defined]  # every dated row says who published it
    return run_in_transaction(lambda: _save(row, reason, actor))


def _save(row: Row, reason: str, actor: User | None) -> Row:
    effective_from: date = row.effective_from  # type: ignore[attr-defined]  # every dated row has one
    # What is made already has to come out the same again.
    last = BureauCycle.objects.order_by("-reference_date").first()
    if last is not None and effective_from <= last.reference_date:
        raise BureauRowInBuiltCycle(reference_date=last.reference_date, effective_from=effective_from)
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise BureauRowDateTaken(effective_from=effective_from) from error
    audit.record(
        actor=actor,
        action="lms.bureau_row_publish",
        obj=row,
        reason=reason,
        detail={"effective_from": effective_from.isoformat(), "row": str(row)[:120]},
    )
    return row
