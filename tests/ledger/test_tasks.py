"""What workers and operators start: the roller, the seal, the check, the expiry of holds."""

import io
import logging
from datetime import date

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction

from config.celery import app as celery_app
from ledger import tasks
from ledger.models import AccountBalance, DeferredEntry, Entry, Journal, LedgerCheck, Period, Seal
from ledger.services import JournalOrder, journals_post_many
from tests.factories.ledger import PRODUCT, VALUE_DATE, ledger_ready, moved, post
from tests.factories.lms import set_business_date

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    set_business_date(date(2026, 5, 2))
    post(moved("RECEIVED", "PRINCIPAL", 100))


def test_every_task_of_the_ledger_is_scheduled_by_its_name() -> None:
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    ours = {name for name in celery_app.tasks if name.startswith("ledger.")}
    assert ours == {name for name in scheduled if name.startswith("ledger.")}


def test_roller_task_numbers_what_waits_and_prepares_the_months() -> None:
    tasks.roll()

    assert (Entry.objects.count(), DeferredEntry.objects.count()) == (2, 0)
    assert list(Period.objects.order_by("pk").values_list("pk", flat=True)) == [202604, 202605, 202606]
    tasks.roll()
    assert Entry.objects.count() == 2


def test_seal_task_checks_first_and_leaves_young_journals() -> None:
    tasks.seal()

    assert LedgerCheck.objects.get().is_incremental
    assert Seal.objects.count() == 0


def test_check_task_keeps_its_outcome() -> None:
    tasks.check()
    tasks.expire_holds()

    kept = LedgerCheck.objects.get()
    assert (kept.is_held, kept.is_incremental) == (True, False)


def test_command_requeues_and_rolls() -> None:
    DeferredEntry.objects.all().delete()
    output = io.StringIO()

    call_command("ledger_roll", "--requeue", stdout=output)

    assert output.getvalue() == "2 sides queued\n2 entries written\n"
    assert AccountBalance.objects.get(account__code="1010").balance_paise == 100


@pytest.mark.django_db(transaction=True)
def test_large_posting_does_not_fail_when_nobody_answers_its_call(caplog: pytest.LogCaptureFixture) -> None:
    cache.clear()
    nobody = "redis://127.0.0.1:1/0"
    before = celery_app.conf.broker_write_url
    celery_app.conf.update(broker_write_url=nobody)
    orders = [
        JournalOrder(
            idempotency_key=f"large:{number}",
            event="TEST",
            reference_type="tests.loan",
            reference_id=1,
            product_code=PRODUCT,
            movements=[moved("RECEIVED", "PRINCIPAL", 1)],
            value_date=VALUE_DATE,
            booked_on=VALUE_DATE,
        )
        for number in range(250)
    ]

    with caplog.at_level(logging.WARNING, logger="ledger"), transaction.atomic():
        journals_post_many(orders=orders)
    celery_app.conf.update(broker_write_url=before)

    assert Journal.objects.count() == 251
    assert "The roller could not be woken" in caplog.text
