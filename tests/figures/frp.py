"""Figures of Frappe Lending (FRP): replay a case's events and read each expected figure off the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from lms.engine.classification import AssetClass, ClassificationRule, DayThreshold, class_of_days
from lms.engine.errors import EngineRefusal
from lms.engine.state import Head, Instalment, LoanStatus, Movement, RowKind
from lms.engine.terms import Component
from tests.figures.frp_case import CaseLoan, Figures, label_of
from tests.figures.result import CaseResult, Outcome, Unsupported
from tests.figures.values import differs_from, is_date, number

Raw = Mapping[str, Any]
META = ("after_event", "as_of")
STATUS = {
    LoanStatus.SANCTIONED: "Sanctioned",
    LoanStatus.ACTIVE: "Disbursed",
    LoanStatus.CLOSED: "Closed",
    LoanStatus.SETTLED: "Settled",
    LoanStatus.WRITTEN_OFF: "Written Off",
}
BUCKETS = {
    "sma_0": AssetClass.SMA_0,
    "sma_1": AssetClass.SMA_1,
    "sma_2": AssetClass.SMA_2,
    "sub_standard": AssetClass.SUB_STANDARD,
    "doubtful": AssetClass.DOUBTFUL_1,
    "loss": AssetClass.LOSS,
}
# Frappe closes a loan by itself when no more than this is left; the engine waits for the act of closing.
CLOSING_TOLERANCE_PAISE = 100_00
DEFAULT_BUCKETS = (("SMA-0", 1, 30), ("SMA-1", 31, 60), ("SMA-2", 61, 90))


def run(case: Mapping[str, Any]) -> CaseResult:
    """Compare one case with the engine, snapshot by snapshot."""
    try:
        difference = next((found for snapshot in case["expect"] if (found := _compare(case, snapshot))), "")
    except Unsupported as reason:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, str(reason))
    except EngineRefusal as refusal:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, f"{refusal.code}: {refusal.message}")
    return CaseResult(case["id"], Outcome.DIFFERENT if difference else Outcome.EXACT, difference)


def _compare(case: Mapping[str, Any], snapshot: Raw) -> str:
    figures = Figures(case["terms"], case["events"][: snapshot["after_event"]], snapshot)
    exactness = Exactness(bool(case.get("whole_units")), Fraction(str(case.get("tolerance", 0))))
    for name, expected in snapshot.items():
        if name in META:
            continue
        if difference := _differs(expected, read(figures, name, expected), exactness):
            return f"{name}: {difference}"
    if "schedule" in snapshot and not case.get("partial_rows") and len(snapshot["schedule"]) != len(figures.rows()):
        return f"schedule: expected {len(snapshot['schedule'])} rows, got {len(figures.rows())}"
    return ""


@dataclass(frozen=True, slots=True)
class Exactness:
    """How near a figure must come: to the minor unit, to the printed digits, or within a tolerance."""

    is_whole: bool
    tolerance: Fraction


def _differs(expected: Any, found: Any, exactness: Exactness) -> str:
    """Return "" where two figures are the same, else both."""
    if exactness.is_whole:
        return differs_from(expected, found)
    if isinstance(expected, Mapping):
        for name, value in expected.items():
            if name not in found:
                raise Unsupported(f"expected figure {name}")
            if difference := _differs(value, found[name], exactness):
                return f"{name}: {difference}"
        return ""
    if isinstance(expected, list) and len(expected) == len(found):
        return next((d for e, f in zip(expected, found, strict=True) if (d := _differs(e, f, exactness))), "")
    if isinstance(found, Fraction):
        is_near = abs(number(expected or 0) - found) <= exactness.tolerance
        return "" if is_near else f"expected {expected}, got {float(found)}"
    return "" if expected == found else f"expected {expected}, got {found}"


def read(figures: Figures, name: str, expected: Any) -> Any:
    """Give one figure in the shape in which it is expected.

    Raises:
        Unsupported: the figure has no counterpart.
    """
    if name in READERS:
        return READERS[name](figures, expected)
    for words, reader in WORDS:
        if all(word in name for word in words):
            return reader(figures, expected)
    raise Unsupported(f"expected figure {name}")


def _money(amount_paise: int) -> Fraction:
    return Fraction(amount_paise, 100)


def _emi(figures: Figures, _: Any) -> Fraction:
    rows = [row for row in figures.rows() if row.kind is RowKind.REGULAR and row.due.principal]
    return _money(rows[0].due.principal + rows[0].due.interest)


def _schedule(figures: Figures, expected: Sequence[Raw]) -> list[dict[str, Any]]:
    rows = {row.number: _row(row) for row in figures.rows()}
    found = []
    for wanted in expected:
        if wanted.get("n") not in rows:
            raise Unsupported(f"row {wanted.get('n')}")
        found.append(rows[wanted["n"]])
    return found


def _row(row: Instalment) -> dict[str, Any]:
    return {
        "n": row.number,
        "due": row.due_date.isoformat(),
        "days": (row.due_date - row.from_date).days,
        "principal": _money(row.due.principal),
        "interest": _money(row.due.interest),
        "due_total": _money(row.due.principal + row.due.interest),
        "balance": _money(row.balance_after_paise),
    }


def _totals(figures: Figures, _: Any) -> dict[str, Any]:
    rows = figures.rows()
    interest, principal = sum(row.due.interest for row in rows), sum(row.due.principal for row in rows)
    return {"interest": _money(interest), "principal": _money(principal), "due_total": _money(interest + principal)}


def _due(position: int) -> Callable[[Figures, Any], str]:
    return lambda figures, _: figures.rows()[position].due_date.isoformat()


def _paid(*components: Component) -> Callable[[Figures, Any], Fraction]:
    """Read what the last act paid of some components."""

    def read(figures: Figures, _: Any) -> Fraction:
        sequence = figures.loan.last_fact().sequence
        parts = [a for a in figures.state().allocations if a.fact_sequence == sequence and a.component in components]
        return _money(sum(part.amount_paise for part in parts))

    return read


def _status(figures: Figures, _: Any) -> str:
    state = figures.state()
    if state.status is LoanStatus.ACTIVE and state.outstanding.principal <= CLOSING_TOLERANCE_PAISE:
        raise Unsupported("closing by an ordinary payment, within a tolerance")
    if state.status is LoanStatus.ACTIVE and state.undrawn_paise:
        return "Partially Disbursed"
    return STATUS[state.status]


def _closure_date(figures: Figures, _: Any) -> str | None:
    closed_on = figures.state().closed_on
    return None if closed_on is None else closed_on.isoformat()


def _penal(figures: Figures, expected: Any) -> Any:
    """Read planned penal: its amount, or the nights that bore some where dates or a count are expected."""
    if isinstance(expected, list) or (isinstance(expected, int) and expected):
        start = figures.loan.start
        days = [start + timedelta(days=n) for n in range((figures.accrued_until - start).days + 1)]
        totals = [figures.state(day).total(Movement.ACCRUED, Head.PENAL) for day in days]
        nights = [day for day, before, after in zip(days, [0, *totals], totals, strict=False) if after > before]
        return len(nights) if isinstance(expected, int) else [day.isoformat() for day in nights]
    return _money(figures.state(figures.accrued_until).total(Movement.ACCRUED, Head.PENAL))


def _accrued(figures: Figures, _: Any) -> Fraction:
    """Read the interest accrued: a demand loan's as a running total, a term loan's as a sum of rounded nights."""
    if "demand loan" in str(figures.raw.get("loan_type", "")):
        return _money(figures.state(figures.accrued_until).total(Movement.ACCRUED, Head.INTEREST))
    return _money(sum(night.interest_paise for night in figures.nights()))


def _accruals(figures: Figures, expected: Any) -> Any:
    """Read the accruals as they are asked for: dates, the last date, a count of nights, or the amount."""
    if len(figures.loans) > 1:
        counts = {label: len(loan.nights(figures.accrued_until)) for label, loan in figures.loans.items()}
        return counts if isinstance(expected, Mapping) else list(counts.values())
    if isinstance(expected, list):
        return _accrual_dates(figures, expected)
    if isinstance(expected, int):
        return len(figures.nights())
    return _accrual_dates(figures, expected)[-1] if is_date(str(expected)) else _accrued(figures, expected)


def _unaccrued(figures: Figures, _: Any) -> Fraction:
    """Read the interest of the nights after the last one accrued up to the eve of the day."""
    nights = figures.loan.nights(figures.as_of - timedelta(days=1))
    last = max((date.fromisoformat(e["through"]) for e in figures.events if e["type"] == "accrue"), default=date.min)
    return _money(sum(night.interest_paise for night in nights if night.on_date > last))


def _last_night(figures: Figures, _: Any) -> Fraction:
    return _money(figures.nights()[-1].interest_paise)


def _accrual_dates(figures: Figures, _: Any) -> list[str]:
    return [night.on_date.isoformat() for night in figures.nights()]


def _gl_lines(figures: Figures, _: Any) -> int:
    """Count ledger lines: each night is one debit and one credit."""
    return 2 * len(figures.nights())


def _unpaid_since(figures: Figures, _: Any) -> str | None:
    days = [date.fromisoformat(row["as_of"]) for row in figures.snapshot.get("classification", [])]
    oldest = figures.state(max(days, default=figures.as_of)).oldest_unpaid_due_date
    return None if oldest is None else oldest.isoformat()


def _rule(raw: Raw) -> ClassificationRule:
    """Turn the case's buckets of days past due into thresholds."""
    steps = []
    for name, first, _ in raw.get("buckets") or DEFAULT_BUCKETS:
        key = name.lower().replace("-", "_").replace(" ", "_")
        if key not in BUCKETS:
            raise Unsupported(f"bucket {name}")
        steps.append(DayThreshold(BUCKETS[key], max(first, 1)))
    if not any(step.asset_class is AssetClass.SUB_STANDARD for step in steps):
        steps.append(DayThreshold(AssetClass.SUB_STANDARD, int(raw.get("npa_threshold_dpd", 90)) + 1))
    return ClassificationRule(effective_from=date(2001, 1, 1), by_days=tuple(steps), by_npa_age=())


def _classification(figures: Figures, expected: Sequence[Raw]) -> list[dict[str, Any]]:
    return [_classified(figures, wanted) for wanted in expected]


def _classified(figures: Figures, wanted: Raw) -> dict[str, Any]:
    """Read one line of a classification diary; `loan` or `drawdown` says whose."""
    rule, as_of = _rule(figures.raw), date.fromisoformat(wanted.get("as_of") or wanted["date"])
    borrower = figures.borrower(as_of=as_of, rule=rule)
    labels = list(figures.loans)
    position = labels.index(label_of(wanted)) if label_of(wanted) else 0
    days = borrower.loans[position].days_past_due
    label = class_of_days(days=days, rule=rule).value.lower()
    label = "doubtful" if label.startswith("doubtful") else label
    bucket = str(wanted.get("bucket", ""))
    is_same = bucket.lower().replace("-", "_").replace(" ", "_") == label
    is_npa = borrower.npa_since is not None
    named = bucket if is_same else label
    return {**wanted, "dpd": days, "bucket": named, "npa": is_npa, "borrower_npa": is_npa}


def _npa(figures: Figures, expected: Any) -> Any:
    """Tell whether the borrower, and so every loan, is non-performing."""
    if isinstance(expected, Mapping) and all(is_date(day) for day in expected):
        return {day: _is_npa(figures, date.fromisoformat(day)) for day in expected}
    is_npa = _is_npa(figures, figures.as_of)
    if isinstance(expected, Mapping):
        return dict.fromkeys(expected, is_npa)
    return [is_npa] * len(expected) if isinstance(expected, list) else is_npa


def _is_npa(figures: Figures, as_of: date) -> bool:
    return figures.borrower(as_of=as_of, rule=_rule(figures.raw)).npa_since is not None


def _dpd(figures: Figures, expected: Any) -> Any:
    """Read days past due: of the day, of several days, or of several loans."""
    if isinstance(expected, list):
        return [_classified(figures, wanted) for wanted in expected]
    if isinstance(expected, Mapping):
        if set(expected) <= set(figures.loans):
            return {label: _dpd_of(figures.loans[label], figures, value) for label, value in expected.items()}
        return _dpd_of(figures.loan, figures, expected)
    return _dpd_of(figures.loan, figures, expected)


def _dpd_of(loan: CaseLoan, figures: Figures, expected: Any) -> Any:
    if isinstance(expected, Mapping):
        return {day: loan.state(date.fromisoformat(day)).days_past_due for day in expected}
    return loan.state(figures.as_of).days_past_due


def _limit_used(figures: Figures, _: Any) -> Fraction:
    return _money(sum(loan.state(figures.as_of).outstanding.principal for loan in figures.loans.values()))


def _limit_available(figures: Figures, _: Any) -> Fraction:
    return number(figures.raw["limit"]) - _limit_used(figures, _)


READERS: dict[str, Callable[[Figures, Any], Any]] = {
    "emi": _emi,
    "rows": lambda figures, _: len(figures.rows()),
    "schedule": _schedule,
    "totals": _totals,
    "total_interest": lambda figures, _: _totals(figures, _)["interest"],
    "total_payment": lambda figures, _: _totals(figures, _)["due_total"],
    "first_due": _due(0),
    "second_due": _due(1),
    "last_due": _due(-1),
    "due_dates": lambda figures, _: [row.due_date.isoformat() for row in figures.rows()],
    "interest_paid": _paid(Component.INTEREST),
    "principal_paid": _paid(Component.PRINCIPAL),
    "charges_paid": _paid(Component.FEE, Component.TAX),
    "penal_paid": _paid(Component.PENAL),
    "status": _status,
    "closure_date": _closure_date,
    "penal": _penal,
    "dpd": _dpd,
    "final_dpd": _dpd,
    "dpd_by_day": _dpd,
    "unpaid_since": _unpaid_since,
    "classification": _classification,
    "limit_used": _limit_used,
    "limit_available": _limit_available,
    "daily_accrual_gl_lines": _gl_lines,
    "accrued_interest": _accrued,
    "accrual_dates": _accrual_dates,
}
# A figure under another name: the words that its name holds, most telling first.
WORDS: tuple[tuple[tuple[str, ...], Callable[[Figures, Any], Any]], ...] = (
    (("penal",), _penal),
    (("accru", "gl_lines"), _gl_lines),
    (("unaccrued",), _unaccrued),
    (("unbooked",), lambda figures, _: _money(figures.state(figures.accrued_until).accrued_not_due_paise)),
    (("per_day",), _last_night),
    (("daily_interest",), _last_night),
    (("first", "accru"), lambda figures, _: _accrual_dates(figures, _)[0]),
    (("accru",), _accruals),
    (("pending_interest",), _accrued),
    (("npa",), _npa),
    (("dpd",), _dpd),
    (("days_past_due",), _dpd),
)
