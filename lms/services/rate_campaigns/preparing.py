"""What a change of rates means for each loan: new rate, new instalment, new number of instalments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.business_date import business_date
from core.errors import KistError
from core.transactions import run_in_transaction
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Fact, PrepaymentEffect, RateChange, Reschedule
from lms.engine.replay import replay
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms
from lms.errors import RateUnchanged, refusal_of
from lms.models import Loan, RateCampaign, RateChoice, RateNotice
from lms.services.benchmarks import floating_of
from lms.services.fact_rows import facts_of_many
from lms.services.positions import terms_of
from lms.services.products import rate_clean
from lms.services.rate_campaigns.campaigns import campaign_locked, state_refusal
from lms.services.rates import rate_limits_check
from lms.services.servicing_rules import servicing_rules

LOANS_AT_ONCE: Final = 200
_REFUSAL_LENGTH: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Instalment in paise and how many are left from the effective date on."""

    instalment_paise: int
    count: int


def rate_campaign_prepare(*, campaign_id: int, progress: Callable[[int], None] | None = None) -> RateCampaign:
    """Work out every loan that a change concerns, some hundred at a time; a repeated run goes on where one stopped.

    Args:
        progress: called after each step with the number of loans looked at in it.

    Raises:
        RateCampaignState: the change is cancelled.
    """
    while (count := run_in_transaction(lambda: _step(campaign_id))) >= 0:
        if progress is not None:
            progress(count)
    return RateCampaign.objects.get(pk=campaign_id)


def options_of(*, terms: Terms, facts: Sequence[Fact], rate_pct: Decimal, on_date: date) -> dict[str, Outcome]:
    """Work out what each choice of the borrower would come to; a choice that is not possible is left out.

    Raises:
        KistError: no choice is possible; the refusal of the instalment is raised.
    """
    options: dict[str, Outcome] = {}
    sequence = max(fact.sequence for fact in facts) + 1
    before = outcome_of(state=_replayed(terms, facts, on_date), on_date=on_date)
    refusal: KistError | None = None
    for choice in RateChoice:
        try:
            fact = rate_fact(
                choice=choice,
                sequence=sequence,
                rate_pct=rate_pct,
                on_date=on_date,
                extra_count=_extra_for_both(before, options.get(RateChoice.TENOR)),
            )
            options[choice.value] = outcome_of(state=_replayed(terms, (*facts, fact), on_date), on_date=on_date)
        except KistError as error:
            refusal = refusal or error
    if not options and refusal is not None:
        raise refusal
    return options


def rate_fact(
    *, choice: RateChoice, sequence: int, rate_pct: Decimal, on_date: date, extra_count: int
) -> RateChange | Reschedule:
    """Return the entry of a choice: both means half of the further instalments, and all of them worked out anew."""
    if choice is RateChoice.BOTH and extra_count:
        return Reschedule(
            sequence=sequence, value_date=on_date, annual_rate_pct=rate_pct, extra_instalments=extra_count
        )
    effect = effect_of_choice(choice=choice)
    return RateChange(sequence=sequence, value_date=on_date, annual_rate_pct=rate_pct, effect=effect)


def effect_of_choice(*, choice: RateChoice) -> PrepaymentEffect:
    """Return what a change of rate makes new: the number of instalments, or the instalment."""
    return PrepaymentEffect.CUT_TENOR if choice is RateChoice.TENOR else PrepaymentEffect.CUT_INSTALMENT


def outcome_of(*, state: LoanState, on_date: date) -> Outcome:
    """Read instalment and number of instalments from a day on."""
    coming = [row for row in state.instalments if row.due_date > on_date]
    return Outcome(instalment_paise=coming[0].due.total if coming else 0, count=len(coming))


def extra_of(*, notice: RateNotice) -> int:
    """Return how many more instalments the choice of both means for a notice."""
    tenor = notice.options.get(RateChoice.TENOR.value)
    return 0 if tenor is None else _half(tenor["count"] - notice.before_count)


def _extra_for_both(before: Outcome, tenor: Outcome | None) -> int:
    return 0 if tenor is None else _half(tenor.count - before.count)


def _half(more: int) -> int:
    """Half of the further instalments, rounded up; none where the rate goes down and there are fewer."""
    return (more + 1) // 2 if more > 0 else 0


def _step(campaign_id: int) -> int:
    """Work some loans out; return how many were looked at, -1 when there are no more."""
    campaign = campaign_locked(campaign_id=campaign_id)
    if campaign.state == RateCampaign.State.CANCELLED:
        raise state_refusal(campaign, "Begin another one.")
    if campaign.state != RateCampaign.State.DRAFT:
        return -1
    loans = list(_loans(campaign))
    if not loans:
        campaign.state = RateCampaign.State.PREPARED
        campaign.save(update_fields=["state"])
        return -1
    facts = facts_of_many(loan_ids=[loan.pk for loan in loans])
    send_by = campaign.effective_date - timedelta(days=servicing_rules(on_date=business_date()).rate_notice_days)
    notices = [_notice(campaign, loan, facts[loan.pk], send_by) for loan in loans]
    RateNotice.objects.bulk_create([notice for notice in notices if notice is not None])
    campaign.last_loan_id = loans[-1].pk
    campaign.save(update_fields=["last_loan_id"])
    return len(loans)


def _loans(campaign: RateCampaign) -> Sequence[Loan]:
    """Return the next loans in key order that the change may concern."""
    loans = Loan.objects.filter(pk__gt=campaign.last_loan_id, status=LoanStatus.ACTIVE)
    if campaign.product is not None:
        loans = loans.filter(product_code=campaign.product.code)
    else:
        loans = loans.filter(product_version__product__benchmarks__benchmark=campaign.benchmark).distinct()
    return list(loans.select_related("product_version").order_by("pk")[:LOANS_AT_ONCE])


def _notice(campaign: RateCampaign, loan: Loan, facts: Sequence[Fact], send_by: date) -> RateNotice | None:
    floating = floating_of(loan=loan)
    if campaign.benchmark_id is not None:
        if floating is None or floating.benchmark.pk != campaign.benchmark_id or campaign.new_rate_pct is None:
            return None
        rate = campaign.new_rate_pct + floating.spread_pct
    else:
        rate = loan.current_rate_pct + (campaign.delta_pct or Decimal(0))
    default = campaign.default_choice or (floating.default_choice if floating else RateChoice.EMI)
    notice = RateNotice(
        campaign=campaign,
        loan=loan,
        old_rate_pct=loan.current_rate_pct,
        new_rate_pct=rate,
        choice=RateChoice(default),
        principal_paise=loan.principal_outstanding_paise,
        send_by=send_by,
    )
    try:
        _fill(notice, terms_of(loan=loan), facts, campaign.effective_date)
    except KistError as refusal:
        notice_refuse(notice=notice, refusal=refusal)
    return notice


def notice_refuse(*, notice: RateNotice, refusal: KistError) -> None:
    """Note in a notice why its loan cannot have the new rate."""
    notice.state = RateNotice.State.REFUSED
    notice.refusal_code, notice.refusal = refusal.code, refusal.message[:_REFUSAL_LENGTH]


def notice_choose(*, notice: RateNotice, choice: RateChoice) -> None:
    """Put a choice and what it comes to into a notice."""
    notice.choice = choice
    option = notice.options[choice.value]
    notice.after_instalment_paise, notice.after_count = option["instalment_paise"], option["count"]


def _fill(notice: RateNotice, terms: Terms, facts: Sequence[Fact], on_date: date) -> None:
    rate = rate_clean(rate_pct=notice.new_rate_pct)
    rate_limits_check(loan=notice.loan, rate_pct=rate)
    if rate == notice.old_rate_pct:
        raise RateUnchanged(loan=notice.loan.number, rate=rate, value_date=on_date)
    before = outcome_of(state=_replayed(terms, facts, on_date), on_date=on_date)
    notice.before_instalment_paise, notice.before_count = before.instalment_paise, before.count
    options = options_of(terms=terms, facts=facts, rate_pct=rate, on_date=on_date)
    notice.options = {
        choice: {"instalment_paise": option.instalment_paise, "count": option.count}
        for choice, option in options.items()
    }
    wanted = notice.choice if notice.choice in options else next(iter(options))
    notice_choose(notice=notice, choice=RateChoice(wanted))


def _replayed(terms: Terms, facts: Sequence[Fact], on_date: date) -> LoanState:
    try:
        return replay(terms=terms, facts=facts, as_of=on_date)
    except EngineRefusal as error:
        raise refusal_of(error) from error
