"""Transactions of a FIN snapshot, read off the allocations of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lms.engine.facts import Bounce, Disburse, Fact, Receive, Recover, Refund, Reverse, Waive
from lms.engine.state import Allocation, Head, LoanState, Movement
from lms.engine.terms import Component
from tests.figures.fin_terms import minor
from tests.figures.result import Unsupported

_NAMES = {
    Component.PRINCIPAL: "principal",
    Component.INTEREST: "interest",
    Component.FEE: "fees",
    Component.TAX: "fees",
    Component.PENAL: "penalties",
}
_LEFT_OUT = {"accrual", "accrual_activity", "accrual_adjustment"}
_KNOWN = {
    "date", "type", "amount", "balance", "principal", "interest", "fees", "penalties", "overpayment", "reverted",
    "replayed",
}  # fmt: skip


@dataclass(slots=True)
class Line:
    """One transaction as the cases show it; amounts in hundredths."""

    date: str
    type: str
    amount: int
    parts: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    is_reverted: bool = False
    balance: int | None = None

    def principal(self) -> int:
        """Give what the transaction did to the principal: lent (+) or paid (-)."""
        return self.amount if self.type == "disbursement" else -self.parts.get("principal", 0)


def lines_of(*, facts: Sequence[Fact], state: LoanState, types: dict[int, str]) -> list[Line]:
    """List the transactions that count on the state, by value date, with the principal that is then outstanding."""
    by_fact: dict[int, list[Allocation]] = {}
    for allocation in state.allocations:
        if allocation.is_from_excess and allocation.component is not None:
            raise Unsupported("money overpaid that meets a later charge")
        if not allocation.is_from_excess:
            by_fact.setdefault(allocation.fact_sequence, []).append(allocation)
    gone = {fact.reversed_sequence for fact in facts if isinstance(fact, Reverse)}
    lines = []
    for fact in sorted(facts, key=lambda fact: (fact.value_date, fact.sequence)):
        if fact.sequence in gone or fact.value_date > state.as_of:
            continue
        if isinstance(fact, Disburse):
            lines.append(Line(fact.value_date.isoformat(), "disbursement", fact.amount_paise, sequence=fact.sequence))
        elif isinstance(fact, Receive | Refund | Recover) or fact.sequence in types:
            name = types[fact.sequence]
            amount = fact.amount_paise or sum(part.amount_paise for part in by_fact.get(fact.sequence, ()))
            parts = {} if isinstance(fact, Waive) else _parts(by_fact.get(fact.sequence, []))
            lines.append(Line(fact.value_date.isoformat(), name, amount, parts, fact.sequence))
        elif isinstance(fact, Bounce):
            raise Unsupported("transactions of a bounce")
    balance = 0
    for line in lines:
        balance += line.principal()
        line.balance = balance
    return lines


def charge_off_line(state: LoanState) -> Line:
    """Show what was open when the loan was charged off: an event of the books that leaves the debt as it is."""
    rows = state.instalments
    parts = {
        "principal": sum(row.open.principal for row in rows),
        "interest": sum(row.open.interest for row in rows),
        "fees": sum(row.open.fee + row.open.tax for row in rows),
        "penalties": sum(row.open.penal for row in rows),
    }
    return Line(state.as_of.isoformat(), "charge_off", sum(parts.values()), parts, balance=0)


def standing(facts: Sequence[Fact]) -> list[Fact]:
    """Leave out facts that were undone, and what undid them."""
    gone = {fact.reversed_sequence for fact in facts if isinstance(fact, Reverse)}
    return [fact for fact in facts if fact.sequence not in gone and not isinstance(fact, Reverse)]


def _parts(allocations: Sequence[Allocation]) -> dict[str, int]:
    parts: dict[str, int] = {}
    for part in allocations:
        name = "overpayment" if part.component is None else _NAMES[part.component]
        parts[name] = parts.get(name, 0) + abs(part.amount_paise)
    return parts


def compare_transactions(*, expected: Sequence[dict[str, Any]], found: Sequence[Line], is_marked: bool) -> str:
    """Give the first difference between the expected list, accruals left out, and the lines found.

    Order within a day is not compared. Where reversed ones are not marked, lines of both kinds may match.
    """
    wanted = [line for line in expected if line["type"] not in _LEFT_OUT]
    if len(wanted) != len(found):
        return f"expected {len(wanted)} transactions, got {len(found)}"
    rest = list(found)
    for line in wanted:
        unknown = set(line) - _KNOWN
        if unknown:
            raise Unsupported(f"transaction figure {sorted(unknown)[0]}")
        same = [one for one in rest if (one.date, one.type, one.amount) == _key(line)]
        fits = [one for one in same if not _difference(line, one, is_marked)]
        if not same:
            return f"transaction {line['date']} {line['type']} {line['amount']}: none found"
        if not fits:
            return (
                f"transaction {line['date']} {line['type']} {line['amount']}: {_difference(line, same[0], is_marked)}"
            )
        rest.remove(fits[0])
    return ""


def count_shown(expected: Sequence[dict[str, Any]]) -> int:
    """Count the expected transactions that are compared."""
    return sum(1 for line in expected if line["type"] not in _LEFT_OUT)


def _key(line: dict[str, Any]) -> tuple[str, str, int]:
    return line["date"], line["type"], minor(line["amount"])


def _difference(line: dict[str, Any], found: Line, is_marked: bool) -> str:
    if is_marked and bool(line.get("reverted", False)) != found.is_reverted:
        return f"reverted: expected {line.get('reverted', False)}, got {found.is_reverted}"
    if line["type"] != "disbursement":
        for name in ("principal", "interest", "fees", "penalties"):
            if minor(line.get(name, 0)) != found.parts.get(name, 0):
                return f"{name}: expected {minor(line.get(name, 0))}, got {found.parts.get(name, 0)}"
        if "overpayment" in line and minor(line["overpayment"]) != found.parts.get("overpayment", 0):
            return f"overpayment: expected {line['overpayment']}, got {found.parts.get('overpayment', 0)}"
    if "balance" in line and found.balance is not None and minor(line["balance"]) != found.balance:
        return f"balance: expected {minor(line['balance'])}, got {found.balance}"
    return ""


def overpaid(state: LoanState) -> int:
    """Give what the lender holds for the borrower."""
    received = state.total(Movement.RECEIVED, Head.EXCESS)
    return state.excess_paise if received else 0
