"""Reports read sums of what was sealed, and give what the transfers themselves would give."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from ledger import tasks
from ledger.checks import ledger_check
from ledger.models import Account, DaySum, DaySumReach, Journal
from ledger.questions import Clock, Question
from ledger.reports import balance_sheet, profit_and_loss
from ledger.selectors import trial_balance
from ledger.services import ledger_seal, ledger_sum, ledger_sums_rebuild
from tests.factories.ledger import ledger_ready, moved, post

pytestmark = pytest.mark.django_db

LENT, ACCRUED, RECEIVED = date(2026, 4, 1), date(2026, 4, 30), date(2026, 5, 9)


def _seal() -> int:
    ledger_seal(now=database_now(), grace=timedelta(0))
    return ledger_sum()


@pytest.fixture
def _story() -> None:
    """A loan lent and its interest sealed and summed; a receipt sealed later; a second product not sealed at all."""
    ledger_ready()
    ledger_ready("GL")
    post(moved("DISBURSED", "PRINCIPAL", 100_000_000), value_date=LENT)
    post(moved("ACCRUED", "INTEREST", 1_000_000), value_date=ACCRUED)
    _seal()
    post(moved("RECEIVED", "INTEREST", 1_000_000), value_date=ACCRUED, booked_on=RECEIVED)
    post(moved("ACCRUED", "INTEREST", 500), value_date=ACCRUED)
    _seal()
    post(moved("DISBURSED", "PRINCIPAL", 700), product_code="GL", value_date=RECEIVED)


@pytest.mark.usefixtures("_story")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"as_of": ACCRUED},
        {"as_of": ACCRUED, "clock": Clock.BOOKED_ON},
        {"product_code": "GL"},
        {"product_code": "PL", "as_of": LENT},
    ],
)
def test_trial_balance_of_sums_is_that_of_transfers(options: dict[str, object]) -> None:
    by_sums = trial_balance(**options)  # type: ignore[arg-type]  # each as the selector takes it

    assert by_sums == trial_balance(**options, is_proof=True)  # type: ignore[arg-type]
    assert by_sums.debit_total_paise > 0
    assert by_sums.is_balanced


@pytest.mark.usefixtures("_story")
def test_reports_are_the_same_when_nothing_was_summed() -> None:
    question = Question(from_date=LENT, to_date=RECEIVED)
    profit, sheet = profit_and_loss(question=question), balance_sheet(question=question)

    DaySum.objects.all().delete()
    DaySumReach.objects.all().delete()

    assert profit_and_loss(question=question) == profit
    assert balance_sheet(question=question) == sheet
    assert profit.profit_paise == 1_000_500
    assert sheet.is_balanced


@pytest.mark.usefixtures("_story")
def test_sums_hold_each_sealed_journal_once() -> None:
    receivable = Account.objects.get(code="1120.PL")

    rows = DaySum.objects.filter(account=receivable).order_by("booked_on")

    assert list(rows.values_list("value_date", "booked_on", "debit_paise", "credit_paise")) == [
        (ACCRUED, ACCRUED, 1_000_500, 0),
        (ACCRUED, RECEIVED, 0, 1_000_000),
    ]
    assert DaySumReach.objects.get().last_journal == Journal.objects.order_by("-pk")[1].pk
    assert ledger_sum() == 0


@pytest.mark.usefixtures("_story")
def test_reports_read_no_transfer_that_was_summed() -> None:
    with CaptureQueriesContext(connection) as captured:
        trial_balance(as_of=ACCRUED)

    of_transfers = [query["sql"] for query in captured.captured_queries if "ledger_transfer" in query["sql"]]
    assert len(of_transfers) == 1
    assert of_transfers[0].count("ledger_daysumreach") == 2


@pytest.mark.usefixtures("_story")
def test_wrong_sum_is_found_and_taken_again() -> None:
    DaySum.objects.filter(account__code="1120.PL", booked_on=RECEIVED).update(credit_paise=7)

    found = ledger_check()

    assert found.broken == ("DS",)
    assert ledger_sums_rebuild() == 2
    assert ledger_check().broken == ()


@pytest.mark.usefixtures("_story")
def test_seal_task_leaves_sums_of_what_it_sealed() -> None:
    Journal.objects.order_by("-pk").first()
    ledger_seal(now=database_now(), grace=timedelta(0))

    tasks.seal()

    assert DaySumReach.objects.get().last_journal == Journal.objects.latest("pk").pk
