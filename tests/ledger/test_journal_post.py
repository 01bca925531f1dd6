"""A movement becomes one balanced journal, once."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from core.errors import KistError
from ledger.errors import (
    AccountInactive,
    AmountTooLarge,
    JournalAlreadyReversed,
    JournalIsReversal,
    JournalKeyReused,
    PostingRuleMissing,
    ProductAccountMissing,
    ProductAccountsEqual,
)
from ledger.models import Account, Journal, ProductAccount, Transfer
from ledger.selectors import journals_for, trial_balance
from ledger.services import MovementAmount, journal_post, journal_reverse
from ledger.services.posting import JOURNAL_COLUMNS
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, legs_of, moved, post

pytestmark = pytest.mark.django_db

DISBURSED = moved("DISBURSED", "PRINCIPAL", 1_000_000)


@pytest.fixture(autouse=True)
def _accounts() -> None:
    ledger_ready()


def test_receipt_becomes_a_journal_with_a_transfer_per_head() -> None:
    journal = post(
        moved("RECEIVED", "PRINCIPAL", 70_000),
        moved("RECEIVED", "INTEREST", 25_000),
        moved("RECEIVED", "EXCESS", 5_000),
        key="loan:7:receipt:1",
        booked_on=date(2026, 4, 12),
        reference_id=7,
    )

    assert journal is not None
    assert legs_of(journal) == [
        ("1010", "1110.PL", 70_000),
        ("1010", "1120.PL", 25_000),
        ("1010", "2110.PL", 5_000),
    ]
    stored = Journal.objects.get(idempotency_key="loan:7:receipt:1")
    assert (stored.legs, stored.total_paise, stored.product_code) == (3, 100_000, "PL")
    assert (stored.value_date, stored.booked_on) == (VALUE_DATE, date(2026, 4, 12))
    assert (stored.event, stored.reference_type, stored.reference_id) == ("TEST", "tests.loan", 7)


def test_a_journal_is_built_in_the_order_of_its_fields() -> None:
    fields = [field.attname for field in Journal._meta.concrete_fields]

    assert fields == ["id", *JOURNAL_COLUMNS.split(",")]


def test_text_of_a_journal_is_kept_as_it_was_given() -> None:
    key, narration = "50% of 'this' {0}", "a \\ b; -- 'c' %s {}"

    with transaction.atomic():
        journal_post(
            idempotency_key=key,
            event="TEST",
            reference_type="tests.loan",
            reference_id=1,
            product_code=PRODUCT,
            movements=[moved("RECEIVED", "PRINCIPAL", 100)],
            value_date=VALUE_DATE,
            booked_on=VALUE_DATE,
            narration=narration,
        )

    assert Journal.objects.get(idempotency_key=key).narration == narration


def test_negative_amount_swaps_debit_and_credit() -> None:
    journal = post(moved("ACCRUED", "INTEREST", -300), moved("RECEIVED", "PENAL", 40))

    assert journal is not None
    assert legs_of(journal) == [("4110.PL", "1120.PL", 300), ("1010", "1140.PL", 40)]
    assert journal.total_paise == 340


def test_zero_amounts_are_dropped() -> None:
    journal = post(moved("ACCRUED", "INTEREST", 0), moved("ACCRUED", "PENAL", 12))

    assert journal is not None
    assert legs_of(journal) == [("1140.PL", "4130.PL", 12)]


@pytest.mark.parametrize("movements", [(), (moved("ACCRUED", "INTEREST", 0),)])
def test_nothing_moved_posts_nothing(movements: tuple[MovementAmount, ...]) -> None:
    assert post(*movements) is None
    assert Journal.objects.count() == 0


def test_second_call_returns_first_journal() -> None:
    first = post(DISBURSED, key="k")

    second = post(DISBURSED, key="k")

    assert second == first
    assert (Journal.objects.count(), Transfer.objects.count()) == (1, 1)


def test_repeat_on_a_later_day_is_still_the_same_posting() -> None:
    first = post(DISBURSED, key="k", booked_on=date(2026, 4, 10))

    second = post(DISBURSED, moved("ACCRUED", "INTEREST", 0), key="k", booked_on=date(2026, 4, 11))

    assert second == first
    assert Journal.objects.get().booked_on == date(2026, 4, 10)


@pytest.mark.parametrize(
    ("movements", "changes"),
    [
        ([moved("DISBURSED", "PRINCIPAL", 1_000_001)], {}),
        ([moved("DISBURSED", "PRINCIPAL", -1_000_000)], {}),
        ([moved("TAKEN_OVER", "PRINCIPAL", 1_000_000)], {}),
        ([DISBURSED, moved("ACCRUED", "INTEREST", 1)], {}),
        ([DISBURSED], {"value_date": date(2026, 4, 9)}),
        ([DISBURSED], {"reference_id": 2}),
    ],
)
def test_same_key_with_other_content_is_refused_and_posts_nothing(
    movements: list[MovementAmount], changes: dict[str, Any]
) -> None:
    first = post(DISBURSED, key="k")
    assert first is not None

    with pytest.raises(JournalKeyReused) as refusal:
        post(*movements, key="k", **changes)

    assert refusal.value.code == "ledger.journal_key_reused"
    assert refusal.value.context == {"idempotency_key": "k", "journal_id": first.pk}
    assert (Journal.objects.count(), Transfer.objects.count()) == (1, 1)


@pytest.mark.mariadb
@pytest.mark.parametrize("key", ["UTR-1", "utr-1 "])
def test_key_that_the_database_takes_for_another_is_refused_and_not_taken_for_a_repeat(key: str) -> None:
    first = post(DISBURSED, key="utr-1")
    assert first is not None

    with pytest.raises(JournalKeyReused) as refusal:
        post(DISBURSED, key=key)

    assert refusal.value.context == {"idempotency_key": key, "journal_id": first.pk}


def test_callers_transaction_goes_on_after_a_repeat() -> None:
    post(DISBURSED, key="k")

    with transaction.atomic():
        post(DISBURSED, key="k")
        post(moved("ACCRUED", "INTEREST", 5), key="k2")

    assert Journal.objects.count() == 2


def test_product_without_accounts_is_refused_with_the_role_to_map() -> None:
    with pytest.raises(ProductAccountMissing) as refusal:
        post(DISBURSED, product_code="GOLD")

    assert refusal.value.code == "ledger.product_account_missing"
    assert refusal.value.context == {"product_code": "GOLD", "role": "LOAN_PRINCIPAL"}
    assert "Ledger > Product accounts" in refusal.value.message
    assert Journal.objects.count() == 0


def test_role_without_an_account_is_refused_only_when_it_is_needed() -> None:
    ProductAccount.objects.filter(role="PENAL_INCOME").delete()

    post(DISBURSED)
    with pytest.raises(ProductAccountMissing) as refusal:
        post(moved("ACCRUED", "INTEREST", 1), moved("ACCRUED", "PENAL", 1))

    assert refusal.value.context == {"product_code": "PL", "role": "PENAL_INCOME"}
    assert (Journal.objects.count(), Transfer.objects.count()) == (1, 1)


def test_account_that_takes_no_postings_is_refused() -> None:
    Account.objects.filter(code="1010").update(is_active=False)

    with pytest.raises(AccountInactive) as refusal:
        post(DISBURSED)

    assert refusal.value.context == {"account_code": "1010", "role": "BANK", "product_code": "PL"}
    assert Journal.objects.count() == 0


def test_two_roles_on_one_account_are_refused() -> None:
    bank = Account.objects.get(code="1010")
    ProductAccount.objects.filter(role="LOAN_PRINCIPAL").update(account=bank)

    with pytest.raises(ProductAccountsEqual) as refusal:
        post(DISBURSED)

    assert refusal.value.code == "ledger.product_accounts_equal"
    assert Journal.objects.count() == 0


def test_amount_of_more_than_eighteen_digits_is_refused() -> None:
    largest = post(moved("DISBURSED", "PRINCIPAL", 10**18 - 1))

    with pytest.raises(AmountTooLarge) as refusal:
        post(moved("DISBURSED", "PRINCIPAL", 10**18))
    with pytest.raises(AmountTooLarge):
        post(moved("RECEIVED", "PRINCIPAL", 10**18 - 1), moved("RECEIVED", "INTEREST", 1))

    assert refusal.value.code == "ledger.amount_too_large"
    assert largest is not None
    assert Journal.objects.get().total_paise == 999_999_999_999_999_999


def test_unknown_movement_is_refused_by_name() -> None:
    with pytest.raises(PostingRuleMissing) as refusal:
        post(moved("ROUNDED", "PRINCIPAL", 1))

    assert refusal.value.context == {"movement": "ROUNDED", "head": "PRINCIPAL"}
    assert Journal.objects.count() == 0


def test_refusal_inside_a_transaction_leaves_what_was_posted_before() -> None:
    with transaction.atomic():
        post(DISBURSED, key="first")
        with pytest.raises(KistError):
            post(moved("ACCRUED", "INTEREST", 1), moved("CAPITALISED", "PENAL", 1), key="second")

    assert list(Journal.objects.values_list("idempotency_key", flat=True)) == ["first"]
    assert Transfer.objects.count() == 1


def test_journals_of_an_object_come_in_the_order_of_posting() -> None:
    first, _, third = (post(moved("ACCRUED", "INTEREST", 1), reference_id=number) for number in (1, 2, 1))

    found = journals_for(reference_type="tests.loan", reference_id=1)

    assert list(found) == [first, third]


def test_reversal_mirrors_the_journal_and_leaves_no_balance() -> None:
    journal = post(DISBURSED, moved("ACCRUED", "INTEREST", -30), key="k")
    assert journal is not None

    with transaction.atomic():
        reversal = journal_reverse(journal_id=journal.pk, idempotency_key="r", booked_on=date(2026, 4, 20))
        again = journal_reverse(journal_id=journal.pk, idempotency_key="r", booked_on=date(2026, 4, 21))

    assert again == reversal
    assert legs_of(reversal) == [("1010", "1110.PL", 1_000_000), ("1120.PL", "4110.PL", 30)]
    assert (reversal.reverses_id, reversal.value_date, reversal.booked_on) == (
        journal.pk,
        VALUE_DATE,
        date(2026, 4, 20),
    )
    assert {(row.debit_paise, row.credit_paise) for row in trial_balance().rows} == {(0, 0)}


def test_journal_is_reversed_once_and_a_reversal_never() -> None:
    journal = post(DISBURSED, key="k")
    assert journal is not None
    with transaction.atomic():
        reversal = journal_reverse(journal_id=journal.pk, idempotency_key="r", booked_on=VALUE_DATE)

    with pytest.raises(JournalAlreadyReversed) as twice, transaction.atomic():
        journal_reverse(journal_id=journal.pk, idempotency_key="r2", booked_on=VALUE_DATE)
    with pytest.raises(JournalIsReversal) as back, transaction.atomic():
        journal_reverse(journal_id=reversal.pk, idempotency_key="r3", booked_on=VALUE_DATE)

    assert twice.value.context == {"journal_id": journal.pk, "reversed_by_id": reversal.pk}
    assert back.value.code == "ledger.journal_is_reversal"
    assert Journal.objects.count() == 2


def test_key_of_a_posting_cannot_be_used_for_a_reversal() -> None:
    journal = post(DISBURSED, key="k")
    post(moved("ACCRUED", "INTEREST", 1), key="other")
    assert journal is not None

    with pytest.raises(JournalKeyReused), transaction.atomic():
        journal_reverse(journal_id=journal.pk, idempotency_key="other", booked_on=VALUE_DATE)

    assert Journal.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_posting_outside_a_transaction_is_a_broken_promise() -> None:
    with pytest.raises(AssertionError, match="inside the transaction"):
        journal_post(
            idempotency_key="k",
            event="TEST",
            reference_type="tests.loan",
            reference_id=1,
            product_code=PRODUCT,
            movements=[DISBURSED],
            value_date=VALUE_DATE,
            booked_on=VALUE_DATE,
        )

    assert Journal.objects.count() == 0
