"""A dry run tells loan by loan what really doing the change gives at the coming day-end."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.rehearsal import rehearse
from ledger.selectors import product_balances
from lms.dry_runs.comparing import FIGURES
from lms.models import DryRun, DryRunKind, DryRunLoan, Loan, RateChoice, RateNotice
from lms.services.classification_rules import Thresholds, classification_publish, classification_seed
from lms.services.day_end import day_end_run
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_prepare
from lms.services.rates import rate_change
from tests.factories.lms import make_loan, make_product, make_version, set_business_date
from tests.lms.day_end.lender import make_lender
from tests.lms.dry_runs.trials import (
    FIRST_DAY,
    assert_as_done,
    book_after,
    terms_apply,
    tried,
    version_change,
    waterfalls,
)

pytestmark = pytest.mark.django_db

TERMS: dict[str, tuple[DryRunKind, dict[str, Any]]] = {
    "penal": (
        DryRunKind.PENAL_PLAN,
        {"penal_plan": {"method": "PER_DAY", "annual_rate_pct": "36", "grace_days": 0}},
    ),
    "waterfall": (
        DryRunKind.WATERFALL,
        {"waterfalls": waterfalls("PENAL", "FEE", "TAX", "PRINCIPAL", "INTEREST", direction="VERTICAL")},
    ),
    "version": (
        DryRunKind.PRODUCT,
        {"day_count": "ACTUAL_360", "early_payment": "PAY_AT_ONCE", "instalment_unit_paise": 100_00},
    ),
}


@pytest.fixture
def loans() -> list[Loan]:
    """Twenty-four loans of eighteen borrowers, in three products; one day-end has classified them."""
    classification_seed()
    make_lender(first_day=FIRST_DAY)
    day_end_run()
    return list(Loan.objects.order_by("pk"))


def account_moves(run: DryRun) -> dict[str, int]:
    """Sum the postings of a run by account, debits less credits."""
    sums: dict[str, int] = {}
    for line in run.result["postings"]:
        sums[line["debit"]] = sums.get(line["debit"], 0) + line["amount_paise"]
        sums[line["credit"]] = sums.get(line["credit"], 0) - line["amount_paise"]
    return {account: paise for account, paise in sums.items() if paise}


def ledger_after(act: Callable[[], object] = lambda: None) -> dict[str, int]:
    """Return every account's balance after an act and the day-end, really done and forgotten again."""

    def do() -> dict[str, int]:
        act()
        day_end_run()
        sums: dict[str, int] = {}
        for item in product_balances():
            sums[item.account_code] = sums.get(item.account_code, 0) + item.balance_paise
        return sums

    return rehearse(do)


@pytest.mark.parametrize(("name", "moved"), [("penal", 3), ("waterfall", 3), ("version", 6)])
def test_terms_move_each_loan_as_rebuilding_it_under_them_does(loans: list[Loan], name: str, moved: int) -> None:
    kind, terms = TERMS[name]
    change = version_change(code="DAILY", terms=terms)
    own = [loan for loan in loans if loan.product_code == "DAILY"]
    before = book_after()

    run = tried(kind, change)

    parts = {part: run.assumption["terms_template"][part] for part in terms}
    after = book_after(lambda: terms_apply(lambda loan: parts, own))
    assert_as_done(run, before, after)
    assert run.loans_moved == moved
    assert run.loans_total == len(own)


def test_thresholds_move_classes_and_income_as_publishing_them_does(loans: list[Loan]) -> None:
    thresholds = Thresholds(sma_1_from_days=20, sma_2_from_days=30, npa_from_days=40)
    today = date(2026, 4, 30)
    before = book_after()

    run = tried(
        DryRunKind.CLASSIFICATION,
        {
            "effective_from": today.isoformat(),
            "thresholds": thresholds.as_columns(),
            "source": "A circular",
            "reason": "Board",
        },
    )

    after = book_after(
        lambda: classification_publish(effective_from=today, thresholds=thresholds, source="A circular", reason="Board")
    )
    assert_as_done(run, before, after)
    assert run.loans_done == len(loans)
    assert {line["after"] for line in run.result["classes"] if line["before"] != line["after"]} >= {"SUB_STANDARD"}
    assert any("SUSPENDED:INTEREST" in row.movements for row in DryRunLoan.objects.filter(run=run))


def test_rates_of_a_campaign_move_each_loan_as_posting_them_does(loans: list[Loan]) -> None:
    today = date(2026, 4, 30)
    campaign = rate_campaign_create(
        product=loans[0].product_version.product,
        delta_pct=Decimal(3),
        effective_date=date(2026, 9, 1),
        default_choice=RateChoice.EMI,
        reason="Board",
        idempotency_key="rates",
    )
    rate_campaign_prepare(campaign_id=campaign.pk)
    before = book_after()

    run = tried(DryRunKind.RATE, {"campaign_id": campaign.pk})

    def post() -> None:
        for notice in RateNotice.objects.filter(campaign=campaign, state=RateNotice.State.PENDING):
            rate_change(
                loan_id=notice.loan_id,
                annual_rate_pct=notice.new_rate_pct,
                value_date=today,
                idempotency_key=f"rate-{notice.pk}",
                reason="Board",
            )

    assert_as_done(run, before, book_after(post))
    assert run.loans_moved == 6


def test_postings_are_the_difference_of_the_two_ledgers(loans: list[Loan]) -> None:
    change = version_change(code="DAILY", terms=TERMS["penal"][1])
    run = tried(DryRunKind.PENAL_PLAN, change)

    parts = {"penal_plan": run.assumption["terms_template"]["penal_plan"]}
    own = [loan for loan in loans if loan.product_code == "DAILY"]
    unchanged = ledger_after()
    changed = ledger_after(lambda: terms_apply(lambda loan: parts, own))
    moved = {code: changed[code] - unchanged[code] for code in changed if changed[code] != unchanged[code]}
    assert moved != {}
    assert {name.split(" ")[0]: paise for name, paise in account_moves(run).items()} == moved


def test_holidays_move_due_dates_as_a_calendar_with_them_does() -> None:
    set_business_date(date(2026, 4, 29))
    version = make_version(product=make_product(code="HOLY"), terms={"holiday_move": "NEXT_WORKING_DAY"})
    moving = make_loan(version=version)
    make_loan(version=make_version(product=make_product(code="PLAIN")))
    before = book_after()

    run = tried(
        DryRunKind.HOLIDAYS, {"added": {"2026-06-01": "Eid", "2026-05-01": "May Day"}, "removed": [], "reason": "Board"}
    )

    days = ["2026-05-01", "2026-06-01"]
    assert_as_done(run, before, book_after(lambda: terms_apply(lambda loan: {"holidays": days}, [moving])))
    row = DryRunLoan.objects.get(run=run)
    place = FIGURES.index("next_due_date")
    assert (run.loans_total, row.before[place], row.after[place]) == (1, "2026-05-01", "2026-05-02")
