"""Why a loan of the tape differs from its replay: alternatives are tried until one gives the tape's own figures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, Prepay, PrepaymentEffect, Receive
from lms.engine.terms import (
    Component,
    DayCount,
    DueGroup,
    InstalmentMethod,
    InterestPeriod,
    RoundingMode,
    Terms,
    Waterfall,
    WaterfallStep,
)
from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.replays import TapePlan, replay_paid, tape_plan

# An irregular first period, which a tape without days cannot show, is shorter or longer by a month at most.
_DAYS_MAX = 31
# Three amounts of the tape are rounded to the cent where whole days of interest are looked for.
_WHOLE_DAYS_TOLERANCE_PAISE = 2


class Cause(StrEnum):
    """What explains a difference, or is guessed to."""

    NONE = ""
    ROUNDING = "ROUNDING"
    DAY_COUNT = "DAY_COUNT"
    INSTALMENT = "INSTALMENT"
    RATE = "RATE"
    SNAPSHOT = "SNAPSHOT"
    WATERFALL = "WATERFALL"
    LATE_PAYMENT = "LATE_PAYMENT"
    PART_PAYMENT = "PART_PAYMENT"
    EXTRA_PAYMENT = "EXTRA_PAYMENT"
    CLOSED_EARLY = "CLOSED_EARLY"
    WRITTEN_OFF = "WRITTEN_OFF"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Guess:
    """A cause; `is_reproduced` when replaying with it gives the tape's figures."""

    cause: Cause
    detail: str
    is_reproduced: bool


def instalment_guess(*, plan: TapePlan, template: Terms) -> Guess:
    """Find what makes the engine's instalment the tape's: other rounding, another day count, or another rate."""
    target = plan.row.instalment
    for cause, name, changes in _instalment_alternatives():
        if _instalment_with(plan, template, changes) == target:
            return Guess(cause, f"instalment {name}", True)
    return Guess(Cause.RATE, "the instalment is not that of amount, rate and tenor; the rate was changed later?", False)


def balance_guess(*, plan: TapePlan, template: Terms, paid: int, due: int) -> Guess:
    """Find what makes the replayed balance the tape's.

    Args:
        plan: the loan by the product's terms.
        template: the product's terms, for plans by other terms.
        paid: instalments that the paid figures imply.
        due: instalments due by the snapshot.
    """
    if plan.row.status is TapeStatus.WRITTEN_OFF:
        return _written_off(plan)
    if plan.row.balance == 0:
        return _closed(plan, paid)
    tries: tuple[Callable[[], Guess | None], ...] = (
        lambda: _snapshot(plan, paid),
        lambda: _agreed_instalment(plan, template, paid),
        lambda: _late_payment(plan, paid, due),
        lambda: _other_interest(plan, template, paid),
        lambda: _part_payment(plan, template, due),
        lambda: _extra_payment(plan, due),
    )
    doubtful: Guess | None = None
    for attempt in tries:
        guess = attempt()
        if guess is not None and guess.is_reproduced:
            return guess
        doubtful = doubtful or guess
    return doubtful or _unknown(plan, paid)


def _instalment_alternatives() -> Iterator[tuple[Cause, str, dict[str, Any]]]:
    for unit in (1, 100):
        for mode in RoundingMode:
            changes: dict[str, Any] = {"instalment_unit_paise": unit, "instalment_rounding": mode}
            yield Cause.ROUNDING, f"rounded {mode} to {unit} paise", changes
    for count in DayCount:
        changes = {
            "instalment_method": InstalmentMethod.PERIOD_FACTORS,
            "interest_period": InterestPeriod.BY_DAYS,
            "day_count": count,
        }
        yield Cause.DAY_COUNT, f"by days, {count}", changes


def _interest_alternatives() -> Iterator[tuple[Cause, str, dict[str, Any]]]:
    for unit in (1, 100):
        for mode in RoundingMode:
            changes: dict[str, Any] = {"interest_unit_paise": unit, "interest_rounding": mode}
            yield Cause.ROUNDING, f"rounded {mode} to {unit} paise", changes
    for count in DayCount:
        yield Cause.DAY_COUNT, f"by days, {count}", {"interest_period": InterestPeriod.BY_DAYS, "day_count": count}
    yield Cause.DAY_COUNT, "by whole months", {"interest_period": InterestPeriod.WHOLE_PERIODS}


def _instalment_with(plan: TapePlan, template: Terms, changes: dict[str, Any]) -> int | None:
    try:
        return tape_plan(row=plan.row, template=template, **changes).instalment_paise
    except EngineRefusal:
        return None


def _is_near(plan: TapePlan, balance: int, paid: int) -> bool:
    return abs(balance - plan.row.balance) <= paid


def _snapshot(plan: TapePlan, paid: int) -> Guess | None:
    """The balance is the plan's after another number of instalments than the money implies."""
    for other in (paid - 1, paid + 1, paid - 2, paid + 2):
        if 0 <= other <= plan.count and _is_near(plan, plan.balance(other), other):
            return Guess(Cause.SNAPSHOT, f"balance after {other} instalments, the money received implies {paid}", True)
    return None


def _agreed_instalment(plan: TapePlan, template: Terms, paid: int) -> Guess | None:
    if plan.instalment_paise == plan.row.instalment:
        return None
    agreed = tape_plan(row=plan.row, template=template, instalment_paise=plan.row.instalment)
    if _is_near(plan, agreed.balance(paid), paid):
        return Guess(Cause.INSTALMENT, "balance follows from the tape's instalment", True)
    return None


def _other_interest(plan: TapePlan, template: Terms, paid: int) -> Guess | None:
    for cause, name, changes in _interest_alternatives():
        try:
            other = tape_plan(row=plan.row, template=template, **changes)
        except EngineRefusal:
            continue
        if _is_near(plan, other.balance(paid), paid):
            return Guess(cause, f"interest {name}", True)
    return None


def _late_payment(plan: TapePlan, paid: int, due: int) -> Guess | None:
    """Whole instalments came late: the days' interest went first, and as much less to principal."""
    row = plan.row
    if row.paid_total is None:
        return None
    for count in dict.fromkeys((paid, due, due - 1)):
        short = row.balance - plan.balance(count) if 0 <= count <= plan.count else 0
        night = Fraction(row.instalment * max(count, 1)) * Fraction(row.annual_rate) / 36_000
        if not 0 < short <= night * _DAYS_MAX:
            continue
        days = _whole_days(plan, row.paid_total - (row.paid_fees or 0) - count * row.instalment)
        if days is not None:
            detail = f"{short} paise of interest for days of delay came before principal in {count} whole instalments"
            return Guess(Cause.LATE_PAYMENT, detail, True)
    return None


def _part_payment(plan: TapePlan, template: Terms, due: int) -> Guess | None:
    """The last receipt paid part of an instalment: which order of interest and principal gives the money received?"""
    row = plan.row
    paid = covered_count(plan=plan)
    if row.paid_total is None or paid >= min(due, plan.count):
        return None
    part = plan.balance(paid) - row.balance
    upcoming = plan.until(paid + 1)[-1]
    left = row.paid_total - (row.paid_fees or 0) - paid * row.instalment
    orders: list[tuple[Cause, str, int, dict[str, Any]]] = [
        (Cause.PART_PAYMENT, "interest", upcoming.due.interest + part, {}),
        (Cause.WATERFALL, "principal", part, {"waterfalls": (_principal_first(),)}),
    ]
    for cause, first, amount, changes in sorted(orders, key=lambda order: abs(left - order[2])):
        if amount <= 0 or abs(left - amount) > _DAYS_MAX * _night(plan):
            continue
        other = tape_plan(row=row, template=template, **changes)
        receipt = Receive(sequence=1_000, value_date=upcoming.due_date, amount_paise=amount)
        if _is_near(plan, _principal(other, paid, receipt), paid + 1):
            return Guess(cause, f"{paid} instalments and a part of {amount} paise, {first} first", True)
    return None


def _extra_payment(plan: TapePlan, due: int) -> Guess | None:
    """More principal was paid than planned: place the surplus on a due date so that balance and interest agree."""
    row = plan.row
    counts = [count for count in (due, due - 1, due + 1) if 1 <= count <= plan.count]
    counts = [count for count in counts if plan.balance(count) - row.balance > count]
    for count in counts:
        placed = [found for number in range(1, count + 1) if (found := _extra_at(plan, count, number))]
        fitting = [found for found in placed if found.days is not None and abs(found.days) <= _DAYS_MAX]
        if fitting:
            best = min(fitting, key=_part_of_day)
            detail = f"{best.amount} paise of principal ahead of plan, about with instalment {best.number} of {count}"
            return Guess(Cause.EXTRA_PAYMENT, detail, True)
    if not counts:
        return None
    ahead = plan.balance(counts[0]) - row.balance
    return Guess(Cause.EXTRA_PAYMENT, f"about {ahead} paise of principal ahead of plan, on unknown days", False)


@dataclass(frozen=True, slots=True)
class _Extra:
    """A surplus payment that gives the tape's balance; `days` is the paid interest that is left, in nights."""

    amount: int
    number: int
    days: Fraction | None


def _part_of_day(extra: _Extra) -> Fraction:
    days = extra.days or Fraction(0)
    return abs(days - round(days))


def _extra_at(plan: TapePlan, count: int, number: int) -> _Extra | None:
    """Size the surplus paid with instalment `number` by replaying it, at most three times."""
    row = plan.row
    day = plan.until(number)[-1].due_date
    growth = (1 + Fraction(row.annual_rate) / 1200) ** (count - number)
    amount = round((plan.balance(count) - row.balance) / growth)
    for _ in range(3):
        fact = Prepay(sequence=1_000, value_date=day, amount_paise=amount, effect=PrepaymentEffect.CUT_TENOR)
        try:
            state = replay_paid(plan=plan, paid=count, extra=[fact])
        except EngineRefusal:
            return None
        missing = state.outstanding.principal - row.balance
        if abs(missing) <= count:
            interest = sum(line.paid.interest for line in state.instalments)
            days = None if row.paid_interest is None else (row.paid_interest - interest) / _night(plan)
            return _Extra(amount, number, days)
        amount += missing
        if amount <= 0:
            return None
    return None


def _closed(plan: TapePlan, paid: int) -> Guess:
    row = plan.row
    if row.paid_principal is not None and row.paid_principal != row.principal:
        return Guess(Cause.UNKNOWN, f"closed, but {row.paid_principal} paise of principal are paid", False)
    return Guess(Cause.CLOSED_EARLY, f"whole principal paid, money of about {paid} instalments", True)


def _written_off(plan: TapePlan) -> Guess:
    claim = plan.row.principal - (plan.row.paid_principal or 0)
    return Guess(Cause.WRITTEN_OFF, f"{claim} paise of principal written off in the other book", True)


def _unknown(plan: TapePlan, paid: int) -> Guess:
    ahead = plan.balance(min(paid, plan.count)) - plan.row.balance
    side = "below" if ahead > 0 else "above"
    return Guess(Cause.UNKNOWN, f"balance {abs(ahead)} paise {side} plan, no alternative gives it", False)


def covered_count(*, plan: TapePlan) -> int:
    """Return the number of instalments whose principal is paid by the tape's balance."""
    covered = 0
    while covered < plan.count and plan.balance(covered + 1) + covered + 1 >= plan.row.balance:
        covered += 1
    return covered


def _night(plan: TapePlan) -> Fraction:
    """Interest of one night on the amount lent, by 30/360, in paise."""
    return max(Fraction(plan.row.principal) * Fraction(plan.row.annual_rate) / 36_000, Fraction(1))


def _whole_days(plan: TapePlan, interest: int) -> int | None:
    """Return the number of nights on the amount lent that an interest is, if it is a whole one of at most a month."""
    night = _night(plan)
    days = round(interest / night)
    is_whole = abs(interest - days * night) <= _WHOLE_DAYS_TOLERANCE_PAISE
    return days if is_whole and abs(days) <= _DAYS_MAX else None


def _principal(plan: TapePlan, paid: int, fact: Fact) -> int:
    return replay_paid(plan=plan, paid=paid, extra=[fact]).outstanding.principal


def _principal_first() -> Waterfall:
    order = (Component.PRINCIPAL, Component.INTEREST, Component.FEE, Component.TAX, Component.PENAL)
    return Waterfall(steps=tuple(WaterfallStep(group, component) for group in DueGroup for component in order))
