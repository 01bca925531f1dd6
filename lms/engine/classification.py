"""Days past due and asset class: special mention accounts, non-performing assets, the borrower as one.

The due date itself, unpaid at day-end, is day 1. Every threshold is data of a dated rule.
Source: RBI/2021-22/125 of 12 November 2021 and its clarification of 15 February 2022; RBI/2025-26/208.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from lms.engine.day_count import add_months


class AssetClass(StrEnum):
    """Quality of a loan, best first; from SUB_STANDARD on it is non-performing."""

    STANDARD = "STANDARD"
    SMA_0 = "SMA_0"
    SMA_1 = "SMA_1"
    SMA_2 = "SMA_2"
    SUB_STANDARD = "SUB_STANDARD"
    DOUBTFUL_1 = "DOUBTFUL_1"
    DOUBTFUL_2 = "DOUBTFUL_2"
    DOUBTFUL_3 = "DOUBTFUL_3"
    LOSS = "LOSS"

    @property
    def severity(self) -> int:
        """Position from best (0) to worst."""
        return _SEVERITY[self]

    @property
    def is_npa(self) -> bool:
        """Whether income of the loan may be booked only when it is realised."""
        return self.severity >= _SEVERITY[AssetClass.SUB_STANDARD]


_SEVERITY = {asset_class: position for position, asset_class in enumerate(AssetClass)}


class ClassReason(StrEnum):
    """Why a loan is in its class."""

    NOTHING_OVERDUE = "NOTHING_OVERDUE"
    OWN_ARREARS = "OWN_ARREARS"
    MARKED = "MARKED"
    OTHER_LOAN = "OTHER_LOAN"
    ARREARS_LEFT = "ARREARS_LEFT"
    UPGRADED = "UPGRADED"


@dataclass(frozen=True, slots=True)
class DayThreshold:
    """From this many days past due on, this class."""

    asset_class: AssetClass
    from_days_past_due: int


@dataclass(frozen=True, slots=True)
class AgeThreshold:
    """From the day on which the borrower has been non-performing for so many months, this class."""

    asset_class: AssetClass
    from_months_as_npa: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationRule:
    """Thresholds in force from `effective_from`. The defaults are those for every NBFC since 31 March 2026."""

    effective_from: date
    by_days: tuple[DayThreshold, ...] = (
        DayThreshold(AssetClass.SMA_0, 1),
        DayThreshold(AssetClass.SMA_1, 31),
        DayThreshold(AssetClass.SMA_2, 61),
        DayThreshold(AssetClass.SUB_STANDARD, 91),
    )
    by_npa_age: tuple[AgeThreshold, ...] = (
        AgeThreshold(AssetClass.DOUBTFUL_1, 12),
        AgeThreshold(AssetClass.DOUBTFUL_2, 24),
        AgeThreshold(AssetClass.DOUBTFUL_3, 48),
    )
    out_of_order_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanStanding:
    """One facility of a borrower at a day-end.

    `arrears_paise` is everything due and unpaid; `npa_since` is set while the loan is carried as non-performing;
    `marked_class` is a class given by an act (restructuring, identified loss, out of order), whatever the days say.
    """

    loan_id: int
    oldest_unpaid_due_date: date | None
    arrears_paise: int
    npa_since: date | None = None
    marked_class: AssetClass | None = None
    is_revolving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanClass:
    """Class of one loan; `own_class` is what it would be if the borrower had no other loan and no history.

    `cause_loan_id` is the loan whose arrears (or mark) explain the class: another one where the borrower is to blame.
    `cause_due_date` is the oldest unpaid due date of that loan; None where nothing unpaid explains the class.
    """

    loan_id: int
    days_past_due: int
    own_class: AssetClass
    asset_class: AssetClass
    npa_since: date | None
    reason: ClassReason
    cause_loan_id: int
    cause_due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowerClass:
    """Class of a borrower: the worst of the loans, which all share it once one is non-performing."""

    as_of: date
    asset_class: AssetClass
    npa_since: date | None
    loans: tuple[LoanClass, ...]


def days_past_due(*, oldest_unpaid_due_date: date | None, as_of: date) -> int:
    """Return the days past due at the day-end of `as_of`; the due date itself is day 1."""
    if oldest_unpaid_due_date is None or oldest_unpaid_due_date > as_of:
        return 0
    return (as_of - oldest_unpaid_due_date).days + 1


def class_of_days(*, days: int, rule: ClassificationRule, is_revolving: bool = False) -> AssetClass:
    """Return the class that so many days past due alone give; a revolving facility has no SMA-0."""
    reached = [step.asset_class for step in rule.by_days if days >= step.from_days_past_due]
    worst = max(reached, key=lambda asset_class: asset_class.severity, default=AssetClass.STANDARD)
    return AssetClass.STANDARD if is_revolving and worst is AssetClass.SMA_0 else worst


def tag_dates(*, due_date: date, rule: ClassificationRule) -> dict[AssetClass, date]:
    """Return the day-end on which each class of the rule begins if the instalment stays unpaid."""
    return {step.asset_class: due_date + timedelta(days=step.from_days_past_due - 1) for step in rule.by_days}


def rule_on(*, as_of: date, rules: Sequence[ClassificationRule]) -> ClassificationRule:
    """Return the rule in force on a day.

    Raises:
        ValueError: no rule had begun by then.
    """
    begun = [rule for rule in rules if rule.effective_from <= as_of]
    if not begun:
        raise ValueError(f"No classification rule is in force on {as_of}.")
    return max(begun, key=lambda rule: rule.effective_from)


def classify_borrower(*, as_of: date, loans: Sequence[LoanStanding], rule: ClassificationRule) -> BorrowerClass:
    """Classify all live loans of one borrower at a day-end.

    One non-performing loan makes all of them so. A borrower carried as non-performing stays it until every arrear of
    every loan is paid, whatever the days past due, and then every loan is standard again.

    Args:
        loans: every live facility of the borrower, each once, with what it was carried as before.
    """
    own = [_own_class(loan, as_of, rule) for loan in loans]
    npa_since = _npa_since(loans, own, as_of, rule)
    cause = _cause(loans, own)
    shared = _shared_class(own, npa_since, as_of, rule)
    unpaid_since = {loan.loan_id: loan.oldest_unpaid_due_date for loan in loans}
    graded = tuple(
        _loan_class(loan, as_of, own_class, shared=shared, npa_since=npa_since, cause=cause, unpaid_since=unpaid_since)
        for loan, own_class in zip(loans, own, strict=True)
    )
    worst = max((loan.asset_class for loan in graded), key=_severity, default=AssetClass.STANDARD)
    return BorrowerClass(as_of=as_of, asset_class=worst, npa_since=npa_since, loans=graded)


def is_out_of_order(
    *,
    days_over_limit: int,
    days_without_credit: int,
    credits_paise: int,
    interest_debited_paise: int,
    rule: ClassificationRule,
) -> bool:
    """Tell whether a cash-credit or overdraft account is out of order at a day-end.

    Args:
        days_over_limit: days on end, today included, with a balance above the limit or the drawing power.
        days_without_credit: days on end, today included, without any credit.
        credits_paise: credits of the last `rule.out_of_order_days` days, today included.
        interest_debited_paise: interest debited in the same days.
    """
    days = rule.out_of_order_days
    return days_over_limit >= days or days_without_credit >= days or credits_paise < interest_debited_paise


def _severity(asset_class: AssetClass) -> int:
    return asset_class.severity


def _own_class(loan: LoanStanding, as_of: date, rule: ClassificationRule) -> AssetClass:
    days = days_past_due(oldest_unpaid_due_date=loan.oldest_unpaid_due_date, as_of=as_of)
    by_days = class_of_days(days=days, rule=rule, is_revolving=loan.is_revolving)
    return max(by_days, loan.marked_class or AssetClass.STANDARD, key=_severity)


def _npa_since(
    loans: Sequence[LoanStanding], own: Sequence[AssetClass], as_of: date, rule: ClassificationRule
) -> date | None:
    """Return the day on which the borrower became non-performing, None while performing or upgraded."""
    begun = [_first_npa_day(loan, as_of, rule) for loan, own_class in zip(loans, own, strict=True) if own_class.is_npa]
    carried = [loan.npa_since for loan in loans if loan.npa_since is not None]
    if not begun and not any(loan.arrears_paise for loan in loans):
        return None
    return min(begun + carried, default=None)


def _first_npa_day(loan: LoanStanding, as_of: date, rule: ClassificationRule) -> date:
    """Return the day whose day-end made this loan non-performing: `as_of` where an act and not the days did it."""
    if loan.oldest_unpaid_due_date is None:
        return as_of
    tags = tag_dates(due_date=loan.oldest_unpaid_due_date, rule=rule)
    return min((day for asset_class, day in tags.items() if asset_class.is_npa and day <= as_of), default=as_of)


def _cause(loans: Sequence[LoanStanding], own: Sequence[AssetClass]) -> int | None:
    """Return the loan that keeps the borrower non-performing: the worst now, else the first with arrears left."""
    worst, loan_id = max(
        ((own_class.severity, -loan.loan_id) for loan, own_class in zip(loans, own, strict=True)), default=(0, 0)
    )
    if worst >= AssetClass.SUB_STANDARD.severity:
        return -loan_id
    return next((loan.loan_id for loan in loans if loan.arrears_paise), None)


def _shared_class(
    own: Sequence[AssetClass], npa_since: date | None, as_of: date, rule: ClassificationRule
) -> AssetClass:
    """Return the least that every loan of the borrower is; a loss is identified loan by loan and not shared."""
    if npa_since is None:
        return AssetClass.STANDARD
    reached = [step.asset_class for step in rule.by_npa_age if as_of >= add_months(npa_since, step.from_months_as_npa)]
    reached += [own_class for own_class in own if own_class is not AssetClass.LOSS]
    return max([AssetClass.SUB_STANDARD, *reached], key=_severity)


def _loan_class(
    loan: LoanStanding,
    as_of: date,
    own_class: AssetClass,
    *,
    shared: AssetClass,
    npa_since: date | None,
    cause: int | None,
    unpaid_since: Mapping[int, date | None],
) -> LoanClass:
    reason = _reason(loan, own_class, is_borrower_npa=npa_since is not None)
    cause_loan_id = cause if cause is not None and reason is ClassReason.OTHER_LOAN else loan.loan_id
    return LoanClass(
        loan_id=loan.loan_id,
        days_past_due=days_past_due(oldest_unpaid_due_date=loan.oldest_unpaid_due_date, as_of=as_of),
        own_class=own_class,
        asset_class=max(shared, own_class, key=_severity),
        npa_since=npa_since,
        reason=reason,
        cause_loan_id=cause_loan_id,
        cause_due_date=unpaid_since[cause_loan_id],
    )


def _reason(loan: LoanStanding, own_class: AssetClass, *, is_borrower_npa: bool) -> ClassReason:
    if own_class.is_npa or (own_class is not AssetClass.STANDARD and not is_borrower_npa):
        return ClassReason.MARKED if own_class is loan.marked_class else ClassReason.OWN_ARREARS
    if is_borrower_npa:
        return ClassReason.ARREARS_LEFT if loan.npa_since and loan.arrears_paise else ClassReason.OTHER_LOAN
    return ClassReason.NOTHING_OVERDUE if loan.npa_since is None else ClassReason.UPGRADED
