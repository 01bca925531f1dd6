"""Explanations of the rows of a schedule: interest by its sub-periods, dues, what is paid and open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lms.engine.account import Account
from lms.engine.errors import EngineRefusal
from lms.engine.plan import Period
from lms.engine.state import Amounts, Instalment, LoanState

Value = int | str | date | Decimal | None
_COMPONENTS = ("principal", "interest", "fee", "tax", "penal")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node: what it is, how much, by which formula, from which inputs and facts, made of which parts."""

    label: str
    amount: Value
    formula: str
    inputs: tuple[tuple[str, Value], ...] = ()
    facts: tuple[int, ...] = ()
    parts: tuple[Explanation, ...] = ()


def explain_row(*, row: Instalment, account: Account | None, part: str) -> Explanation:
    """Explain the dues of a row, what of them is open, or one component of either.

    Args:
        row: of the state.
        account: the working account that the state came from, for the balances that bore interest.
        part: "due", "paid", "waived", "written_off" or "open", and a component after a dot.

    Raises:
        EngineRefusal: the row has no such part.
    """
    group, _, component = part.partition(".")
    label = f"instalments.{row.number}.{part}"
    if group not in ("due", "paid", "waived", "written_off", "open") or component not in ("", *_COMPONENTS):
        raise EngineRefusal("engine.figure_unknown", f"A row has no part {part!r}.")
    amounts: Amounts = getattr(row, group)
    if not component:
        parts = tuple(
            explain_row(row=row, account=account, part=f"{group}.{name}")
            for name in _COMPONENTS
            if getattr(amounts, name)
        )
        return Explanation(label, amounts.total, "sum of the components", _dates(row), parts=parts)
    amount = getattr(amounts, component)
    if group == "due":
        return _explain_due(row, account, component, label, amount)
    if group == "open":
        return Explanation(label, amount, "due - paid - waived - written off", _split(row, component))
    return Explanation(label, amount, f"{group} so far", _dates(row), _facts(row, account, component))


def explain_overdue(*, state: LoanState, component: str) -> Explanation:
    """Explain what is overdue, in all or of one component, row by row."""
    if component not in ("", *_COMPONENTS):
        raise EngineRefusal("engine.figure_unknown", f"Nothing is overdue by the name {component!r}.")
    label = f"overdue.{component}" if component else "overdue"
    if not component:
        parts = tuple(explain_overdue(state=state, component=name) for name in _COMPONENTS)
        return Explanation(label, state.overdue.total, "sum of the five components", parts=parts)
    amount = getattr(state.overdue, component)
    parts = tuple(
        Explanation(f"instalments.{row.number}", getattr(row.open, component), "open and due", _dates(row))
        for row in state.instalments
        if row.due_date <= state.as_of and getattr(row.open, component)
    )
    rest = amount - sum_of(parts)
    if rest:
        parts += (Explanation("charges due before their row", rest, "charges count on their own date"),)
    return Explanation(label, amount, "open parts of all that has fallen due", (("as_of", state.as_of),), parts=parts)


def sum_of(parts: tuple[Explanation, ...]) -> int:
    """Add up the amounts of parts that are amounts."""
    return sum(part.amount for part in parts if isinstance(part.amount, int))


def _explain_due(row: Instalment, account: Account | None, component: str, label: str, amount: int) -> Explanation:
    period = _period(row, account)
    if component == "interest" and account is not None and period is not None:
        numerator, denominator = account.plan.interest_until(period, period.end)
        inputs: tuple[tuple[str, Value], ...] = (
            *_dates(row),
            ("balance_paise", row.balance_before_paise),
            *((f"change on {day}", amount) for day, amount in period.moves if day > period.start),
            ("rate_pct", account.terms.annual_rate_pct),
            ("day_count", account.terms.day_count.value),
            ("exact_numerator", numerator),
            ("exact_denominator", denominator),
            ("interest_of_the_period", period.interest),
        )
        formula = "balance x rate x part of a year, summed over sub-periods, rounded once; with what earlier rows left"
        return Explanation(label, amount, formula, inputs)
    if component == "principal":
        inputs = (
            *_dates(row),
            ("instalment_paise", period.instalment if period else None),
            ("interest", row.due.interest),
        )
        return Explanation(label, amount, "instalment less interest; the last row takes the balance", inputs)
    parts = tuple(
        Explanation(
            "charge", item.amount, "levied by a fact or by the terms", (("due", item.due),), _sequence(item.sequence)
        )
        for item in (period.items if period else None) or ()
        if _COMPONENTS[item.component] == component
    )
    return Explanation(label, amount, "sum of the charges on the row", _dates(row), parts=parts)


def _period(row: Instalment, account: Account | None) -> Period | None:
    return None if account is None else account.plan.periods[row.number - 1]


def _facts(row: Instalment, account: Account | None, component: str) -> tuple[int, ...]:
    period = _period(row, account)
    notes = account.notes if account is not None else []
    found = [
        note.fact for note in notes if note.row is period and note.component and note.component.lower() == component
    ]
    return tuple(dict.fromkeys(found))


def _split(row: Instalment, component: str) -> tuple[tuple[str, Value], ...]:
    names = ("due", "paid", "waived", "written_off")
    return tuple((name, getattr(getattr(row, name), component)) for name in names)


def _dates(row: Instalment) -> tuple[tuple[str, Value], ...]:
    return (("from_date", row.from_date), ("due_date", row.due_date))


def _sequence(sequence: int | None) -> tuple[int, ...]:
    return () if sequence is None else (sequence,)
