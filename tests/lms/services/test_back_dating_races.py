"""Several persons correct the past of one borrower at once: one after the other, and all of them right."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest

from lms.models import ClassificationParameters, Loan, LoanFact
from lms.services.classification_rules import Thresholds, classification_rules
from lms.services.day_end import day_end_run
from lms.services.fact_rows import facts_of
from lms.services.positions import terms_of
from lms.services.receipts import receipt_post
from lms.services.reversals import fact_reverse
from lms.services.told_classes import told_classes
from tests.callers import at_once
from tests.factories.book import assert_verified, receive
from tests.factories.lms import make_loan, make_version, set_business_date
from tests.lms.engine.nights import Nights, arrears_nightly, classes_nightly

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

LENT = date(2026, 1, 31)
LAST = date(2026, 2, 12)
EMI = 11_348_00


@pytest.fixture
def loans(transactional_db: None) -> tuple[Loan, Loan]:
    """Two loans of a borrower, the first with its instalment of 1 February unpaid, non-performing from the eighth."""
    thresholds = Thresholds(sma_1_from_days=3, sma_2_from_days=5, npa_from_days=8)
    ClassificationParameters.objects.create(
        effective_from=date(2000, 1, 1), source="For tests", **thresholds.as_columns()
    )
    set_business_date(LENT)
    late = make_loan(version=make_version(terms={}))
    mate = make_loan(
        customer=late.customer,
        version=late.product_version,
        first_due_date=date(2026, 2, 28),
        sanctioned_on=LENT,
        value_date=LENT,
    )
    day_end_run(to_date=LAST)
    return late, mate


def _receipt(loan: Loan, number: int, amount_paise: int, day: int) -> Callable[[], LoanFact]:
    return partial(
        receipt_post,
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=date(2026, 2, day),
        reference=f"UTR-{number}",
        idempotency_key=f"key-{number}",
    )


def _reversal(fact: LoanFact, number: int) -> Callable[[], LoanFact]:
    return partial(
        fact_reverse,
        loan_id=fact.loan_id,
        sequence=fact.sequence,
        reason="Wrong loan",
        idempotency_key=f"reverse-{number}",
    )


def _assert_right(loans: tuple[Loan, Loan]) -> None:
    """Compare the class of every past day with a walk over all entries, and every cache with a replay."""
    nights = {
        loan.pk: Nights(
            arrears_nightly(terms=terms_of(loan=loan), facts=facts_of(loan_id=loan.pk), first=LENT, last=LAST)
        )
        for loan in loans
    }
    expected = classes_nightly(loans=nights, rules=classification_rules())
    told = told_classes(loan_ids=expected)
    days = [LENT + timedelta(days=number) for number in range((LAST - LENT).days + 1)]
    assert {key: [told[key].on(day) for day in days] for key in expected} == {
        key: [day.asset_class for day in found] for key, found in expected.items()
    }
    for loan in loans:
        assert_verified(loan)


def test_two_persons_back_date_the_same_loan_and_both_are_right(loans: tuple[Loan, Loan]) -> None:
    late, _ = loans

    results = at_once(_receipt(late, 1, 6_000_00, 3), _receipt(late, 2, 5_348_00, 6))

    assert sorted(fact.sequence for fact in results if isinstance(fact, LoanFact)) == [2, 3]
    late.refresh_from_db()
    assert (late.days_past_due, late.overdue_paise, late.asset_class) == (0, 0, "STANDARD")
    _assert_right(loans)


def test_a_reversal_and_back_dated_receipts_on_both_loansat_once(loans: tuple[Loan, Loan]) -> None:
    late, mate = loans
    fact = receive(late, EMI, date(2026, 2, 2))

    results = at_once(
        _reversal(fact, 1),
        _receipt(late, 1, 6_000_00, 3),
        _receipt(mate, 2, 1_000_00, 5),
        _receipt(late, 3, 6_000_00, 7),
        _reversal(fact, 2),
    )

    assert results.count("lms.fact_already_reversed") == 1
    assert sum(isinstance(result, LoanFact) for result in results) == 4
    _assert_right(loans)
