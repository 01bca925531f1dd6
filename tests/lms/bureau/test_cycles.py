"""The files of a reference date: what is in them, from which clock, and the same bytes whenever they are made again."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.models import AuditEntry
from customers.services import CustomerValues, customer_change, customer_move
from lms.bureau.cycles import bureau_cycle_create, bureau_cycle_run, bureau_cycles_due
from lms.bureau.files import file_rebuild, file_stream, file_verify
from lms.bureau.rows import reference_date_after, reference_date_before
from lms.models import BureauChunk, BureauCycle, BureauProblem, BureauRecord, FileKind, Loan
from lms.services.customer_merges import customers_merge
from lms.services.day_end import day_end_run
from lms.services.settlements import settlement_post
from lms.services.write_offs import loan_write_off, recovery_post
from tests.factories.book import assert_verified, receive, refused, reverse
from tests.factories.bureau import build, bureau_rows, make_borrower
from tests.factories.lms import make_loan, make_version, set_business_date

pytestmark = pytest.mark.django_db

JULY = date(2026, 7, 1)


def lend(count: int = 1, **borrower: Any) -> list[Loan]:
    """Lend to new borrowers on 1 July 2026, the first instalments due on 1 August."""
    set_business_date(JULY)
    bureau_rows()
    version = make_version()
    return [
        make_loan(
            version=version,
            customer=make_borrower(**borrower),
            sanctioned_on=JULY,
            value_date=JULY,
            first_due_date=date(2026, 8, 1),
        )
        for _ in range(count)
    ]


def content(cycle: BureauCycle, bureau: str = "CIBIL") -> str:
    """Return a file as it would be downloaded."""
    submission = cycle.submissions.select_related("cycle").get(bureau=bureau)
    return b"".join(file_stream(submission=submission)).decode("ascii")


def account(cycle: BureauCycle, loan: Loan) -> dict[str, str]:
    """Return the account fields of a loan's record by tag."""
    text = content(cycle)
    start = text.rindex("TL04T001", 0, text.index(f"03{len(loan.number):02d}{loan.number}")) + len("TL04T001")
    return fields(text[start : text.index("ES02**", start)])


def fields(text: str) -> dict[str, str]:
    """Read tagged values."""
    found = {}
    while text:
        tag, size = text[:2], int(text[2:4])
        found[tag], text = text[4 : 4 + size], text[4 + size :]
    return found


def mark_sent(cycle: BureauCycle) -> None:
    """Let every bureau have the files."""
    BureauCycle.objects.filter(pk=cycle.pk).update(is_sent=True)


@pytest.mark.parametrize(
    ("day", "following", "kind", "due_on"),
    [
        (date(2026, 7, 8), date(2026, 7, 9), FileKind.INCREMENTAL, date(2026, 7, 13)),
        (date(2026, 7, 9), date(2026, 7, 16), FileKind.INCREMENTAL, date(2026, 7, 20)),
        (date(2026, 7, 16), date(2026, 7, 23), FileKind.INCREMENTAL, date(2026, 7, 27)),
        (date(2026, 7, 23), date(2026, 7, 31), FileKind.FULL, date(2026, 8, 5)),
        (date(2027, 2, 23), date(2027, 2, 28), FileKind.FULL, date(2027, 3, 5)),
        (date(2026, 6, 1), date(2026, 6, 15), FileKind.FULL, date(2026, 6, 22)),
        (date(2026, 6, 15), date(2026, 6, 30), FileKind.FULL, date(2026, 7, 7)),
    ],
)
def test_reference_dates_follow_the_rules_of_their_day(
    day: date, following: date, kind: FileKind, due_on: date
) -> None:
    bureau_rows()

    found = reference_date_after(day=day)

    assert (found.day, found.kind, found.due_on) == (following, kind, due_on)
    assert reference_date_before(day=following + timedelta(days=1)).day == following


def test_first_files_have_every_account_for_each_bureau() -> None:
    loans = lend(2)
    set_business_date(date(2026, 7, 10))

    cycle = build(date(2026, 7, 9))

    assert (cycle.state, cycle.kind, cycle.records, cycle.problems) == ("BUILT", "INCREMENTAL", 2, 0)
    assert cycle.totals == {"OPENED": 2, "IN_DEFAULT": 0}
    assert account(cycle, loans[0]) == {
        "01": "NB00000001",
        "02": "KIST FINANCE",
        "03": loans[0].number,
        "04": "05",
        "05": "1",
        "08": "01072026",
        "11": "09072026",
        "12": "120000",
        "13": "120000",
        "14": "0",
        "15": "0",
        "26": "01",
        "38": "24.000",
        "39": "12",
        "40": "11348",
        "44": "03",
    }
    assert content(cycle).startswith("TUDF12NB00000001                    KIST FINANCE      09072026")
    assert content(cycle, "CRIF").endswith("ES02**TRLR")
    assert len({submission.sha256 for submission in cycle.submissions.all()}) == 4


def test_person_is_written_by_the_layout() -> None:
    lend(1, full_name="Asha Rani Verma", pan="AAAPZ1234C", phone="9811122233")
    set_business_date(date(2026, 7, 10))

    text = content(build(date(2026, 7, 9)))

    assert "PN03N010115ASHA RANI VERMA070817051990" in text
    assert "ID03I01010201" + "0210AAAPZ1234C" in text
    assert "PT03T010110981112223303" + "0201" in text
    assert "PA03A01013912 HILL ROAD, NEAR THE OLD MILL, BEHIND0226THE MUNICIPAL SCHOOL, PUNE" in text
    assert "06022707064110010802" + "02" in text


def test_incremental_file_has_only_what_changed() -> None:
    quiet, paid = lend(2)
    set_business_date(date(2026, 7, 10))
    mark_sent(build(date(2026, 7, 9)))
    receive(paid, 5_000_00, date(2026, 7, 10))
    set_business_date(date(2026, 7, 17))

    cycle = build(date(2026, 7, 16))

    assert list(BureauRecord.objects.filter(cycle=cycle).values_list("loan", "cause")) == [(paid.pk, "CHANGED")]
    assert quiet.number not in content(cycle)


def test_full_file_has_every_account_and_those_that_ended_once() -> None:
    quiet, closed = lend(2)
    set_business_date(date(2026, 7, 24))
    mark_sent(build(date(2026, 7, 23)))
    settlement_post(
        loan_id=closed.pk,
        amount_paise=90_000_00,
        value_date=date(2026, 7, 24),
        reference="UTR-SETTLED",
        reason="Agreed",
        idempotency_key="settle",
    )
    set_business_date(date(2026, 8, 1))

    cycle = build(date(2026, 7, 31))
    mark_sent(cycle)
    set_business_date(date(2026, 9, 1))
    later = build(date(2026, 8, 31))

    assert dict(BureauRecord.objects.filter(cycle=cycle).values_list("loan", "cause")) == {
        quiet.pk: "UNCHANGED",
        closed.pk: "CLOSED",
    }
    told = account(cycle, closed)
    assert {tag: told[tag] for tag in ("09", "10", "13", "14", "22", "43", "45")} == {
        "09": "24072026",
        "10": "24072026",
        "13": "0",
        "14": "0",
        "22": "03",
        "43": "90000",
        "45": "90000",
    }
    assert list(BureauRecord.objects.filter(cycle=later).values_list("loan", "cause")) == [(quiet.pk, "OVERDUE")]


def test_account_is_reported_again_until_every_bureau_has_it() -> None:
    lend(1)
    set_business_date(date(2026, 7, 10))
    build(date(2026, 7, 9))
    set_business_date(date(2026, 7, 17))

    cycle = build(date(2026, 7, 16))

    assert cycle.totals == {"OPENED": 1, "IN_DEFAULT": 0}


def test_overdue_loan_is_reported_with_days_amount_and_class() -> None:
    (loan,) = lend(1)
    for day in (date(2026, 7, 31), date(2026, 8, 9)):
        day_end_run(to_date=day)

    cycle = build(date(2026, 8, 9))

    told = account(cycle, loan)
    assert {tag: told[tag] for tag in ("14", "15", "26")} == {"14": "11348", "15": "9", "26": "05"}
    assert cycle.totals == {"OPENED": 1, "IN_DEFAULT": 1}


def test_row_of_a_closed_day_and_replay_say_the_same() -> None:
    (loan,) = lend(1)
    receive(loan, 700_00, JULY)
    day_end_run(to_date=date(2026, 8, 9))

    cycle = build(date(2026, 8, 9))

    loan.refresh_from_db()
    assert (loan.as_of, loan.closed_upto, cycle.records) == (date(2026, 8, 9), date(2026, 8, 9), 1)
    submission = cycle.submissions.select_related("cycle").get(bureau="CIBIL")
    assert b"".join(file_rebuild(submission=submission)).decode() == content(cycle)


def test_written_off_account_keeps_claim_and_days_until_it_is_recovered() -> None:
    (loan,) = lend(1)
    set_business_date(date(2026, 8, 20))
    loan_write_off(
        loan_id=loan.pk, value_date=date(2026, 8, 20), is_technical=True, reason="No hope", idempotency_key="off"
    )
    recovery_post(
        loan_id=loan.pk,
        amount_paise=20_000_00,
        value_date=date(2026, 8, 20),
        reference="UTR-REC",
        idempotency_key="recovery",
    )
    set_business_date(date(2026, 8, 24))

    told = account(build(date(2026, 8, 23)), loan)

    # 1,20,000 of principal, 2,445 of July's interest and 19 nights of August's; 20,000 came back.
    owed = int(told["41"]) - 20_000
    assert {tag: told[tag] for tag in ("15", "22", "26", "42")} == {"15": "23", "22": "02", "26": "04", "42": "120000"}
    assert (int(told["13"]), int(told["14"])) == (owed, owed)


def test_files_are_the_same_bytes_after_the_book_and_the_people_changed() -> None:
    first, second = lend(2)
    receive(first, 5_000_00, JULY)
    day_end_run(to_date=date(2026, 8, 9))
    cycle = build(date(2026, 8, 9))
    before = {bureau: content(cycle, bureau) for bureau in ("CIBIL", "EQUIFAX", "EXPERIAN", "CRIF")}

    receive(first, 20_000_00, date(2026, 7, 20))
    reverse(first, 2)
    customer_change(
        customer_id=first.customer_id,
        values=CustomerValues(full_name="Asha Sharma", email="new@example.org", birth_date=date(1991, 1, 1)),
        reason="Married",
        idempotency_key="name",
    )
    customer_move(
        customer_id=second.customer_id,
        line_1="4 Lake View",
        city="Delhi",
        state_code="DL",
        pin_code="110001",
        reason="Moved",
        idempotency_key="move",
    )
    loan_write_off(
        loan_id=second.pk, value_date=date(2026, 8, 10), is_technical=False, reason="Lost", idempotency_key="off"
    )
    day_end_run(to_date=date(2026, 8, 20))

    for submission in cycle.submissions.select_related("cycle"):
        assert b"".join(file_rebuild(submission=submission)).decode("ascii") == before[submission.bureau]
        assert file_verify(submission=submission).sha256 == submission.sha256
    assert_verified(first)


def test_files_are_the_same_bytes_after_two_borrowers_were_merged() -> None:
    first, second = lend(2)
    set_business_date(date(2026, 7, 10))
    cycle = build(date(2026, 7, 9))
    customer_change(
        customer_id=second.customer_id, values=CustomerValues(pan=""), reason="Not his", idempotency_key="pan"
    )
    customers_merge(
        survivor_id=first.customer_id, absorbed_id=second.customer_id, reason="Same person", idempotency_key="merge"
    )

    submission = cycle.submissions.select_related("cycle").get(bureau="CIBIL")

    assert cycle.records == 2
    assert b"".join(file_rebuild(submission=submission)).decode("ascii") == content(cycle)


def test_entry_that_was_recorded_after_the_reference_date_waits_for_the_next_file() -> None:
    (loan,) = lend(1)
    set_business_date(date(2026, 7, 10))
    receive(loan, 5_000_00, date(2026, 7, 5))

    cycle = build(date(2026, 7, 9))

    assert "09" not in account(cycle, loan)
    assert BureauRecord.objects.get(cycle=cycle).fact_count == 1


def test_account_that_would_be_rejected_is_named_and_left_out() -> None:
    whole, lacking = lend(2)
    lacking_customer = lacking.customer
    type(lacking_customer).objects.filter(pk=lacking_customer.pk).update(pan="", pan_index=None, full_name="आशा")
    set_business_date(date(2026, 7, 10))

    cycle = build(date(2026, 7, 9))

    assert list(BureauProblem.objects.values_list("loan", "codes")) == [
        (lacking.pk, ["name_not_latin", "name_missing", "pan_missing"])
    ]
    assert (cycle.records, cycle.problems) == (1, 1)
    assert BureauRecord.objects.get().loan_id == whole.pk


def test_parts_and_restarts_make_the_same_file() -> None:
    lend(5)
    set_business_date(date(2026, 7, 10))
    cycle = bureau_cycle_create(reference_date=date(2026, 7, 9), chunk_loans=2)
    seen: list[int] = []

    def stop(progress: BureauCycle) -> None:
        seen.append(progress.records)
        if len(seen) == 2:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        bureau_cycle_run(cycle_id=cycle.pk, progress=stop)
    # One part has its records, but its files are lost with the worker.
    BureauChunk.objects.filter(number=2).update(state="PENDING", files={}, hashes={})
    BureauCycle.objects.filter(pk=cycle.pk).update(chunks_done=1, records=2)
    cycle = bureau_cycle_run(cycle_id=cycle.pk)

    assert (cycle.state, cycle.chunks_done, cycle.records, seen) == ("BUILT", 3, 5, [2, 4])
    assert BureauRecord.objects.count() == 5
    assert content(cycle).count("TL04T001") == 5
    assert bureau_cycle_run(cycle_id=cycle.pk).records == 5


def test_cycle_is_begun_once_and_only_for_closed_reference_dates() -> None:
    lend(1)
    set_business_date(date(2026, 7, 17))
    assert bureau_cycles_due() == [date(2026, 7, 16)]
    cycle = bureau_cycle_create(reference_date=date(2026, 7, 16))

    assert bureau_cycle_create(reference_date=date(2026, 7, 16)) == cycle
    assert AuditEntry.objects.filter(action="lms.bureau_cycle_create").count() == 1
    assert bureau_cycles_due() == []
    with refused("lms.bureau_date_not_reference"):
        bureau_cycle_create(reference_date=date(2026, 7, 15))
    with refused("lms.bureau_day_open"):
        bureau_cycle_create(reference_date=date(2026, 7, 23))
    with refused("lms.bureau_cycle_passed"):
        bureau_cycle_create(reference_date=date(2026, 7, 9))
    set_business_date(date(2026, 7, 24))
    with refused("lms.bureau_cycle_unfinished"):
        bureau_cycle_create(reference_date=date(2026, 7, 23))
    assert BureauCycle.objects.count() == 1


def test_cycle_needs_rules_and_a_bureau_that_knows_the_lender() -> None:
    set_business_date(date(2026, 7, 17))

    with refused("lms.bureau_rows_missing"):
        bureau_cycle_create(reference_date=date(2026, 7, 16))
    assert BureauCycle.objects.count() == 0


def test_command_builds_and_makes_the_files_again() -> None:
    lend(1)
    set_business_date(date(2026, 7, 10))
    written = StringIO()

    call_command("bureau_build", "2026-07-09", verify=True, stdout=written)

    assert "1 records, 0 accounts set aside." in written.getvalue()
    assert written.getvalue().count("the same ") == 4
    with pytest.raises(CommandError):
        call_command("bureau_build", "2026-07-08")


def test_file_that_comes_out_otherwise_is_refused() -> None:
    lend(1)
    set_business_date(date(2026, 7, 10))
    cycle = build(date(2026, 7, 9))
    submission = cycle.submissions.select_related("cycle").get(bureau="CIBIL")
    Loan.objects.update(principal_paise=1_00_000_00)

    with refused("lms.bureau_file_changed"):
        file_verify(submission=submission)
