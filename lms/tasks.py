"""Celery entry points of the loan book."""

from datetime import date
from typing import Any

from celery import Task, shared_task
from django.contrib.auth.models import User

from core.business_date import business_date
from core.clock import database_now
from lms.book_cells import book_snapshot_take
from lms.bureau import cycles as bureau_cycles
from lms.bureau.sending import bureau_alerts_due, bureau_alerts_publish
from lms.documents.jobs import LEASE, document_job_run
from lms.dry_runs.jobs import LEASE as DRY_RUN_LEASE
from lms.dry_runs.jobs import dry_run_work
from lms.models import BureauCycle, DocumentJob, DryRun
from lms.services import imports, rate_campaigns
from lms.services.day_end import day_end_run
from lms.services.provisions.runs import provision_run_compute
from lms.services.settlement_plans import settlement_plans_break

_ONE_HOUR = 60 * 60
_SIX_HOURS = 6 * _ONE_HOUR


@shared_task(name="lms.bureau_build", bind=True, time_limit=_SIX_HOURS, max_retries=20)
def bureau_build(self: Task[Any, None], /, *, cycle_id: int, **_later: Any) -> None:
    """Build the files of a cycle, part by part; parts that a lost worker left are taken up after its lease."""
    cycle = bureau_cycles.bureau_cycle_run(cycle_id=cycle_id)
    if cycle.state != BureauCycle.State.BUILT:
        raise self.retry(countdown=bureau_cycles.LEASE.seconds)


@shared_task(name="lms.bureau_due", time_limit=_SIX_HOURS, max_retries=0)
def bureau_due(**_later: Any) -> None:
    """Build the files of the last reference date, and announce the defaults that sent files reported."""
    for reference_date in bureau_cycles.bureau_cycles_due():
        bureau_cycles.bureau_cycle_create(reference_date=reference_date)
    for cycle in BureauCycle.objects.filter(state=BureauCycle.State.RUNNING):
        bureau_cycles.bureau_cycle_run(cycle_id=cycle.pk)
    for cycle_id in bureau_alerts_due():
        bureau_alerts_publish(cycle_id=cycle_id)


@shared_task(name="lms.day_end", time_limit=_SIX_HOURS, max_retries=0)
def day_end(*, to_date: str | None = None, **_later: Any) -> None:
    """Close business dates up to `to_date` (ISO form), the present one when it is not given; safe to run twice."""
    day_end_run(to_date=date.fromisoformat(to_date) if to_date else None)
    book_snapshot_take(now=database_now())


@shared_task(name="lms.documents_bulk", bind=True, time_limit=_SIX_HOURS, max_retries=20)
def documents_bulk(self: Task[Any, None], /, *, job_id: int, **_later: Any) -> None:
    """Issue the documents of a job, part by part; parts that a lost worker left are taken up after its lease."""
    job = document_job_run(job_id=job_id)
    if job.state != DocumentJob.State.DONE:
        raise self.retry(countdown=LEASE.seconds)


@shared_task(name="lms.dry_run", bind=True, time_limit=_ONE_HOUR, max_retries=20)
def dry_run(self: Task[Any, None], /, *, run_id: int, **_later: Any) -> None:
    """Try a change on the live book, part by part; parts that a lost worker left are taken up after its lease."""
    run = dry_run_work(run_id=run_id)
    if run.state == DryRun.State.RUNNING:
        raise self.retry(countdown=DRY_RUN_LEASE.seconds)


@shared_task(name="lms.import_dry_run", time_limit=_ONE_HOUR, max_retries=0)
def import_dry_run(*, batch_id: int, **_later: Any) -> None:
    """Check a batch of loans; a repeated run starts afresh."""
    imports.import_dry_run(batch_id=batch_id)


@shared_task(name="lms.import_commit", time_limit=_SIX_HOURS, max_retries=0)
def import_commit(
    *, batch_id: int, actor_id: int, reason: str, is_skipping_rejected: bool = False, **_later: Any
) -> None:
    """Enter a checked batch into the book; a repeated run goes on where the first one stopped."""
    actor = User.objects.get(pk=actor_id)
    imports.import_commit(batch_id=batch_id, actor=actor, reason=reason, is_skipping_rejected=is_skipping_rejected)


@shared_task(name="lms.provision_run", time_limit=_SIX_HOURS, max_retries=0)
def provision_run(*, run_id: int, **_later: Any) -> None:
    """Work out the provisions of a month-end; a repeated run goes on where the first one stopped."""
    provision_run_compute(run_id=run_id)


@shared_task(name="lms.rate_campaign_prepare", time_limit=_SIX_HOURS, max_retries=0)
def rate_campaign_prepare(*, campaign_id: int, **_later: Any) -> None:
    """Work out what a change of rates means for each loan; a repeated run goes on where the first one stopped."""
    rate_campaigns.rate_campaign_prepare(campaign_id=campaign_id)


@shared_task(name="lms.rate_campaign_run", time_limit=_SIX_HOURS, max_retries=0)
def rate_campaign_run(*, campaign_id: int, **_later: Any) -> None:
    """Give the loans of an announced change their new rate; a repeated run goes on with those that are left."""
    rate_campaigns.rate_campaign_run(campaign_id=campaign_id)


@shared_task(name="lms.book_snapshot", time_limit=_ONE_HOUR, max_retries=0)
def book_snapshot(**_later: Any) -> None:
    """Sum the book for the pages that show the whole of it."""
    book_snapshot_take(now=database_now())


@shared_task(name="lms.servicing_due", time_limit=_SIX_HOURS, max_retries=0)
def servicing_due(**_later: Any) -> None:
    """End settlements of which a part did not come in time, and do the rate changes whose day has come."""
    settlement_plans_break(on_date=business_date())
    for campaign_id in rate_campaigns.rate_campaigns_due():
        rate_campaigns.rate_campaign_run(campaign_id=campaign_id)
