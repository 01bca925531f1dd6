"""Lenders that report to the credit information companies, and borrowers who can be reported."""

from datetime import date
from typing import Any

from customers.models import Customer
from customers.services import address_add
from lms.bureau.cycles import bureau_cycle_create, bureau_cycle_run
from lms.bureau.disputes import dispute_record
from lms.bureau.rows import (
    bureau_account_type_publish,
    bureau_membership_publish,
    bureau_seed,
)
from lms.bureau.sending import submission_send
from lms.models import Bureau, BureauCycle, BureauRecord, BureauRejection, Loan, RecordCause
from tests.factories.customers import make_customer

FIRST_DAY = date(2020, 1, 1)


def bureau_rows(product_code: str = "PL") -> None:
    """Publish the first rules, a membership with each bureau, and the account type of a product."""
    bureau_seed()
    for number, bureau in enumerate(Bureau, 1):
        bureau_membership_publish(
            bureau=bureau,
            effective_from=FIRST_DAY,
            member_code=f"NB{number:08d}",
            member_name="KIST FINANCE",
            reason="Joined",
        )
    bureau_account_type_publish(product_code=product_code, effective_from=FIRST_DAY, account_type="05", reason="Policy")


def make_borrower(**values: Any) -> Customer:
    """Create a person of whom everything is known that a bureau asks for."""
    customer = make_customer(**({"birth_date": date(1990, 5, 17), "email": "asha@example.org"} | values))
    address_add(
        customer=customer,
        line_1="12 Hill Road",
        line_2="Near the old mill, behind the municipal school",
        city="Pune",
        state_code="MH",
        pin_code="411001",
    )
    return customer


def build(day: date, **options: Any) -> BureauCycle:
    """Build the files of a reference date."""
    return bureau_cycle_run(cycle_id=bureau_cycle_create(reference_date=day, **options).pk)


def send_all(cycle: BureauCycle, day: date) -> BureauCycle:
    """Let every bureau have its file."""
    for submission in cycle.submissions.all():
        submission_send(submission_id=submission.pk, sent_on=day, reference=f"ACK-{submission.bureau}")
    cycle.refresh_from_db()
    return cycle


def bureau_fill(loan: Loan, month_end: date = date(2026, 2, 28)) -> BureauCycle:
    """Create a row of every kind for a loan whose entries are younger than the files; the first file is sent."""
    bureau_rows()
    cycle = build(month_end)
    submission = cycle.submissions.order_by("pk")[0]
    submission_send(submission_id=submission.pk, sent_on=date(2026, 3, 4), reference="ACK")
    record = BureauRecord.objects.create(
        cycle=cycle,
        chunk=cycle.chunks.all()[0],
        loan=loan,
        customer=loan.customer,
        fact_count=1,
        asset_class="STANDARD",
        cause=RecordCause.OPENED,
        days_past_due=0,
        overdue_rupees=0,
        balance_rupees=120_000,
        content_mark="0" * 64,
    )
    BureauRejection.objects.create(
        submission=submission, record=record, loan=loan, reason_code="E1", due_on=date(2026, 3, 15)
    )
    dispute_record(
        loan_id=loan.pk,
        bureau=Bureau.CIBIL,
        reference="C-1",
        received_on=date(2026, 3, 1),
        idempotency_key="dispute",
    )
    return cycle
