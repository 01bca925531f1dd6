"""New rates on their day: loan by loan, each in a transaction of its own, and undone one by one."""

from collections.abc import Callable
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.errors import KistError
from core.transactions import run_in_transaction
from lms.errors.servicing import RateCampaignTooEarly, RateNoticeState
from lms.locks import rate_notices_for_update
from lms.models import LoanFact, RateCampaign, RateChoice, RateNotice
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.checks import reason_check
from lms.services.rate_campaigns.campaigns import campaign_locked, state_refusal
from lms.services.rate_campaigns.preparing import effect_of_choice, extra_of, notice_choose, notice_refuse
from lms.services.rates import rate_change
from lms.services.reschedules import loan_reschedule
from lms.services.reversals import fact_reverse

_AT_ONCE: Final = 500
Notice = RateNotice.State


def rate_campaign_run(*, campaign_id: int, progress: Callable[[int], None] | None = None) -> RateCampaign:
    """Give every loan of an announced change its new rate; a repeated run goes on with those that are left.

    A loan that cannot have it is noted with the refusal, and the others go on. A change that is cancelled meanwhile
    stops before the next loan.

    Args:
        progress: called with 1 after each loan.

    Raises:
        RateCampaignState: the change is not announced.
        RateCampaignTooEarly: its day has not come.
    """
    campaign = RateCampaign.objects.get(pk=campaign_id)
    if campaign.state == RateCampaign.State.DONE:
        return campaign
    if campaign.state != RateCampaign.State.ANNOUNCED:
        raise state_refusal(campaign, "Only an announced one can be done.")
    if (today := business_date()) < campaign.effective_date:
        raise RateCampaignTooEarly(effective_date=campaign.effective_date, business_date=today)
    pending = campaign.notices.filter(state=Notice.PENDING).order_by("loan_id")
    while _is_announced(campaign_id) and (notices := list(pending.select_related("loan", "campaign")[:_AT_ONCE])):
        for notice in notices:
            if not _change(notice):
                break
            if progress is not None:
                progress(1)
    return run_in_transaction(lambda: _finish(campaign_id))


def rate_campaigns_due() -> tuple[int, ...]:
    """Return the changes whose day has come, oldest first."""
    due = RateCampaign.objects.filter(state=RateCampaign.State.ANNOUNCED, effective_date__lte=business_date())
    return tuple(due.order_by("effective_date", "pk").values_list("pk", flat=True))


def rate_choice_set(*, notice_id: int, choice: str, reason: str, actor: User | None = None) -> RateNotice:
    """Keep what a borrower wants to change: the instalment, the number of instalments, or both.

    Raises:
        RateNoticeState: it is too late, or the choice is not possible for the loan.
        ReasonMissing: the reason is empty; it says how the borrower told it.
    """
    reason_check(reason=reason, is_required=True)
    wanted = RateChoice(choice)

    def choose() -> RateNotice:
        notice = rate_notices_for_update().select_related(None).get(pk=notice_id)
        if notice.state != Notice.PENDING:
            raise _notice_refusal(notice, "The choice came too late.")
        if wanted.value not in notice.options:
            raise _notice_refusal(notice, f"{wanted.label} cannot be changed at this rate.")
        notice_choose(notice=notice, choice=wanted)
        notice.is_chosen = True
        notice.save(update_fields=["choice", "is_chosen", "after_instalment_paise", "after_count"])
        audit.record(
            actor=actor,
            action="lms.rate_choice_set",
            obj=notice,
            reason=reason,
            detail={"loan": notice.loan.number, "choice": wanted.value},
        )
        return notice

    return run_in_transaction(choose)


def rate_notice_undo(*, notice_id: int, reason: str, actor: User | None = None) -> RateNotice:
    """Take the new rate of one loan back, by reversing its entry.

    Raises:
        RateNoticeState: the loan does not have it from this change.
        The refusals of `fact_reverse`.
    """
    reason_check(reason=reason, is_required=True)
    notice = RateNotice.objects.get(pk=notice_id)

    def undo(customer_id: int) -> RateNotice:
        loan_lock(loan_id=notice.loan_id, customer_id=customer_id)
        row = rate_notices_for_update().get(pk=notice_id)
        if row.state != Notice.DONE or row.fact is None:
            raise _notice_refusal(row, "Nothing of it can be undone.")
        fact_reverse(
            loan_id=row.loan_id,
            sequence=row.fact.sequence,
            idempotency_key=f"rate-undo:{row.pk}",
            reason=reason,
            actor=actor,
        )
        row.state = Notice.UNDONE
        row.save(update_fields=["state"])
        return row

    return borrower_transaction(loan_id=notice.loan_id, act=undo)


def _change(notice: RateNotice) -> bool:
    """Give a loan its rate, or note why it cannot have it; False when the change was cancelled meanwhile."""
    try:
        return borrower_transaction(loan_id=notice.loan_id, act=lambda customer_id: _change_locked(notice, customer_id))
    except KistError as refusal:
        notice_refuse(notice=notice, refusal=refusal)
        run_in_transaction(lambda: _refuse(notice))
        return True


def _change_locked(notice: RateNotice, customer_id: int) -> bool:
    loan_lock(loan_id=notice.loan_id, customer_id=customer_id)
    # Another run may have done it, or the borrower chosen, while this one waited for the lock.
    row = rate_notices_for_update().get(pk=notice.pk)
    if not _is_announced(row.campaign_id):
        return False
    if row.state != Notice.PENDING:
        return True
    row.fact = _entry(row, notice.campaign)
    row.state = Notice.DONE
    row.save(update_fields=["state", "fact"])
    return True


def _is_announced(campaign_id: int) -> bool:
    """Tell whether a change still holds: one that is cancelled while it runs gives no further loan its rate."""
    return RateCampaign.objects.filter(pk=campaign_id, state=RateCampaign.State.ANNOUNCED).exists()


def _entry(row: RateNotice, campaign: RateCampaign) -> LoanFact:
    key = f"rate-campaign:{campaign.pk}:{row.loan_id}"
    choice = RateChoice(row.choice)
    extra = extra_of(notice=row)
    if choice is RateChoice.BOTH and extra:
        return loan_reschedule(
            loan_id=row.loan_id,
            value_date=campaign.effective_date,
            extra_instalments=extra,
            annual_rate_pct=row.new_rate_pct,
            idempotency_key=key,
            reason=campaign.reason,
            actor=campaign.announced_by,
        )
    return rate_change(
        loan_id=row.loan_id,
        annual_rate_pct=row.new_rate_pct,
        value_date=campaign.effective_date,
        effect=effect_of_choice(choice=choice),
        idempotency_key=key,
        reason=campaign.reason,
        actor=campaign.announced_by,
    )


def _refuse(notice: RateNotice) -> None:
    RateNotice.objects.filter(pk=notice.pk, state=Notice.PENDING).update(
        state=Notice.REFUSED, refusal_code=notice.refusal_code, refusal=notice.refusal
    )


def _finish(campaign_id: int) -> RateCampaign:
    campaign = campaign_locked(campaign_id=campaign_id)
    if campaign.state == RateCampaign.State.ANNOUNCED and not campaign.notices.filter(state=Notice.PENDING).exists():
        campaign.state, campaign.finished_at = RateCampaign.State.DONE, database_now()
        campaign.save(update_fields=["state", "finished_at"])
        audit.record(actor=None, action="lms.rate_campaign_done", obj=campaign, reason=campaign.reason)
    return campaign


def _notice_refusal(notice: RateNotice, what: str) -> RateNoticeState:
    return RateNoticeState(loan=notice.loan.number, state=notice.get_state_display().lower(), what=what)
