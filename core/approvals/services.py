"""Decide on a request for an act, and let it happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import models

from core import audit
from core.approvals.asking import Attachment, approval_request, content_hash, permit, reason_check
from core.approvals.authority import authority_check, authority_paise
from core.approvals.errors import (
    ApprovalByMaker,
    ApprovalByOther,
    ApprovalChanged,
    ApprovalEdited,
    ApprovalExpired,
    ApprovalNotPending,
    ApprovalUnknown,
)
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.registry import ApprovalKind, Lock, approval_kind
from core.clock import database_now
from core.errors import KistError
from core.transactions import run_in_transaction

__all__ = [
    "Attachment",
    "BulkOutcome",
    "approval_approve",
    "approval_reject",
    "approval_renew",
    "approval_request",
    "approval_withdraw",
    "approvals_approve",
    "approvals_expire",
    "authority_paise",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    seen_effect_hash: str
    actor: User
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What became of one request of a bulk approval; `refusal` is None when it was done."""

    request_id: int
    refusal: KistError | None


def approval_approve(
    *, request_id: int, seen_effect_hash: str, actor: User, reason: str = "", now: datetime | None = None
) -> ApprovalRequest:
    """Approve a request and do its act, in one transaction.

    The subject may have changed since the request was made. Then the effect is computed anew; when it differs from what
    the approver saw, it is stored, nothing is done, and the approver is asked again.

    Args:
        request_id: the request.
        seen_effect_hash: `effect_hash` as it was shown to the approver.
        actor: the checker; not the maker.
        now: the instant of the decision; that of the database's clock when not given.

    Returns:
        The executed request; as it is when the same person approved it before.

    Raises:
        ApprovalByMaker, ApprovalForbidden, ApprovalAboveAuthority: this person may not approve it.
        ApprovalNotPending, ApprovalExpired, ApprovalChanged, ApprovalEdited: the request is not what it was.
        ApprovalUnknown: there is no such request.
        KistError: the act is refused; the request goes on waiting.
    """
    decision = _Decision(seen_effect_hash=seen_effect_hash, actor=actor, reason=reason, now=now or database_now())
    # Read before the transaction begins: its first reads are the locks. What is asked for never changes.
    lock = _prepared(request_id)
    outcome = run_in_transaction(lambda: _approve(request_id, lock, decision))
    if isinstance(outcome, KistError):
        raise outcome
    return outcome


def approvals_approve(
    *, seen: Mapping[int, str], actor: User, reason: str = "", now: datetime | None = None
) -> tuple[BulkOutcome, ...]:
    """Approve several requests, each on its own: a refused one leaves the others alone.

    Args:
        seen: the effect hash that was shown, by request.
    """
    outcomes = []
    for request_id, effect_hash in sorted(seen.items()):
        try:
            approval_approve(request_id=request_id, seen_effect_hash=effect_hash, actor=actor, reason=reason, now=now)
            outcomes.append(BulkOutcome(request_id=request_id, refusal=None))
        except KistError as refusal:
            outcomes.append(BulkOutcome(request_id=request_id, refusal=refusal))
    return tuple(outcomes)


def approval_reject(*, request_id: int, reason: str, actor: User, now: datetime | None = None) -> ApprovalRequest:
    """Turn a request down; the reason is told to the maker.

    Raises:
        ApprovalReasonMissing, ApprovalForbidden, ApprovalByMaker, ApprovalNotPending: it cannot be rejected so.
    """
    reason_check(reason)

    def reject() -> ApprovalRequest:
        request = _pending(request_id)
        act = approval_kind(request.kind)
        permit(actor, act.check_permission, act, verb="decide on")
        _second_person(request, actor)
        return _decide(request, ApprovalState.REJECTED, actor, reason, now or database_now())

    return run_in_transaction(reject)


def approval_withdraw(
    *, request_id: int, actor: User, reason: str = "", now: datetime | None = None
) -> ApprovalRequest:
    """Take one's own request back.

    Raises:
        ApprovalByOther, ApprovalNotPending: it cannot be withdrawn so.
    """

    def withdraw() -> ApprovalRequest:
        request = _pending(request_id)
        if request.made_by_id != actor.pk:
            raise ApprovalByOther(request=request.pk)
        return _decide(request, ApprovalState.WITHDRAWN, actor, reason, now or database_now())

    return run_in_transaction(withdraw)


def approval_renew(*, request_id: int, actor: User, now: datetime | None = None) -> bool:
    """Work the effect of a waiting request out anew where its subject has changed; tell whether it is another one.

    Raises:
        ApprovalUnknown, ApprovalNotPending, ApprovalEdited: there is nothing to work out.
        ApprovalForbidden: neither may the user decide on the request nor did he make it.
        KistError: the act would be refused now; the request goes on waiting with the effect that it has.
    """
    lock = _prepared(request_id)

    def renew() -> bool:
        request = _pending(request_id)
        lock()
        act = approval_kind(request.kind)
        if request.made_by_id != actor.pk:
            permit(actor, act.check_permission, act, verb="decide on")
        _edited_check(request)
        return _recompute(request, act, now or database_now())

    return run_in_transaction(renew)


def approvals_expire(*, now: datetime) -> int:
    """Close the requests whose time is over; return how many."""
    due = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, expires_at__lte=now).values_list("pk", flat=True)
    return sum(run_in_transaction(partial(_expire, request_id, now)) for request_id in list(due))


def _approve(request_id: int, lock: Lock, decision: _Decision) -> ApprovalRequest | KistError:
    """Approve in the open transaction; a refusal that comes with a stored change is returned, not raised."""
    actor, now = decision.actor, decision.now
    request = _locked(request_id)
    lock()
    if request.state == ApprovalState.EXECUTED and request.decided_by_id == actor.pk:
        return request
    _pending_check(request)
    act = approval_kind(request.kind)
    permit(actor, act.check_permission, act, verb="decide on")
    _second_person(request, actor)
    if now >= request.expires_at:
        _decide(request, ApprovalState.EXPIRED, None, "", now)
        return ApprovalExpired(request=request.pk, expired_on=request.expires_at.date())
    _edited_check(request)
    request.amount_paise = _amount(request, act)
    authority_check(request=request, actor=actor)
    if _recompute(request, act, now) or request.effect_hash != decision.seen_effect_hash:
        return ApprovalChanged(request=request.pk)
    result = act.execute(request.payload, request.made_by, f"approval:{request.pk}")
    if isinstance(result, models.Model):
        request.result_type, request.result_id = result._meta.label_lower, str(result.pk)
    return _decide(request, ApprovalState.EXECUTED, actor, decision.reason, now)


def _recompute(request: ApprovalRequest, act: ApprovalKind, now: datetime) -> bool:
    """Compute the effect anew when the subject has changed; tell whether the effect is another one."""
    version = act.version(request.payload)
    if version == request.subject_version:
        return False
    effect = act.effect(request.payload, request.made_by)
    request.amount_paise = _amount(request, act)
    is_other = content_hash(effect) != request.effect_hash
    request.subject_version, request.effect, request.effect_hash = version, effect, content_hash(effect)
    request.recomputed_at = now
    request.save(update_fields=["subject_version", "effect", "effect_hash", "amount_paise", "recomputed_at"])
    return is_other


def _amount(request: ApprovalRequest, act: ApprovalKind) -> int | None:
    return act.amount_paise(request.payload) if act.amount_paise else None


def _edited_check(request: ApprovalRequest) -> None:
    """Refuse a request whose data are not those that were asked for and looked at."""
    if (content_hash(request.payload), content_hash(request.effect)) != (request.payload_hash, request.effect_hash):
        raise ApprovalEdited(request=request.pk)


def _prepared(request_id: int) -> Lock:
    request = ApprovalRequest.objects.filter(pk=request_id).first()
    if request is None:
        raise ApprovalUnknown(request=request_id)
    return approval_kind(request.kind).prepare(request.payload)


def _locked(request_id: int) -> ApprovalRequest:
    request = ApprovalRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise ApprovalUnknown(request=request_id)
    return request


def _pending(request_id: int) -> ApprovalRequest:
    request = _locked(request_id)
    _pending_check(request)
    return request


def _pending_check(request: ApprovalRequest) -> None:
    if request.state != ApprovalState.PENDING:
        raise ApprovalNotPending(request=request.pk, state=ApprovalState(request.state).label.lower())


def _expire(request_id: int, now: datetime) -> bool:
    request = _locked(request_id)
    if request.state != ApprovalState.PENDING:
        return False
    _decide(request, ApprovalState.EXPIRED, None, "", now)
    return True


def _decide(
    request: ApprovalRequest, state: ApprovalState, actor: User | None, reason: str, now: datetime
) -> ApprovalRequest:
    request.state, request.decided_by, request.decided_at = state, actor, now
    request.decision_reason = reason.strip()
    request.save()
    audit.record(
        actor=actor,
        action=f"core.approval_{state.value.lower()}",
        obj=request,
        reason=reason,
        detail={"kind": request.kind, "made_by": request.made_by_id, "result": request.result_id},
    )
    return request


def _second_person(request: ApprovalRequest, actor: User) -> None:
    if request.made_by_id == actor.pk:
        raise ApprovalByMaker(request=request.pk)
