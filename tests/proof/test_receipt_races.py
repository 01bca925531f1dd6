"""Money on one loan and on many at the same moment: every paisa counted, nobody in anybody's way."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest

from ledger.checks import ledger_check
from lms.models import Loan, LoanFact
from lms.services.receipts import receipt_post
from lms.services.reversals import fact_reverse
from lms.services.transfers import excess_transfer
from tests.callers import at_once
from tests.factories.book import assert_verified, balances, receive
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.proof.callers import Conflicts

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("isolation")]

TODAY = date(2026, 1, 1)
CALLERS = 64


@pytest.fixture
def loan(transactional_db: None) -> Loan:
    """1,20,000 rupees at 24 %, lent today, committed."""
    set_business_date(TODAY)
    return make_loan()


def receipt(loan: Loan, number: int, amount_paise: int) -> Callable[[], LoanFact]:
    """Return a call that posts a receipt of today."""
    return partial(
        receipt_post,
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=TODAY,
        reference=f"UTR-{loan.pk}-{number}",
        idempotency_key=f"receipt-{loan.pk}-{number}",
    )


@pytest.mark.guarantee("G8")
def test_64_callers_on_one_loan_are_all_counted_in_a_row(loan: Loan, conflicts: Conflicts) -> None:
    at_once(*(receipt(loan, number, 100 + number) for number in range(CALLERS)))

    loan.refresh_from_db()
    assert loan.excess_paise == CALLERS * 100 + sum(range(CALLERS))
    assert list(loan.facts.order_by("sequence").values_list("sequence", flat=True)) == [*range(1, CALLERS + 2)]
    assert conflicts.codes == []
    assert_verified(loan)
    assert ledger_check().is_held


@pytest.mark.guarantee("G7")
def test_32_borrowers_paid_at_once_do_not_disturb_each_other(loan: Loan, conflicts: Conflicts) -> None:
    loans = [loan, *(make_loan(customer=make_customer(), version=loan.product_version) for _ in range(31))]

    at_once(*(receipt(each, number, 1_000_00) for number in range(2) for each in loans))

    assert set(Loan.objects.values_list("excess_paise", flat=True)) == {2_000_00}
    assert balances()["EXCESS"] == -64_000_00
    assert conflicts.of_ordered_code == []
    assert ledger_check().is_held


@pytest.mark.guarantee("G7")
def test_transfers_cross_between_two_loans_in_both_directions(loan: Loan, conflicts: Conflicts) -> None:
    other = make_loan(customer=loan.customer, version=loan.product_version)
    for each in (loan, other):
        receive(each, 1_000_00, TODAY)

    def transfer(source: Loan, target: Loan, number: int) -> Callable[[], object]:
        return partial(
            excess_transfer,
            from_loan_id=source.pk,
            to_loan_id=target.pk,
            amount_paise=10_00,
            value_date=TODAY,
            idempotency_key=f"transfer-{source.pk}-{number}",
            reason="Paid on the wrong loan",
        )

    at_once(*(call for n in range(16) for call in (transfer(loan, other, n), transfer(other, loan, n))))

    loan.refresh_from_db()
    other.refresh_from_db()
    assert (loan.excess_paise, other.excess_paise) == (1_000_00, 1_000_00)
    assert LoanFact.objects.filter(kind="REFUND").count() == LoanFact.objects.filter(kind="RECEIVE").count() - 2 == 32
    assert conflicts.codes == []
    assert_verified(loan)
    assert_verified(other)
    assert ledger_check().is_held


@pytest.mark.guarantee("G7")
def test_money_crosses_between_two_customers_in_both_directions(loan: Loan, conflicts: Conflicts) -> None:
    other = make_loan(customer=make_customer(), version=loan.product_version)
    # Eight credits of each customer were posted to the other one.
    wrong = {
        each: [receive(each, 100_00 + n, TODAY, reference=f"UTR-{each.pk}-{n}") for n in range(8)]
        for each in (loan, other)
    }

    def move(fact: LoanFact, target: Loan) -> None:
        fact_reverse(
            loan_id=fact.loan_id, sequence=fact.sequence, reason="Other person", idempotency_key=f"r-{fact.pk}"
        )
        receipt_post(
            loan_id=target.pk,
            amount_paise=fact.amount_paise,
            value_date=TODAY,
            reference=fact.reference,
            idempotency_key=f"m-{fact.pk}",
        )

    at_once(*(partial(move, *pair) for n in range(8) for pair in ((wrong[loan][n], other), (wrong[other][n], loan))))

    for each in (loan, other):
        assert_verified(each)
        assert each.excess_paise == 8 * 100_00 + sum(range(8))
    assert balances()["BANK"] == 2 * (8 * 100_00 + sum(range(8)) - 1_20_000_00)
    assert conflicts.of_ordered_code == []
    assert ledger_check().is_held
