"""What the closing of a day makes of loans, computed without writing: quiet days by a line, the others by a replay."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from core.errors import KistError
from ledger.services import MovementAmount
from lms.engine.classification import AssetClass
from lms.engine.codec import terms_from_dict
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.replay import replay
from lms.engine.state import Head, LoanState, LoanStatus, Movement
from lms.models import ClassificationEntry, Loan
from lms.services.day_end.classification import loans_classify
from lms.services.fact_rows import facts_of_many
from lms.services.positions import accrued_by_lines, loan_figures, movements_between, suspended_added, totals_of

logger = logging.getLogger(__name__)

# States of many loans at once are large; facts and terms are read for this many at a time.
_REPLAY_BATCH: Final = 500
_ACCRUED_INTEREST: Final = f"{Movement.ACCRUED}:{Head.INTEREST}"
# What a damaged row can raise when it is replayed: the loan is set aside, the rest goes on.
_LOAN_ERRORS: Final = (KistError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, AssertionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """One loan with its new figures in memory; `state` is set when it was replayed."""

    loan: Loan
    movements: Sequence[MovementAmount]
    state: LoanState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One loan that cannot be closed, with a message that holds no personal data."""

    loan_id: int
    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class Closing:
    """What a day-end would write for some borrowers."""

    closed: list[Closed] = field(default_factory=list)
    entries: list[ClassificationEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def closing_compute(*, loans: Sequence[Loan], on_date: date) -> Closing:
    """Bring loans to the day-end of a date, in memory.

    Args:
        loans: every loan of some borrowers that runs or was written off, in the order of the customer; those that run
            and are not closed up to the date are changed. Their terms may be deferred.

    Returns:
        Loans with new figures and what is to be booked, diary entries, and loans that were set aside.
    """
    closing = Closing()
    behind = [loan for loan in loans if _is_behind(loan, on_date)]
    totals: dict[int, dict[str, int]] = {}
    states: dict[int, LoanState] = {}
    for loan in behind:
        if (quiet := _try_quiet(loan, on_date)) is not None:
            totals[loan.pk] = quiet
    others = [loan for loan in behind if loan.pk not in totals]
    for start in range(0, len(others), _REPLAY_BATCH):
        batch = others[start : start + _REPLAY_BATCH]
        states |= _replay_many(batch, on_date, closing.problems)
    for loan in others:
        if (state := states.get(loan.pk)) is not None:
            totals[loan.pk] = _close_replayed(loan, state)
    changing = [loan for loan in behind if loan.pk in totals]
    closing.entries = loans_classify(loans=loans, changing=changing, on_date=on_date)
    closing.closed = [_finish(loan, totals[loan.pk], states.get(loan.pk), on_date) for loan in changing]
    return closing


def is_quiet(*, loan: Loan, on_date: date) -> bool:
    """Tell whether the lines of the last replay reach the day, so that none of its other figures can have moved.

    Penal that grows daily grows on the rows of the schedule too, so those loans are replayed.
    """
    if loan.as_of is None or loan.as_of > on_date or (loan.next_change_date or date.max) <= on_date:
        return False
    if loan.as_of == on_date:
        return True
    grows = {str(line["head"]) for line in loan.accrual_lines if line["per_day"]}
    # Nothing accrued beyond the dues may mean less than nothing; a line cannot continue that.
    return not grows or (grows == {Head.INTEREST} and loan.accrued_not_due_paise > 0)


def _is_behind(loan: Loan, on_date: date) -> bool:
    return loan.status == LoanStatus.ACTIVE and (loan.closed_upto is None or loan.closed_upto < on_date)


def _try_quiet(loan: Loan, on_date: date) -> dict[str, int] | None:
    try:
        return _close_quiet(loan, on_date) if is_quiet(loan=loan, on_date=on_date) else None
    except _LOAN_ERRORS:
        # A damaged cache is no reason to stop: the replay writes it anew.
        logger.warning("The accrual lines of loan %s cannot be read; it is replayed.", loan.pk)
        return None


def _close_quiet(loan: Loan, on_date: date) -> dict[str, int]:
    """Continue the lines to the day; return the totals without suspense."""
    totals = {key: amount for key, amount in loan.booked.items() if not key.startswith("SUSPENDED:")}
    before = totals.get(_ACCRUED_INTEREST, 0)
    for head, amount in accrued_by_lines(lines=loan.accrual_lines, on_date=on_date).items():
        if amount:
            totals[f"{Movement.ACCRUED}:{head}"] = amount
    earned = totals.get(_ACCRUED_INTEREST, 0) - before
    loan.as_of = on_date
    loan.interest_outstanding_paise += earned
    loan.accrued_not_due_paise += earned
    if loan.oldest_unpaid_due_date is not None:
        loan.days_past_due = (on_date - loan.oldest_unpaid_due_date).days + 1
    return totals


def _close_replayed(loan: Loan, state: LoanState) -> dict[str, int]:
    """Put the figures of the replay into the loan; return the totals without suspense."""
    for name, value in loan_figures(state=state).items():
        setattr(loan, name, value)
    return totals_of(state=state)


def _replay_many(loans: Sequence[Loan], on_date: date, problems: list[Problem]) -> dict[int, LoanState]:
    ids = [loan.pk for loan in loans]
    terms = dict(Loan.objects.filter(pk__in=ids).values_list("pk", "terms"))
    facts = _facts_by_loan(ids, problems)
    states = {}
    for loan in loans:
        if loan.pk not in facts:
            continue
        try:
            states[loan.pk] = replay(terms=terms_from_dict(terms[loan.pk]), facts=facts[loan.pk], as_of=on_date)
        except _LOAN_ERRORS as error:
            problems.append(_problem(loan.pk, error))
    return states


def _facts_by_loan(ids: Sequence[int], problems: list[Problem]) -> Mapping[int, tuple[Fact, ...]]:
    """Read the facts of many loans at once, and one by one when a damaged row is among them."""
    try:
        return facts_of_many(loan_ids=ids)
    except _LOAN_ERRORS:
        facts: dict[int, tuple[Fact, ...]] = {}
        for loan_id in ids:
            try:
                facts |= facts_of_many(loan_ids=[loan_id])
            except _LOAN_ERRORS as error:
                problems.append(_problem(loan_id, error))
        return facts


def _problem(loan_id: int, error: Exception) -> Problem:
    logger.warning("Loan %s cannot be closed and is set aside.", loan_id, exc_info=error)
    if isinstance(error, EngineRefusal | KistError):
        return Problem(loan_id=loan_id, code=error.code, message=error.message)
    message = f"The loan cannot be replayed ({type(error).__name__}); compare its terms and facts with verify_loans."
    return Problem(loan_id=loan_id, code="lms.loan_not_replayable", message=message)


def _finish(loan: Loan, totals: dict[str, int], state: LoanState | None, on_date: date) -> Closed:
    """Add the suspense of the new class, and note what is to be booked."""
    if AssetClass(loan.asset_class).is_npa:
        totals = suspended_added(totals=totals)
    movements = movements_between(before=loan.booked, after=totals)
    loan.booked, loan.closed_upto = totals, on_date
    return Closed(loan=loan, movements=movements, state=state)
