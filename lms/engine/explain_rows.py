"""Explanations of the rows of a schedule: interest by its sub-periods, dues, what is paid and open."""

from __future__ import annotations

from collections.abc import Iterator

from lms.engine.account import Account, Note
from lms.engine.errors import EngineRefusal
from lms.engine.explain_interest import explain_period
from lms.engine.explanation import Explanation, Value, negative, total_of
from lms.engine.plan import INTEREST, Item, Period
from lms.engine.state import Amounts, Instalment, LoanState, Movement
from lms.engine.terms import Component

_COMPONENTS = ("principal", "interest", "fee", "tax", "penal")
_GROUPS = ("due", "paid", "waived", "written_off", "open")
_SETTLED = ("paid", "waived", "written_off")
_MOVEMENTS = {
    "paid": (Movement.RECEIVED, Movement.APPLIED),
    "waived": (Movement.WAIVED,),
    "written_off": (Movement.WRITTEN_OFF,),
}


def explain_row(*, row: Instalment, account: Account | None, part: str) -> Explanation:
    """Explain the dues of a row, what of them is open, or one component of either.

    Args:
        row: of the state.
        account: the working account that the state came from, for the balances that bore interest.
        part: "due", "paid", "waived", "written_off" or "open", and a component after a dot; or "balance_after".

    Raises:
        EngineRefusal: the row has no such part.
    """
    group, _, component = part.partition(".")
    label = f"instalments.{row.number}.{part}"
    if part == "balance_after" and account is not None:
        return _balance(account, row.number, label, row.balance_after_paise, is_after=True)
    if group not in _GROUPS or component not in ("", *_COMPONENTS) or account is None:
        raise EngineRefusal("engine.figure_unknown", f"A row has no part {part!r}.")
    amounts: Amounts = getattr(row, group)
    if not component:
        parts = [explain_row(row=row, account=account, part=f"{group}.{name}") for name in _COMPONENTS]
        return total_of(label, amounts.total, "sum of the components", parts, inputs=_dates(row))
    amount = getattr(amounts, component)
    if group == "due":
        return _due(row, account, component, label, amount)
    if group == "open":
        settled = [negative(explain_row(row=row, account=account, part=f"{name}.{component}")) for name in _SETTLED]
        due = explain_row(row=row, account=account, part=f"due.{component}")
        return total_of(label, amount, "due - paid - waived - written off", [due, *settled], inputs=_dates(row))
    period = account.plan.periods[row.number - 1]
    notes = [note for note in account.notes if note.row is period and note.movement in _MOVEMENTS[group]]
    parts = [_allocation(note, row.number) for note in notes if note.component is Component(component.upper())]
    rest = ("rows that ended", "settled ahead on rows that the closing of the loan took away")
    return total_of(label, amount, f"{group.replace('_', ' ')} so far", parts, inputs=_dates(row), rest=rest)


def explain_overdue(*, state: LoanState, account: Account | None, component: str) -> Explanation:
    """Explain what is overdue, in all or of one component, row by row."""
    if component not in ("", *_COMPONENTS):
        raise EngineRefusal("engine.figure_unknown", f"Nothing is overdue by the name {component!r}.")
    label = f"overdue.{component}" if component else "overdue"
    if not component:
        parts = [explain_overdue(state=state, account=account, component=name) for name in _COMPONENTS]
        return total_of(label, state.overdue.total, "sum of the five components", parts)
    found = [
        explain_row(row=row, account=account, part=f"open.{component}")
        for row in state.instalments
        if row.due_date <= state.as_of and getattr(row.open, component)
    ]
    return total_of(
        label,
        getattr(state.overdue, component),
        "open parts of all that has fallen due",
        found,
        inputs=(("as_of", state.as_of),),
        rest=("charges due before their row", "charges count on their own date"),
    )


def _allocation(note: Note, number: int | None) -> Explanation:
    inputs = (("applied_on", note.day), ("instalment", number))
    return Explanation("allocation", abs(note.amount), "part of the fact", inputs, (note.fact,))


def _due(row: Instalment, account: Account, component: str, label: str, amount: int) -> Explanation:
    period = account.plan.periods[row.number - 1]
    if component == "principal":
        return _principal(account, row, period, label, amount)
    if component == "interest":
        return _interest(account, row, period, label, amount)
    items = [item for item in period.items or () if _COMPONENTS[item.component] == component]
    return total_of(label, amount, "sum of the charges on the row", _charges(items), inputs=_dates(row))


def _charges(items: list[Item]) -> Iterator[Explanation]:
    for item in items:
        facts = () if item.sequence is None else (item.sequence,)
        formula = "levied by an entry" if facts else "levied by the terms"
        yield Explanation("charge", item.amount, formula, (("due", item.due),), facts)


def _interest(account: Account, row: Instalment, period: Period, label: str, amount: int) -> Explanation:
    """Explain the interest due: that of the period, with what earlier rows left and without what later rows take."""
    before = account.plan.periods[row.number - 2] if row.number > 1 else None
    waiting = 0 if before is None else before.deferred_after + before.carried_after
    left = period.deferred_after + period.carried_after
    parts = [
        explain_period(account=account, row=period, number=row.number),
        Explanation("interest of earlier rows", waiting, "earned before and not due until now"),
        Explanation("interest of later rows", -left, "less: falls due later"),
        Explanation("interest added to the principal", -period.capitalised, "less: it was added to the balance"),
        Explanation("extra interest", period.extra_interest, "of days outside the regular periods"),
    ]
    late = [item for item in period.items or () if item.component == INTEREST]
    parts += [Explanation("overdue interest", item.amount, "contract interest on overdue principal") for item in late]
    inputs: tuple[tuple[str, Value], ...] = (
        *_dates(row),
        ("balance_paise", row.balance_before_paise),
        *((f"change on {day}", moved) for day, moved in period.moves if day > period.start),
        ("rate_pct", account.terms.annual_rate_pct),
        ("day_count", account.terms.day_count.value),
        *_exact(parts[0]),
    )
    formula = "interest of the period, with what earlier rows left"
    rest = ("paid ahead", "kept at what was paid before the schedule changed")
    return total_of(label, amount, formula, parts, inputs=inputs, rest=rest)


def _exact(period: Explanation) -> Iterator[tuple[str, Value]]:
    exact = dict(period.inputs).get("exact")
    if exact is not None:
        yield "exact", exact


def _principal(account: Account, row: Instalment, period: Period, label: str, amount: int) -> Explanation:
    inputs: tuple[tuple[str, Value], ...] = (
        *_dates(row),
        ("instalment_paise", period.instalment),
        ("interest", row.due.interest),
    )
    if amount and amount == period.lent():
        return _balance(account, row.number, label, amount, is_after=False)
    if period.fixed_principal is not None and amount == period.fixed_principal:
        return Explanation(label, amount, "fixed by the schedule", inputs)
    interest = period.instalment - amount
    if period.is_paying_principal and 0 <= interest <= period.instalment and amount:
        parts = [
            Explanation("instalment_paise", period.instalment, "the instalment agreed, or what it became", inputs),
            Explanation("interest taken first", -interest, "less: interest of the row comes first"),
        ]
        return total_of(label, amount, "instalment less interest; the last row takes the balance", parts, inputs=inputs)
    return Explanation(label, amount, "as the schedule was laid", inputs)


def _balance(account: Account, number: int, label: str, amount: int, *, is_after: bool) -> Explanation:
    """Explain a balance: what was lent and added up to the row, less the principal of the rows."""
    rows = account.plan.periods[:number]
    parts: list[Explanation] = []
    for place, row in enumerate(rows, 1):
        parts += [_moved(day, moved) for day, moved in row.moves]
        if place < number or is_after:
            parts.append(Explanation(f"added by no. {place}", row.capitalised, "interest that became principal"))
            parts.append(Explanation(f"principal of no. {place}", -row.due_principal, "less: due with the row"))
    formula = "what was lent, less the principal of the rows" + ("" if is_after else " before")
    return total_of(label, amount, formula, parts, rest=("taken over", "the balance that the loan came with"))


def _moved(day: object, moved: int) -> Explanation:
    return Explanation("lent" if moved > 0 else "paid ahead", moved, f"moves the balance on {day}")


def _dates(row: Instalment) -> tuple[tuple[str, Value], ...]:
    return (("from_date", row.from_date), ("due_date", row.due_date))
