"""Borrowers who cannot pay: cured, restructured, settled in parts, written off; every balance after every step."""

from datetime import date
from typing import Any

import pytest

from lms.models import ClassificationEntry, Loan
from lms.services.reschedules import loan_reschedule
from lms.services.reversals import fact_reverse
from lms.services.settlement_plans import PartTerm, settlement_plan_agree, settlement_plans_break
from lms.services.write_offs import loan_write_off, recovery_post
from tests.factories.book import receive
from tests.factories.lms import make_loan, set_business_date
from tests.stories.telling import books, go_to, night_by_night, seen

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
WHY: dict[str, Any] = {"reason": "Letter of the borrower"}


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments of 11,348 from 1 February, lent on 1 January 2026."""
    set_business_date(LENT)
    return make_loan()


def diary(loan: Loan) -> list[tuple[str, str]]:
    """List the days on which the class changed, and to what."""
    rows = ClassificationEntry.objects.filter(loan=loan).order_by("pk")
    return [(row.on_date.isoformat(), row.asset_class) for row in rows]


def test_a_loan_that_turns_non_performing_is_cured_by_every_arrear(loan: Loan) -> None:
    # 1 February: the first instalment is due, and nothing comes. January earned 31 nights of 78.90: 2,446.03.
    night_by_night(date(2026, 2, 2), loan)
    assert seen(loan) == ("ACTIVE", "SMA_0", 1, {"principal": 1_20_000_00, "interest": 2_519_08, "overdue": 11_348_00})

    # 2 May is the 91st day past due: non-performing, and the income that nobody paid leaves the profit.
    night_by_night(date(2026, 5, 2), loan)
    assert seen(loan) == ("ACTIVE", "SMA_2", 90, {"principal": 1_20_000_00, "interest": 8_446_08, "overdue": 45_392_00})
    assert books() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 8_446_08,
        "INTEREST_INCOME": -8_446_08,
    }
    night_by_night(date(2026, 5, 3), loan)
    assert seen(loan) == (
        "ACTIVE",
        "SUB_STANDARD",
        91,
        {"principal": 1_20_000_00, "interest": 8_500_65, "overdue": 45_392_00},
    )
    assert books() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 8_500_65,
        "INTEREST_SUSPENSE": -8_500_65,
    }

    # 10 May: three of four instalments come. Income is what came of it; the class stays.
    night_by_night(date(2026, 5, 10), loan)
    receive(loan, 34_044_00, date(2026, 5, 10))
    assert seen(loan) == (
        "ACTIVE",
        "SUB_STANDARD",
        10,
        {"principal": 92_522_40, "interest": 2_370_85, "overdue": 11_348_00},
    )
    assert books() == {
        "BANK": -85_956_00,
        "LOAN_PRINCIPAL": 92_522_40,
        "INTEREST_RECEIVABLE": 2_370_85,
        "INTEREST_SUSPENSE": -2_370_85,
        "INTEREST_INCOME": -6_566_40,
    }
    night_by_night(date(2026, 5, 11), loan)
    assert loan.asset_class == "SUB_STANDARD"

    # 12 May: the last arrear. At the day-end the borrower is standard, and all that was suspended is income.
    night_by_night(date(2026, 5, 12), loan)
    receive(loan, 11_348_00, date(2026, 5, 12))
    assert seen(loan) == ("ACTIVE", "SUB_STANDARD", 0, {"principal": 82_999_50, "interest": 654_90})
    night_by_night(date(2026, 5, 13), loan)
    assert seen(loan) == ("ACTIVE", "STANDARD", 0, {"principal": 82_999_50, "interest": 654_90})
    assert books() == {
        "BANK": -74_608_00,
        "LOAN_PRINCIPAL": 82_999_50,
        "INTEREST_RECEIVABLE": 654_90,
        "INTEREST_INCOME": -9_046_40,
    }
    assert diary(loan) == [
        ("2026-02-01", "SMA_0"),
        ("2026-03-03", "SMA_1"),
        ("2026-04-02", "SMA_2"),
        ("2026-05-02", "SUB_STANDARD"),
        ("2026-05-12", "STANDARD"),
    ]


def test_a_restructured_loan_is_non_performing_whatever_is_paid(loan: Loan) -> None:
    # Two instalments unpaid on 10 March: SMA-1. The lender stretches the loan by six months for a borrower in trouble.
    go_to(date(2026, 3, 10), loan)
    assert seen(loan) == ("ACTIVE", "SMA_1", 37, {"principal": 1_20_000_00, "interest": 5_093_86, "overdue": 22_696_00})
    loan_reschedule(
        loan_id=loan.pk,
        value_date=date(2026, 3, 10),
        extra_instalments=6,
        is_restructure=True,
        idempotency_key="restructure",
        **WHY,
    )
    loan.refresh_from_db()
    assert seen(loan) == (
        "ACTIVE",
        "SUB_STANDARD",
        38,
        {"principal": 1_20_000_00, "interest": 5_160_79, "overdue": 22_696_00},
    )
    assert loan.instalment_paise == 7_498_00
    assert books() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 5_160_79,
        "INTEREST_SUSPENSE": -5_160_79,
    }

    # He pays everything that is due, and the class stays.
    receive(loan, loan.overdue_paise, date(2026, 3, 10))
    go_to(date(2026, 4, 2), loan)
    assert seen(loan) == (
        "ACTIVE",
        "SUB_STANDARD",
        1,
        {"principal": 1_01_795_45, "interest": 2_138_32, "overdue": 7_498_00},
    )
    receive(loan, loan.overdue_paise, date(2026, 4, 2))
    go_to(date(2026, 4, 3), loan)
    assert seen(loan) == ("ACTIVE", "SUB_STANDARD", 0, {"principal": 96_372_40, "interest": 126_74})
    assert books() == {
        "BANK": -89_806_00,
        "LOAN_PRINCIPAL": 96_372_40,
        "INTEREST_RECEIVABLE": 126_74,
        "INTEREST_SUSPENSE": -126_74,
        "INTEREST_INCOME": -6_566_40,
    }
    assert diary(loan) == [("2026-03-09", "SMA_1"), ("2026-03-10", "SUB_STANDARD")]


def test_a_settlement_in_parts_gives_up_the_rest_with_the_last_part(loan: Loan) -> None:
    # 10 March: 1,25,093.86 are owed; 80,000 in two parts are agreed on.
    go_to(date(2026, 3, 10), loan)
    settlement_plan_agree(
        loan_id=loan.pk,
        parts=(
            PartTerm(due_date=date(2026, 3, 15), amount_paise=30_000_00),
            PartTerm(due_date=date(2026, 4, 10), amount_paise=50_000_00),
        ),
        value_date=date(2026, 3, 10),
        idempotency_key="settle",
        **WHY,
    )
    loan.refresh_from_db()
    assert seen(loan) == ("ACTIVE", "SMA_1", 37, {"principal": 1_20_000_00, "interest": 5_093_86, "overdue": 22_696_00})

    # The first part is a receipt like any other: nothing is given up.
    go_to(date(2026, 3, 15), loan)
    receive(loan, 30_000_00, date(2026, 3, 15))
    assert seen(loan) == ("ACTIVE", "SMA_1", 0, {"principal": 1_01_795_45, "interest": 1_004_01, "excess": 7_304_00})
    assert books() == {
        "BANK": -90_000_00,
        "LOAN_PRINCIPAL": 1_01_795_45,
        "INTEREST_RECEIVABLE": 1_004_01,
        "EXCESS": -7_304_00,
        "INTEREST_INCOME": -5_495_46,
    }

    # The second settles the loan.
    go_to(date(2026, 4, 10), loan)
    assert settlement_plans_break(on_date=date(2026, 4, 10)) == 0
    last = receive(loan, 50_000_00, date(2026, 4, 10))
    assert (last.kind, loan.closed_on) == ("SETTLE", date(2026, 4, 10))
    assert seen(loan) == ("SETTLED", "SMA_0", 0, {})
    assert books() == {"BANK": -40_000_00, "INTEREST_INCOME": -7_113_93, "WAIVER_EXPENSE": 47_113_93}


def test_a_loan_written_off_is_recovered_and_the_payment_that_bounced_taken_back(loan: Loan) -> None:
    # Nothing ever came. On 10 June the lender takes the loan off its books; the claim stays.
    go_to(date(2026, 6, 10), loan)
    assert seen(loan) == (
        "ACTIVE",
        "SUB_STANDARD",
        129,
        {"principal": 1_20_000_00, "interest": 10_517_36, "overdue": 56_740_00},
    )
    assert books() == {
        "BANK": -1_20_000_00,
        "LOAN_PRINCIPAL": 1_20_000_00,
        "INTEREST_RECEIVABLE": 10_517_36,
        "INTEREST_SUSPENSE": -10_517_36,
    }
    loan_write_off(loan_id=loan.pk, value_date=date(2026, 6, 10), is_technical=True, idempotency_key="off", **WHY)
    loan.refresh_from_db()
    assert seen(loan) == ("WRITTEN_OFF", "LOSS", 0, {})
    # The interest was never income, so it is no loss either: it leaves the suspense, and what was lent is the loss.
    assert books() == {"BANK": -1_20_000_00, "WRITE_OFF_EXPENSE": 1_20_000_00}

    # An agency recovers 40,000, of which a cheque of 15,000 turns out to be bad.
    set_business_date(date(2026, 7, 1))
    recovered: dict[str, Any] = {"loan_id": loan.pk, "value_date": date(2026, 7, 1)}
    recovery_post(amount_paise=25_000_00, reference="UTR-1", idempotency_key="r-1", **recovered)
    cheque = recovery_post(
        amount_paise=15_000_00, reference="CHQ-2", idempotency_key="r-2", channel="CHEQUE", **recovered
    )
    assert books() == {
        "BANK": -80_000_00,
        "RECOVERY_INCOME": -40_000_00,
        "WRITE_OFF_EXPENSE": 1_20_000_00,
    }
    fact_reverse(loan_id=loan.pk, sequence=cheque.sequence, idempotency_key="bad", reason="Cheque came back")
    loan.refresh_from_db()
    assert seen(loan) == ("WRITTEN_OFF", "LOSS", 0, {})
    assert books() == {
        "BANK": -95_000_00,
        "RECOVERY_INCOME": -25_000_00,
        "WRITE_OFF_EXPENSE": 1_20_000_00,
    }
