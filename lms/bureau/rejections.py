"""Records that a bureau did not take: read from its file, put right, sent again with the next cycle."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.bureau.rows import reference_date_after
from lms.bureau.sending import answer_day_check, submission_locked
from lms.errors.bureau import BureauRejectionNotOpen, BureauRejectionsInvalid, BureauSubmissionNotReady
from lms.locks import bureau_rejections_for_update
from lms.models import BureauRecord, BureauRejection, BureauSubmission
from lms.services.checks import reason_check

COLUMNS: Final = ("account_number", "reason_code")
LINES_MAX: Final = 200_000
_LINE_MAX: Final = 10_000
_CODE_MAX: Final = 40
_BATCH: Final = 500
_ANSWERABLE: Final = (BureauSubmission.State.SENT, BureauSubmission.State.PARTLY)
State = BureauRejection.State


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    account_number: str
    reason_code: str


def rejections_import(
    *, submission_id: int, file: IO[bytes], answered_on: date, actor: User | None = None
) -> BureauSubmission:
    """Take a bureau's list of records that it did not take: all lines, or none.

    The same list again changes nothing. A later list of the same file adds to the first one.

    Args:
        file: CSV in UTF-8 whose first line names `account_number` and `reason_code`; other columns are passed over,
            because they may hold personal data.

    Raises:
        BureauSubmissionNotReady: the file was not sent, or is taken or rejected as a whole.
        BureauDayInvalid, ValueDateInFuture: the day of the answer cannot be.
        BureauRejectionsInvalid: a line cannot be read, or names an account that is not in the file.
    """
    lines = list(_lines(file))

    def take() -> BureauSubmission:
        submission, cycle = submission_locked(submission_id=submission_id)
        if submission.state not in _ANSWERABLE:
            raise BureauSubmissionNotReady(
                bureau=submission.get_bureau_display(),
                state=submission.get_state_display().lower(),
                act="answered record by record",
            )
        answer_day_check(submission=submission, answered_on=answered_on)
        due_on = reference_date_after(day=max(cycle.reference_date, business_date())).day
        known = set(submission.rejections.values_list("record_id", "reason_code"))
        fresh = [
            row for row in _rows(submission, lines, due_on, actor) if (row.record_id, row.reason_code) not in known
        ]
        BureauRejection.objects.bulk_create(fresh, batch_size=_BATCH)
        submission.state = BureauSubmission.State.PARTLY
        submission.answered_on, submission.answered_by = answered_on, actor
        submission.rejected_records = submission.rejections.values("record_id").distinct().count()
        submission.save()
        audit.record(
            actor=actor,
            action="lms.bureau_rejections_import",
            obj=submission,
            detail={"bureau": submission.bureau, "cycle": cycle.pk, "lines": len(lines), "new": len(fresh)},
        )
        return submission

    return run_in_transaction(take)


def rejection_fix(*, rejection_id: int, note: str, actor: User | None = None) -> BureauRejection:
    """Say what was put right: the account goes with the next cycle, whether anything else changed or not.

    Raises:
        BureauRejectionNotOpen: that was said before, or the record was sent again.
        ReasonMissing, ReasonTooLong: the note is no note.
    """
    reason_check(reason=note, is_required=True)

    def fix() -> BureauRejection:
        rejection = bureau_rejections_for_update().get(pk=rejection_id)
        if rejection.state != State.OPEN:
            raise BureauRejectionNotOpen(state=rejection.get_state_display().lower())
        rejection.state, rejection.note = State.FIXED, note.strip()
        rejection.fixed_by, rejection.fixed_at = actor, timezone.now()
        rejection.save()
        audit.record(
            actor=actor,
            action="lms.bureau_rejection_fix",
            obj=rejection,
            reason=note,
            detail={"loan": rejection.loan_id, "reason_code": rejection.reason_code},
        )
        return rejection

    return run_in_transaction(fix)


def rejections_waiting() -> QuerySet[BureauRejection]:
    """Return rejections that are not sent again, the first due first."""
    waiting = BureauRejection.objects.filter(state__in=(State.OPEN, State.FIXED))
    return waiting.select_related("submission__cycle", "loan__customer").order_by("due_on", "pk")


def _lines(file: IO[bytes]) -> Iterator[_Line]:
    """Read the list; what it says is never repeated in a refusal, because it may be personal."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        rows = csv.reader(_bounded(text))
        names = [name.strip().lower() for name in next(rows, [])]
        if not set(COLUMNS) <= set(names):
            raise BureauRejectionsInvalid(line=1, problem="The columns account_number and reason_code are needed.")
        places = [names.index(name) for name in COLUMNS]
        for number, row in enumerate(rows, 2):
            if number > LINES_MAX:
                raise BureauRejectionsInvalid(line=number, problem=f"A list has at most {LINES_MAX} lines.")
            if any(value.strip() for value in row):
                yield _line(number, row, places)
    except UnicodeDecodeError:
        raise BureauRejectionsInvalid(line=1, problem="The list is not written in UTF-8.") from None
    except csv.Error:
        raise BureauRejectionsInvalid(line=1, problem="The list is no CSV.") from None
    finally:
        text.detach()


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LINE_MAX + 1):
        if len(line) > _LINE_MAX:
            raise csv.Error
        yield line


def _line(number: int, row: list[str], places: list[int]) -> _Line:
    account_number, reason_code = (row[place].strip() if place < len(row) else "" for place in places)
    if not account_number or not reason_code:
        raise BureauRejectionsInvalid(line=number, problem="The account number or the reason code is missing.")
    if len(reason_code) > _CODE_MAX or not reason_code.isascii():
        raise BureauRejectionsInvalid(line=number, problem=f"A reason code has at most {_CODE_MAX} characters.")
    return _Line(number, account_number, reason_code.upper())


def _rows(
    submission: BureauSubmission, lines: list[_Line], due_on: date, actor: User | None
) -> Iterator[BureauRejection]:
    seen: set[tuple[int, str]] = set()
    for start in range(0, len(lines), _BATCH):
        batch = lines[start : start + _BATCH]
        records = {
            number: (pk, loan_id)
            for pk, loan_id, number in BureauRecord.objects.filter(
                cycle=submission.cycle_id, loan__number__in=[line.account_number for line in batch]
            ).values_list("pk", "loan_id", "loan__number")
        }
        for line in batch:
            if line.account_number not in records:
                raise BureauRejectionsInvalid(line=line.number, problem="The account is not in the file that was sent.")
            record_id, loan_id = records[line.account_number]
            if (record_id, line.reason_code) not in seen:
                seen.add((record_id, line.reason_code))
                yield BureauRejection(
                    submission=submission,
                    record_id=record_id,
                    loan_id=loan_id,
                    reason_code=line.reason_code,
                    due_on=due_on,
                    imported_by=actor,
                )
