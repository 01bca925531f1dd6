"""The long form: the real tape and a demo lender closed through more than 120 days, every cache compared after it."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from core.business_date import business_date, business_date_set
from ledger.selectors import trial_balance
from lms.models import DayEnd, DayEndProblem, Loan
from lms.services.day_end import day_end_run
from lms.services.imports import import_commit, import_dry_run
from lms.services.verification import control_accounts_verify, loans_verify
from tests.lms.imports.tapes import MAP_PATH, tape_text, upload

pytestmark = [pytest.mark.long, pytest.mark.django_db]

DAYS = 120


def close_and_verify(*, first: date, days: int) -> DayEnd:
    """Close days, and check that each is sealed and that nothing differs from its replay."""
    last = day_end_run(to_date=first + timedelta(days=days - 1))

    assert list(DayEnd.objects.exclude(state="CLOSED")) == []
    assert DayEnd.objects.filter(business_date__gte=first).count() == days
    assert business_date() == first + timedelta(days=days)
    assert [str(item) for batch in loans_verify() for item in batch.differences] == []
    assert control_accounts_verify()[1] == ()
    assert trial_balance().is_balanced
    assert DayEndProblem.objects.count() == 0
    return last


def test_the_real_tape_is_closed_through_120_days() -> None:
    first = date(2018, 6, 2)
    business_date_set(to=first)
    batch = upload(tape_text().encode(), map_text=MAP_PATH.read_text(), name="tape.csv")
    import_dry_run(batch_id=batch.pk)
    import_commit(batch_id=batch.pk, reason="Day-end test", is_skipping_rejected=True)
    running = Loan.objects.filter(status="ACTIVE").count()

    last = close_and_verify(first=first, days=DAYS)

    # Nobody pays after the snapshot: whoever owes on 1 July is non-performing on 29 September.
    assert (last.loans_total, last.loans_closed) == (running, running)
    assert last.certificate["loans_set_aside"] == 0
    classes = {asset_class: loans for asset_class, loans, _ in last.certificate["classes"]}
    assert sum(classes.values()) == running
    assert not Loan.objects.filter(status="ACTIVE", oldest_unpaid_due_date__lte=date(2018, 7, 1)).exclude(
        asset_class="SUB_STANDARD", npa_since__lte=date(2018, 9, 29)
    )


def test_the_demo_lender_is_closed_through_120_days() -> None:
    today = date(2026, 3, 16)
    call_command("demo_fill", customers=150, business_date=today, stdout=StringIO())

    close_and_verify(first=today, days=DAYS)
