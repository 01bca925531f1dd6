"""New rates for many loans: worked out, announced in time, done on their day, undone one by one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.models import AuditEntry
from lms.models import Benchmark, Loan, ProductVersion, RateCampaign, RateChoice, RateNotice
from lms.services.benchmarks import (
    benchmark_create,
    benchmark_rate_publish,
    benchmark_value,
    floating_of,
    product_benchmark_set,
)
from lms.services.rate_campaigns import (
    preparing,
    rate_campaign_announce,
    rate_campaign_cancel,
    rate_campaign_create,
    rate_campaign_prepare,
    rate_campaign_run,
    rate_campaign_summary,
    rate_campaigns_due,
    rate_choice_set,
    rate_notice_undo,
)
from lms.services.rates import rate_change
from lms.services.write_offs import loan_write_off
from tests.factories.book import assert_verified, receive, refused, reverse
from tests.factories.lms import make_customer, make_loan, make_product, make_version, next_key, set_business_date

LENT = date(2026, 1, 1)
EFFECTIVE = date(2026, 3, 1)
HIGHER, LOWER = Decimal("8.5"), Decimal("4.5")


@pytest.fixture
def version(db: None) -> ProductVersion:
    """Return a version of a product whose loans float with the repo rate of 6.5 from 2026 on."""
    set_business_date(LENT)
    product = make_product()
    repo = benchmark_create(code="repo", name="Policy repo rate", reason="Board")
    benchmark_rate_publish(
        benchmark=repo, effective_from=date(2025, 12, 1), rate_pct=Decimal("6.5"), source="RBI", reason="Board"
    )
    product_benchmark_set(
        product=product, benchmark=repo, effective_from=LENT, default_choice=RateChoice.EMI, reason="Board"
    )
    return make_version(product=product)


@pytest.fixture
def loans(version: ProductVersion) -> list[Loan]:
    """Return two floating loans of two customers and, between them, a fixed one of another product."""
    first = make_loan(version=version)
    make_loan(version=make_version(product=make_product(code="FX", name="Fixed")), customer=make_customer())
    second = make_loan(version=version, customer=make_customer())
    return [first, second]


def begin(rate: Decimal = HIGHER, **options: Any) -> RateCampaign:
    """Begin a change of the repo rate and work it out."""
    values: dict[str, Any] = {
        "effective_date": EFFECTIVE,
        "reason": "RBI policy",
        "idempotency_key": next_key("rate"),
        **options,
    }
    repo = Benchmark.objects.get()
    return rate_campaign_prepare(campaign_id=rate_campaign_create(benchmark=repo, new_rate_pct=rate, **values).pk)


def notice_of(campaign: RateCampaign, loan: Loan) -> RateNotice:
    """Read the notice of a loan anew."""
    return RateNotice.objects.get(campaign=campaign, loan=loan)


def paid_up(loans: list[Loan]) -> None:
    """Pay the first instalment and the next of every loan, and put the books on the day of the new rate."""
    for day in (date(2026, 2, 1), EFFECTIVE):
        set_business_date(day)
        for loan in loans:
            receive(loan, 11_348_00, day)


def test_spread_is_the_rate_at_sanction_less_the_benchmark(loans: list[Loan]) -> None:
    floating = floating_of(loan=loans[0])

    assert floating is not None
    assert (floating.benchmark.code, floating.spread_pct) == ("REPO", Decimal("17.5"))
    assert floating_of(loan=Loan.objects.get(product_code="FX")) is None


def test_every_floating_loan_is_told_its_rate_instalment_and_tenor(loans: list[Loan]) -> None:
    campaign = begin()

    assert campaign.state == "PREPARED"
    notice = notice_of(campaign, loans[0])
    assert (notice.old_rate_pct, notice.new_rate_pct) == (Decimal(24), Decimal(26))
    assert notice.send_by == date(2026, 1, 30)
    assert (notice.before_instalment_paise, notice.before_count) == (11_348_00, 10)
    assert notice.options == {
        "EMI": {"instalment_paise": notice.after_instalment_paise, "count": 10},
        "TENOR": {"instalment_paise": 11_348_00, "count": 11},
        "BOTH": {"instalment_paise": notice.options["BOTH"]["instalment_paise"], "count": 11},
    }
    assert 11_348_00 < notice.after_instalment_paise < 11_500_00
    assert RateNotice.objects.count() == 2
    assert not Loan.objects.filter(facts__kind="RATE_CHANGE").exists()


def test_summary_adds_up(loans: list[Loan]) -> None:
    campaign = begin()

    summary = rate_campaign_summary(campaign=campaign)

    one = notice_of(campaign, loans[0])
    assert (summary.loans, summary.pending, summary.refused) == (2, 2, 0)
    assert (summary.principal_paise, summary.before_instalment_paise) == (2 * 1_20_000_00, 2 * 11_348_00)
    assert summary.after_instalment_paise == 2 * one.after_instalment_paise


def test_new_rates_count_from_their_day_and_equal_what_was_told(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    assert rate_campaigns_due() == (campaign.pk,)

    done = rate_campaign_run(campaign_id=campaign.pk)

    assert (done.state, rate_campaigns_due()) == ("DONE", ())
    for loan in loans:
        loan.refresh_from_db()
        notice = notice_of(campaign, loan)
        assert (loan.current_rate_pct, loan.instalment_paise) == (Decimal(26), notice.after_instalment_paise)
        assert (notice.state, notice.fact) == ("DONE", loan.facts.get(kind="RATE_CHANGE"))
        assert_verified(loan)
    assert benchmark_value(benchmark=Benchmark.objects.get(), on_date=EFFECTIVE) == HIGHER


@pytest.mark.parametrize(("choice", "kind", "count"), [("TENOR", "RATE_CHANGE", 11), ("BOTH", "RESCHEDULE", 11)])
def test_borrower_chooses_what_changes(loans: list[Loan], choice: str, kind: str, count: int) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    notice = rate_choice_set(notice_id=notice_of(campaign, loans[0]).pk, choice=choice, reason="By e-mail")
    paid_up(loans)

    rate_campaign_run(campaign_id=campaign.pk)

    first = loans[0]
    first.refresh_from_db()
    assert notice.is_chosen
    assert first.facts.filter(kind=kind).count() == 1
    assert first.instalments.filter(due_date__gt=EFFECTIVE).count() == count
    assert first.instalment_paise == notice.after_instalment_paise
    assert loans[1].facts.filter(kind="RATE_CHANGE").count() == 1
    assert_verified(first)


def test_lower_rate_makes_the_instalment_or_the_tenor_smaller(loans: list[Loan]) -> None:
    notice = notice_of(begin(LOWER), loans[0])

    assert notice.options["EMI"]["instalment_paise"] < 11_348_00
    assert notice.options["BOTH"] == notice.options["EMI"]
    assert notice.options["TENOR"]["count"] == 10


def test_loan_that_cannot_have_the_rate_is_noted_and_the_others_go_on(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    loan_write_off(loan_id=loans[0].pk, value_date=EFFECTIVE, is_technical=True, reason="Lost", idempotency_key="off")

    rate_campaign_run(campaign_id=campaign.pk)

    refusal = notice_of(campaign, loans[0])
    assert (refusal.state, refusal.refusal_code) == ("REFUSED", "lms.loan_closed")
    assert notice_of(campaign, loans[1]).state == "DONE"
    assert RateCampaign.objects.get().state == "DONE"


def test_rate_beyond_the_product_is_noted_when_it_is_worked_out(loans: list[Loan]) -> None:
    notice = notice_of(begin(Decimal(31)), loans[0])

    assert (notice.state, notice.refusal_code) == ("REFUSED", "lms.rate_outside_product")


def test_stopped_jobs_go_on_where_they_were(loans: list[Loan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "LOANS_AT_ONCE", 1)

    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    repo = Benchmark.objects.get()
    campaign = rate_campaign_create(
        benchmark=repo, new_rate_pct=HIGHER, effective_date=EFFECTIVE, reason="RBI", idempotency_key="k"
    )
    with pytest.raises(KeyboardInterrupt):
        rate_campaign_prepare(campaign_id=campaign.pk, progress=stop)
    assert campaign.notices.count() == 1
    assert rate_campaign_prepare(campaign_id=campaign.pk).state == "PREPARED"
    assert campaign.notices.count() == 2
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    with pytest.raises(KeyboardInterrupt):
        rate_campaign_run(campaign_id=campaign.pk, progress=stop)
    assert sorted(campaign.notices.values_list("state", flat=True)) == ["DONE", "PENDING"]

    rate_campaign_run(campaign_id=campaign.pk)

    assert list(campaign.notices.values_list("state", flat=True)) == ["DONE", "DONE"]
    assert [loan.facts.filter(kind="RATE_CHANGE").count() for loan in loans] == [1, 1]


def test_change_that_is_cancelled_while_it_runs_gives_no_further_loan_its_rate(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)

    def cancel(_: int) -> None:
        rate_campaign_cancel(campaign_id=campaign.pk, reason="RBI took it back")

    done = rate_campaign_run(campaign_id=campaign.pk, progress=cancel)

    rates = [Loan.objects.get(pk=loan.pk).current_rate_pct for loan in loans]
    assert (done.state, rates) == ("CANCELLED", [Decimal(26), Decimal(24)])
    assert [notice_of(campaign, loan).state for loan in loans] == ["DONE", "PENDING"]


def test_benchmark_gets_its_value_with_the_announcement_and_in_the_audit_trail(loans: list[Loan]) -> None:
    campaign = begin()

    rate_campaign_announce(campaign_id=campaign.pk)

    assert benchmark_value(benchmark=Benchmark.objects.get(), on_date=EFFECTIVE) == HIGHER
    trail = AuditEntry.objects.filter(action="lms.benchmark_rate_publish").order_by("pk")
    assert [entry.detail["rate_pct"] for entry in trail] == ["6.5000", "8.5000"]


def test_change_to_another_value_than_the_published_one_is_not_announced(loans: list[Loan]) -> None:
    campaign = begin()
    benchmark_rate_publish(
        benchmark=Benchmark.objects.get(), effective_from=EFFECTIVE, rate_pct=LOWER, source="RBI", reason="Board"
    )

    with refused("lms.servicing_date_taken"):
        rate_campaign_announce(campaign_id=campaign.pk)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.announced_on) == ("PREPARED", None)
    assert benchmark_value(benchmark=Benchmark.objects.get(), on_date=EFFECTIVE) == LOWER


def test_change_of_one_loan_is_undone_alone(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    rate_campaign_run(campaign_id=campaign.pk)
    notice = notice_of(campaign, loans[0])

    rate_notice_undo(notice_id=notice.pk, reason="Was told too late")

    for loan in loans:
        loan.refresh_from_db()
    assert [loan.current_rate_pct for loan in loans] == [24, 26]
    assert loans[0].instalment_paise == 11_348_00
    assert notice_of(campaign, loans[0]).state == "UNDONE"
    with refused("lms.rate_notice_state"):
        rate_notice_undo(notice_id=notice.pk, reason="Again")
    assert_verified(loans[0])


def test_loans_of_a_product_move_by_a_difference(loans: list[Loan]) -> None:
    fixed = Loan.objects.get(product_code="FX")
    campaign = rate_campaign_create(
        product=fixed.product_version.product,
        delta_pct=Decimal("-1.25"),
        effective_date=EFFECTIVE,
        default_choice="TENOR",
        reason="Promise to borrowers",
        idempotency_key="k",
    )

    rate_campaign_prepare(campaign_id=campaign.pk)

    notice = RateNotice.objects.get()
    assert (notice.loan, notice.new_rate_pct, notice.choice) == (fixed, Decimal("22.75"), "TENOR")


def test_notice_that_is_too_short_is_refused(loans: list[Loan]) -> None:
    campaign = begin(effective_date=date(2026, 1, 30))

    with refused("lms.rate_notice_too_short") as caught:
        rate_campaign_announce(campaign_id=campaign.pk)

    assert "on 2026-01-31, not on 2026-01-30" in caught.value.message


def test_acts_out_of_their_order_are_refused(loans: list[Loan]) -> None:
    campaign = begin()
    with refused("lms.rate_campaign_state"):
        rate_campaign_run(campaign_id=campaign.pk)
    rate_campaign_announce(campaign_id=campaign.pk)
    with refused("lms.rate_campaign_state"):
        rate_campaign_announce(campaign_id=campaign.pk)
    with refused("lms.rate_campaign_too_early"):
        rate_campaign_run(campaign_id=campaign.pk)
    notice = notice_of(campaign, loans[0])
    with refused("lms.rate_notice_state"):
        rate_notice_undo(notice_id=notice.pk, reason="Nothing there")
    rate_campaign_cancel(campaign_id=campaign.pk, reason="RBI held")
    with refused("lms.rate_campaign_state"):
        rate_campaign_cancel(campaign_id=campaign.pk, reason="Twice")
    with refused("lms.rate_campaign_state"):
        rate_campaign_prepare(campaign_id=campaign.pk)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "lms.rate_campaign_invalid"),
        ({"benchmark": True}, "lms.rate_campaign_invalid"),
        ({"benchmark": True, "new_rate_pct": Decimal("8.12345")}, "lms.rate_invalid"),
        ({"product": True, "delta_pct": Decimal(0)}, "lms.rate_campaign_invalid"),
        ({"product": True, "new_rate_pct": HIGHER}, "lms.rate_campaign_invalid"),
        ({"benchmark": True, "product": True, "new_rate_pct": HIGHER}, "lms.rate_campaign_invalid"),
        ({"benchmark": True, "new_rate_pct": HIGHER, "reason": ""}, "lms.reason_missing"),
    ],
)
def test_what_is_no_change_of_rates_is_refused(version: ProductVersion, options: dict[str, Any], code: str) -> None:
    known: dict[str, Any] = {"effective_date": EFFECTIVE, "reason": "RBI", "idempotency_key": "k", **options}
    known |= {"benchmark": Benchmark.objects.get()} if "benchmark" in options else {}
    known |= {"product": version.product} if "product" in options else {}

    with refused(code):
        rate_campaign_create(**known)
    assert not RateCampaign.objects.exists()


def test_same_key_begins_once(version: ProductVersion) -> None:
    values: dict[str, Any] = {
        "benchmark": Benchmark.objects.get(),
        "effective_date": EFFECTIVE,
        "reason": "RBI",
        "idempotency_key": "k",
    }
    first = rate_campaign_create(new_rate_pct=HIGHER, **values)

    assert rate_campaign_create(new_rate_pct=HIGHER, **values) == first
    with refused("lms.idempotency_key_reused"):
        rate_campaign_create(new_rate_pct=LOWER, **values)
    assert AuditEntry.objects.filter(action="lms.rate_campaign_create").count() == 1


def test_reversed_rate_is_not_given_again_by_a_second_run(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    rate_campaign_run(campaign_id=campaign.pk)
    reverse(loans[0], loans[0].facts.get(kind="RATE_CHANGE").sequence)

    rate_campaign_run(campaign_id=campaign.pk)

    loans[0].refresh_from_db()
    assert loans[0].current_rate_pct == 24


def test_loan_with_the_rate_already_is_noted(loans: list[Loan]) -> None:
    campaign = begin()
    rate_campaign_announce(campaign_id=campaign.pk)
    paid_up(loans)
    rate_change(
        loan_id=loans[0].pk,
        annual_rate_pct=Decimal(26),
        value_date=EFFECTIVE,
        idempotency_key="by hand",
        reason="Early",
    )

    rate_campaign_run(campaign_id=campaign.pk)

    assert notice_of(campaign, loans[0]).refusal_code == "lms.rate_unchanged"
