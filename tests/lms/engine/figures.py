"""The figures of a loan that can be asked for, and what the state says of each."""

from dataclasses import fields
from operator import attrgetter

from lms.engine.state import LoanState

_COMPONENTS = ("principal", "interest", "fee", "tax", "penal")
_GROUPS = ("due", "paid", "waived", "written_off", "open")
_COUNTED = ("allocations", "charges", "totals", "accrual_lines")


def figures_of(state: LoanState) -> list[str]:
    """List every figure: fields, components, totals, and each part of each row."""
    found = [item.name for item in fields(LoanState)]
    found += [f"{name}.{part}" for name in ("outstanding", "overdue") for part in _COMPONENTS]
    found += [f"totals.{item.movement}.{item.head}" for item in state.totals]
    for row in state.instalments:
        found += [f"instalments.{row.number}.{group}" for group in _GROUPS]
        found += [f"instalments.{row.number}.{group}.{part}" for group in _GROUPS for part in _COMPONENTS]
        found.append(f"instalments.{row.number}.balance_after")
    return found


def shown(state: LoanState, figure: str) -> object:
    """Give what the state itself says of a figure."""
    name, _, rest = figure.partition(".")
    if name in _COUNTED and not rest:
        return len(getattr(state, name))
    if name in ("outstanding", "overdue"):
        return getattr(getattr(state, name), rest or "total")
    if name == "totals":
        return next(item.amount_paise for item in state.totals if f"{item.movement}.{item.head}" == rest)
    if name == "instalments":
        return _of_rows(state, rest)
    return getattr(state, name)


def _of_rows(state: LoanState, rest: str) -> int:
    if not rest:
        return sum(row.due.total for row in state.instalments)
    number, _, part = rest.partition(".")
    row = state.instalments[int(number) - 1]
    path = {"balance_after": "balance_after_paise"}.get(part) or (part if "." in part else f"{part}.total")
    amount: int = attrgetter(path)(row)
    return amount
