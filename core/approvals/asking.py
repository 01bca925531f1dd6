"""Ask for an act: its effect is worked out and stored with the request."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import IntegrityError

from core import audit
from core.approvals.errors import ApprovalForbidden, ApprovalKeyReused, ApprovalReasonMissing
from core.approvals.models import ApprovalAttachment, ApprovalRequest
from core.approvals.registry import ApprovalKind, approval_kind
from core.clock import database_now
from core.transactions import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that comes with a request."""

    name: str
    content: bytes


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
    permit(actor, act.make_permission, act, verb="make")
    reason_check(reason)
    if earlier := ApprovalRequest.objects.filter(idempotency_key=idempotency_key).first():
        return _same(earlier, kind, payload)
    unsaved = _unsaved(act, payload, actor, reason=reason.strip(), key=idempotency_key)
    papers = [_paper(attachment) for attachment in attachments]

    def save() -> None:
        unsaved.pk = None
        unsaved.save(force_insert=True)
        for paper in papers:
            paper.request, paper.pk = unsaved, None
            paper.save(force_insert=True)
        audit.record(actor=actor, action="core.approval_request", obj=unsaved, reason=reason, detail={"kind": kind})

    try:
        run_in_transaction(save)
    except IntegrityError:
        return _same(ApprovalRequest.objects.get(idempotency_key=idempotency_key), kind, payload)
    return unsaved


def permit(actor: User, permission: str, act: ApprovalKind, *, verb: str) -> None:
    """Refuse a user who lacks the permission to ask for, or to decide on, an act."""
    if not actor.has_perm(permission):
        raise ApprovalForbidden(verb=verb, kind=act.code)


def reason_check(reason: str) -> None:
    """Refuse a reason that is empty."""
    if not reason.strip():
        raise ApprovalReasonMissing()


def content_hash(content: object) -> str:
    """Return a fingerprint of what JSON can carry."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _unsaved(act: ApprovalKind, payload: Mapping[str, Any], actor: User, *, reason: str, key: str) -> ApprovalRequest:
    # The version is read before the effect: a change in between makes the request stale, never silently wrong.
    version = act.version(payload)
    effect = act.effect(payload, actor)
    subject_type, subject_id = act.subject(payload)
    now = database_now()
    return ApprovalRequest(
        kind=act.code,
        description=act.describe(payload)[:200],
        subject_type=subject_type,
        subject_id=subject_id,
        payload=dict(payload),
        payload_hash=content_hash(payload),
        effect=effect,
        effect_hash=content_hash(effect),
        subject_version=version,
        amount_paise=act.amount_paise(payload) if act.amount_paise else None,
        reason=reason,
        made_by=actor,
        made_at=now,
        expires_at=now + timedelta(days=act.expires_after_days),
        idempotency_key=key,
    )


def _paper(attachment: Attachment) -> ApprovalAttachment:
    """Store a paper's content under its hash; the row is saved with the request, in its transaction."""
    digest = hashlib.sha256(attachment.content).hexdigest()
    row = ApprovalAttachment(name=attachment.name[:120], content_hash=digest)
    row.file.save(digest, ContentFile(attachment.content), save=False)
    return row


def _same(earlier: ApprovalRequest, kind: str, payload: Mapping[str, Any]) -> ApprovalRequest:
    if (earlier.kind, earlier.payload_hash) != (kind, content_hash(payload)):
        raise ApprovalKeyReused(key=earlier.idempotency_key)
    return earlier
