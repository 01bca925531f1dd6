"""Ask for an act, decide on it, and let it happen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from core import audit
from core.approvals.errors import (
    ApprovalAboveAuthority,
    ApprovalByMaker,
    ApprovalByOther,
    ApprovalChanged,
    ApprovalExpired,
    ApprovalForbidden,
    ApprovalKeyReused,
    ApprovalNotPending,
    ApprovalReasonMissing,
)
from core.approvals.models import ApprovalAttachment, ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.registry import ApprovalKind, approval_kind
from core.business_date import business_date
from core.errors import KistError
from core.transactions import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that comes with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What became of one request of a bulk approval; `refusal` is None when it was done."""

    request_id: int
    refusal: KistError | None


def approval_request(
    *,
    kind: str,
    payload: Mapping[str, Any],
    reason: str,
    actor: User,
    idempotency_key: str,
    attachments: Sequence[Attachment] = (),
) -> ApprovalRequest:
    """Ask for an act: its effect is computed now, in a rehearsal, and stored beside the request.

    Args:
        kind: code of a registered act.
        payload: everything that the act needs, as JSON can carry it.
        reason: why the act is wanted.
        actor: the maker.
        idempotency_key: names this request once and for all.
        attachments: papers that support it.

    Returns:
        The request; that of the first call when the key comes again with the same payload.

    Raises:
        ApprovalForbidden, ApprovalReasonMissing, ApprovalKeyReused: the request is refused as such.
        KistError: the act itself would be refused.
    """
    act = approval_kind(kind)
    _permit(actor, act.make_permission, act, verb="make")
    _reason_check(reason)
    if earlier := ApprovalRequest.objects.filter(idempotency_key=idempotency_key).first():
        return _same(earlier, kind, payload)
    unsaved = _unsaved(act, payload, actor, reason=reason.strip(), key=idempotency_key)
    try:
        with transaction.atomic():
            unsaved.save(force_insert=True)
            _attachments_add(unsaved, attachments)
            audit.record(actor=actor, action="core.approval_request", obj=unsaved, reason=reason, detail={"kind": kind})
    except IntegrityError:
        return _same(ApprovalRequest.objects.get(idempotency_key=idempotency_key), kind, payload)
    return unsaved


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
        now: the instant of the decision; the clock's when not given.

    Returns:
        The executed request; as it is when the same person approved it before.

    Raises:
        ApprovalByMaker, ApprovalForbidden, ApprovalAboveAuthority: this person may not approve it.
        ApprovalNotPending, ApprovalExpired, ApprovalChanged: the request is not what it was.
        KistError: the act is refused; the request goes on waiting.
    """
    instant = now or timezone.now()
    outcome = run_in_transaction(lambda: _approve(request_id, seen_effect_hash, actor, reason, instant))
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
    _reason_check(reason)

    def reject() -> ApprovalRequest:
        request = _pending(request_id)
        act = approval_kind(request.kind)
        _permit(actor, act.check_permission, act, verb="decide on")
        _second_person(request, actor)
        return _decide(request, ApprovalState.REJECTED, actor, reason, now or timezone.now())

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
        return _decide(request, ApprovalState.WITHDRAWN, actor, reason, now or timezone.now())

    return run_in_transaction(withdraw)


def approvals_expire(*, now: datetime) -> int:
    """Close the requests whose time is over; return how many."""
    due = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, expires_at__lte=now).values_list("pk", flat=True)
    return sum(run_in_transaction(partial(_expire, request_id, now)) for request_id in list(due))


def authority_paise(*, user: User, kind: str) -> int:
    """Return up to which amount a user may approve an act on the business date; zero without a limit row.

    A role's latest row that is in force counts, the highest of the user's roles decides.
    """
    rows = AuthorityLimit.objects.filter(
        kind=kind, effective_from__lte=business_date(), role__in=user.groups.values_list("name", flat=True)
    ).order_by("effective_from")
    latest = {row.role: row.up_to_paise for row in rows}
    return max(latest.values(), default=0)


def _approve(
    request_id: int, seen_effect_hash: str, actor: User, reason: str, now: datetime
) -> ApprovalRequest | KistError:
    """Approve in the open transaction; a refusal that comes with a stored change is returned, not raised."""
    request = _locked(request_id)
    if request.state == ApprovalState.EXECUTED and request.decided_by_id == actor.pk:
        return request
    _pending_check(request)
    act = approval_kind(request.kind)
    _permit(actor, act.check_permission, act, verb="decide on")
    _second_person(request, actor)
    if now >= request.expires_at:
        _decide(request, ApprovalState.EXPIRED, None, "", now)
        return ApprovalExpired(request=request.pk, expired_on=request.expires_at.date())
    _authority_check(request, actor)
    if _recompute(request, act, now) or request.effect_hash != seen_effect_hash:
        return ApprovalChanged(request=request.pk)
    result = act.execute(request.payload, request.made_by, f"approval:{request.pk}")
    if isinstance(result, models.Model):
        request.result_type, request.result_id = result._meta.label_lower, str(result.pk)
    return _decide(request, ApprovalState.EXECUTED, actor, reason, now)


def _recompute(request: ApprovalRequest, act: ApprovalKind, now: datetime) -> bool:
    """Compute the effect anew when the subject has changed; tell whether the effect is another one."""
    version = act.version(request.payload)
    if version == request.subject_version:
        return False
    effect = act.effect(request.payload, request.made_by)
    is_other = _hash(effect) != request.effect_hash
    request.subject_version, request.effect, request.effect_hash = version, effect, _hash(effect)
    request.recomputed_at = now
    request.save(update_fields=["subject_version", "effect", "effect_hash", "recomputed_at"])
    return is_other


def _unsaved(act: ApprovalKind, payload: Mapping[str, Any], actor: User, *, reason: str, key: str) -> ApprovalRequest:
    # The version is read before the effect: a change in between makes the request stale, never silently wrong.
    version = act.version(payload)
    effect = act.effect(payload, actor)
    subject_type, subject_id = act.subject(payload)
    now = timezone.now()
    return ApprovalRequest(
        kind=act.code,
        description=act.describe(payload)[:200],
        subject_type=subject_type,
        subject_id=subject_id,
        payload=dict(payload),
        payload_hash=_hash(payload),
        effect=effect,
        effect_hash=_hash(effect),
        subject_version=version,
        amount_paise=act.amount_paise(payload) if act.amount_paise else None,
        reason=reason,
        made_by=actor,
        made_at=now,
        expires_at=now + timedelta(days=act.expires_after_days),
        idempotency_key=key,
    )


def _attachments_add(request: ApprovalRequest, attachments: Sequence[Attachment]) -> None:
    for attachment in attachments:
        digest = hashlib.sha256(attachment.content).hexdigest()
        row = ApprovalAttachment(request=request, name=attachment.name[:120], content_hash=digest)
        row.file.save(digest, ContentFile(attachment.content), save=False)
        row.save()


def _same(earlier: ApprovalRequest, kind: str, payload: Mapping[str, Any]) -> ApprovalRequest:
    if (earlier.kind, earlier.payload_hash) != (kind, _hash(payload)):
        raise ApprovalKeyReused(key=earlier.idempotency_key)
    return earlier


def _locked(request_id: int) -> ApprovalRequest:
    return ApprovalRequest.objects.select_for_update().get(pk=request_id)


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


def _permit(actor: User, permission: str, act: ApprovalKind, *, verb: str) -> None:
    if not actor.has_perm(permission):
        raise ApprovalForbidden(verb=verb, kind=act.code)


def _second_person(request: ApprovalRequest, actor: User) -> None:
    if request.made_by_id == actor.pk:
        raise ApprovalByMaker(request=request.pk)


def _authority_check(request: ApprovalRequest, actor: User) -> None:
    if request.amount_paise is None:
        return
    up_to_paise = authority_paise(user=actor, kind=request.kind)
    if request.amount_paise > up_to_paise:
        raise ApprovalAboveAuthority(request=request.pk, amount_paise=request.amount_paise, up_to_paise=up_to_paise)


def _reason_check(reason: str) -> None:
    if not reason.strip():
        raise ApprovalReasonMissing()


def _hash(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
