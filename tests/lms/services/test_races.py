"""Writers at the same moment: the second waits, counts, or is told that it was first already."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from ledger.models import Journal
from lms.engine.facts import Disburse
from lms.models import Loan, LoanFact, Product
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.loans import loan_disburse
from lms.services.products import product_create, terms_for_loan
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from tests.callers import at_once
from tests.factories.book import assert_verified, receive
from tests.factories.lms import (
    make_customer,
    make_loan,
    make_product,
    make_sanctioned_loan,
    make_version,
    set_business_date,
)

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

TODAY = date(2026, 1, 1)
CALLERS = 6


@pytest.fixture(autouse=True, params=["read committed", "repeatable read", "serializable"])
def _isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads' connections run at each level; ours in production is the first."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", request.param)


@pytest.fixture
def loan(transactional_db: None) -> Loan:
    """Return a loan lent on 1 January 2026, committed."""
    set_business_date(TODAY)
    return make_loan()


def _receipt(loan: Loan, *, reference: str, key: str, amount_paise: int = 100_00) -> Callable[[], LoanFact]:
    return partial(
        receipt_post,
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=TODAY,
        reference=reference,
        idempotency_key=key,
    )


def test_receipts_on_one_loan_are_all_counted(loan: Loan) -> None:
    at_once(*(_receipt(loan, reference=f"UTR-{number}", key=f"key-{number}") for number in range(CALLERS)))

    loan.refresh_from_db()
    assert loan.excess_paise == CALLERS * 100_00
    assert list(LoanFact.objects.filter(loan=loan).order_by("sequence").values_list("sequence", flat=True)) == [
        *range(1, CALLERS + 2)
    ]
    assert_verified(loan)


def test_one_key_from_many_callers_is_one_receipt(loan: Loan) -> None:
    facts = at_once(*[_receipt(loan, reference="UTR-1", key="once")] * CALLERS)

    assert len(set(facts)) == 1
    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 1
    assert Journal.objects.filter(event="RECEIVE").count() == 1
    assert_verified(loan)


def test_one_bank_reference_from_many_callers_is_one_receipt(loan: Loan) -> None:
    facts = at_once(*(_receipt(loan, reference="UTR-1", key=f"key-{number}") for number in range(CALLERS)))

    assert len(set(facts)) == 1
    assert LoanFact.objects.filter(loan=loan, kind="RECEIVE").count() == 1
    assert_verified(loan)


def test_one_bank_reference_for_two_borrowers_is_credited_once(loan: Loan) -> None:
    other = make_loan(customer=make_customer(), version=loan.product_version)

    results = at_once(_receipt(loan, reference="UTR-1", key="a"), _receipt(other, reference="UTR-1", key="b"))

    assert "lms.reference_reused" in results
    assert LoanFact.objects.filter(credit_reference="BANK:UTR-1").count() == 1
    assert_verified(loan)
    assert_verified(other)


def test_one_key_for_two_borrowers_is_used_once(loan: Loan) -> None:
    other = make_loan(customer=make_customer(), version=loan.product_version)

    results = at_once(_receipt(loan, reference="UTR-1", key="k"), _receipt(other, reference="UTR-2", key="k"))

    assert "lms.idempotency_key_reused" in results
    assert LoanFact.objects.filter(kind="RECEIVE").count() == 1


def test_excess_is_refunded_once(loan: Loan) -> None:
    receive(loan, 100_00, TODAY)
    refund = partial(refund_post, loan_id=loan.pk, amount_paise=100_00, value_date=TODAY, reason="Asked for")

    results = at_once(*(partial(refund, reference=f"OUT-{n}", idempotency_key=f"refund-{n}") for n in range(CALLERS)))

    assert results.count("lms.refund_above_excess") == CALLERS - 1
    loan.refresh_from_db()
    assert loan.excess_paise == 0
    assert_verified(loan)


def test_an_entry_is_reversed_once(loan: Loan) -> None:
    fact = receive(loan, 100_00, TODAY)
    reverse = partial(fact_reverse, loan_id=loan.pk, sequence=fact.sequence, reason="Wrong loan")

    results = at_once(*(partial(reverse, idempotency_key=f"reverse-{number}") for number in range(CALLERS)))

    assert results.count("lms.fact_already_reversed") == CALLERS - 1
    assert_verified(loan)


def test_the_sanction_is_lent_once(transactional_db: None) -> None:
    set_business_date(TODAY)
    loan = make_sanctioned_loan()
    disburse = partial(loan_disburse, loan_id=loan.pk, amount_paise=1_20_000_00, value_date=TODAY)

    results = at_once(
        *(partial(disburse, reference=f"OUT-{number}", idempotency_key=f"out-{number}") for number in range(CALLERS))
    )

    assert results.count("lms.disbursal_above_sanction") == CALLERS - 1
    assert_verified(loan)


def test_one_sanction_key_from_many_callers_is_one_loan(transactional_db: None) -> None:
    set_business_date(TODAY)
    customer, version = make_customer(), make_version()
    sanction = partial(make_sanctioned_loan, customer=customer, version=version, idempotency_key="once")

    loans = at_once(*[sanction] * CALLERS)

    assert len(set(loans)) == 1
    assert Loan.objects.count() == 1


def test_receipts_on_different_borrowers_do_not_disturb_each_other(loan: Loan) -> None:
    loans = [loan, *(make_loan(customer=make_customer(), version=loan.product_version) for _ in range(CALLERS - 1))]

    at_once(*(_receipt(each, reference=f"UTR-{each.pk}", key=f"key-{each.pk}") for each in loans))

    assert list(Loan.objects.values_list("excess_paise", flat=True)) == [100_00] * CALLERS
    assert_verified(loan)


def test_one_product_from_many_callers_is_one_product(transactional_db: None) -> None:
    create = partial(product_create, code="PL", name="Personal loan")

    products = at_once(*[create] * CALLERS)

    assert len(set(products)) == 1
    assert Product.objects.count() == 1


def test_versions_published_at_once_get_numbers_of_their_own(transactional_db: None) -> None:
    product = make_product()
    publish = partial(make_version, product=product)

    at_once(*(partial(publish, terms={"instalment_unit_paise": 100 * number}) for number in range(1, CALLERS + 1)))

    assert sorted(product.versions.values_list("number", flat=True)) == [*range(1, CALLERS + 1)]


def test_one_batch_from_many_callers_is_booked_once(transactional_db: None) -> None:
    set_business_date(TODAY)
    version, customer = make_version(), make_customer()
    terms = terms_for_loan(version=version, principal_paise=1_000_00, annual_rate_pct=Decimal(12), instalment_count=3)
    lent = Disburse(sequence=1, value_date=TODAY, amount_paise=1_000_00)
    drafts = [
        LoanDraft(
            key=f"draft-{number}",
            customer_id=customer.pk,
            product_version=version,
            terms=terms,
            sanctioned_on=TODAY,
            facts=(lent,),
        )
        for number in range(3)
    ]

    batches = at_once(*[partial(loans_book_many, drafts=drafts, batch_key="batch")] * 3)

    assert batches == [tuple(Loan.objects.order_by("pk"))] * 3
    assert Loan.objects.count() == 3
    assert Journal.objects.count() == 1
