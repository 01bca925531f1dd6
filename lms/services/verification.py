"""Proof that the caches are the fold of the facts: compare every figure with a replay."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms
from lms.models import Loan
from lms.services.day_end.certificate import book_read, consistent_read, control_checks
from lms.services.fact_rows import facts_of, facts_of_many, first_lent_on, last_restructured_on
from lms.services.facts import as_of_after
from lms.services.position_rows import ROW_CACHES, RowCache
from lms.services.positions import (
    FIGURES,
    accrual_lines_to_json,
    accrued_by_lines,
    day_before,
    loan_booked_totals,
    loan_figures,
    state_hash,
    terms_of,
)
from lms.services.proof import AccountCodes, account_codes, posted_and_booked

_READ_AT_ONCE: Final = 500
# What a damaged row can raise when it is read or replayed; reported as a difference of that loan.
_DAMAGE: Final = (EngineRefusal, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, AssertionError)

POSITION: Final = (*FIGURES, "closed_upto", "next_change_date", "booked", "accrual_lines", "state_hash")

Rows = Mapping[int, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cached figure that is not what the facts give; `loan` is empty for a figure of the whole book."""

    loan: str
    figure: str
    stored: str
    expected: str

    def __str__(self) -> str:
        where = f"Loan {self.loan}: " if self.loan else ""
        return f"{where}{self.figure} is {self.stored}, should be {self.expected}"


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """Some loans that were compared, with what was found; `figures` counts the comparisons."""

    loans: int
    figures: int
    differences: tuple[Difference, ...]


def loan_verify(*, loan: Loan, closed_to: date | None = None) -> VerifiedBatch:
    """Compare every cache of one loan with a replay of its facts; nothing is written.

    Args:
        closed_to: a running loan must be closed up to this day; not checked when not given.
    """
    return _verify([loan], closed_to, account_codes())


def loans_verify(
    *, limit: int | None = None, closed_to: date | None = None, read_at_once: int = _READ_AT_ONCE
) -> Iterator[VerifiedBatch]:
    """Compare every loan, in the order of the keys; yields after each batch, so that progress can be shown.

    Args:
        limit: how many loans at most.
        closed_to: as in `loan_verify`.
    """
    last, left, accounts = 0, limit, account_codes()
    while left is None or left > 0:
        size = read_at_once if left is None else min(read_at_once, left)
        loans = list(Loan.objects.filter(pk__gt=last).select_related("product_version__product").order_by("pk")[:size])
        if not loans:
            return
        yield _verify(loans, closed_to, accounts)
        last = loans[-1].pk
        left = None if left is None else left - len(loans)


def control_accounts_verify() -> tuple[int, tuple[Difference, ...]]:
    """Compare every account of every product with the sum of what its loans say is booked there.

    Returns:
        How many accounts were compared, and what differs.
    """
    with consistent_read():
        checks = list(control_checks(book_read()))
    broken = tuple(
        Difference(loan="", figure=check.name, stored=check.found, expected=check.expected)
        for check in checks
        if not check.is_held
    )
    return len(checks), broken


def _verify(loans: Sequence[Loan], closed_to: date | None, accounts: AccountCodes) -> VerifiedBatch:
    ids = [loan.pk for loan in loans]
    facts = _facts(ids)
    rows = [_rows(cache, ids) for cache in ROW_CACHES]
    postings = posted_and_booked(loans=loans, accounts=accounts)
    found: list[Difference] = []
    figures = 0
    for loan in loans:
        try:
            pairs = _pairs(loan, facts[loan.pk], [by_loan[loan.pk] for by_loan in rows], closed_to)
            pairs += [(f"posted on account {code}", posted, due) for code, posted, due in postings[loan.pk]]
        except _DAMAGE as error:
            found.append(Difference(loan.number, "replay", f"{type(error).__name__}: {error}", "a loan that replays"))
            continue
        figures += len(pairs)
        found += [
            Difference(loan.number, figure, str(stored), str(expected))
            for figure, stored, expected in pairs
            if stored != expected
        ]
    return VerifiedBatch(len(loans), figures, tuple(found))


def _facts(ids: Sequence[int]) -> dict[int, tuple[Fact, ...] | None]:
    """Read the facts of many loans, and one by one when a damaged row is among them; None for its loan."""
    try:
        return dict(facts_of_many(loan_ids=ids))
    except _DAMAGE:
        return {loan_id: _facts_or_none(loan_id) for loan_id in ids}


def _facts_or_none(loan_id: int) -> tuple[Fact, ...] | None:
    try:
        return facts_of(loan_id=loan_id)
    except _DAMAGE:
        return None


def _rows(cache: RowCache, ids: Sequence[int]) -> Rows:
    rows: dict[int, list[tuple[Any, ...]]] = {loan_id: [] for loan_id in ids}
    manager: Any = cache.model._default_manager
    ordered = manager.filter(loan_id__in=ids).order_by("loan_id", cache.columns[0])
    for loan_id, *values in ordered.values_list("loan_id", *cache.columns).iterator():
        rows[loan_id].append(tuple(values))
    return rows


def _pairs(
    loan: Loan,
    facts: tuple[Fact, ...] | None,
    rows: Sequence[list[tuple[Any, ...]]],
    closed_to: date | None,
) -> list[tuple[str, Any, Any]]:
    """Return figure, stored and expected value of everything that is cached of a loan."""
    if facts is None:
        raise ValueError("a fact cannot be read")
    terms = terms_of(loan=loan)
    pairs: list[tuple[str, Any, Any]] = _terms_pairs(loan, terms)
    pairs += [
        ("fact_count", loan.fact_count, len(facts)),
        ("fact sequences", [fact.sequence for fact in facts], list(range(1, len(facts) + 1))),
        ("disbursed_on", loan.disbursed_on, first_lent_on(facts=facts)),
        ("restructured_on", loan.restructured_on, last_restructured_on(facts=facts)),
    ]
    if not facts:
        return pairs + _untouched_pairs(loan, rows)
    state = replay(terms=terms, facts=facts, as_of=as_of_after(loan=loan, facts=facts))
    pairs += [(name, getattr(loan, name), value) for name, value in loan_figures(state=state).items()]
    pairs += _line_pairs(loan, state)
    for cache, stored in zip(ROW_CACHES, rows, strict=True):
        pairs += _row_pairs(cache.name, stored, cache.rows_of(state), cache.columns)
    pairs.append(("booked", loan.booked, loan_booked_totals(loan=loan, state=state)))
    pairs.append(("state_hash", loan.state_hash, state_hash(loan=loan)))
    if closed_to is not None and state.status is LoanStatus.ACTIVE and loan.closed_upto is not None:
        pairs.append(("closed_upto", loan.closed_upto, max(loan.closed_upto, closed_to)))
    return pairs


def _terms_pairs(loan: Loan, terms: Terms) -> list[tuple[str, Any, Any]]:
    return [
        ("principal_paise", loan.principal_paise, terms.principal_paise),
        ("annual_rate_pct", loan.annual_rate_pct, terms.annual_rate_pct),
        ("product_code", loan.product_code, loan.product_version.product.code),
    ]


def _untouched_pairs(loan: Loan, rows: Sequence[list[tuple[Any, ...]]]) -> list[tuple[str, Any, Any]]:
    """Return the pairs of a loan that was sanctioned and nothing more: no position at all."""
    blank = Loan(undrawn_paise=loan.principal_paise, current_rate_pct=loan.annual_rate_pct)
    pairs: list[tuple[str, Any, Any]] = [(name, getattr(loan, name), getattr(blank, name)) for name in POSITION]
    return pairs + [(f"{cache.name}s", len(held), 0) for cache, held in zip(ROW_CACHES, rows, strict=True)]


def _line_pairs(loan: Loan, state: LoanState) -> list[tuple[str, Any, Any]]:
    """Compare what the accrual lines say on the day and on the last day that both they and the replay reach."""
    fresh = accrual_lines_to_json(lines=state.accrual_lines, from_date=state.as_of)
    ends = [day for day in (loan.next_change_date, state.next_change_date) if day is not None]
    days = {state.as_of, day_before(min(ends)) if ends else state.as_of}
    if not loan.accrual_lines and not fresh:
        return [("next_change_date", loan.next_change_date is None, state.next_change_date is None)]
    return [
        (
            f"accrual lines on {day}",
            accrued_by_lines(lines=loan.accrual_lines, on_date=day),
            accrued_by_lines(lines=fresh, on_date=day),
        )
        for day in sorted(days)
        if day >= state.as_of
    ]


def _row_pairs(
    name: str, stored: list[tuple[Any, ...]], expected: list[tuple[Any, ...]], columns: Sequence[str]
) -> list[tuple[str, Any, Any]]:
    """Compare rows by their first column, and name the columns of those that differ."""
    pairs: list[tuple[str, Any, Any]] = [
        (f"{name}s", [row[0] for row in stored], [row[0] for row in expected]),
    ]
    by_key = {row[0]: row for row in stored}
    for row in expected:
        held = by_key.get(row[0])
        if held == row:
            pairs.append((f"{name} {row[0]}", True, True))
        elif held is not None:
            pairs += [
                (f"{name} {row[0]} {column}", old, new)
                for column, old, new in zip(columns[1:], held[1:], row[1:], strict=True)
                if old != new
            ]
    return pairs
