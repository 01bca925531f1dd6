"""Bureau files of the demo lender: one cycle that was sent, a rejected record, two disputes."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Final

from django.contrib.auth.models import User

from lms.bureau.cycles import bureau_cycle_create, bureau_cycle_run
from lms.bureau.disputes import dispute_answer, dispute_record
from lms.bureau.rejections import rejections_import
from lms.bureau.rows import (
    BureauRules,
    bureau_account_type_publish,
    bureau_membership_publish,
    bureau_parameters_publish,
    reference_date_before,
)
from lms.bureau.sending import bureau_alerts_publish, submission_send
from lms.demo.catalogue import PRODUCTS
from lms.models import Bureau, BureauCycle, BureauDispute, BureauRecord, Loan

_REASON: Final = "Opening of the demo lender"
_PERSONAL: Final = "05"
_LAST_DAY_MAX: Final = 28


def bureau_fill(*, opened_on: date, today: date, staff: User, progress: Callable[[str], None]) -> None:
    """Build and send the files of the last reference date that the demo has lived.

    Args:
        opened_on: the day from which the books of the demo know anything.
        today: the business date.
        staff: who builds, sends and records.
        progress: called with a line for the reader.
    """
    for number, bureau in enumerate(Bureau, 1):
        code = f"NB{number:08d}"
        bureau_membership_publish(
            bureau=bureau, effective_from=opened_on, member_code=code, member_name="KIST DEMO", reason=_REASON
        )
    for item in PRODUCTS:
        bureau_account_type_publish(
            product_code=item.code, effective_from=opened_on, account_type=_PERSONAL, reason=_REASON
        )
    _day_add(opened_on=opened_on, today=today)
    _disputes_record(today=today, staff=staff)
    reference = reference_date_before(day=today)
    if reference.day < opened_on:
        progress("no reference date was lived, so no bureau file was built")
        return
    cycle = bureau_cycle_run(cycle_id=bureau_cycle_create(reference_date=reference.day, actor=staff).pk)
    _send(cycle, today, staff)
    progress(f"bureau files of {reference.day:%d %b %Y}: {cycle.records:,} records for each bureau")


def _day_add(*, opened_on: date, today: date) -> None:
    """Report on one day more where none falls into the days that the demo lives."""
    if reference_date_before(day=today).day >= opened_on:
        return
    lived = [opened_on + timedelta(days=number) for number in range((today - opened_on).days)]
    days = [day.day for day in lived if day.day <= _LAST_DAY_MAX]
    if days:
        bureau_parameters_publish(
            effective_from=opened_on,
            rules=BureauRules(incremental_days=tuple(sorted({*BureauRules().incremental_days, days[-1]}))),
            source="One day more than the regulation has, so that the demo has files",
            reason=_REASON,
        )


def _send(cycle: BureauCycle, today: date, staff: User) -> None:
    """Send to all but the last bureau; the first one rejects a record."""
    submissions = list(cycle.submissions.order_by("pk"))
    for submission in submissions[:-1]:
        submission_send(submission_id=submission.pk, sent_on=today, reference=f"ACK-{submission.bureau}", actor=staff)
    number = BureauRecord.objects.filter(cycle=cycle).values_list("loan__number", flat=True).first()
    if number is not None:
        listed = BytesIO(f"account_number,reason_code\n{number},NAME_MISMATCH\n".encode())
        rejections_import(submission_id=submissions[0].pk, file=listed, answered_on=today, actor=staff)
    bureau_alerts_publish(cycle_id=cycle.pk)


def _disputes_record(*, today: date, staff: User) -> None:
    """Record a dispute that is nearly over and one that the bureau has."""
    early = today - timedelta(days=27)
    loans = Loan.objects.filter(sanctioned_on__lt=early).order_by("pk")[:2]
    for loan, (days, is_answered) in zip(loans, ((19, False), (27, True)), strict=False):
        dispute = dispute_record(
            loan_id=loan.pk,
            bureau=Bureau.CIBIL,
            reference=f"D-{days}",
            received_on=today - timedelta(days=days),
            idempotency_key=f"demo:dispute:{days}",
            note="Says that the loan is paid",
            actor=staff,
        )
        if is_answered:
            dispute_answer(
                dispute_id=dispute.pk,
                answered_on=today - timedelta(days=8),
                outcome=BureauDispute.Outcome.CORRECTED,
                actor=staff,
            )
