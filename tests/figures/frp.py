"""Figures of Frappe Lending (FRP): replay a case's events and read each expected figure off the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from lms.engine.classification import (
    AssetClass,
    BorrowerClass,
    ClassificationRule,
    DayThreshold,
    LoanStanding,
    class_of_days,
    classify_borrower,
)
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Disburse, Fact
from lms.engine.nightly import NightInterest, nightly_interest
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.state import Head, Instalment, LoanState, LoanStatus, Movement, RowKind
from lms.engine.terms import Component, Terms
from tests.figures.frp_terms import facts_of, paise, start_of, terms_of
from tests.figures.result import CaseResult, Outcome, Unsupported
from tests.figures.values import differs_from, number

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
_ONE_DAY = timedelta(days=1)


def run(case: Mapping[str, Any]) -> CaseResult:
    """Compare one case with the engine, snapshot by snapshot."""
    try:
        for snapshot in case["expect"]:
            figures = Figures(case["terms"], case["events"][: snapshot["after_event"]], snapshot)
            for name, expected in snapshot.items():
                if name in META:
                    continue
                found = figures.read(name, expected)
                difference = _differs(expected, found, is_whole=bool(case.get("whole_units")))
                if difference:
                    return CaseResult(case["id"], Outcome.DIFFERENT, f"{name}: {difference}")
    except Unsupported as reason:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, str(reason))
    except EngineRefusal as refusal:
        return CaseResult(case["id"], Outcome.UNSUPPORTED, f"{refusal.code}: {refusal.message}")
    return CaseResult(case["id"], Outcome.EXACT)


def _differs(expected: Any, found: Any, *, is_whole: bool) -> str:
    """Compare to the minor unit; figures given in whole units to the whole unit."""
    if is_whole:
        return differs_from(expected, found)
    if isinstance(expected, Mapping):
        differences = ((name, _differs(value, found.get(name), is_whole=False)) for name, value in expected.items())
        return next((f"{name}: {difference}" for name, difference in differences if difference), "")
    if isinstance(expected, list) and len(expected) == len(found):
        return next((d for e, f in zip(expected, found, strict=True) if (d := _differs(e, f, is_whole=False))), "")
    if isinstance(found, Fraction):
        return "" if number(expected or 0) == found else f"expected {expected}, got {float(found)}"
    return "" if expected == found else f"expected {expected}, got {found}"


class Figures:
    """The figures of one snapshot, reckoned when they are asked for."""

    def __init__(self, raw: Raw, events: Sequence[Raw], snapshot: Raw) -> None:
        self.raw, self.events, self.snapshot = raw, events, snapshot
        if not {"instalments", "principal", "disbursed_on", "submitted_on"} & set(raw) and "limit" not in raw:
            raise Unsupported(f"terms of {sorted(raw)[0]} alone")
        if any("drawdown" in event or "loan" in event for event in events) or "loans" in raw:
            raise Unsupported("several loans in one case")
        self.terms = _line_terms(raw, events) if "limit" in raw else terms_of(raw, events)
        self.facts = facts_of(self.terms, events)
        days = [date.fromisoformat(event.get("date") or event["through"]) for event in events if _is_dated(event)]
        given = snapshot.get("as_of")
        self.as_of = date.fromisoformat(given) if given else max(days, default=start_of(raw, events))
        accrued = [date.fromisoformat(event["through"]) for event in events if event["type"] == "accrue"]
        self.accrued_until = max(accrued) if accrued else self.as_of - _ONE_DAY

    def read(self, name: str, expected: Any) -> Any:
        """Give one figure in the shape in which it is expected."""
        if name in READERS:
            return READERS[name](self, expected)
        for words, reader in WORDS:
            if all(word in name for word in words):
                return reader(self, expected)
        raise Unsupported(f"expected figure {name}")

    def state(self, as_of: date | None = None) -> LoanState:
        """Replay to a day-end."""
        return replay(terms=self.terms, facts=self.facts, as_of=as_of or self.as_of)

    def rows(self) -> tuple[Instalment, ...]:
        """Give the schedule in force, or the one promised where nothing was disbursed."""
        if any(isinstance(fact, Disburse) for fact in self.facts):
            return self.state().instalments
        return build_schedule(terms=self.terms, start_date=start_of(self.raw, self.events))

    def nights(self) -> tuple[NightInterest, ...]:
        """List the nights that bore interest up to the last one accrued."""
        start = start_of(self.raw, self.events)
        return nightly_interest(terms=self.terms, facts=self.facts, from_date=start, to_date=self.accrued_until)

    def last_fact(self) -> Fact:
        """Give the last act of the case."""
        return max((fact for fact in self.facts if fact.sequence < 1_000_000), key=lambda fact: fact.sequence)


def _is_dated(event: Raw) -> bool:
    return bool(event.get("date") or event.get("through"))


def _line_terms(raw: Raw, events: Sequence[Raw]) -> Terms:
    """Take a drawdown whose schedule is not given as one payment; only its principal is asked for."""
    if any(event["type"] not in ("disburse", "accrue") for event in events) and "instalments" not in raw:
        raise Unsupported("a line of credit with payments and no schedule")
    return terms_of({"instalments": 1, **raw}, events)


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
        sequence = figures.last_fact().sequence
        parts = [a for a in figures.state().allocations if a.fact_sequence == sequence and a.component in components]
        return _money(sum(part.amount_paise for part in parts))

    return read


def _status(figures: Figures, _: Any) -> str:
    state = figures.state()
    if state.status is LoanStatus.ACTIVE and state.undrawn_paise:
        return "Partially Disbursed"
    return STATUS[state.status]


def _closure_date(figures: Figures, _: Any) -> str | None:
    closed_on = figures.state().closed_on
    return None if closed_on is None else closed_on.isoformat()


def _penal(figures: Figures, _: Any) -> Fraction:
    state = figures.state(figures.accrued_until)
    return _money(state.total(Movement.ACCRUED, Head.PENAL))


def _accrued(figures: Figures, _: Any) -> Fraction:
    """Read the interest accrued: a demand loan's as a running total, a term loan's as a sum of rounded nights."""
    if "demand loan" in str(figures.raw.get("loan_type", "")):
        return _money(figures.state(figures.accrued_until).total(Movement.ACCRUED, Head.INTEREST))
    return _money(sum(night.interest_paise for night in figures.nights()))


def _accrual_dates(figures: Figures, _: Any) -> list[str]:
    return [night.on_date.isoformat() for night in figures.nights()]


def _gl_lines(figures: Figures, _: Any) -> int:
    """Count ledger lines: each night is one debit and one credit."""
    return 2 * len(figures.nights())


def _dpd_by_day(figures: Figures, expected: Mapping[str, Any]) -> dict[str, int]:
    return {day: figures.state(date.fromisoformat(day)).days_past_due for day in expected}


def _unpaid_since(figures: Figures, _: Any) -> str | None:
    days = [date.fromisoformat(row["as_of"]) for row in figures.snapshot.get("classification", [])]
    oldest = figures.state(max(days, default=figures.as_of)).oldest_unpaid_due_date
    return None if oldest is None else oldest.isoformat()


def _rule(raw: Raw) -> ClassificationRule:
    """Turn the case's buckets of days past due into thresholds."""
    steps = []
    for name, first, _ in raw.get("buckets") or [["SMA-0", 0, 30], ["SMA-1", 31, 60], ["SMA-2", 61, 90]]:
        key = name.lower().replace("-", "_").replace(" ", "_")
        if key not in BUCKETS:
            raise Unsupported(f"bucket {name}")
        steps.append(DayThreshold(BUCKETS[key], max(first, 1)))
    if not any(step.asset_class is AssetClass.SUB_STANDARD for step in steps):
        steps.append(DayThreshold(AssetClass.SUB_STANDARD, int(raw.get("npa_threshold_dpd", 90)) + 1))
    return ClassificationRule(effective_from=date(2001, 1, 1), by_days=tuple(steps), by_npa_age=())


def _classified(figures: Figures, as_of: date) -> BorrowerClass:
    """Classify the borrower day by day up to a day-end, so that the past is carried along."""
    rule, since = _rule(figures.raw), None
    day = min(start_of(figures.raw, figures.events), as_of)
    while True:
        state = figures.state(day)
        standing = LoanStanding(
            loan_id=1,
            oldest_unpaid_due_date=state.oldest_unpaid_due_date,
            arrears_paise=state.overdue.total,
            npa_since=since,
        )
        found = classify_borrower(as_of=day, loans=[standing], rule=rule)
        if day == as_of:
            return found
        since, day = found.npa_since, day + _ONE_DAY


def _classification(figures: Figures, expected: Sequence[Raw]) -> list[dict[str, Any]]:
    rule, found = _rule(figures.raw), []
    for wanted in expected:
        as_of = date.fromisoformat(wanted["as_of"])
        borrower = _classified(figures, as_of)
        days = borrower.loans[0].days_past_due
        label = class_of_days(days=days, rule=rule).value.lower()
        label = "doubtful" if label.startswith("doubtful") else label
        bucket = str(wanted.get("bucket", ""))
        is_same = bucket.lower().replace("-", "_").replace(" ", "_") == label
        is_npa = borrower.npa_since is not None
        named = bucket if is_same else label
        found.append({"as_of": wanted["as_of"], "dpd": days, "bucket": named, "npa": is_npa, "borrower_npa": is_npa})
    return found


def _npa(figures: Figures, _: Any) -> bool:
    return _classified(figures, figures.as_of).npa_since is not None


def _limit_used(figures: Figures, _: Any) -> Fraction:
    return _money(figures.state().outstanding.principal)


def _limit_available(figures: Figures, _: Any) -> Fraction:
    return _money(paise(figures.raw["limit"]) - figures.state().outstanding.principal)


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
    "dpd": lambda figures, _: figures.state().days_past_due,
    "final_dpd": lambda figures, _: figures.state().days_past_due,
    "dpd_by_day": _dpd_by_day,
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
    (("accru", "date", "last"), lambda figures, _: _accrual_dates(figures, _)[-1]),
    (("accru", "dates"), _accrual_dates),
    (("accru", "count"), lambda figures, _: len(figures.nights())),
    (("accru", "rows"), lambda figures, _: len(figures.nights())),
    (("accru", "days"), lambda figures, _: len(figures.nights())),
    (("accru", "gl_lines"), _gl_lines),
    (("interest", "accrued"), _accrued),
    (("npa",), _npa),
    (("penal",), _penal),
    (("dpd",), lambda figures, _: figures.state().days_past_due),
)
