"""G7, G8, G13: deadlocks, overdrafts and locks that expire under their holder."""

import signal
import subprocess
import sys
import threading
from datetime import date
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.redis_locks import shared_lock
from core.transactions import run_in_transaction
from ledger.errors import AccountLimitReached
from ledger.models import Account, AccountKind, AccountMode
from ledger.services import HoldOrder, account_create, hold_place, house_journal_post
from tests.callers import at_once
from tests.factories.lms import set_business_date
from tests.factories.payments import balance_of
from tests.project_process import ROOT
from tests.proof.callers import isolation  # noqa: F401

DAY = date(2026, 1, 1)
HOLDER = """
import time
from core.redis_locks import shared_lock
with shared_lock(name="stopped", ttl_seconds=1) as fence:
    print(fence, flush=True)
    time.sleep(60)
"""


def wallet(code: str, paise: int = 0) -> Account:
    """Open an account that may not fall below zero, with money in it."""
    account = account_create(code=code, name=code, kind=AccountKind.ASSET, mode=AccountMode.SYNC, min_paise=0)
    if paise:
        with transaction.atomic():
            move(f"{code} filled", debit=code, credit="bank", paise=paise)
    return account


def move(key: str, *, debit: str, credit: str, paise: int) -> None:
    """Move money of the house."""
    house_journal_post(
        idempotency_key=key,
        event="MOVED",
        reference_type="tests.move",
        reference_id=1,
        debit_code=debit,
        credit_code=credit,
        amount_paise=paise,
        value_date=DAY,
        booked_on=DAY,
    )


@pytest.fixture
def bank(transactional_db: None) -> Account:
    set_business_date(DAY)
    return account_create(code="bank", name="Bank", kind=AccountKind.ASSET)


@pytest.mark.guarantee("G8")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("isolation")
def test_sixty_four_callers_never_draw_more_than_there_is(bank: Account) -> None:
    wallet("wallet", 40_00)

    def draw(number: int) -> None:
        run_in_transaction(lambda: move(f"draw {number}", debit="bank", credit="wallet", paise=1_00))

    results = at_once(*(partial(draw, number) for number in range(64)))

    assert (results.count(AccountLimitReached.code), balance_of("wallet")) == (24, 0)


@pytest.mark.guarantee("G8")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("isolation")
def test_holds_and_draws_of_one_balance_share_what_there_is(bank: Account) -> None:
    account = wallet("wallet", 20_00)
    now = timezone.now()

    def take(number: int) -> None:
        if number % 2:
            run_in_transaction(lambda: move(f"draw {number}", debit="bank", credit="wallet", paise=1_00))
            return
        order = HoldOrder(
            idempotency_key=f"hold {number}",
            debit_account=bank,
            credit_account=account,
            amount_paise=1_00,
            reference_type="tests.move",
            reference_id=number,
        )
        hold_place(order=order, now=now)

    results = at_once(*(partial(take, number) for number in range(32)))

    account.balance.refresh_from_db()
    assert results.count(AccountLimitReached.code) == 12
    assert account.balance.balance_paise == account.balance.hold_credit_paise


@pytest.mark.guarantee("G7")
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_writers_in_opposite_order_and_a_rogue_that_locks_backwards_lose_nothing(bank: Account) -> None:
    codes = [f"w{number:02}" for number in range(20)]
    for code in codes:
        wallet(code, 100_00)
    stop = threading.Event()
    ids = sorted(Account.objects.filter(code__in=codes).values_list("pk", flat=True))

    def rogue() -> None:
        while not stop.is_set():
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
                    for account_id in (ids[-1], ids[0]):
                        cursor.execute(
                            "SELECT * FROM ledger_accountbalance WHERE account_id = %s FOR UPDATE", [account_id]
                        )
            except Exception:  # noqa: S112  # the rogue is the one that may lose
                continue
        connection.close()

    def write(number: int) -> None:
        for step in range(8):
            first, second = codes[(number * 7 + step) % 20], codes[(number * 3 + step * 5 + 1) % 20]
            debit, credit = (first, second) if number % 2 else (second, first)
            if debit != credit:
                key = f"{number} {step}"
                run_in_transaction(lambda: move(key, debit=debit, credit=credit, paise=1), attempts=5)  # noqa: B023

    backwards = threading.Thread(target=rogue)
    backwards.start()
    results = at_once(*(partial(write, number) for number in range(32)))
    stop.set()
    backwards.join()

    assert results == [None] * 32
    assert sum(balance_of(code) for code in codes) == 20 * 100_00


@pytest.mark.guarantee("G13")
@pytest.mark.broker
def test_holder_that_was_stopped_past_its_time_has_the_smaller_fence(settings: object, broker_url: str) -> None:
    settings.REDIS_URL = broker_url  # type: ignore[attr-defined]
    environment = {"REDIS_URL": broker_url, "DJANGO_SETTINGS_MODULE": "config.settings.test", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        first = int(holder.stdout.readline())
        holder.send_signal(signal.SIGSTOP)

        second = None
        while second is None:
            with shared_lock(name="stopped", ttl_seconds=5) as second:
                pass
        holder.send_signal(signal.SIGCONT)
        holder.kill()

    # What the first one writes is written where its fence is the latest: nowhere.
    assert second == first + 1
