"""The position of a loan: the fold of its facts, its caches, and what the ledger should have booked of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from core.prepared import rows_update
from ledger.services import MovementAmount
from lms.engine.classification import AssetClass
from lms.engine.codec import terms_from_dict
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import AccrualLine, Head, LoanState, LoanStatus, Movement
from lms.engine.terms import Terms
from lms.models import Loan
from lms.services.fact_rows import facts_of
from lms.services.position_rows import rows_save
from lms.services.row_reach import EVERYTHING, RowReach

SUSPENDED = "SUSPENDED"
RELEASED = "RELEASED"
SUSPENDED_HEADS = (Head.INTEREST, Head.FEE, Head.PENAL)
_CLAIM_ADDED = (Movement.ACCRUED, Movement.CHARGED)
_CLAIM_REDUCED = (
    Movement.RECEIVED,
    Movement.APPLIED,
    Movement.WAIVED,
    Movement.WRITTEN_OFF,
    Movement.CAPITALISED,
)
_RATE_UNIT = Decimal("0.0001")

# Every cached column that follows from replay(terms, facts, as_of); the order is that of `loan_figures`.
FIGURES = (
    "status",
    "as_of",
    "current_rate_pct",
    "principal_outstanding_paise",
    "interest_outstanding_paise",
    "fee_outstanding_paise",
    "tax_outstanding_paise",
    "penal_outstanding_paise",
    "accrued_not_due_paise",
    "overdue_paise",
    "excess_paise",
    "undrawn_paise",
    "instalment_paise",
    "oldest_unpaid_due_date",
    "days_past_due",
    "next_due_date",
    "next_due_paise",
    "closed_on",
)
# Every column of a loan that may change after the sanction.
CACHED = (
    *FIGURES,
    "disbursed_on",
    "closed_upto",
    "asset_class",
    "npa_since",
    "restructured_on",
    "accrual_lines",
    "next_change_date",
    "booked",
    "state_hash",
    "fact_count",
)
# What the state hash covers besides: the book's own part of the position.
_HASHED = ("number", "disbursed_on", *FIGURES, "closed_upto", "asset_class", "npa_since", "fact_count")


def terms_of(*, loan: Loan) -> Terms:
    """Return the agreed terms of a loan, as the engine reads them."""
    return terms_from_dict(loan.terms)


def position_of(*, loan: Loan, as_of: date, facts: Sequence[Fact] | None = None) -> LoanState:
    """Replay a loan to the day-end of `as_of`.

    Args:
        facts: the loan's facts, in any order; read from the database when not given.

    Raises:
        EngineRefusal: the facts contradict each other.
    """
    known = facts_of(loan_id=loan.pk) if facts is None else facts
    return replay(terms=terms_of(loan=loan), facts=known, as_of=as_of)


def position_save(*, loan: Loan, state: LoanState, reach: RowReach = EVERYTHING) -> None:
    """Write every cache of a loan: its row, its instalments and its allocations.

    The caller holds the lock on the loan, and has set `closed_upto`, `booked` and `npa_since` on it before.

    Args:
        reach: which of the rows may differ from what is cached.
    """
    position_set(loan=loan, state=state)
    loans_update_many(loans=[loan])
    rows_save(states={loan.pk: state}, reach=reach)


def positions_save_many(*, positions: Sequence[tuple[Loan, LoanState]]) -> None:
    """Write every cache of many loans with few statements; `position_save` for each, only faster.

    The caller holds the locks, and has set `closed_upto`, `booked`, `asset_class` and `npa_since` on each loan.
    """
    for loan, state in positions:
        position_set(loan=loan, state=state)
    loans_update_many(loans=[loan for loan, _ in positions])
    states = {loan.pk: state for loan, state in positions}
    rows_save(states=states)


def loans_update_many(*, loans: Sequence[Loan]) -> None:
    """Write the cached columns of loans."""
    rows_update(rows=loans, columns=CACHED)


def position_set(*, loan: Loan, state: LoanState) -> None:
    """Put the figures of a state into the loan in memory; `position_save` and the bulk path write it."""
    for name, value in loan_figures(state=state).items():
        setattr(loan, name, value)
    loan.accrual_lines = accrual_lines_to_json(lines=state.accrual_lines, from_date=state.as_of)
    loan.next_change_date = state.next_change_date
    loan.state_hash = state_hash(loan=loan)


def loan_figures(*, state: LoanState) -> dict[str, object]:
    """Return what the columns of `FIGURES` should hold for a state."""
    values: tuple[object, ...] = (
        state.status.value,
        state.as_of,
        state.annual_rate_pct.quantize(_RATE_UNIT),
        state.outstanding.principal,
        state.outstanding.interest,
        state.outstanding.fee,
        state.outstanding.tax,
        state.outstanding.penal,
        state.accrued_not_due_paise,
        state.overdue.total,
        state.excess_paise,
        state.undrawn_paise,
        state.instalment_paise,
        state.oldest_unpaid_due_date,
        state.days_past_due,
        state.next_due_date,
        state.next_due_paise,
        state.closed_on,
    )
    return dict(zip(FIGURES, values, strict=True))


def accrual_lines_to_json(*, lines: Sequence[AccrualLine], from_date: date) -> list[dict[str, object]]:
    """Write accrual lines as JSON can carry them; "from" is the day-end that they start at."""
    return [
        {
            "head": line.head.value,
            "from": from_date.isoformat(),
            "base": line.base_numerator,
            "per_day": line.per_day_numerator,
            "denominator": line.denominator,
        }
        for line in lines
    ]


def accrued_by_lines(*, lines: Sequence[Mapping[str, object]], on_date: date) -> dict[str, int]:
    """Return cumulative ACCRUED paise by head at the day-end of `on_date`, from a loan's `accrual_lines`.

    Args:
        lines: as `Loan.accrual_lines` holds them.
        on_date: from the lines' first day to the day before `Loan.next_change_date`.
    """
    accrued: dict[str, int] = {}
    for line in lines:
        base, per_day, denominator = (int(str(line[key])) for key in ("base", "per_day", "denominator"))
        days = (on_date - date.fromisoformat(str(line["from"]))).days
        # Half up, for amounts that are never negative.
        accrued[str(line["head"])] = (2 * (base + per_day * days) + denominator) // (2 * denominator)
    return accrued


def booked_totals(*, state: LoanState, is_income_suspended: bool, npa_since: date | None = None) -> dict[str, int]:
    """Return the cumulative movements that the ledger should have booked for a state.

    Args:
        is_income_suspended: the loan is non-performing. SUSPENDED then holds the income that was booked and not
            received; arrears that came with a loan taken over were never income, and are paid before it.
        npa_since: the day since which it is; a write-off after it takes what is in suspense out of suspense.

    Returns:
        Paise by "MOVEMENT:HEAD", without zeros.

    Source: regulation 3, income of a non-performing asset only when realised; decision 0034.
    """
    totals = totals_of(state=state)
    if not is_income_suspended:
        return totals
    if state.status is LoanStatus.WRITTEN_OFF and npa_since and state.closed_on and npa_since < state.closed_on:
        return released_added(totals=totals)
    return suspended_added(totals=totals)


def loan_booked_totals(*, loan: Loan, state: LoanState) -> dict[str, int]:
    """Return `booked_totals` by the class that a loan is carried in."""
    suspended = is_income_suspended(loan=loan)
    return booked_totals(state=state, is_income_suspended=suspended, npa_since=loan.npa_since)


def totals_of(*, state: LoanState) -> dict[str, int]:
    """Return the cumulative movements of a state by "MOVEMENT:HEAD", without zeros and without suspense."""
    return {f"{total.movement}:{total.head}": total.amount_paise for total in state.totals if total.amount_paise}


def suspended_added(*, totals: Mapping[str, int]) -> dict[str, int]:
    """Return totals with SUSPENDED: by head, the income that was booked and not received."""
    suspended = dict(totals)
    for head in SUSPENDED_HEADS:
        earned = sum(totals.get(f"{movement}:{head}", 0) for movement in _CLAIM_ADDED)
        settled = sum(totals.get(f"{movement}:{head}", 0) for movement in _CLAIM_REDUCED)
        unpaid = earned + totals.get(f"{Movement.TAKEN_OVER}:{head}", 0) - settled
        if (amount := min(earned, unpaid)) > 0:
            suspended[f"{SUSPENDED}:{head}"] = amount
    return suspended


def released_added(*, totals: Mapping[str, int]) -> dict[str, int]:
    """Return totals of a loan that was non-performing before its write-off: what was in suspense never was income.

    RELEASED, by head, is written off against suspense; the rest of WRITTEN_OFF is the lender's loss.
    """
    kept = {key: amount for key, amount in totals.items() if not key.startswith(f"{Movement.WRITTEN_OFF}:")}
    released = suspended_added(totals=kept)
    for head in Head:
        loss = totals.get(f"{Movement.WRITTEN_OFF}:{head}", 0)
        part = min(released.get(f"{SUSPENDED}:{head}", 0), loss)
        if part:
            released[f"{RELEASED}:{head}"] = part
        if loss > part:
            released[f"{Movement.WRITTEN_OFF}:{head}"] = loss - part
    return released


def movements_between(*, before: Mapping[str, int], after: Mapping[str, int]) -> list[MovementAmount]:
    """Return the movements that lead from one set of cumulative totals to another, by "MOVEMENT:HEAD"."""
    movements = []
    for key in sorted({*before, *after}):
        amount = after.get(key, 0) - before.get(key, 0)
        if amount:
            movement, head = key.split(":")
            movements.append(MovementAmount(movement=movement, head=head, amount_paise=amount))
    return movements


def is_income_suspended(*, loan: Loan) -> bool:
    """Tell whether income of the loan may be booked only when it is received."""
    return AssetClass(loan.asset_class).is_npa


def state_hash(*, loan: Loan) -> str:
    """Return a fingerprint of a loan's position: equal positions have equal ones, however they were reached."""
    values = [str(getattr(loan, name)) for name in _HASHED]
    booked = json.dumps(loan.booked, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256("|".join([*values, booked]).encode()).hexdigest()


def day_before(day: date) -> date:
    """Return the calendar day before."""
    return day - timedelta(days=1)
