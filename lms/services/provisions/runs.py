"""Work out the provisions of a month-end over the whole book, in chunks that survive being stopped."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Count, F, Sum

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.transactions import run_in_transaction
from lms.errors.provisions import ProvisionDayNotMonthEnd, ProvisionMonthOpen, ProvisionRunTaken
from lms.locks import provision_runs_for_update
from lms.models import CreditLine, Loan, ProvisionResult, ProvisionRun
from lms.services.provisions.effective_rates import EffectiveRates
from lms.services.provisions.movement import movement_of_runs
from lms.services.provisions.results import results_insert, results_of
from lms.services.provisions.rows import ProvisionRules, provision_rules
from lms.services.provisions.standings import Standings, loans_at, standings_at
from lms.services.provisions.undrawn import lines_at, undrawn_at

# A borrower is never split: the class is the borrower's.
CHUNK_CUSTOMERS: Final = 1000
_TOTAL_KEYS: Final = ("product_code", "asset_class", "stage")
_LAST_ID: Final = 2**63 - 1
State = ProvisionRun.State


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionProgress:
    """What a progress callback hears; the same figures stand in the run's row."""

    loans_done: int
    loans_total: int


ProgressCallback = Callable[[ProvisionProgress], None]


def provision_run_create(*, month_end: date, actor: User | None = None) -> ProvisionRun:
    """Begin the provisions of a month-end; the one that is not worked out yet is gone on with.

    Args:
        month_end: the last day of a month, before the business date.

    Raises:
        ProvisionDayNotMonthEnd, ProvisionMonthOpen: the day cannot be meant, or not yet.
        ProvisionRowsMissing: no rows are in force on it.
    """
    if month_end.day != calendar.monthrange(month_end.year, month_end.month)[1]:
        raise ProvisionDayNotMonthEnd(month_end=month_end)
    if month_end >= (today := business_date()):
        raise ProvisionMonthOpen(business_date=today, month_end=month_end)
    rules = provision_rules(month_end=month_end)
    loans = Loan.objects.filter(loans_at(month_end=month_end)).count()
    try:
        return run_in_transaction(lambda: _create(rules, loans, actor))
    except IntegrityError:
        # The first run of a month-end has no row to lock: another start was first, and the second look finds it.
        return run_in_transaction(lambda: _create(rules, loans, actor))


def provision_run_compute(
    *, run_id: int, progress: ProgressCallback | None = None, chunk_customers: int = CHUNK_CUSTOMERS
) -> ProvisionRun:
    """Work a run out to its end, from where it stopped; one that is worked out already is left as it is.

    Each chunk of borrowers is worked out without locks and written in one transaction. A fact that is posted meanwhile
    for a loan that was passed already is left to the next run: every result says how many facts it knew.

    Args:
        progress: called after each chunk, outside of transactions.

    Raises:
        ProvisionRunTaken: another worker goes on with it.
        ProvisionRowsMissing: no rows are in force.
    """
    run = ProvisionRun.objects.select_related("parameters", "opening").get(pk=run_id)
    if run.state != State.RUNNING:
        return run
    rules = provision_rules(month_end=run.month_end, parameters=run.parameters)
    earlier = (
        ProvisionRun.objects.filter(month_end=run.month_end, number__lt=run.number)
        .exclude(state=State.RUNNING)
        .order_by("-number")
        .first()
    )
    rates = EffectiveRates()
    while (upto := _chunk_end(run, chunk_customers)) is not None:
        standings = standings_at(
            month_end=run.month_end,
            first_customer_id=run.last_customer_id + 1,
            last_customer_id=upto,
            earlier_run=earlier,
        )
        _chunk_write(run, standings, rules, rates, upto)
        if progress is not None:
            progress(ProvisionProgress(loans_done=run.loans_done, loans_total=run.loans_total))
    return _finish(run)


def month_end_before(day: date) -> date:
    """Return the last day of the month before a day's month."""
    first = day.replace(day=1)
    return date.fromordinal(first.toordinal() - 1)


def _create(rules: ProvisionRules, loans: int, actor: User | None) -> ProvisionRun:
    runs = list(provision_runs_for_update().filter(month_end=rules.month_end))
    unfinished = next((run for run in runs if run.state == State.RUNNING), None)
    if unfinished is not None:
        return unfinished
    run = ProvisionRun.objects.create(
        month_end=rules.month_end,
        number=max((run.number for run in runs), default=0) + 1,
        parameters=rules.parameters,
        opening=_opening(rules.month_end),
        loans_total=loans,
        started_by=actor,
    )
    audit.record(
        actor=actor,
        action="lms.provision_run_create",
        obj=run,
        detail={"month_end": rules.month_end.isoformat(), "number": run.number},
    )
    return run


def _opening(month_end: date) -> ProvisionRun | None:
    """Return the run that the movement begins at: the posted one of the month-end before, else the latest."""
    runs = ProvisionRun.objects.filter(month_end=month_end_before(month_end)).order_by("-number")
    posted = runs.filter(state=State.POSTED).first()
    return posted or runs.filter(state=State.COMPUTED).first()


def _chunk_end(run: ProvisionRun, chunk_customers: int) -> int | None:
    """Return the last borrower of the next chunk; None when none is left."""
    ids = {
        customer_id
        for rows in (
            Loan.objects.filter(loans_at(month_end=run.month_end)),
            CreditLine.objects.filter(lines_at(month_end=run.month_end)),
        )
        for customer_id in rows.filter(customer_id__gt=run.last_customer_id)
        .order_by("customer_id")
        .values_list("customer_id", flat=True)
        .distinct()[:chunk_customers]
    }
    return max(sorted(ids)[:chunk_customers], default=None)


def _chunk_write(
    run: ProvisionRun, standings: Standings, rules: ProvisionRules, rates: EffectiveRates, upto: int
) -> None:
    undrawn = undrawn_at(
        standings=standings,
        month_end=run.month_end,
        first_customer_id=run.last_customer_id + 1,
        last_customer_id=upto,
    )
    rows = results_of(run=run, standings=standings.found, undrawn=undrawn, rules=rules, rates=rates)
    loans = len(standings.found)
    problems = [*run.problems, *([number, message[:200]] for number, message in standings.problems)]

    def write() -> None:
        mine = ProvisionRun.objects.filter(pk=run.pk, state=State.RUNNING, last_customer_id=run.last_customer_id)
        if not mine.update(last_customer_id=upto, loans_done=F("loans_done") + loans, problems=problems):
            raise ProvisionRunTaken(run=run.pk)
        results_insert(rows=rows)

    run_in_transaction(write)
    run.last_customer_id, run.loans_done, run.problems = upto, run.loans_done + loans, problems


def _finish(run: ProvisionRun) -> ProvisionRun:
    """Add the results up, and compare them with the month-end before."""
    rows = (
        ProvisionResult.objects.filter(run=run)
        .order_by(*_TOTAL_KEYS)
        .values_list(*_TOTAL_KEYS)
        .annotate(Count("loan"), Sum("funded_paise"), Sum("iracp_paise"), Sum("ecl_paise"))
    )
    totals = [
        [*keys, loans, *map(int, sums)] for *keys, loans, funded, iracp, ecl in rows for sums in [(funded, iracp, ecl)]
    ]
    movement = movement_of_runs(opening=run.opening, closing=run)

    def finish() -> None:
        mine = ProvisionRun.objects.filter(pk=run.pk, state=State.RUNNING, last_customer_id=run.last_customer_id)
        if not mine.update(
            state=State.COMPUTED,
            computed_at=database_now(),
            totals=totals,
            movement=movement,
            loans_total=F("loans_done"),
        ):
            raise ProvisionRunTaken(run=run.pk)

    run_in_transaction(finish)
    run.refresh_from_db()
    return run
