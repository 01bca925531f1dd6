"""The coming day-end of some borrowers twice, without the change and with it; computed in memory, nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.errors import KistError
from lms.dry_runs.changes import Assumed, Change
from lms.engine.classification import AssetClass
from lms.engine.errors import EngineRefusal
from lms.engine.replay import replay_figures
from lms.engine.state import LoanState, LoanStatus
from lms.models import Loan
from lms.services.day_end.certificate import consistent_read
from lms.services.day_end.chunks import classified_loans
from lms.services.day_end.classification import loans_classify
from lms.services.day_end.closing import Closing, closing_compute
from lms.services.effects import COMPARED
from lms.services.fact_rows import facts_of_many
from lms.services.positions import SUSPENDED, loan_figures, suspended_added, totals_of

# What is told of a loan before and after; the order is that of `DryRunLoan.before`.
FIGURES: Final = COMPARED
_DEFERRED: Final = ("content_hash", "idempotency_key", "external_reference", "booked_with_batch")
_REPLAY_BATCH: Final = 500
# What a replay under terms that the loan was never meant for can raise: the loan is refused, the rest goes on.
_LOAN_ERRORS: Final = (KistError, EngineRefusal, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One loan at the day-end, without the change and with it.

    `movements` is what the ledger would book more with the change, in paise by "MOVEMENT:HEAD"; `refusal` is code and
    message where the loan cannot take the change. A loan outside the scope is here because its borrower's class moves.
    """

    loan_id: int
    number: str
    product_code: str
    is_in_scope: bool
    class_before: str
    class_after: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    movements: Mapping[str, int]
    refusal: tuple[str, str] | None = None

    @property
    def is_moved(self) -> bool:
        """Whether anything of the loan would be different."""
        return self.before != self.after or bool(self.movements)


@dataclass(slots=True, kw_only=True)
class _Work:
    """What is known of the loans of a chunk while it is worked on, by loan key."""

    change: Change
    on_date: date
    earlier: dict[int, tuple[str, date | None]]
    before: dict[int, tuple[Any, ...]]
    booked: dict[int, Mapping[str, int]]
    totals: dict[int, dict[str, int]]
    refusals: dict[int, tuple[str, str]]
    gone: set[int]


def loans_compare(
    *, change: Change, first_customer_id: int, last_customer_id: int, on_date: date
) -> tuple[Compared, ...]:
    """Compare the loans of a range of borrowers at the day-end of a date, without a change and with it.

    The day-end's own code closes them once as they are; then those that the change concerns are replayed with it, and
    the borrowers classified again. The loans are read as of one instant and not locked.

    Returns:
        The running loans that the change concerns, and loans of the same borrowers whose class moves with them.
    """
    with consistent_read():
        scope = list(
            Loan.objects.filter(
                change.scope,
                status=LoanStatus.ACTIVE,
                customer_id__gte=first_customer_id,
                customer_id__lte=last_customer_id,
            )
            .order_by()
            .values_list("pk", "customer_id")
        )
        loans = list(
            Loan.objects.filter(classified_loans(), customer_id__in={customer_id for _, customer_id in scope})
            .defer(*_DEFERRED)
            .order_by("customer_id", "pk")
        )
        return _compare(change, loans, {pk for pk, _ in scope}, on_date)


def _compare(change: Change, loans: Sequence[Loan], scope: set[int], on_date: date) -> tuple[Compared, ...]:
    work = _Work(
        change=change,
        on_date=on_date,
        earlier={loan.pk: (loan.asset_class, loan.npa_since) for loan in loans},
        before={},
        booked={},
        totals={},
        refusals={},
        gone=set(),
    )
    closed = _close_as_they_are(work, loans)
    _change_all(work, [loan for loan in closed if loan.pk in scope])
    _classify_again(work, loans, closed)
    compared = [_compared(work, loan, scope) for loan in loans if loan.pk in work.before or loan.pk in work.refusals]
    return tuple(item for item in compared if item.is_in_scope or item.is_moved)


def _close_as_they_are(work: _Work, loans: Sequence[Loan]) -> list[Loan]:
    """Close the loans for the day, note how they stand then, and take their class back."""
    closing: Closing = closing_compute(loans=loans, on_date=work.on_date)
    for problem in closing.problems:
        work.refusals[problem.loan_id] = (problem.code, problem.message)
    closed = [item.loan for item in closing.closed]
    for loan in closed:
        work.before[loan.pk] = _figures(loan)
        work.booked[loan.pk] = loan.booked
        work.totals[loan.pk] = {key: paise for key, paise in loan.booked.items() if not key.startswith(SUSPENDED)}
        loan.asset_class, loan.npa_since = work.earlier[loan.pk]
    return closed


def _change_all(work: _Work, loans: Sequence[Loan]) -> None:
    for start in range(0, len(loans), _REPLAY_BATCH):
        batch = loans[start : start + _REPLAY_BATCH]
        work.change.load(loans=batch)
        assumed: list[tuple[Loan, Assumed]] = []
        for loan in batch:
            try:
                if (assumption := work.change.assume(loan=loan)) is not None:
                    assumed.append((loan, assumption))
            except _LOAN_ERRORS as error:
                work.refusals[loan.pk] = _refusal(error)
        facts = facts_of_many(loan_ids=[loan.pk for loan, _ in assumed])
        for loan, assumption in assumed:
            try:
                known = (*facts[loan.pk], *assumption.more)
                _change_one(work, loan, replay_figures(terms=assumption.terms, facts=known, as_of=work.on_date))
            except _LOAN_ERRORS as error:
                work.refusals[loan.pk] = _refusal(error)


def _change_one(work: _Work, loan: Loan, state: LoanState) -> None:
    for name, value in loan_figures(state=state).items():
        setattr(loan, name, value)
    work.totals[loan.pk] = totals_of(state=state)
    # One that would have ended on an earlier day is not there any more when the day-end classifies.
    if state.closed_on is not None and state.closed_on < work.on_date:
        work.gone.add(loan.pk)


def _classify_again(work: _Work, loans: Sequence[Loan], closed: Sequence[Loan]) -> None:
    there = [loan for loan in loans if loan.pk not in work.gone]
    changing = [loan for loan in closed if loan.pk not in work.gone]
    loans_classify(loans=there, changing=changing, on_date=work.on_date, rules=work.change.rules)
    for loan in closed:
        if AssetClass(loan.asset_class).is_npa:
            work.totals[loan.pk] = suspended_added(totals=work.totals[loan.pk])


def _compared(work: _Work, loan: Loan, scope: set[int]) -> Compared:
    if loan.pk not in work.before:
        figures, movements, class_before = _figures(loan), {}, loan.asset_class
        before = figures
    else:
        before, figures = work.before[loan.pk], _figures(loan)
        movements = _difference(work.booked[loan.pk], work.totals[loan.pk])
        class_before = str(before[FIGURES.index("asset_class")])
    return Compared(
        loan_id=loan.pk,
        number=loan.number,
        product_code=loan.product_code,
        is_in_scope=loan.pk in scope,
        class_before=class_before,
        class_after=loan.asset_class,
        before=before,
        after=figures,
        movements=movements,
        refusal=work.refusals.get(loan.pk),
    )


def _figures(loan: Loan) -> tuple[Any, ...]:
    return tuple(_plain(getattr(loan, name)) for name in FIGURES)


def _plain(value: Any) -> Any:
    """Return a figure as JSON can carry it: days in ISO form, rates as text, amounts and counts as they are."""
    return value if value is None or isinstance(value, int) else str(value)


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    keys = {*before, *after}
    moved = {key: after.get(key, 0) - before.get(key, 0) for key in sorted(keys)}
    return {key: paise for key, paise in moved.items() if paise}


def _refusal(error: Exception) -> tuple[str, str]:
    if isinstance(error, KistError | EngineRefusal):
        return error.code, error.message
    return "lms.loan_not_replayable", f"The loan cannot be replayed with the change ({type(error).__name__})."
