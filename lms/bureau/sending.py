"""What becomes of a file: sent by hand, answered by the bureau, and customers told of reported defaults."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db.models import F

from core import audit
from core.business_date import business_date
from core.events import publish
from core.transactions import run_in_transaction
from lms.bureau.cycles import bureau_cycle
from lms.errors import ValueDateInFuture
from lms.errors.bureau import BureauDayInvalid, BureauSubmissionNotReady
from lms.events import BureauDefaultReported
from lms.locks import bureau_cycles_for_update, bureau_submissions_for_update
from lms.models import BureauCycle, BureauRecord, BureauSubmission
from lms.services.checks import reason_check, reference_check

_BATCH: Final = 500
State = BureauSubmission.State
_TAKEN: Final = (State.SENT, State.ACCEPTED, State.PARTLY)
Progress = Callable[[BureauCycle], None]


def submission_send(
    *, submission_id: int, sent_on: date, reference: str, actor: User | None = None
) -> BureauSubmission:
    """Record that a file was sent, by whoever uploaded it; a file that was rejected as a whole may be sent again.

    When every bureau of the cycle has its file, later cycles are compared with this one.

    Args:
        sent_on: a business date up to today.
        reference: what the bureau gave when it took the file.

    Raises:
        BureauSubmissionNotReady: the cycle is not built, or the bureau has the file.
        BureauDayInvalid, ValueDateInFuture: the day cannot be.
        ReferenceMissing, ReferenceTooLong: the reference cannot be kept.
    """
    kept = reference_check(reference=reference)

    def send() -> BureauSubmission:
        submission, cycle = submission_locked(submission_id=submission_id)
        is_ready = cycle.state == BureauCycle.State.BUILT and submission.state in (State.BUILT, State.REJECTED)
        if not is_ready:
            _refuse(submission, cycle, "sent")
        _day_check(sent_on, cycle.reference_date)
        submission.state, submission.sent_on, submission.reference = State.SENT, sent_on, kept
        submission.sent_by, submission.is_late = actor, sent_on > cycle.due_on
        submission.answered_on = submission.answered_by = None
        submission.save()
        _is_sent_set(cycle)
        _audit(submission, "lms.bureau_submission_send", actor, {"sent_on": sent_on.isoformat(), "reference": kept})
        return submission

    return run_in_transaction(send)


def submission_answer(
    *, submission_id: int, answered_on: date, is_accepted: bool, reason: str = "", actor: User | None = None
) -> BureauSubmission:
    """Record a bureau's answer: the file was taken, or rejected as a whole; single records come by `rejections_import`.

    Raises:
        BureauSubmissionNotReady: the file was not sent, or is answered.
        BureauDayInvalid, ValueDateInFuture: the day cannot be.
        ReasonMissing: a file was rejected without a reason.
    """
    reason_check(reason=reason, is_required=not is_accepted)

    def answer() -> BureauSubmission:
        submission, cycle = submission_locked(submission_id=submission_id)
        if submission.state != State.SENT:
            _refuse(submission, cycle, "answered")
        answer_day_check(submission=submission, answered_on=answered_on)
        submission.state = State.ACCEPTED if is_accepted else State.REJECTED
        submission.answered_on, submission.answered_by = answered_on, actor
        submission.save()
        _is_sent_set(cycle)
        detail = {"answered_on": answered_on.isoformat(), "state": submission.state}
        _audit(submission, "lms.bureau_submission_answer", actor, detail, reason)
        return submission

    return run_in_transaction(answer)


def submission_locked(*, submission_id: int) -> tuple[BureauSubmission, BureauCycle]:
    """Lock the cycle of a submission and then the submission, and return both; inside a transaction."""
    cycle_id = BureauSubmission.objects.values_list("cycle_id", flat=True).get(pk=submission_id)
    cycle = bureau_cycles_for_update().get(pk=cycle_id)
    return bureau_submissions_for_update().get(pk=submission_id), cycle


def answer_day_check(*, submission: BureauSubmission, answered_on: date) -> None:
    """Refuse an answer from before the file was sent, or from a day to come.

    Raises:
        BureauDayInvalid, ValueDateInFuture: the day cannot be.
    """
    _day_check(answered_on, submission.sent_on or submission.cycle.reference_date)


def bureau_alerts_publish(*, cycle_id: int, progress: Progress | None = None) -> int:
    """Announce every default that a sent file reports, each once, so that its customer is told.

    Goes on where it stopped: the events and the mark of how far it is are one transaction.

    Returns:
        How many were announced by this call; none before a file of the cycle was sent.

    Source: RBI/2023-24/73 of 26 October 2023.
    """
    cycle = bureau_cycle(cycle_id=cycle_id)
    if not cycle.submissions.filter(state__in=_TAKEN).exists():
        return 0
    published = 0
    while batch := _defaults_after(cycle):
        published += run_in_transaction(lambda rows=batch: _announce(cycle, rows))  # type: ignore[misc]  # the default holds the value of this round
        cycle.refresh_from_db()
        if progress:
            progress(cycle)
    return published


def bureau_alerts_due() -> list[int]:
    """Return the cycles with a file that was sent and a default that nobody was told of."""
    cycles = BureauCycle.objects.filter(state=BureauCycle.State.BUILT, submissions__state__in=_TAKEN).distinct()
    return [cycle.pk for cycle in cycles.select_related("parameters")[:8] if _defaults_after(cycle)]


def _defaults_after(cycle: BureauCycle) -> list[BureauRecord]:
    rows = BureauRecord.objects.filter(
        cycle=cycle, pk__gt=cycle.alerted_upto, days_past_due__gte=cycle.parameters.alert_from_days
    )
    return list(rows.order_by("pk")[:_BATCH])


def _announce(cycle: BureauCycle, rows: list[BureauRecord]) -> int:
    """Publish a batch, unless somebody else did meanwhile."""
    mine = BureauCycle.objects.filter(pk=cycle.pk, alerted_upto=cycle.alerted_upto)
    if not mine.update(alerted_upto=rows[-1].pk, alerts=F("alerts") + len(rows)):
        return 0
    earlier: dict[int, int] = {}
    before = BureauRecord.objects.filter(
        loan_id__in=[row.loan_id for row in rows], cycle__reference_date__lt=cycle.reference_date
    )
    for loan_id, days in before.order_by("pk").values_list("loan_id", "days_past_due"):
        earlier[loan_id] = days
    for row in rows:
        publish(
            BureauDefaultReported(
                loan_id=row.loan_id,
                customer_id=row.customer_id,
                cycle_id=cycle.pk,
                reference_date=cycle.reference_date,
                days_past_due=row.days_past_due,
                overdue_rupees=row.overdue_rupees,
                is_first=earlier.get(row.loan_id, 0) < cycle.parameters.alert_from_days,
            )
        )
    return len(rows)


def _is_sent_set(cycle: BureauCycle) -> None:
    """Say whether every bureau has its file of the cycle; the caller holds the lock."""
    is_sent = not cycle.submissions.exclude(state__in=_TAKEN).exists()
    if is_sent != cycle.is_sent:
        cycle.is_sent = is_sent
        cycle.save(update_fields=["is_sent"])


def _day_check(day: date, first: date) -> None:
    today = business_date()
    if day > today:
        raise ValueDateInFuture(value_date=day, business_date=today)
    if day < first:
        raise BureauDayInvalid(day=day, first=first, last=today)


def _refuse(submission: BureauSubmission, cycle: BureauCycle, act: str) -> None:
    state = submission.get_state_display().lower() if cycle.state == BureauCycle.State.BUILT else "not built"
    raise BureauSubmissionNotReady(bureau=submission.get_bureau_display(), state=state, act=act)


def _audit(
    submission: BureauSubmission, action: str, actor: User | None, detail: Mapping[str, object], reason: str = ""
) -> None:
    known = {"bureau": submission.bureau, "cycle": submission.cycle_id}
    audit.record(actor=actor, action=action, obj=submission, reason=reason, detail={**known, **detail})
