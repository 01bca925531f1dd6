"""Decisions at the same moment: approvals, closings, drawdowns, invoices and merges end as if one by one."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_approve, approvals_expire
from core.reasons.services import reason_codes_seed
from customers.models import CustomerMerge
from ledger.checks import ledger_check
from ledger.gst.registrations import series_open
from ledger.models import TaxDocument
from lms.acts import ActWaiting, act_of, act_submit
from lms.models import Loan, LoanFact
from lms.services.charges import charge_levy
from lms.services.customer_merges import customers_merge
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.quotes import quote_foreclose, quote_make
from lms.services.receipts import receipt_post
from tests.callers import at_once
from tests.factories.approvals import make_head
from tests.factories.book import assert_verified, balances, owed
from tests.factories.lines import assert_line_verified, draw, left, make_line
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.staff import make_staff
from tests.proof.callers import Conflicts

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("isolation")]

TODAY = date(2026, 1, 1)


@pytest.fixture
def loan(transactional_db: None) -> Loan:
    """1,20,000 rupees at 24 %, lent today, committed."""
    set_business_date(TODAY)
    return make_loan()


def another(loan: Loan) -> Loan:
    """Return a loan like it, of another borrower."""
    return make_loan(customer=make_customer(), version=loan.product_version)


def receipt(loan: Loan, number: int, amount_paise: int = 100_00) -> Callable[[], LoanFact]:
    """Return a call that posts a receipt of today."""
    return partial(
        receipt_post,
        loan_id=loan.pk,
        amount_paise=amount_paise,
        value_date=TODAY,
        reference=f"UTR-{loan.pk}-{number}",
        idempotency_key=f"receipt-{loan.pk}-{number}",
    )


def asked(loan: Loan, number: int, maker: User) -> ApprovalRequest:
    """Ask for a waiver of a rupee of the fee."""
    outcome = act_submit(
        act=act_of(slug="waive"),
        loan_id=loan.pk,
        values={"component": "FEE", "amount_paise": 100, "value_date": TODAY},
        reason="Goodwill",
        reason_code="GOODWILL",
        actor=maker,
        idempotency_key=f"ask-{loan.pk}-{number}",
    )
    assert isinstance(outcome, ActWaiting)
    return outcome.request


def test_requests_approved_while_they_expire_have_one_outcome_each(loan: Loan, conflicts: Conflicts) -> None:
    reason_codes_seed()
    loans = [loan, *(another(loan) for _ in range(5))]
    for each in loans:
        charge_levy(loan_id=each.pk, code="STATEMENT", value_date=TODAY, idempotency_key=f"levy-{each.pk}")
    head = make_head()
    requests = [asked(each, 1, make_staff("operations")) for each in loans]
    later = max(request.expires_at for request in requests) + timedelta(seconds=1)
    approvals = [
        partial(approval_approve, request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)
        for request in requests
    ]

    results = at_once(*(call for approve in approvals for call in (approve, partial(approvals_expire, now=later))))

    states = Counter(ApprovalRequest.objects.values_list("state", flat=True))
    told = Counter(getattr(result, "state", result) for result in results[::2])
    assert sum(results[1::2]) == states[ApprovalState.EXPIRED]
    assert told[ApprovalState.EXECUTED] == states[ApprovalState.EXECUTED]
    assert told["core.approval_not_pending"] == states[ApprovalState.EXPIRED]
    assert sum(states.values()) == len(loans)
    assert LoanFact.objects.filter(kind="WAIVE").count() == states[ApprovalState.EXECUTED]
    assert conflicts.of_ordered_code == []
    assert_verified(loan)
    assert ledger_check().is_held


def test_two_foreclosures_at_once_close_the_loan_once(loan: Loan, conflicts: Conflicts) -> None:
    price = foreclosure_quote(loan=loan, on_date=TODAY).total_paise
    quotes = [quote_make(loan_id=loan.pk, idempotency_key=f"quote-{n}") for n in range(2)]
    money: dict[str, Any] = {"amount_paise": price, "value_date": TODAY}
    calls = [
        partial(quote_foreclose, quote_id=quote.pk, reference=f"Q-{quote.pk}", idempotency_key=f"q-{quote.pk}", **money)
        for quote in quotes
    ] + [
        partial(loan_foreclose, loan_id=loan.pk, reference=f"F-{n}", idempotency_key=f"f-{n}", **money)
        for n in range(2)
    ]

    results = at_once(*calls)

    loan.refresh_from_db()
    assert results.count("lms.loan_closed") == 3
    assert (loan.status, owed(loan)) == ("CLOSED", {})
    assert LoanFact.objects.filter(kind="FORECLOSE").count() == TaxDocument.objects.count() == 1
    assert balances()["BANK"] == price - 1_20_000_00
    assert conflicts.codes == []
    assert_verified(loan)
    assert ledger_check().is_held


def test_drawdowns_at_once_use_the_limit_exactly(transactional_db: None, conflicts: Conflicts) -> None:
    set_business_date(TODAY)
    line = make_line()

    results = at_once(*(partial(draw, line, 10_000_00, TODAY, key=f"draw-{n}") for n in range(16)))

    assert results.count("lms.line_limit_exceeded") == 6
    assert left(line) == (1_00_000_00, 0, 0)
    assert conflicts.of_ordered_code == []
    assert_line_verified(line)
    assert ledger_check().is_held


def test_invoices_of_many_borrowers_at_once_are_numbered_without_a_gap(loan: Loan, conflicts: Conflicts) -> None:
    series_open(on_date=TODAY)
    loans = [loan, *(another(loan) for _ in range(11))]

    at_once(
        *(
            partial(charge_levy, loan_id=each.pk, code="STATEMENT", value_date=TODAY, idempotency_key=f"levy-{each.pk}")
            for each in loans
        )
    )

    serials = TaxDocument.objects.filter(series="I27-2526").order_by("serial").values_list("serial", flat=True)
    assert list(serials) == [*range(1, 13)]
    assert conflicts.of_ordered_code == []
    assert_verified(loan)
    assert ledger_check().is_held


def test_receipts_during_a_merge_are_all_on_the_survivors_loans(loan: Loan, conflicts: Conflicts) -> None:
    twin = another(loan)
    merge = partial(
        customers_merge,
        survivor_id=loan.customer_id,
        absorbed_id=twin.customer_id,
        reason="Same person",
        idempotency_key="merge",
    )

    at_once(*(receipt(twin, n) for n in range(8)), merge, *(receipt(loan, n) for n in range(8)))

    for each in (loan, twin):
        each.refresh_from_db()
        assert_verified(each)
    assert loan.customer_id == twin.customer_id
    assert (loan.excess_paise, twin.excess_paise) == (800_00, 800_00)
    assert conflicts.of_ordered_code == []
    assert ledger_check().is_held


def test_two_merges_that_cross_leave_one_survivor(loan: Loan, conflicts: Conflicts) -> None:
    twin = another(loan)
    pairs = [(loan.customer_id, twin.customer_id), (twin.customer_id, loan.customer_id)]

    results = at_once(
        *(
            partial(
                customers_merge, survivor_id=one, absorbed_id=other, reason="One person", idempotency_key=f"merge-{one}"
            )
            for one, other in pairs
        )
    )

    assert [isinstance(result, CustomerMerge) for result in results].count(True) == 1
    assert len(set(Loan.objects.values_list("customer_id", flat=True))) == 1
    assert conflicts.of_ordered_code == []
    assert ledger_check().is_held
