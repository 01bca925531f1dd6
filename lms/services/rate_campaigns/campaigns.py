"""A change of rates as a whole: begun, announced, cancelled, summed up."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors import IdempotencyKeyReused
from lms.errors.servicing import ParametersDateTaken, RateCampaignInvalid, RateCampaignState, RateNoticeTooShort
from lms.locks import rate_campaigns_for_update
from lms.models import Benchmark, BenchmarkRate, Product, RateCampaign, RateChoice, RateNotice
from lms.services.benchmarks import benchmark_rate_publish
from lms.services.checks import key_check, reason_check
from lms.services.fact_rows import content_hash
from lms.services.products import rate_clean
from lms.services.servicing_rules import servicing_rules

State = RateCampaign.State


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSummary:
    """What a change of rates comes to: loans by state, and sums in paise over those that it is possible for."""

    loans: int
    pending: int
    done: int
    refused: int
    undone: int
    principal_paise: int
    before_instalment_paise: int
    after_instalment_paise: int


def rate_campaign_create(
    *,
    effective_date: date,
    reason: str,
    idempotency_key: str,
    benchmark: Benchmark | None = None,
    new_rate_pct: Decimal | None = None,
    product: Product | None = None,
    delta_pct: Decimal | None = None,
    default_choice: str = "",
    actor: User | None = None,
) -> RateCampaign:
    """Begin a change of rates: a new value of a benchmark, or a difference for every loan of a product.

    Nothing is worked out yet; `rate_campaign_prepare` does that.

    Args:
        effective_date: the day from which the new rates count.
        new_rate_pct: the benchmark's new value; its loans then bear that and their spread.
        delta_pct: by how much the rates of the product's loans move, up or down.
        default_choice: what changes for borrowers who do not choose; what the product says when empty.

    Raises:
        RateCampaignInvalid: neither a benchmark with a value nor a product with a difference was given.
        RateInvalid, ReasonMissing, IdempotencyKeyMissing, IdempotencyKeyReused: the input is wrong.
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=reason, is_required=True)
    _shape_check(benchmark, new_rate_pct, product, delta_pct)
    new_rate = None if new_rate_pct is None else rate_clean(rate_pct=new_rate_pct)
    delta = None if delta_pct is None else rate_clean(rate_pct=abs(delta_pct)) * (1 if delta_pct > 0 else -1)
    campaign = RateCampaign(
        benchmark=benchmark,
        product=product,
        new_rate_pct=new_rate,
        delta_pct=delta,
        effective_date=effective_date,
        default_choice=RateChoice(default_choice).value if default_choice else "",
        reason=reason,
        idempotency_key=idempotency_key,
        content_hash=content_hash(
            content={
                "benchmark": benchmark.pk if benchmark else None,
                "product": product.pk if product else None,
                "rate": str(new_rate),
                "delta": str(delta),
                "effective_date": effective_date,
                "choice": default_choice,
            }
        ),
        recorded_on=business_date(),
        recorded_by=actor,
    )
    return run_in_transaction(lambda: _create(campaign))


def rate_campaign_announce(*, campaign_id: int, actor: User | None = None) -> RateCampaign:
    """Announce a change that is worked out: its notices are to be sent, and its day is fixed.

    A benchmark's new value is published with it, unless it is already.

    Raises:
        ParametersDateTaken: the benchmark has another value from that day on.
        RateCampaignState: it is not worked out, or announced already.
        RateNoticeTooShort: the borrowers would hear of it too late.
    """

    def announce() -> RateCampaign:
        campaign = campaign_locked(campaign_id=campaign_id)
        if campaign.state != State.PREPARED:
            raise state_refusal(campaign, "Only one that is worked out can be announced.")
        today = business_date()
        days = servicing_rules(on_date=today).rate_notice_days
        if (earliest := today + timedelta(days=days)) > campaign.effective_date:
            raise RateNoticeTooShort(days=days, earliest=earliest, effective_date=campaign.effective_date)
        campaign.state, campaign.announced_on, campaign.announced_by = State.ANNOUNCED, today, actor
        campaign.save(update_fields=["state", "announced_on", "announced_by"])
        campaign.notices.filter(state=RateNotice.State.PENDING).update(announced_on=today)
        _benchmark_publish(campaign, actor)
        _audit(campaign, "announce", actor, campaign.reason)
        return campaign

    return run_in_transaction(announce)


def rate_campaign_cancel(*, campaign_id: int, reason: str, actor: User | None = None) -> RateCampaign:
    """Stop a change; loans that have the new rate keep it until theirs is undone.

    Raises:
        RateCampaignState: it is done or cancelled already.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def cancel() -> RateCampaign:
        campaign = campaign_locked(campaign_id=campaign_id)
        if campaign.state in (State.DONE, State.CANCELLED):
            raise state_refusal(campaign, "It cannot be cancelled.")
        campaign.state = State.CANCELLED
        campaign.save(update_fields=["state"])
        _audit(campaign, "cancel", actor, reason)
        return campaign

    return run_in_transaction(cancel)


def rate_campaign_summary(*, campaign: RateCampaign) -> CampaignSummary:
    """Sum a change up, with one query; the new instalments are those of each notice's choice."""
    states = RateNotice.State
    possible = ~Q(state=states.REFUSED)
    figures = campaign.notices.aggregate(
        loans=Count("pk"),
        **{state.name.lower(): Count("pk", filter=Q(state=state)) for state in states},
        principal=Sum("principal_paise", filter=possible),
        before=Sum("before_instalment_paise", filter=possible),
        after=Sum("after_instalment_paise", filter=possible),
    )
    return CampaignSummary(
        loans=figures["loans"],
        pending=figures["pending"],
        done=figures["done"],
        refused=figures["refused"],
        undone=figures["undone"],
        principal_paise=figures["principal"] or 0,
        before_instalment_paise=figures["before"] or 0,
        after_instalment_paise=figures["after"] or 0,
    )


def campaign_locked(*, campaign_id: int) -> RateCampaign:
    """Lock a change of rates and return it; inside a transaction.

    Raises:
        RateCampaignInvalid: there is none.
    """
    campaign = rate_campaigns_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise RateCampaignInvalid(problem=f"there is no rate change {campaign_id}.")
    return campaign


def state_refusal(campaign: RateCampaign, what: str) -> RateCampaignState:
    """Return the refusal of an act that the state of a change does not allow."""
    return RateCampaignState(campaign=campaign.pk, state=State(campaign.state).label.lower(), what=what)


def _create(campaign: RateCampaign) -> RateCampaign:
    campaign.pk = None
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
    except IntegrityError:
        earlier = RateCampaign.objects.filter(idempotency_key=campaign.idempotency_key).first()
        if earlier is None or earlier.content_hash != campaign.content_hash:
            raise IdempotencyKeyReused(key=campaign.idempotency_key) from None
        return earlier
    _audit(campaign, "create", campaign.recorded_by, campaign.reason)
    return campaign


def _benchmark_publish(campaign: RateCampaign, actor: User | None) -> None:
    if campaign.benchmark is None or campaign.new_rate_pct is None:
        return
    effective_from = campaign.effective_date
    known = BenchmarkRate.objects.filter(benchmark=campaign.benchmark, effective_from=effective_from).first()
    if known is None:
        benchmark_rate_publish(
            benchmark=campaign.benchmark,
            effective_from=effective_from,
            rate_pct=campaign.new_rate_pct,
            source=f"Rate change {campaign.pk}",
            reason=campaign.reason,
            actor=actor,
        )
    elif known.rate_pct != campaign.new_rate_pct:
        # The loans would bear another rate than the benchmark that they follow.
        raise ParametersDateTaken(effective_from=effective_from)


def _shape_check(
    benchmark: Benchmark | None, new_rate_pct: Decimal | None, product: Product | None, delta_pct: Decimal | None
) -> None:
    problem = ""
    if (benchmark is None) == (product is None):
        problem = "name either a benchmark or a product."
    elif benchmark is not None and (new_rate_pct is None or delta_pct is not None):
        problem = "a benchmark gets a new value."
    elif product is not None and (not delta_pct or new_rate_pct is not None):
        problem = "a product gets a difference other than zero."
    if problem:
        raise RateCampaignInvalid(problem=problem)


def _audit(campaign: RateCampaign, verb: str, actor: User | None, reason: str) -> None:
    audit.record(
        actor=actor,
        action=f"lms.rate_campaign_{verb}",
        obj=campaign,
        reason=reason,
        detail={
            "effective_date": campaign.effective_date.isoformat(),
            "benchmark": campaign.benchmark_id,
            "product": campaign.product_id,
        },
    )
