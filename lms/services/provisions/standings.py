"""How every loan of some borrowers stood at a month-end, by everything that is known of it now.

The loan's own row answers while it stands on that day. A later run of the month-end takes over what an earlier one
found where no fact was added since. All others are replayed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Max, Q

from core.errors import KistError
from lms.engine.classification import AssetClass
from lms.engine.codec import terms_from_dict
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact
from lms.engine.provisions import Exposure
from lms.engine.provisions_ecl import months_between
from lms.engine.replay import replay
from lms.engine.state import Head, LoanState, LoanStatus
from lms.models import Instalment, Loan, LoanFact, ProvisionResult, ProvisionRun
from lms.services.day_end.classification import loans_classify
from lms.services.fact_rows import facts_of_many, last_restructured_on
from lms.services.positions import SUSPENDED, SUSPENDED_HEADS, loan_figures, suspended_added, totals_of
from lms.services.told_classes import told_classes

_AT_ONCE: Final = 500
_ONE_DAY: Final = timedelta(days=1)
_DEFERRED: Final = ("terms", "accrual_lines", "booked_with_batch", "content_hash", "idempotency_key")
# What a damaged row can raise when it is replayed: the loan is set aside, the rest goes on.
_LOAN_ERRORS: Final = (KistError, EngineRefusal, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One loan at the day-end of a month-end; `exposure` knows nothing of security yet.

    `eir_bps` is the effective rate that an earlier run found; it never changes.
    """

    loan: Loan
    exposure: Exposure
    asset_class: AssetClass
    npa_since: date | None
    days_past_due: int
    is_restructured: bool
    months_left: int
    fact_count: int
    eir_bps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Loans that ran at the month-end, and those that cannot be worked out: loan number and why."""

    found: tuple[Standing, ...]
    problems: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Known:
    """What was found of a loan before its class is looked at."""

    fact_count: int
    months_left: int
    totals: Mapping[str, int]
    taken_over: ProvisionResult | None = None


def loans_at(*, month_end: date) -> Q:
    """Return the condition of loans that may have run at the day-end of a month-end, and of claims written off."""
    later = Q(closed_on=None) | Q(closed_on__gt=month_end) | Q(status=LoanStatus.WRITTEN_OFF)
    return Q(disbursed_on__lte=month_end) & later


def standings_at(
    *, month_end: date, first_customer_id: int, last_customer_id: int, earlier_run: ProvisionRun | None
) -> Standings:
    """Return how the loans of a range of borrowers stood.

    Classes follow the same rules as at a day-end, borrower by borrower, from the class that diary and corrections have
    of the day.

    Args:
        earlier_run: a run of the same month-end, whose findings hold for loans without a new fact.
    """
    loans = list(
        Loan.objects.filter(
            loans_at(month_end=month_end), customer_id__gte=first_customer_id, customer_id__lte=last_customer_id
        )
        .defer(*_DEFERRED)
        .order_by("customer_id", "pk")
    )
    problems: list[tuple[str, str]] = []
    moved_borrowers = _moved_borrowers(loans, month_end)
    current = [loan for loan in loans if loan.customer_id not in moved_borrowers and _stands_on(loan, month_end)]
    moved = [loan for loan in loans if loan.customer_id in moved_borrowers and not _is_claim(loan, month_end)]
    known = _known_of_rows(current, month_end)
    known |= (taken := _take_over(loans, moved, earlier_run))
    if fresh := [loan for loan in moved if loan.pk not in taken]:
        _told_apply(fresh, month_end)
        known |= _replayed(fresh, month_end, problems)
        running = [loan for loan in loans if loan.pk in known or _is_claim(loan, month_end)]
        loans_classify(loans=running, changing=[loan for loan in fresh if loan.pk in known], on_date=month_end)
    found = tuple(
        _standing(loan, known[loan.pk]) for loan in loans if loan.pk in known and loan.status == LoanStatus.ACTIVE
    )
    return Standings(found=found, problems=tuple(problems))


def _moved_borrowers(loans: Sequence[Loan], month_end: date) -> frozenset[int]:
    """Return the borrowers whose rows are not those of the day-end: one of their loans is behind it, past it, or has
    got a fact since."""
    moved = {loan.customer_id for loan in loans if not _stands_on(loan, month_end) and not _is_claim(loan, month_end)}
    borrowers = {loan.pk: loan.customer_id for loan in loans if loan.customer_id not in moved}
    ids = list(borrowers)
    for start in range(0, len(ids), _AT_ONCE):
        facts = LoanFact.objects.filter(loan_id__in=ids[start : start + _AT_ONCE], recorded_on__gt=month_end)
        moved |= {borrowers[loan_id] for loan_id in facts.order_by().values_list("loan_id", flat=True)}
    return frozenset(moved)


def _stands_on(loan: Loan, month_end: date) -> bool:
    """Tell whether the loan's own row is that of the day-end."""
    return loan.status == LoanStatus.ACTIVE and loan.as_of == month_end and loan.closed_upto == month_end


def _is_claim(loan: Loan, month_end: date) -> bool:
    return loan.status == LoanStatus.WRITTEN_OFF and loan.closed_on is not None and loan.closed_on <= month_end


def _known_of_rows(loans: Sequence[Loan], month_end: date) -> dict[int, _Known]:
    ends: dict[int, date] = {}
    ids = [loan.pk for loan in loans]
    for start in range(0, len(ids), _AT_ONCE):
        rows = Instalment.objects.filter(loan_id__in=ids[start : start + _AT_ONCE]).order_by().values_list("loan_id")
        ends |= dict(rows.annotate(Max("due_date")))
    return {
        loan.pk: _Known(
            fact_count=loan.fact_count,
            months_left=months_between(start=month_end, end=ends.get(loan.pk, month_end)),
            totals=loan.booked,
        )
        for loan in loans
    }


def _told_apply(loans: Sequence[Loan], month_end: date) -> None:
    """Give loans, in memory, the class of the month-end by diary and corrections, and since when they are NPA."""
    told = told_classes(loan_ids=[loan.pk for loan in loans])
    for loan in loans:
        classes = told[loan.pk]
        loan.asset_class = (asset_class := classes.on(month_end)).value
        is_same_time = loan.npa_since is not None and loan.npa_since <= month_end
        if not asset_class.is_npa:
            loan.npa_since = None
        elif not is_same_time:
            loan.npa_since = classes.last_day_without_npa(month_end) + _ONE_DAY


def _take_over(loans: Sequence[Loan], moved: Sequence[Loan], earlier_run: ProvisionRun | None) -> dict[int, _Known]:
    """Return what an earlier run found of borrowers none of whose loans has a fact more than it knew.

    The borrower is taken over as a whole: a fact of one loan may change the class of the others.
    """
    if earlier_run is None:
        return {}
    rows = {
        row.loan_id: row
        for row in ProvisionResult.objects.filter(run=earlier_run, loan_id__in=[loan.pk for loan in moved])
    }
    changed = {loan.customer_id for loan in loans if loan.pk not in rows or rows[loan.pk].fact_count != loan.fact_count}
    taken = {}
    for loan in moved:
        if loan.customer_id not in changed:
            row = rows[loan.pk]
            loan.status = LoanStatus.ACTIVE
            loan.asset_class, loan.npa_since, loan.days_past_due = row.asset_class, row.npa_since, row.days_past_due
            taken[loan.pk] = _Known(fact_count=row.fact_count, months_left=row.months_left, totals={}, taken_over=row)
    return taken


def _replayed(loans: Sequence[Loan], month_end: date, problems: list[tuple[str, str]]) -> dict[int, _Known]:
    known: dict[int, _Known] = {}
    for start in range(0, len(loans), _AT_ONCE):
        batch = loans[start : start + _AT_ONCE]
        ids = [loan.pk for loan in batch]
        terms = dict(Loan.objects.filter(pk__in=ids).values_list("pk", "terms"))
        facts = facts_of_many(loan_ids=ids)
        for loan in batch:
            try:
                state = replay(terms=terms_from_dict(terms[loan.pk]), facts=facts[loan.pk], as_of=month_end)
            except _LOAN_ERRORS as error:
                problems.append((loan.number, getattr(error, "message", type(error).__name__)))
                continue
            if state.status is LoanStatus.ACTIVE:
                known[loan.pk] = _known_of_state(loan, state, facts[loan.pk], month_end)
    return known


def _known_of_state(loan: Loan, state: LoanState, facts: Sequence[Fact], month_end: date) -> _Known:
    """Put the figures of the replay into the loan in memory, so that it can be classified."""
    for name, value in loan_figures(state=state).items():
        setattr(loan, name, value)
    loan.restructured_on = last_restructured_on(facts=[fact for fact in facts if fact.value_date <= month_end])
    end = max((row.due_date for row in state.instalments), default=month_end)
    return _Known(
        fact_count=len(facts),
        months_left=months_between(start=month_end, end=end),
        totals=totals_of(state=state),
    )


def _standing(loan: Loan, known: _Known) -> Standing:
    asset_class = AssetClass(loan.asset_class)
    row = known.taken_over
    return Standing(
        loan=loan,
        exposure=_exposure(loan, known.totals, asset_class) if row is None else _exposure_of(row),
        asset_class=asset_class,
        npa_since=loan.npa_since,
        days_past_due=loan.days_past_due,
        is_restructured=loan.restructured_on is not None if row is None else row.is_restructured,
        months_left=known.months_left,
        fact_count=known.fact_count,
        eir_bps=None if row is None else row.eir_bps,
    )


def _exposure(loan: Loan, totals: Mapping[str, int], asset_class: AssetClass) -> Exposure:
    suspended = 0
    if asset_class.is_npa:
        plain = {key: amount for key, amount in totals.items() if not key.startswith(f"{SUSPENDED}:")}
        added = suspended_added(totals=plain)
        suspended = sum(added.get(f"{SUSPENDED}:{Head(head)}", 0) for head in SUSPENDED_HEADS)
    return Exposure(
        principal_paise=loan.principal_outstanding_paise,
        interest_paise=loan.interest_outstanding_paise,
        charges_paise=loan.fee_outstanding_paise + loan.tax_outstanding_paise + loan.penal_outstanding_paise,
        suspended_paise=suspended,
        undrawn_paise=loan.undrawn_paise,
    )


def _exposure_of(row: ProvisionResult) -> Exposure:
    return Exposure(
        principal_paise=row.principal_paise,
        interest_paise=row.interest_paise,
        charges_paise=row.charges_paise,
        suspended_paise=row.suspended_paise,
        undrawn_paise=row.undrawn_paise,
    )
