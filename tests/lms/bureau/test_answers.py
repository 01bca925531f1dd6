"""What bureaus answer, what is sent again, and whom is told of a default."""

import io
from datetime import date
from typing import Any

import pytest

from core.models import AuditEntry, OutboxEvent
from lms.bureau.cycles import bureau_cycle_create
from lms.bureau.rejections import rejection_fix, rejections_import, rejections_waiting
from lms.bureau.sending import bureau_alerts_due, bureau_alerts_publish, submission_answer, submission_send
from lms.models import BureauCycle, BureauRecord, BureauRejection, BureauSubmission, Loan
from lms.services.day_end import day_end_run
from tests.factories.book import refused
from tests.factories.bureau import build, send_all
from tests.factories.lms import set_business_date
from tests.factories.staff import make_staff
from tests.lms.bureau.test_cycles import lend

pytestmark = pytest.mark.django_db

NINTH = date(2026, 7, 9)
TENTH = date(2026, 7, 10)


@pytest.fixture
def loans() -> list[Loan]:
    """Two loans in order, the books on 10 July 2026."""
    loans = lend(2)
    set_business_date(TENTH)
    return loans


def answer(cycle: BureauCycle, text: str, bureau: str = "CIBIL", **options: Any) -> BureauSubmission:
    """Import a list of rejections."""
    submission = cycle.submissions.get(bureau=bureau)
    values = {"file": io.BytesIO(text.encode()), "answered_on": TENTH, **options}
    return rejections_import(submission_id=submission.pk, **values)


def test_later_cycles_compare_with_files_that_every_bureau_has(loans: list[Loan]) -> None:
    cycle = build(NINTH)
    first, *others = cycle.submissions.order_by("bureau")

    submission_send(submission_id=first.pk, sent_on=TENTH, reference="ACK-1", actor=make_staff("finance"))
    cycle.refresh_from_db()
    assert cycle.is_sent is False
    for submission in others:
        submission_send(submission_id=submission.pk, sent_on=TENTH, reference="ACK-2")
    cycle.refresh_from_db()
    assert cycle.is_sent is True
    submission_answer(submission_id=first.pk, answered_on=TENTH, is_accepted=False, reason="Wrong member")
    cycle.refresh_from_db()

    assert cycle.is_sent is False
    again = submission_send(submission_id=first.pk, sent_on=TENTH, reference="ACK-3")
    assert (again.state, again.reference, again.is_late) == ("SENT", "ACK-3", False)
    sent = AuditEntry.objects.filter(action="lms.bureau_submission_send").order_by("pk").first()
    assert sent is not None
    assert (sent.actor, sent.detail["reference"]) == (make_staff("finance"), "ACK-1")


def test_file_that_is_sent_after_its_day_is_late(loans: list[Loan]) -> None:
    cycle = build(NINTH)
    set_business_date(date(2026, 7, 14))
    submission = cycle.submissions.get(bureau="CRIF")

    sent = submission_send(submission_id=submission.pk, sent_on=date(2026, 7, 14), reference="ACK")

    assert (cycle.due_on, sent.is_late) == (date(2026, 7, 13), True)


def test_file_is_sent_once_built_and_answered_once_sent(loans: list[Loan]) -> None:
    cycle = bureau_cycle_create(reference_date=NINTH)
    submission = cycle.submissions.get(bureau="CIBIL")

    with refused("lms.bureau_submission_not_ready"):
        submission_send(submission_id=submission.pk, sent_on=TENTH, reference="ACK")
    BureauCycle.objects.filter(pk=cycle.pk).update(state="BUILT")
    with refused("lms.bureau_submission_not_ready"):
        submission_answer(submission_id=submission.pk, answered_on=TENTH, is_accepted=True)
    with refused("lms.bureau_day_invalid"):
        submission_send(submission_id=submission.pk, sent_on=date(2026, 7, 8), reference="ACK")
    with refused("lms.value_date_in_future"):
        submission_send(submission_id=submission.pk, sent_on=date(2026, 7, 11), reference="ACK")
    with refused("lms.reference_missing"):
        submission_send(submission_id=submission.pk, sent_on=TENTH, reference=" ")
    submission_send(submission_id=submission.pk, sent_on=TENTH, reference="ACK")
    with refused("lms.bureau_submission_not_ready"):
        submission_send(submission_id=submission.pk, sent_on=TENTH, reference="ACK")
    submission.refresh_from_db()
    assert (submission.state, submission.reference) == ("SENT", "ACK")


def test_rejected_record_is_fixed_and_goes_with_the_next_cycle(loans: list[Loan]) -> None:
    cycle = send_all(build(NINTH), TENTH)

    partly = answer(cycle, f"Account_Number,Reason_Code,Name\n{loans[0].number},e102,Asha\n\n")
    rejection = rejections_waiting().get()

    assert (partly.state, partly.rejected_records) == ("PARTLY", 1)
    assert (rejection.reason_code, rejection.due_on, rejection.loan) == ("E102", date(2026, 7, 16), loans[0])
    rejection_fix(rejection_id=rejection.pk, note="PAN typed anew", actor=make_staff("operations"))
    with refused("lms.bureau_rejection_not_open"):
        rejection_fix(rejection_id=rejection.pk, note="Again")
    set_business_date(date(2026, 7, 17))
    later = build(date(2026, 7, 16))
    rejection.refresh_from_db()

    assert list(BureauRecord.objects.filter(cycle=later).values_list("loan", "cause")) == [(loans[0].pk, "RESENT")]
    assert (rejection.state, rejection.resent_in) == ("RESENT", later)
    assert rejections_waiting().count() == 0


def test_rejection_that_nobody_fixed_stays_on_the_worklist(loans: list[Loan]) -> None:
    cycle = send_all(build(NINTH), TENTH)
    answer(cycle, f"account_number,reason_code\n{loans[0].number},E1\n")
    set_business_date(date(2026, 7, 17))

    later = build(date(2026, 7, 16))

    assert later.records == 0
    assert rejections_waiting().get().state == "OPEN"


def test_full_file_with_the_same_record_puts_no_rejection_right(loans: list[Loan]) -> None:
    cycle = send_all(build(NINTH), TENTH)
    answer(cycle, f"account_number,reason_code\n{loans[0].number},E1\n")
    set_business_date(date(2026, 8, 1))

    later = build(date(2026, 7, 31))

    assert later.totals == {"UNCHANGED": 2, "IN_DEFAULT": 0}
    assert rejections_waiting().get().state == "OPEN"


def test_same_list_twice_changes_nothing_and_a_longer_one_adds(loans: list[Loan]) -> None:
    cycle = send_all(build(NINTH), TENTH)
    first = f"account_number,reason_code\n{loans[0].number},E1\n{loans[0].number},E1\n"
    answer(cycle, first)
    answer(cycle, first)
    assert BureauRejection.objects.count() == 1

    longer = answer(cycle, f"{first}{loans[1].number},E2\n{loans[1].number},E3\n")

    assert (longer.rejected_records, BureauRejection.objects.count()) == (2, 3)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("number,reason\nX,E1\n", 1),
        ("account_number,reason_code\nGOOD,E1\nNOBODY,E1\n", 3),
        ("account_number,reason_code\nGOOD,\n", 2),
        ("account_number,reason_code\nGOOD," + "E" * 41 + "\n", 2),
        ("account_number,reason_code\nGOOD,É1\n", 2),
        ("account_number,reason_code\n" + "X" * 10_001 + "\n", 1),
    ],
)
def test_list_that_cannot_be_meant_is_refused_whole(loans: list[Loan], text: str, line: int) -> None:
    cycle = send_all(build(NINTH), TENTH)

    with refused("lms.bureau_rejections_invalid") as caught:
        answer(cycle, text.replace("GOOD", loans[0].number))

    assert caught.value.context["line"] == line
    assert BureauRejection.objects.count() == 0
    assert "NOBODY" not in caught.value.message


def test_list_that_is_no_text_is_refused(loans: list[Loan]) -> None:
    cycle = send_all(build(NINTH), TENTH)

    with refused("lms.bureau_rejections_invalid"):
        rejections_import(
            submission_id=cycle.submissions.get(bureau="CIBIL").pk, file=io.BytesIO(b"\xff\xfe\x00"), answered_on=TENTH
        )


def test_list_for_a_file_that_was_not_sent_is_refused(loans: list[Loan]) -> None:
    cycle = build(NINTH)

    with refused("lms.bureau_submission_not_ready"):
        answer(cycle, f"account_number,reason_code\n{loans[0].number},E1\n")
    assert BureauRejection.objects.count() == 0


@pytest.mark.parametrize(
    ("answered_on", "code"), [(NINTH, "lms.bureau_day_invalid"), (date(2026, 7, 11), "lms.value_date_in_future")]
)
def test_list_from_before_the_file_or_from_a_day_to_come_is_refused(
    loans: list[Loan], answered_on: date, code: str
) -> None:
    cycle = send_all(build(NINTH), TENTH)

    with refused(code):
        answer(cycle, f"account_number,reason_code\n{loans[0].number},E1\n", answered_on=answered_on)

    assert BureauRejection.objects.count() == 0
    assert cycle.submissions.get(bureau="CIBIL").state == "SENT"


def test_customers_of_reported_defaults_are_announced_once() -> None:
    late, _ = lend(2)
    day_end_run(to_date=date(2026, 8, 9))
    cycle = build(date(2026, 8, 9))

    assert bureau_alerts_due() == []
    assert bureau_alerts_publish(cycle_id=cycle.pk) == 0
    send_all(cycle, date(2026, 8, 10))
    assert bureau_alerts_due() == [cycle.pk]
    assert bureau_alerts_publish(cycle_id=cycle.pk) == 2
    assert bureau_alerts_publish(cycle_id=cycle.pk) == 0

    events = OutboxEvent.objects.filter(topic="lms.bureau_default_reported").order_by("pk")
    assert [event.partition_key for event in events] == [
        f"customer:{loan.customer_id}" for loan in Loan.objects.order_by("pk")
    ]
    assert events[0].payload == {
        "loan_id": late.pk,
        "customer_id": late.customer_id,
        "cycle_id": cycle.pk,
        "reference_date": "2026-08-09",
        "days_past_due": 9,
        "overdue_rupees": 11348,
        "is_first": True,
    }
    cycle.refresh_from_db()
    assert (cycle.alerts, bureau_alerts_due()) == (2, [])


def test_default_that_goes_on_is_announced_as_no_first_one() -> None:
    lend(1)
    day_end_run(to_date=date(2026, 8, 9))
    bureau_alerts_publish(cycle_id=send_all(build(date(2026, 8, 9)), date(2026, 8, 10)).pk)
    day_end_run(to_date=date(2026, 8, 16))

    bureau_alerts_publish(cycle_id=send_all(build(date(2026, 8, 16)), date(2026, 8, 17)).pk)

    told = OutboxEvent.objects.order_by("pk").values_list("payload", flat=True)
    assert [(event["days_past_due"], event["is_first"]) for event in told] == [(9, True), (16, False)]
