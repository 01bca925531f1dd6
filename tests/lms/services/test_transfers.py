"""Excess of one loan used for another loan of the same customer."""

from datetime import date
from functools import partial
from typing import Any

import pytest

from lms.models import Loan, LoanFact
from lms.services.transfers import ExcessTransfer, excess_transfer
from lms.services.write_offs import loan_write_off
from tests.callers import at_once
from tests.factories.book import assert_verified, balances, owed, receive, refused, reverse
from tests.factories.lms import make_loan, next_key, set_business_date

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)


@pytest.fixture
def pair(loan: Loan) -> tuple[Loan, Loan]:
    """Return two loans of a customer on their first due date: 8,652 are in excess on the first, the other is due."""
    other = make_loan(version=loan.product_version, customer=loan.customer)
    set_business_date(DUE)
    receive(loan, 20_000_00, DUE)
    return loan, other


def transfer(source: Loan, target: Loan, amount_paise: int = 5_000_00, **options: Any) -> ExcessTransfer:
    """Move excess, and read both loans anew."""
    values = {"value_date": DUE, "reason": "Asked for", "idempotency_key": next_key("move"), **options}
    done = excess_transfer(from_loan_id=source.pk, to_loan_id=target.pk, amount_paise=amount_paise, **values)
    source.refresh_from_db()
    target.refresh_from_db()
    return done


def test_excess_pays_the_dues_of_the_other_loan(pair: tuple[Loan, Loan]) -> None:
    source, target = pair
    bank = balances()["BANK"]

    done = transfer(source, target)

    assert (source.excess_paise, target.overdue_paise) == (3_652_00, 6_348_00)
    assert balances()["BANK"] == bank
    assert (done.refund.reference, done.receipt.credit_reference) == (
        f"To loan {target.number}",
        f"TRANSFER:FROM LOAN {source.number} ENTRY 3",
    )
    assert_verified(source)
    assert_verified(target)


def test_same_key_moves_once_and_other_content_is_refused(pair: tuple[Loan, Loan]) -> None:
    first = transfer(*pair, idempotency_key="once")

    assert transfer(*pair, idempotency_key="once") == first
    assert LoanFact.objects.filter(kind="REFUND").count() == 1
    with refused("lms.idempotency_key_reused"):
        transfer(*pair, 4_000_00, idempotency_key="once")


def test_more_than_the_excess_is_refused(pair: tuple[Loan, Loan]) -> None:
    with refused("lms.refund_above_excess"):
        transfer(*pair, 8_652_01)


def test_refused_receipt_leaves_no_refund_behind(pair: tuple[Loan, Loan]) -> None:
    source, target = pair
    loan_write_off(loan_id=target.pk, value_date=DUE, is_technical=True, reason="Lost", idempotency_key="off")

    with refused("lms.loan_closed"):
        transfer(source, target)


def test_transfer_to_itself_or_to_another_customer_is_refused(pair: tuple[Loan, Loan]) -> None:
    stranger = make_loan(version=pair[0].product_version)

    with refused("lms.transfer_to_same_loan"):
        transfer(pair[0], pair[0])
    with refused("lms.transfer_to_other_customer"):
        transfer(pair[0], stranger)
    with refused("lms.loan_unknown"):
        transfer(pair[0], Loan(pk=999_999))


@pytest.mark.parametrize("key", ["", " ", "k" * 93])
def test_key_has_to_fit_both_entries(pair: tuple[Loan, Loan], key: str) -> None:
    with refused("lms.idempotency_key_missing"):
        transfer(*pair, idempotency_key=key)


def test_transfer_needs_a_reason(pair: tuple[Loan, Loan]) -> None:
    with refused("lms.reason_missing"):
        transfer(*pair, reason="")


def test_both_entries_reversed_leave_the_loans_as_they_were(pair: tuple[Loan, Loan]) -> None:
    source, target = pair
    receive(target, 1_00, DUE)
    before = (owed(source), owed(target), balances())
    done = transfer(source, target)

    reverse(target, done.receipt.sequence)
    reverse(source, done.refund.sequence)

    assert (owed(source), owed(target), balances()) == before
    assert_verified(target)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_transfers_in_both_directions_at_once_are_both_right(transactional_db: None) -> None:
    set_business_date(LENT)
    one = make_loan()
    two = make_loan(version=one.product_version, customer=one.customer)
    for loan in (one, two):
        receive(loan, 5_000_00, LENT)
    move = partial(excess_transfer, amount_paise=1_000_00, value_date=LENT, reason="Asked for")

    results = at_once(
        *(
            partial(move, from_loan_id=source.pk, to_loan_id=target.pk, idempotency_key=f"{number}:{source.pk}")
            for number in range(3)
            for source, target in ((one, two), (two, one))
        )
    )

    assert [type(result) for result in results] == [ExcessTransfer] * 6
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.excess_paise, two.excess_paise) == (5_000_00, 5_000_00)
    assert_verified(one)
    assert_verified(two)
