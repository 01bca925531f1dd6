"""Comparison of one expected snapshot with the state that the engine gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from lms.engine.facts import Charge, Disburse, Fact
from lms.engine.state import Instalment, LoanState, LoanStatus, RowKind
from tests.figures.fin_terms import minor
from tests.figures.result import Unsupported

_ONE_DAY = timedelta(days=1)
_STATUS = {
    LoanStatus.SANCTIONED: "approved",
    LoanStatus.ACTIVE: "active",
    LoanStatus.CLOSED: "closed_obligations_met",
    LoanStatus.SETTLED: "closed_obligations_met",
    LoanStatus.WRITTEN_OFF: "closed_written_off",
}
AMOUNTS: dict[str, Callable[[LoanState], int | bool]] = {
    "outstanding_amount": lambda state: sum(row.open.total for row in state.instalments),
    "overpaid_amount": lambda state: state.excess_paise,
    "all_instalments_paid": lambda state: all(row.open.total == 0 for row in state.instalments),
    "total_overdue_amount": lambda state: sum(
        row.open.total for row in state.instalments if row.due_date < state.as_of
    ),
}
_NOT_COMPARED = {
    "after_event", "as_of", "journals", "delinquency_instalment", "delinquency_loan", "delinquency_pauses",
    "delinquency_range", "delinquent_from", "next_payment", "reversals_not_marked", "transactions_without_accruals",
    "partial_rows",
}  # fmt: skip
_ROW_FIGURES = {"n", "due", "days", "principal", "interest", "fees", "penalties", "due_total", "balance", "paid",
    "in_advance", "late", "waived", "outstanding", "paid_on", "balance_after_next_disbursement"}  # fmt: skip


def compare_schedule(
    *,
    rows: Sequence[dict[str, Any]],
    state: LoanState,
    facts: Sequence[Fact],
    slack: int,
    nominal_start: date | None,
    is_partial: bool,
    is_lent_from_start: bool,
) -> str:
    """Give the first difference between expected rows and the state's instalments, or "" where there is none.

    `is_partial` compares only the rows that are given, by their number. `is_lent_from_start` counts a tranche inside a
    period as lent when the period begins.
    """
    numbered = [row for row in rows if "disbursed" not in row]
    if not is_partial and len(numbered) != len(state.instalments):
        return f"expected {len(numbered)} rows, got {len(state.instalments)}"
    has_dates = any("paid_on" in row for row in numbered)
    starts = _starts(state.instalments, nominal_start)
    for position, row in enumerate(numbered, 1):
        number = row.get("n", position)
        if number > len(state.instalments):
            return f"expected row {number}, got {len(state.instalments)} rows"
        instalment = state.instalments[number - 1]
        until = state.instalments[min(number, len(starts) - 1)].due_date - _ONE_DAY
        until = until if is_lent_from_start else instalment.due_date
        pairs = _row_pairs(row, instalment, starts[number - 1], until, facts, has_dates=has_dates)
        for name, expected, found in pairs:
            if not _same(expected, found, slack):
                return f"row {number} {name}: expected {expected}, got {found}"
    return _compare_markers(rows, facts)


def _starts(instalments: Sequence[Instalment], nominal_start: date | None) -> list[date]:
    """List where the days of each row are counted from: the due date before it; a down payment has no days."""
    starts, before = [], nominal_start or instalments[0].from_date
    for instalment in instalments:
        is_down_payment = instalment.kind is RowKind.DOWN_PAYMENT
        starts.append(instalment.due_date if is_down_payment else before)
        before = before if is_down_payment else max(before, instalment.due_date)
    return starts


def _compare_markers(rows: Sequence[dict[str, Any]], facts: Sequence[Fact]) -> str:
    markers = [row for row in rows if "disbursed" in row]
    expected = [(row["disbursed"], minor(row["balance"])) for row in markers]
    fees = sum(minor(row.get("fees", 0)) for row in markers)
    if fees != kept_back(facts):
        return f"fees at disbursal: expected {fees}, got {kept_back(facts)}"
    if not expected:
        return ""
    found = [(fact.value_date.isoformat(), fact.amount_paise) for fact in facts if isinstance(fact, Disburse)]
    return "" if sorted(expected) == sorted(found) else f"disbursals: expected {expected}, got {found}"


def _row_pairs(
    row: dict[str, Any], instalment: Instalment, start: date, until: date, facts: Sequence[Fact], *, has_dates: bool
) -> Iterator[tuple[str, Any, Any]]:
    unknown = set(row) - _ROW_FIGURES
    if unknown:
        raise Unsupported(f"row figure {sorted(unknown)[0]}")
    due, opened = instalment.due, instalment.open
    yield "due", row["due"], instalment.due_date.isoformat()
    if "days" in row:
        yield "days", row["days"], (instalment.due_date - start).days
    figures = {
        "principal": due.principal,
        "interest": due.interest,
        "due_total": due.total,
        "balance": instalment.balance_after_paise,
        "outstanding": opened.total,
    }
    for name, found in figures.items():
        if name in row:
            yield name, minor(row[name]), found
    yield "fees", minor(row.get("fees", 0)), due.fee + due.tax
    yield "penalties", minor(row.get("penalties", 0)), due.penal
    yield "paid", minor(row.get("paid", 0)), instalment.paid.total
    yield "in_advance", minor(row.get("in_advance", 0)), instalment.paid_in_advance_paise
    yield "late", minor(row.get("late", 0)), instalment.paid_late_paise
    yield "waived", minor(row.get("waived", 0)), instalment.waived.total
    if has_dates:
        yield "paid_on", row.get("paid_on"), instalment.paid_on.isoformat() if instalment.paid_on else None
    if "balance_after_next_disbursement" in row:
        lent = [
            fact for fact in facts if isinstance(fact, Disburse) and instalment.due_date <= fact.value_date <= until
        ]
        found = instalment.balance_after_paise + sum(fact.amount_paise for fact in lent)
        yield "balance_after_next_disbursement", minor(row["balance_after_next_disbursement"]), found


def kept_back(facts: Sequence[Fact]) -> int:
    """Add up the charges that were kept back from the disbursal and stand on no row."""
    return sum(fact.amount_paise for fact in facts if isinstance(fact, Charge) and fact.is_kept_back)


def compare_totals(*, totals: dict[str, Any], state: LoanState, slack: int, kept_back: int) -> str:
    """Give the first difference between expected totals and the sums of the rows and of what was kept back."""
    rows = state.instalments
    found = {
        "principal": sum(row.due.principal for row in rows),
        "interest": sum(row.due.interest for row in rows),
        "fees": sum(row.due.fee + row.due.tax for row in rows) + kept_back,
        "penalties": sum(row.due.penal for row in rows),
        "due_total": sum(row.due.total for row in rows) + kept_back,
        "paid": sum(row.paid.total for row in rows) + kept_back,
        "in_advance": sum(row.paid_in_advance_paise for row in rows),
        "late": sum(row.paid_late_paise for row in rows),
        "waived": sum(row.waived.total for row in rows),
        "outstanding": sum(row.open.total for row in rows),
    }
    for name, expected in totals.items():
        if name not in found:
            raise Unsupported(f"total {name}")
        if not _same(minor(expected), found[name], slack):
            return f"total {name}: expected {minor(expected)}, got {found[name]}"
    return ""


def compare_status(expected: str, state: LoanState) -> str:
    """Compare the status in the words of the cases; a closed loan with money left over is overpaid."""
    found = _STATUS[state.status]
    if state.status is LoanStatus.CLOSED and state.excess_paise:
        found = "overpaid"
    return "" if found == expected else f"status: expected {expected}, got {found}"


def compare_amount(name: str, expected: Any, state: LoanState) -> str:
    """Compare one of the amounts that a snapshot names by itself."""
    found: Any = AMOUNTS[name](state)
    wanted = expected if isinstance(expected, bool) else minor(expected)
    return "" if wanted == found else f"{name}: expected {wanted}, got {found}"


def compare_charges(
    expected: Sequence[dict[str, Any]], state: LoanState, *, kept_back: int, is_kept_back_paid: bool
) -> str:
    """Compare what was charged, paid and waived by kind of charge."""
    for kind in ("fee", "penalty"):
        sums = _charge_sums(kind, state)
        if kind == "fee":
            sums["amount"] += kept_back
            sums["paid"] += kept_back if is_kept_back_paid else 0
        for name, found in sums.items():
            wanted = sum(minor(charge.get(name, 0)) for charge in expected if charge["kind"] == kind)
            if wanted != found:
                return f"charges {kind} {name}: expected {wanted}, got {found}"
    return ""


def _charge_sums(kind: str, state: LoanState) -> dict[str, int]:
    rows = state.instalments
    if kind == "fee":
        return {
            "amount": sum(row.due.fee + row.due.tax for row in rows),
            "paid": sum(row.paid.fee + row.paid.tax for row in rows),
            "waived": sum(row.waived.fee + row.waived.tax for row in rows),
        }
    return {
        "amount": sum(row.due.penal for row in rows),
        "paid": sum(row.paid.penal for row in rows),
        "waived": sum(row.waived.penal for row in rows),
    }


def known_figures(snapshot: dict[str, Any]) -> set[str]:
    """List what a snapshot asks for."""
    return set(snapshot) - _NOT_COMPARED


def _same(expected: Any, found: Any, slack: int) -> bool:
    if slack and isinstance(expected, int) and isinstance(found, int):
        return abs(expected - found) <= slack
    return bool(expected == found)


def iso(day: date | None) -> str | None:
    """Write a date as the cases do."""
    return None if day is None else day.isoformat()
