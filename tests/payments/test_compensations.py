"""Late transfers cost the lender a sum a day by a dated rule, booked by itself as soon as their end is known."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from core.errors import KistError
from ledger.checks import ledger_check
from ledger.selectors import journals_for
from lms.models import Loan
from payments.desk_errors import CompensationAccountUnfit, CompensationRuleDateTaken, CompensationRuleInPast
from payments.events import PayoutEnded
from payments.models import (
    CompensationRule,
    Operation,
    Payout,
    PayoutCompensation,
    PayoutState,
    ProviderAttempt,
    Rail,
    Vendor,
)
from payments.services.attempts import attempt_open
from payments.services.compensations import (
    CompensationTerms,
    compensation_book,
    compensation_on_end,
    compensation_rule_publish,
    compensation_rules_seed,
)
from payments.services.payouts import payout_end
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, balance_of, make_account, make_parameters, make_proof, make_vendor
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db
EXPENSE, OWED = "5460", "2160"


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    vendor = make_vendor(address="http://127.0.0.1:9")
    compensation_rules_seed()
    return vendor


@pytest.fixture
def payout(loan: Loan, vendor: Vendor) -> Payout:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return ask_payout(loan=loan, account=account)


def ended(payout: Payout, *, after_days: int, state: PayoutState = PayoutState.PAID, rail: str = "IMPS") -> None:
    """Let a payout end so many days after it was first sent."""
    if not ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).exists():
        attempt_open(
            saga_id=payout.saga_id or 0,
            step="send",
            vendor=Vendor.objects.get(),
            operation=Operation.PAYOUT,
            rail=rail,
            amount_paise=payout.amount_paise,
        )
    Payout.objects.filter(pk=payout.pk).update(rail=rail)
    found = payout_end(payout_id=payout.pk, state=state)
    ProviderAttempt.objects.update(first_sent_at=found.changed_at - timedelta(days=after_days))


@pytest.mark.parametrize(("days", "owed"), [(0, 0), (1, 0), (2, 100_00), (5, 400_00)])
def test_each_day_beyond_the_next_costs_a_hundred_rupees(payout: Payout, days: int, owed: int) -> None:
    ended(payout, after_days=days)

    for _ in range(2):
        compensation_book(payout_id=payout.pk)

    assert (balance_of(EXPENSE), balance_of(OWED)) == (owed, -owed)
    assert sum(row.amount_paise for row in PayoutCompensation.objects.all()) == owed
    assert ledger_check().is_held


def test_payout_that_comes_back_later_gets_the_further_days_alone(payout: Payout) -> None:
    ended(payout, after_days=3)
    compensation_book(payout_id=payout.pk)
    ended(payout, after_days=6, state=PayoutState.REVERSED)

    compensation_book(payout_id=payout.pk)

    assert [(row.late_days, row.amount_paise) for row in PayoutCompensation.objects.all()] == [(2, 200_00), (5, 300_00)]
    assert balance_of(OWED) == -500_00
    events = [journal.event for journal in journals_for(reference_type="payments.payout", reference_id=payout.pk)]
    assert events.count("PAYOUT_COMPENSATION") == 2


@pytest.mark.parametrize(
    ("state", "rail"), [(PayoutState.CANCELLED, "IMPS"), (PayoutState.SENT, "IMPS"), (PayoutState.PAID, "NEFT")]
)
def test_nothing_is_owed_without_an_end_or_a_rule(payout: Payout, state: PayoutState, rail: str) -> None:
    ended(payout, after_days=9, state=state, rail=rail)

    assert compensation_book(payout_id=payout.pk) is None

    assert balance_of(OWED) == 0


def test_nothing_is_owed_for_what_was_never_sent(payout: Payout) -> None:
    payout_end(payout_id=payout.pk, state=PayoutState.FAILED)

    assert compensation_book(payout_id=payout.pk) is None


def test_rule_of_the_day_on_which_it_was_sent_counts_with_its_accounts(payout: Payout) -> None:
    ended(payout, after_days=4)
    sent_on = ProviderAttempt.objects.get().first_sent_at
    assert sent_on is not None
    terms = {"free_days": 2, "expense_code": EXPENSE, "owed_code": OWED, "source": "Board"}
    CompensationRule.objects.create(
        rail="IMPS", valid_from=sent_on.date() - timedelta(days=1), paise_per_day=150_00, **terms
    )
    CompensationRule.objects.create(
        rail="IMPS", valid_from=sent_on.date() + timedelta(days=2), paise_per_day=900_00, **terms
    )

    compensation_book(payout_id=payout.pk)

    assert PayoutCompensation.objects.get().amount_paise == 300_00


def test_event_of_the_end_books_it(payout: Payout) -> None:
    ended(payout, after_days=2)
    event = PayoutEnded(
        payout_id=payout.pk, loan_id=payout.loan_id, state="PAID", amount_paise=1, on_date=date(2026, 1, 1)
    )

    for _ in range(2):
        compensation_on_end(event)

    assert balance_of(OWED) == -100_00


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"valid_from": date(2025, 12, 31)}, CompensationRuleInPast),
        ({"terms": CompensationTerms(free_days=1, paise_per_day=1_00, expense_code="1010")}, CompensationAccountUnfit),
        ({"terms": CompensationTerms(free_days=1, paise_per_day=1_00, owed_code="9999")}, CompensationAccountUnfit),
    ],
)
def test_rule_that_cannot_be_is_refused_by_name(
    vendor: Vendor, changes: dict[str, Any], refusal: type[KistError]
) -> None:
    values: dict[str, Any] = {
        "rail": Rail.IMPS,
        "valid_from": date(2026, 1, 1),
        "terms": CompensationTerms(free_days=1, paise_per_day=150_00),
        "source": "Board",
        "reason": "Board",
    }
    with pytest.raises(refusal) as error:
        compensation_rule_publish(**{**values, **changes})
    assert error.value.code == refusal.code
    assert CompensationRule.objects.count() == 2

    compensation_rule_publish(**values)
    with pytest.raises(CompensationRuleDateTaken):
        compensation_rule_publish(**values)
    assert CompensationRule.objects.count() == 3


def test_manager_publishes_terms_and_the_payout_and_loan_show_what_is_owed(payout: Payout, loan: Loan) -> None:
    ended(payout, after_days=3)
    compensation_book(payout_id=payout.pk)
    manager = client_of("manager")
    values = {
        "rail": "NEFT",
        "valid_from": "2026-01-01",
        "free_days": "1",
        "paise_per_day": "50.00",
        "expense_code": EXPENSE,
        "owed_code": OWED,
        "source": "Board",
        "reason": "Board",
    }

    answer = manager.post(reverse("staff-payments:compensation-publish"), values)

    assert answer.status_code == 302
    assert CompensationRule.objects.get(rail="NEFT").paise_per_day == 50_00
    for address in (
        reverse("admin:payments_payout_change", args=[payout.pk]),
        reverse("staff-payments:loan-payments", args=[loan.pk]),
        reverse("admin:payments_payoutcompensation_changelist"),
    ):
        assert "200.00" in manager.get(address).content.decode()
