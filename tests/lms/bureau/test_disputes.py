"""The clock of disputes: thirty days, of which twenty-one are ours, and a hundred rupees for each day after them."""

from datetime import date, timedelta
from typing import Any

import pytest

from core.reasons.services import reason_codes_seed
from lms.bureau.disputes import (
    dispute_answer,
    dispute_credit,
    dispute_record,
    dispute_resolve,
    disputes_to_credit,
    disputes_waiting,
)
from lms.bureau.rows import BureauRules, bureau_parameters_publish
from lms.models import Bureau, BureauDispute, Loan
from tests.factories.book import refused
from tests.factories.bureau import build, bureau_rows
from tests.factories.lms import make_loan, set_business_date

pytestmark = pytest.mark.django_db

RECEIVED = date(2026, 8, 1)
Outcome = BureauDispute.Outcome


@pytest.fixture
def loan() -> Loan:
    """A loan of January, the books on 1 August 2026."""
    set_business_date(date(2026, 1, 1))
    reason_codes_seed()
    bureau_rows()
    loan = make_loan()
    set_business_date(RECEIVED)
    return loan


def complain(loan: Loan, **values: Any) -> BureauDispute:
    """Record a complaint of the day."""
    given = {"bureau": Bureau.CIBIL, "reference": "C-1", "received_on": RECEIVED, "idempotency_key": "c1", **values}
    return dispute_record(loan_id=loan.pk, **given)


def after(days: int) -> date:
    """Put the books so many days after the complaint."""
    day = RECEIVED + timedelta(days=days)
    set_business_date(day)
    return day


@pytest.mark.parametrize(
    ("answered", "resolved", "paise", "payer"),
    [
        (21, 30, 0, ""),
        (25, 30, 0, ""),
        (21, 31, 100_00, "BUREAU"),
        (22, 31, 100_00, "LENDER"),
        (35, 40, 1_000_00, "LENDER"),
    ],
)
def test_lateness_costs_by_the_day_and_whoever_was_late_pays(
    loan: Loan, answered: int, resolved: int, paise: int, payer: str
) -> None:
    dispute = complain(loan)
    dispute_answer(dispute_id=dispute.pk, answered_on=after(answered), outcome=Outcome.CORRECTED)

    found = dispute_resolve(dispute_id=dispute.pk, resolved_on=after(resolved))

    assert (found.lender_due_on, found.due_on) == (date(2026, 8, 22), date(2026, 8, 31))
    assert (found.state, found.compensation_paise, found.payer) == ("RESOLVED", paise, payer)


def test_what_we_owe_is_paid_within_five_working_days(loan: Loan) -> None:
    dispute = complain(loan)
    dispute_answer(dispute_id=dispute.pk, answered_on=after(25), outcome=Outcome.CORRECTED)
    # Friday, 4 September 2026.
    dispute_resolve(dispute_id=dispute.pk, resolved_on=after(34))
    owed = disputes_to_credit().get()

    paid = dispute_credit(dispute_id=dispute.pk, credited_on=after(35), reference="UTR-1")

    assert (owed.compensation_paise, owed.credit_due_on) == (400_00, date(2026, 9, 11))
    assert (paid.credited_on, paid.credit_reference) == (date(2026, 9, 5), "UTR-1")
    assert disputes_to_credit().count() == 0
    with refused("lms.bureau_dispute_not_waiting"):
        dispute_credit(dispute_id=dispute.pk, credited_on=after(35), reference="UTR-2")


def test_worklist_begins_with_the_fewest_days_left(loan: Loan) -> None:
    early = complain(loan, received_on=date(2026, 7, 20))
    late = complain(loan, reference="C-2", idempotency_key="c2")
    last = complain(loan, reference="C-3", idempotency_key="c3", bureau=Bureau.CRIF)
    dispute_answer(dispute_id=early.pk, answered_on=RECEIVED, outcome=Outcome.CORRECTED)

    assert [dispute.pk for dispute in disputes_waiting()] == [early.pk, late.pk, last.pk]
    assert [dispute.next_due_on for dispute in disputes_waiting()] == [
        date(2026, 8, 19),
        date(2026, 8, 22),
        date(2026, 8, 22),
    ]


def test_correction_is_refused_only_for_a_listed_reason(loan: Loan) -> None:
    dispute = complain(loan)

    with refused("core.reason_code_missing"):
        dispute_answer(dispute_id=dispute.pk, answered_on=RECEIVED, outcome=Outcome.REFUSED)
    with refused("core.reason_code_unknown"):
        dispute_answer(dispute_id=dispute.pk, answered_on=RECEIVED, outcome=Outcome.REFUSED, reason_code="BECAUSE")
    answered = dispute_answer(
        dispute_id=dispute.pk, answered_on=RECEIVED, outcome=Outcome.REFUSED, reason_code="REPORTED_RIGHT"
    )

    assert (answered.state, answered.outcome, answered.reason_code) == ("WITH_BUREAU", "REFUSED", "REPORTED_RIGHT")
    with refused("lms.bureau_dispute_not_waiting"):
        dispute_answer(dispute_id=dispute.pk, answered_on=RECEIVED, outcome=Outcome.CORRECTED)


def test_complaint_is_recorded_once(loan: Loan) -> None:
    dispute = complain(loan)

    assert complain(loan) == dispute
    with refused("lms.idempotency_key_reused"):
        complain(loan, note="Not my loan")
    with refused("lms.bureau_dispute_known"):
        complain(loan, idempotency_key="c2")
    with refused("lms.bureau_day_invalid"):
        complain(loan, reference="C-2", idempotency_key="c2", received_on=date(2026, 8, 2))
    with refused("lms.bureau_day_invalid"):
        complain(loan, reference="C-2", idempotency_key="c2", received_on=date(2025, 12, 31))
    with refused("lms.bureau_dispute_not_waiting"):
        dispute_resolve(dispute_id=dispute.pk, resolved_on=RECEIVED)
    assert BureauDispute.objects.count() == 1


def test_rules_of_the_day_of_the_complaint_hold_for_it(loan: Loan) -> None:
    bureau_parameters_publish(
        effective_from=date(2026, 8, 10),
        rules=BureauRules(dispute_days=20, dispute_lender_days=10),
        source="Circular",
        reason="New rules",
    )
    before = complain(loan)
    set_business_date(date(2026, 8, 10))

    found = complain(loan, reference="C-2", idempotency_key="c2", received_on=date(2026, 8, 10))

    assert (before.due_on, found.due_on) == (date(2026, 8, 31), date(2026, 8, 30))


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"incremental_days": (9, 29)}, "lms.bureau_row_invalid"),
        ({"incremental_days": (9,), "full_days": (9,)}, "lms.bureau_row_invalid"),
        ({"full_within_days": 0}, "lms.bureau_row_invalid"),
        ({"dispute_lender_days": 30}, "lms.bureau_row_invalid"),
        ({"layout": "NONE"}, "lms.bureau_row_invalid"),
        ({}, "lms.bureau_row_in_built_cycle"),
    ],
)
def test_rules_that_cannot_be_are_refused(loan: Loan, rules: dict[str, Any], code: str) -> None:
    build(date(2026, 7, 31))

    with refused(code):
        bureau_parameters_publish(
            effective_from=date(2026, 7, 31) + timedelta(days=len(rules)),
            rules=BureauRules(**rules),
            source="Circular",
            reason="New rules",
        )
