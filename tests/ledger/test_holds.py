"""A hold sets money aside, and ends once: posted, voided or by the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import KistError
from ledger.checks import ledger_check
from ledger.errors import (
    AccountClosed,
    AccountLimitReached,
    AmountNotPositive,
    AmountTooLarge,
    HoldAccountsDeferred,
    HoldEnded,
    HoldExpired,
    HoldKeyReused,
    PeriodClosed,
)
from ledger.models import Account, AccountBalance, AccountKind, AccountMode, Hold, Journal, Period, ProductAccount
from ledger.services import HoldOrder, account_create, hold_place, hold_post, hold_void, holds_expire
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, moved, post

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 10, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _float() -> None:
    """A payout float with 1,000 paise that may not go below nothing."""
    ledger_ready()
    wallet = account_create(code="1011", name="Float", kind=AccountKind.ASSET, mode=AccountMode.SYNC, min_paise=0)
    ProductAccount.objects.filter(product_code=PRODUCT, role="BANK").update(account=wallet)
    post(moved("RECEIVED", "PRINCIPAL", 1_000))


def place(key: str = "h", amount_paise: int = 600, **changes: Any) -> Hold:
    """Hold an amount of the float for a payout over the bank."""
    values: dict[str, Any] = {
        "idempotency_key": key,
        "debit_account": Account.objects.get(code="1010"),
        "credit_account": Account.objects.get(code="1011"),
        "amount_paise": amount_paise,
        "reference_type": "tests.payout",
        "reference_id": 7,
    }
    return hold_place(order=HoldOrder(**(values | changes)), now=NOW)


def settle(hold: Hold, now: datetime = NOW) -> Journal:
    """Post a hold on the value date of these tests."""
    return hold_post(hold_id=hold.pk, value_date=VALUE_DATE, booked_on=VALUE_DATE, now=now)


def standing() -> tuple[int, int, int]:
    """Return balance, held debits and held credits of the float; the invariants hold."""
    assert ledger_check().broken == ()
    balance = AccountBalance.objects.get(account__code="1011")
    return balance.balance_paise, balance.hold_debit_paise, balance.hold_credit_paise


def test_held_money_cannot_be_spent_or_held_again() -> None:
    place()

    assert standing() == (1_000, 0, 600)
    with pytest.raises(AccountLimitReached):
        place("other", 401)
    with pytest.raises(AccountLimitReached):
        post(moved("DISBURSED", "PRINCIPAL", 401))
    assert (Hold.objects.count(), Journal.objects.count()) == (1, 1)
    place("other", 400)
    assert standing() == (1_000, 0, 1_000)


def test_posted_hold_moves_the_money_once() -> None:
    hold = place()

    journal = settle(hold)

    assert settle(hold) == journal
    assert standing() == (400, 0, 0)
    transfer = journal.transfers.get()
    assert (transfer.debit_account.code, transfer.credit_account.code, transfer.amount_paise) == ("1010", "1011", 600)
    assert (journal.reference_type, journal.reference_id) == ("tests.payout", 7)
    with pytest.raises(HoldEnded):
        hold_void(hold_id=hold.pk, now=NOW)


def test_voided_hold_gives_the_money_back_once() -> None:
    hold = place()

    hold_void(hold_id=hold.pk, now=NOW)
    hold_void(hold_id=hold.pk, now=NOW)

    assert standing() == (1_000, 0, 0)
    with pytest.raises(HoldEnded):
        settle(hold)


def test_hold_expires_by_the_clock() -> None:
    hold = place(expires_at=NOW + timedelta(hours=1))
    stays = place("stays", 100)

    assert holds_expire(now=NOW + timedelta(minutes=59)) == 0
    with pytest.raises(HoldExpired):
        settle(hold, now=NOW + timedelta(hours=1))
    assert holds_expire(now=NOW + timedelta(hours=1)) == 1

    assert standing() == (1_000, 0, 100)
    assert [Hold.objects.get(pk=pk).state for pk in (hold.pk, stays.pk)] == ["EXPIRED", "ACTIVE"]
    assert holds_expire(now=NOW + timedelta(hours=2)) == 0


def test_second_call_returns_the_first_hold_and_other_content_is_refused() -> None:
    hold = place()

    assert place() == hold
    with pytest.raises(HoldKeyReused):
        place(amount_paise=601)
    assert standing() == (1_000, 0, 600)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount_paise": 0}, AmountNotPositive),
        ({"amount_paise": -5}, AmountNotPositive),
        ({"amount_paise": 10**18}, AmountTooLarge),
        ({"amount_paise": 1_001}, AccountLimitReached),
        ({"credit_account": "1030"}, HoldAccountsDeferred),
        ({"debit_account": "1830"}, AccountClosed),
    ],
)
def test_hold_that_makes_no_sense_is_refused_by_name(changes: dict[str, Any], refusal: type[KistError]) -> None:
    Account.objects.filter(code="1830").update(is_active=False)
    named: dict[str, Any] = {
        key: Account.objects.get(code=value) if "account" in key else value for key, value in changes.items()
    }

    with pytest.raises(refusal):
        place(**named)

    assert Hold.objects.count() == 0
    assert standing() == (1_000, 0, 0)


def test_hold_is_not_posted_in_a_closed_month() -> None:
    hold = place()
    Period.objects.create(id=202604, state="HARD_CLOSED")

    with pytest.raises(PeriodClosed):
        settle(hold)

    assert standing() == (1_000, 0, 600)
