"""Many loans at once: equal to booking them one by one, once, and all or none."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.models import Journal
from lms.engine.facts import Charge, Disburse, Fact, Receive, Recover, Reverse, TakeOver, Waive, WriteOff
from lms.engine.terms import Component
from lms.models import Allocation, Instalment, Loan, LoanFact, ProductVersion
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.products import product_set_active, terms_for_loan
from lms.services.reversals import fact_reverse
from lms.services.verification import control_accounts_verify, loans_verify
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified, balances, levy, receive, refused
from tests.factories.lms import (
    make_customer,
    make_loan,
    make_product,
    make_version,
    next_key,
    set_business_date,
)

TODAY = date(2026, 4, 15)
LENT = date(2026, 1, 1)
HISTORY: tuple[Fact, ...] = (
    Disburse(sequence=1, value_date=LENT, amount_paise=1_20_000_00, reference="OUT-1"),
    Receive(sequence=2, value_date=date(2026, 2, 1), amount_paise=11_348_00, reference="UTR-A", asset_class="STANDARD"),
    Receive(sequence=3, value_date=date(2026, 3, 2), amount_paise=9_000_00, reference="UTR-B", asset_class="STANDARD"),
    Charge(sequence=4, value_date=date(2026, 3, 5), amount_paise=100_00, code="STATEMENT", tax_paise=18_00),
    Reverse(sequence=5, value_date=date(2026, 3, 2), reversed_sequence=3),
    Waive(sequence=6, value_date=date(2026, 3, 6), amount_paise=50_00, component=Component.FEE, tax_paise=9_00),
)
# What differs by nature: keys of the rows, of the requests, and when they were recorded.
_OWN = frozenset(
    {"id", "loan_id", "number", "customer_id", "external_reference", "idempotency_key", "content_hash", "created_at"}
    | {"recorded_at", "state_hash", "reason", "reference", "credit_reference", "booked_with_batch"}
)


@pytest.fixture
def version(db: None) -> ProductVersion:
    """Put the books on 15 April 2026 and publish a version."""
    set_business_date(TODAY)
    return make_version()


def _draft(version: ProductVersion, key: str = "one", facts: tuple[Fact, ...] = HISTORY, **changes: Any) -> LoanDraft:
    terms = terms_for_loan(
        version=version,
        principal_paise=1_20_000_00,
        annual_rate_pct=Decimal("24.0000"),
        instalment_count=12,
        first_due_date=date(2026, 2, 1),
    )
    values = {"customer_id": make_customer().pk, "sanctioned_on": LENT, **changes}
    return LoanDraft(key=key, product_version=version, terms=terms, facts=facts, **values)


def _many(version: ProductVersion, count: int) -> list[LoanDraft]:
    return [
        _draft(version, key=f"loan-{number}", facts=tuple(_renamed(fact, number) for fact in HISTORY))
        for number in range(count)
    ]


def _renamed(fact: Fact, number: int) -> Fact:
    return replace(fact, reference=f"{fact.reference}-{number}" if fact.reference else "")


def _values(row: Any) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in _OWN
    }


def _content(loan: Loan) -> list[list[dict[str, Any]]]:
    loan = Loan.objects.get(pk=loan.pk)
    rows = [
        [_values(row) for row in model._default_manager.filter(loan=loan)]
        for model in (LoanFact, Instalment, Allocation)
    ]
    return [[_values(loan)], *rows]


def test_caches_equal_those_of_booking_one_by_one(version: ProductVersion) -> None:
    (bulk,) = loans_book_many(drafts=[_draft(version)], batch_key="batch")
    bulk_balances = balances()

    single = make_loan(version=version)
    receive(single, 11_348_00, date(2026, 2, 1))
    receive(single, 9_000_00, date(2026, 3, 2))
    levy(single, "STATEMENT", date(2026, 3, 5))
    fact_reverse(loan_id=single.pk, sequence=3, reason="Wrong loan", idempotency_key=next_key())
    _waive(single)

    assert _content(bulk) == _content(single)
    assert balances() == {role: 2 * amount for role, amount in bulk_balances.items()}


def _waive(loan: Loan) -> None:
    waiver_grant(
        loan_id=loan.pk,
        component=Component.FEE,
        amount_paise=50_00,
        value_date=date(2026, 3, 6),
        reason="Goodwill",
        idempotency_key=next_key(),
    )


def test_a_batch_is_verified_and_has_one_journal_per_product(version: ProductVersion) -> None:
    other = make_version(product=make_product(code="TW", name="Two-wheeler loan"))
    drafts = [*_many(version, 5), _draft(other, key="tw", facts=HISTORY[:1])]

    loans_book_many(drafts=drafts, batch_key="batch")

    assert [difference for batch in loans_verify() for difference in batch.differences] == []
    assert control_accounts_verify()[1] == ()
    assert sorted(Journal.objects.values_list("event", "product_code", "booked_on")) == [
        ("LOANS_BOOKED", "PL", TODAY),
        ("LOANS_BOOKED", "TW", TODAY),
        # The charges of the histories were invoiced elsewhere.
        ("TAX_ELSEWHERE", "", TODAY),
    ]


def test_the_same_batch_again_changes_nothing_and_returns_the_first_loans(version: ProductVersion) -> None:
    drafts = _many(version, 3)
    first = loans_book_many(drafts=drafts, batch_key="batch")
    facts, journals = LoanFact.objects.count(), Journal.objects.count()

    second = loans_book_many(drafts=drafts, batch_key="batch")

    assert second == first
    assert (LoanFact.objects.count(), Journal.objects.count()) == (facts, journals)


def test_the_same_keys_with_other_content_are_refused(version: ProductVersion) -> None:
    draft = _draft(version)
    loans_book_many(drafts=[draft], batch_key="batch")

    with refused("lms.idempotency_key_reused"):
        loans_book_many(drafts=[replace(draft, facts=HISTORY[:2])], batch_key="batch")


def test_a_batch_of_which_a_part_was_booked_is_refused(version: ProductVersion) -> None:
    drafts = _many(version, 2)
    loans_book_many(drafts=drafts[:1], batch_key="first")

    with refused("lms.idempotency_key_reused"):
        loans_book_many(drafts=drafts, batch_key="second")


def test_a_loan_without_facts_is_only_sanctioned(version: ProductVersion) -> None:
    (loan,) = loans_book_many(drafts=[_draft(version, facts=())], batch_key="batch")

    assert (loan.status, loan.closed_upto, loan.booked) == ("SANCTIONED", None, {})
    assert Journal.objects.count() == 0


def test_a_loan_taken_over_posts_against_the_clearing_account(version: ProductVersion) -> None:
    taken = TakeOver(sequence=1, value_date=date(2026, 4, 14), amount_paise=1_00_000_00, instalments_paid=3)
    draft = _draft(version, facts=(taken,), external_reference="OLD-1", number="TAPE-1")

    (loan,) = loans_book_many(drafts=[draft], batch_key="batch")

    assert (loan.number, loan.principal_outstanding_paise) == ("TAPE-1", 1_00_000_00)
    assert balances()["LOAN_PRINCIPAL"] == 1_00_000_00
    # Principal, and 13 nights of interest since 1 April that the other book had earned.
    assert balances()["TAKEOVER_CLEARING"] == -(1_00_000_00 + loan.booked["TAKEN_OVER:INTEREST"])


def test_references_of_receipts_that_stand_are_taken(version: ProductVersion) -> None:
    loans_book_many(drafts=[_draft(version)], batch_key="batch")

    assert list(LoanFact.objects.exclude(credit_reference=None).values_list("credit_reference", flat=True)) == [
        "BANK:UTR-A"
    ]


def test_a_bank_reference_that_was_credited_is_refused(version: ProductVersion) -> None:
    loans_book_many(drafts=[_draft(version)], batch_key="batch")
    draft = _draft(version, key="two")

    with refused("lms.reference_reused"):
        loans_book_many(drafts=[draft], batch_key="other")


def test_a_bank_reference_twice_in_a_batch_is_refused(version: ProductVersion) -> None:
    drafts = [_draft(version, key="one"), _draft(version, key="two")]

    with refused("lms.reference_twice_in_batch"):
        loans_book_many(drafts=drafts, batch_key="batch")


def test_a_number_twice_in_a_batch_is_refused(version: ProductVersion) -> None:
    drafts = [replace(draft, number="SAME") for draft in _many(version, 2)]

    with refused("lms.loan_number_taken"):
        loans_book_many(drafts=drafts, batch_key="batch")


def test_an_external_reference_that_is_taken_is_refused(version: ProductVersion) -> None:
    first, second = (replace(draft, external_reference="OLD-1") for draft in _many(version, 2))
    loans_book_many(drafts=[first], batch_key="first")

    with refused("lms.loan_number_taken"):
        loans_book_many(drafts=[second], batch_key="second")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((replace(HISTORY[0], amount_paise=1_20_000_01),), "undrawn"),
        ((replace(HISTORY[0], value_date=date(2026, 4, 16)),), "after the business date"),
        ((replace(HISTORY[0], value_date=date(2025, 12, 31)),), "before the sanction"),
        ((HISTORY[0], replace(HISTORY[1], value_date=date(2025, 12, 31))), "before the disbursal"),
        ((HISTORY[0], replace(HISTORY[1], amount_paise=10**17)), "rupees and paise confused"),
        ((HISTORY[0], replace(HISTORY[5], sequence=2)), "Only 0 paise of FEE are due"),
    ],
)
def test_one_loan_that_cannot_be_booked_refuses_the_batch(
    version: ProductVersion, facts: tuple[Fact, ...], words: str
) -> None:
    drafts = [*_many(version, 2), _draft(version, key="bad", facts=facts, external_reference="OLD-9")]

    with refused("lms.bulk_refused") as caught:
        loans_book_many(drafts=drafts, batch_key="batch")

    assert caught.value.context["loan"] == "OLD-9"
    assert words in caught.value.message


def test_inactive_product_refuses_the_batch(version: ProductVersion) -> None:
    draft = _draft(version)
    product_set_active(code="PL", is_active=False, reason="Replaced")
    version.product.refresh_from_db()

    with refused("lms.bulk_refused"):
        loans_book_many(drafts=[draft], batch_key="batch")


def test_no_drafts_book_nothing(version: ProductVersion) -> None:
    assert loans_book_many(drafts=[], batch_key="batch") == ()
    assert Loan.objects.count() == 0


def test_a_loan_written_off_before_comes_in_as_a_loss(version: ProductVersion) -> None:
    facts = (
        HISTORY[0],
        WriteOff(sequence=2, value_date=date(2026, 4, 1)),
        Recover(sequence=3, value_date=date(2026, 4, 10), amount_paise=1_000_00, reference="UTR-R"),
    )

    (loan,) = loans_book_many(drafts=[_draft(version, facts=facts)], batch_key="batch")

    assert (loan.status, loan.asset_class, loan.npa_since) == ("WRITTEN_OFF", "LOSS", date(2026, 4, 1))
    entry = loan.classification_entries.get()
    assert (entry.on_date, entry.asset_class, entry.caused_by) == (date(2026, 4, 1), "LOSS", loan)
    assert balances()["RECOVERY_INCOME"] == -1_000_00
    assert "LOAN_PRINCIPAL" not in balances()
    assert_verified(loan)
