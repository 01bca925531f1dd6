"""A claim that was written off still weighs on its borrower."""

from datetime import date

import pytest

from lms.models import ClassificationEntry, Loan
from lms.services.day_end import day_end_run
from lms.services.verification import control_accounts_verify, loans_verify
from lms.services.write_offs import loan_write_off, recovery_post
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date

pytestmark = pytest.mark.django_db


def test_a_loan_written_off_keeps_the_borrower_npa_until_it_is_recovered() -> None:
    set_business_date(date(2026, 1, 1))
    customer, version = make_customer(), make_version()
    bad, good = (make_loan(customer=customer, version=version) for _ in range(2))
    day_end_run(to_date=date(2026, 1, 4))

    loan_write_off(
        loan_id=bad.pk, value_date=date(2026, 1, 5), is_technical=True, idempotency_key="off", reason="Borrower gone"
    )
    day_end_run()

    good.refresh_from_db()
    assert (good.asset_class, good.npa_since, good.days_past_due) == ("SUB_STANDARD", date(2026, 1, 5), 0)
    entry = ClassificationEntry.objects.get(loan=good)
    assert (entry.on_date, entry.caused_by_id) == (date(2026, 1, 5), bad.pk)
    # Interest of five nights was booked as income and not received: it waits in suspense.
    assert good.booked["SUSPENDED:INTEREST"] == good.booked["ACCRUED:INTEREST"] == 39452

    bad.refresh_from_db()
    claim = sum(amount for key, amount in bad.booked.items() if key.startswith("WRITTEN_OFF:"))
    recover(bad, claim - 1, date(2026, 1, 6))
    day_end_run()
    good.refresh_from_db()
    assert good.asset_class == "SUB_STANDARD"

    recover(bad, 1, date(2026, 1, 7))
    day_end_run()
    good.refresh_from_db()
    assert (good.asset_class, good.npa_since) == ("STANDARD", None)
    assert "SUSPENDED:INTEREST" not in good.booked
    assert [str(item) for batch in loans_verify() for item in batch.differences] == []
    assert control_accounts_verify()[1] == ()


def recover(loan: Loan, amount_paise: int, day: date) -> None:
    """Post money on the loan that was written off."""
    recovery_post(
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=day,
        reference=f"R{day}",
        idempotency_key=f"recovery-{day}",
    )
