"""Acts on changes of rates: announce or cancel one, keep a borrower's choice, undo the new rate of one loan."""

from datetime import date
from typing import Any, Final

from django.db import models
from django.db.models import Sum
from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from core.approvals.asking import content_hash
from core.approvals.registry import Lock
from lms.acts.first_rules import ALWAYS, BACKDATED, BY_FINANCE, BY_MANAGER, NEW_TERMS, ORDINARY, PLAIN
from lms.acts.inputs import NothingInput
from lms.acts.subjects import borrower_lock
from lms.errors.servicing import RateCampaignInvalid, RateNoticeUnknown
from lms.models import RateCampaign, RateChoice, RateNotice
from lms.services.effect_totals import effect_totals
from lms.services.effects import effect_of, loans_version
from lms.services.rate_campaigns import (
    rate_campaign_announce,
    rate_campaign_cancel,
    rate_campaign_summary,
    rate_choice_set,
    rate_notice_undo,
)

_CHANGE: Final = "lms.change_rate"
_LINES_SHOWN: Final = 12


class ChoiceInput(serializers.Serializer[Any]):
    """What a borrower wants to change."""

    choice = serializers.ChoiceField(choices=RateChoice.choices)


def _campaign(campaign_id: int) -> RateCampaign:
    campaign = RateCampaign.objects.select_related("benchmark", "product").filter(pk=campaign_id).first()
    if campaign is None:
        raise RateCampaignInvalid(problem=f"there is no rate change {campaign_id}.")
    return campaign


def _notice(notice_id: int) -> RateNotice:
    notice = RateNotice.objects.select_related("loan", "campaign").filter(pk=notice_id).first()
    if notice is None:
        raise RateNoticeUnknown(notice=notice_id)
    return notice


def _announce(call: ActCall) -> models.Model:
    return rate_campaign_announce(campaign_id=call.subject_id, actor=call.actor)


def _announce_effect(call: ActCall) -> dict[str, Any]:
    """Tell what was worked out for all loans, and that the change can be announced today."""
    _announce(call)
    return campaign_effect(campaign=_campaign(call.subject_id))


def campaign_effect(*, campaign: RateCampaign) -> dict[str, Any]:
    """Return what a change of rates comes to: loans, rupees, instalments and tenors before and after, and by rate."""
    summary = rate_campaign_summary(campaign=campaign)
    possible = campaign.notices.exclude(state=RateNotice.State.REFUSED)
    counts = possible.aggregate(before=Sum("before_count"), after=Sum("after_count"))
    rates = (
        possible.order_by("old_rate_pct", "new_rate_pct", "choice")
        .values("old_rate_pct", "new_rate_pct", "choice")
        .annotate(loans=models.Count("pk"), principal_paise=Sum("principal_paise"))[:_LINES_SHOWN]
    )
    refusals = (
        campaign.notices.filter(state=RateNotice.State.REFUSED)
        .order_by("refusal_code")
        .values("refusal_code")
        .annotate(loans=models.Count("pk"))
    )
    return {
        "about": str(campaign.benchmark or campaign.product),
        "counts_from": campaign.effective_date.isoformat(),
        "loans": summary.loans - summary.refused,
        "principal_paise": summary.principal_paise,
        "sum_of_instalments_paise_before": summary.before_instalment_paise,
        "sum_of_instalments_paise_after": summary.after_instalment_paise,
        "instalments_left_before": counts["before"] or 0,
        "instalments_left_after": counts["after"] or 0,
        "new_rates": [
            {
                "from": f"{row['old_rate_pct']:f} %",
                "to": f"{row['new_rate_pct']:f} %",
                "what_changes": str(RateChoice(row["choice"]).label),
                "loans": row["loans"],
                "principal_paise": row["principal_paise"],
            }
            for row in rates
        ],
        "not_possible": [{"why": row["refusal_code"], "loans": row["loans"]} for row in refusals],
    }


def _campaign_version(campaign_id: int, _values: Values) -> str:
    campaign = _campaign(campaign_id)
    return content_hash([campaign.state, campaign.last_loan_id, campaign_effect(campaign=campaign)])


def _cancel(call: ActCall) -> models.Model:
    return rate_campaign_cancel(campaign_id=call.subject_id, reason=call.reason, actor=call.actor)


def _cancel_effect(call: ActCall) -> dict[str, Any]:
    before = _campaign(call.subject_id)
    _cancel(call)
    summary = rate_campaign_summary(campaign=before)
    return {
        "state_before": before.get_state_display(),
        "state_after": RateCampaign.State.CANCELLED.label,
        "loans_that_keep_their_rate": summary.pending,
        "loans_that_have_the_new_rate_already": summary.done,
    }


def _principal(campaign_id: int, _values: Values) -> int | None:
    return rate_campaign_summary(campaign=_campaign(campaign_id)).principal_paise


def _choose(call: ActCall) -> models.Model:
    return rate_choice_set(
        notice_id=_notice(call.subject_id).pk, choice=call.values["choice"], reason=call.reason, actor=call.actor
    )


def _choose_effect(call: ActCall) -> dict[str, Any]:
    before = _notice(call.subject_id)
    _choose(call)
    after = _notice(call.subject_id)
    pairs = {}
    for name in ("after_instalment_paise", "after_count"):
        shown = {"after_instalment_paise": "instalment_paise", "after_count": "instalments_left"}[name]
        pairs[f"{shown}_before"], pairs[f"{shown}_after"] = getattr(before, name), getattr(after, name)
    return {
        "loan": before.loan.number,
        "what_changes_before": before.get_choice_display(),
        "what_changes_after": after.get_choice_display(),
        **pairs,
    }


def _undo(call: ActCall) -> models.Model:
    return rate_notice_undo(notice_id=_notice(call.subject_id).pk, reason=call.reason, actor=call.actor)


def _undo_effect(call: ActCall) -> dict[str, Any]:
    notice = _notice(call.subject_id)
    effect = effect_of(loan_ids=[notice.loan_id], act=lambda: _undo(call))
    return {
        "loan": notice.loan.number,
        "rate_before": f"{notice.new_rate_pct:f} %",
        "rate_after": f"{notice.old_rate_pct:f} %",
        **effect_totals(effect=effect),
    }


def _notice_name(notice_id: int) -> str:
    return RateNotice.objects.values_list("loan__number", flat=True).filter(pk=notice_id).first() or ""


def _notice_lock(notice_id: int, _values: Values) -> Lock:
    return borrower_lock(_notice(notice_id).loan.customer_id)


def _notice_version(notice_id: int, _values: Values) -> str:
    notice = _notice(notice_id)
    return f"{notice.state}|{notice.choice}|{loans_version(loan_ids=[notice.loan_id])}"


def _notice_principal(notice_id: int, _values: Values) -> int | None:
    return _notice(notice_id).principal_paise


def _notice_day(notice_id: int, _values: Values) -> date | None:
    return _notice(notice_id).campaign.effective_date


def _campaign_name(campaign_id: int) -> str:
    return str(RateCampaign(pk=campaign_id))


CAMPAIGN_ACTS: Final[tuple[Act, ...]] = (
    Act(
        slug="rates-announce",
        code="lms.rates-announce",
        title="Announce new rates",
        permission=_CHANGE,
        approve_permission=NEW_TERMS,
        subject=RateCampaign,
        name=_campaign_name,
        input=NothingInput,
        run=_announce,
        effect=_announce_effect,
        version=_campaign_version,
        rule=ALWAYS,
        amount_paise=_principal,
        limits_paise=BY_MANAGER,
    ),
    Act(
        slug="rates-cancel",
        code="lms.rates-cancel",
        title="Cancel new rates",
        permission=_CHANGE,
        approve_permission=NEW_TERMS,
        subject=RateCampaign,
        name=_campaign_name,
        input=NothingInput,
        run=_cancel,
        effect=_cancel_effect,
        version=_campaign_version,
        rule=PLAIN,
    ),
)
NOTICE_ACTS: Final[tuple[Act, ...]] = (
    Act(
        slug="rate-choose",
        code="lms.rate-choose",
        title="Keep the borrower's choice",
        permission=_CHANGE,
        approve_permission=NEW_TERMS,
        subject=RateNotice,
        name=_notice_name,
        input=ChoiceInput,
        run=_choose,
        effect=_choose_effect,
        version=_notice_version,
        rule=PLAIN,
    ),
    Act(
        slug="rate-undo",
        code="lms.rate-undo",
        title="Undo the new rate of a loan",
        permission="lms.reverse_fact",
        approve_permission=BACKDATED,
        subject=RateNotice,
        name=_notice_name,
        input=NothingInput,
        run=_undo,
        effect=_undo_effect,
        version=_notice_version,
        lock=_notice_lock,
        rule=ORDINARY,
        amount_paise=_notice_principal,
        value_date=_notice_day,
        limits_paise=BY_FINANCE,
    ),
)
