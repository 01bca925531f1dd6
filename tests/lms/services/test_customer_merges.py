"""Duplicates merged: one borrower, one class, everything kept; and undone while nothing happened since."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection

from core.models import AuditEntry
from customers.models import Customer, CustomerMerge
from customers.selectors import customers_search, family_of, survivor_of
from customers.services import bank_account_add
from ledger.checks import ledger_check
from lms.models import Loan, LoanFact
from lms.services.customer_merges import customers_merge, customers_unmerge
from lms.services.day_end import day_end_run
from lms.services.freezes import customer_freeze
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from tests.callers import at_once
from tests.factories.book import assert_verified, receive, refused
from tests.factories.lms import (
    make_customer,
    make_loan,
    make_sanctioned_loan,
    next_key,
    set_business_date,
)

LENT = date(2026, 1, 1)
MARCH = date(2026, 3, 10)


@pytest.fixture
def twin(loan: Loan) -> Loan:
    """Return the loan of a duplicate of the first loan's customer, lent on the same day."""
    return make_loan(customer=make_customer(full_name="Asha Varma"), version=loan.product_version)


def merge(loan: Loan, twin: Loan, **options: Any) -> CustomerMerge:
    """Merge the customer of the second loan into that of the first, and read both loans anew."""
    values: dict[str, Any] = {"reason": "Same person", "idempotency_key": next_key("merge"), **options}
    done = customers_merge(survivor_id=loan.customer_id, absorbed_id=twin.customer_id, **values)
    loan.refresh_from_db()
    twin.refresh_from_db()
    return done


def test_loans_of_both_are_under_the_survivor_and_the_old_number_is_found(loan: Loan, twin: Loan) -> None:
    survivor, absorbed = loan.customer, twin.customer
    bank_account_add(customer=absorbed, account_number="111222333", ifsc="HDFC0000123")

    merge(loan, twin)

    assert twin.customer == survivor
    absorbed.refresh_from_db()
    assert (absorbed.merged_into, absorbed.bank_accounts.count()) == (survivor, 1)
    assert customers_search(text=absorbed.number) == [survivor]
    assert customers_search(text="Varma") == [survivor]
    assert customers_search(text=absorbed.phone) == [survivor]
    assert (family_of(customer=survivor), survivor_of(customer=absorbed)) == ([absorbed], survivor)
    assert AuditEntry.objects.filter(action="customers.customer_merge").count() == 2
    assert_verified(loan)
    assert_verified(twin)


def test_class_of_the_borrower_moves_with_the_merge(loan: Loan, twin: Loan) -> None:
    receive(loan, 3 * 11_348_00, LENT)
    set_business_date(date(2026, 5, 10))

    merge(loan, twin)

    entry = loan.classification_entries.latest("pk")
    assert (loan.asset_class, twin.asset_class, loan.npa_since) == ("SUB_STANDARD", "SUB_STANDARD", twin.npa_since)
    assert (entry.on_date, entry.caused_by) == (date(2026, 5, 10), twin)
    assert entry.reason == f"{entry_name(twin)} was merged into {loan.customer.number}"
    # Its income is suspended with it, and the day-end finds nothing left to do.
    assert loan.booked["SUSPENDED:INTEREST"] == loan.interest_outstanding_paise
    assert_verified(loan)
    assert ledger_check().is_held
    day_end_run(to_date=date(2026, 5, 10))
    assert loan.classification_entries.latest("pk") == entry


def test_class_through_the_merge_alone_goes_with_it(loan: Loan, twin: Loan) -> None:
    receive(loan, 3 * 11_348_00, LENT)
    set_business_date(date(2026, 5, 10))
    done = merge(loan, twin)
    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", twin.npa_since)
    day_end_run(to_date=date(2026, 5, 11))

    customers_unmerge(merge_id=done.pk, reason="Two persons after all")

    loan.refresh_from_db()
    twin.refresh_from_db()
    # Arrears are left, which would hold an upgrade back: but this borrower never was non-performing.
    assert (loan.asset_class, loan.npa_since, loan.days_past_due) == ("SMA_0", None, 11)
    assert not [key for key in loan.booked if key.startswith("SUSPENDED")]
    assert (twin.asset_class, twin.npa_since) == ("SUB_STANDARD", date(2026, 5, 2))
    for one in (loan, twin):
        assert_verified(one)
    assert ledger_check().is_held
    day_end_run(to_date=date(2026, 5, 12))
    loan.refresh_from_db()
    assert loan.asset_class == "SMA_0"


def entry_name(loan: Loan) -> str:
    """Return the number of the customer who was merged into the loan's borrower."""
    return Customer.objects.get(merged_into=loan.customer).number


def test_both_borrowers_are_closed_up_to_yesterday_first(loan: Loan, twin: Loan) -> None:
    set_business_date(MARCH)

    merge(loan, twin)

    assert (loan.closed_upto, twin.closed_upto) == (date(2026, 3, 9), date(2026, 3, 9))
    assert_verified(twin)


def test_freeze_of_one_counts_for_the_loans_of_both(loan: Loan, twin: Loan) -> None:
    receive(twin, 500_00, LENT)
    customer_freeze(customer_id=loan.customer_id, effects=["REFUND"], reason="Police", idempotency_key="f")

    merge(loan, twin)

    with refused("lms.loan_frozen"):
        refund_post(
            loan_id=twin.pk,
            amount_paise=1_00,
            value_date=LENT,
            reference="OUT-1",
            idempotency_key="out",
            reason="Asked for",
        )


def test_duplicate_gets_nothing_more(loan: Loan, twin: Loan) -> None:
    absorbed = twin.customer
    merge(loan, twin)

    with refused("customers.customer_merged") as caught:
        make_sanctioned_loan(customer=absorbed, version=loan.product_version)

    assert loan.customer.number in caught.value.message


def test_same_key_merges_once(loan: Loan, twin: Loan) -> None:
    absorbed, other = twin.customer, make_customer()
    first = merge(loan, twin, idempotency_key="once")

    again = partial(customers_merge, survivor_id=loan.customer_id, reason="Same", idempotency_key="once")
    assert again(absorbed_id=absorbed.pk) == first
    with refused("lms.idempotency_key_reused"):
        again(absorbed_id=other.pk)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"kind": "BUSINESS"}, {}),
        ({"pan": "AAAPA0001A"}, {"pan": "AAAPA0002B"}),
        ({"birth_date": date(1990, 1, 1)}, {"birth_date": date(1991, 1, 1)}),
    ],
)
def test_two_persons_are_not_merged(loan: Loan, one: dict[str, Any], two: dict[str, Any]) -> None:
    survivor, absorbed = make_customer(**one), make_customer(**two)

    with refused("customers.merge_not_possible"):
        customers_merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, reason="x", idempotency_key="k")


def test_merge_with_nobody_itself_or_a_duplicate_is_refused(loan: Loan, twin: Loan) -> None:
    ask = partial(customers_merge, survivor_id=loan.customer_id, idempotency_key="k")

    with refused("customers.merge_not_possible"):
        ask(absorbed_id=loan.customer_id, reason="x")
    with refused("customers.customer_unknown"):
        ask(absorbed_id=999_999, reason="x")
    with refused("lms.reason_missing"):
        ask(absorbed_id=twin.customer_id, reason="")
    absorbed = twin.customer_id
    merge(loan, twin)
    with refused("customers.customer_merged"):
        ask(absorbed_id=absorbed, reason="x")


def test_undone_merge_gives_the_loans_back(loan: Loan, twin: Loan) -> None:
    absorbed = twin.customer
    done = merge(loan, twin)

    customers_unmerge(merge_id=done.pk, reason="Two persons after all")

    twin.refresh_from_db()
    absorbed.refresh_from_db()
    assert (twin.customer, absorbed.merged_into, loan.customer != absorbed) == (absorbed, None, True)
    assert customers_search(text=absorbed.number) == [absorbed]
    with refused("customers.merge_undone"):
        customers_unmerge(merge_id=done.pk, reason="Again")
    assert merge(loan, twin).pk != done.pk


def test_days_that_pass_do_not_hinder_but_an_entry_does(loan: Loan, twin: Loan) -> None:
    done = merge(loan, twin)
    day_end_run(to_date=LENT)
    receive(loan, 100_00, date(2026, 1, 2))
    receive(twin, 100_00, date(2026, 1, 2))

    with refused("lms.merge_not_undoable") as caught:
        customers_unmerge(merge_id=done.pk, reason="Two persons after all")

    assert twin.number in caught.value.message
    assert Customer.objects.filter(merged_into=loan.customer).count() == 1


def test_merge_under_a_later_one_is_not_undone(loan: Loan, twin: Loan) -> None:
    third = make_loan(customer=make_customer(), version=loan.product_version)
    done = merge(loan, twin)
    merge(third, loan)

    with refused("lms.merge_not_undoable"):
        customers_unmerge(merge_id=done.pk, reason="Two persons after all")


class TestRaces:
    """Receipts while their borrower is merged: each is right, whoever comes first."""

    pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

    # Two borrowers side by side: at the highest level gaps refuse each other more often than an act is repeated.
    @pytest.fixture(autouse=True, params=["read committed", "repeatable read"])
    def _isolation(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)

    def test_receipts_during_a_merge_are_all_posted(self, transactional_db: None) -> None:
        set_business_date(LENT)
        loan = make_loan()
        twin = make_loan(customer=make_customer(), version=loan.product_version)
        pair = (loan, twin)
        pay = partial(receipt_post, amount_paise=100_00, value_date=LENT)
        calls = [
            partial(pay, loan_id=pair[number % 2].pk, reference=f"UTR-{number}", idempotency_key=f"pay-{number}")
            for number in range(8)
        ]
        join = partial(
            customers_merge,
            survivor_id=loan.customer_id,
            absorbed_id=twin.customer_id,
            reason="Same person",
            idempotency_key="merge",
        )

        results = at_once(*calls[:4], join, *calls[4:])

        assert [type(result) for result in results].count(LoanFact) == 8
        assert isinstance(results[4], CustomerMerge)
        for each in pair:
            each.refresh_from_db()
            assert (each.customer_id, each.excess_paise) == (loan.customer_id, 400_00)
            assert_verified(each)

    def test_merges_in_both_directions_leave_one_survivor(self, transactional_db: None) -> None:
        set_business_date(LENT)
        loan = make_loan()
        twin = make_loan(customer=make_customer(), version=loan.product_version)
        one, two = loan.customer_id, twin.customer_id
        join = partial(customers_merge, reason="Same person")

        results = at_once(
            partial(join, survivor_id=one, absorbed_id=two, idempotency_key="a"),
            partial(join, survivor_id=two, absorbed_id=one, idempotency_key="b"),
        )

        assert results.count("customers.customer_merged") == 1
        assert Loan.objects.values("customer_id").distinct().count() == 1

    def test_sanction_during_a_merge_lands_with_the_survivor_or_is_refused(self, transactional_db: None) -> None:
        set_business_date(LENT)
        loan = make_loan()
        twin = make_loan(customer=make_customer(), version=loan.product_version)
        absorbed = twin.customer
        join = partial(
            customers_merge,
            survivor_id=loan.customer_id,
            absorbed_id=absorbed.pk,
            reason="Same person",
            idempotency_key="merge",
        )

        results = at_once(join, *[partial(make_sanctioned_loan, customer=absorbed, version=loan.product_version)] * 3)

        assert isinstance(results[0], CustomerMerge)
        assert {type(result) for result in results[1:]} <= {Loan, str}
        assert not Loan.objects.filter(customer=absorbed).exists()
