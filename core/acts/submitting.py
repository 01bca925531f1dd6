"""Do an act, ask for it where it needs a second person, or tell what it would do."""

from typing import Any, Final
from uuid import uuid4

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models

from core import audit
from core.acts.calls import call_of, payload_of, values_of
from core.acts.errors import ActForbidden, ActKeyInvalid, ActPaperMissing, ActReasonMissing
from core.acts.registry import Act, ActCall, ActDone, ActWaiting, ReasonedCall, Values
from core.acts.rules import approval_reasons
from core.approvals.errors import ApprovalKeyReused
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import Attachment, approval_request
from core.business_date import business_date
from core.models import AuditEntry
from core.reasons.services import reason_code_check
from core.rehearsal import rehearse
from core.transactions import run_in_transaction

# The key of the request and those of the services add to it.
KEY_MAX: Final = 64
REASON_MAX: Final = 200
_REQUEST_KEY: Final = "act:"


def act_submit(
    *,
    act: Act,
    subject_id: int,
    values: Values,
    reason: str,
    actor: User,
    idempotency_key: str,
    reason_code: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> ActDone | ActWaiting:
    """Do an act on a subject, or ask a second person for it where the rules of the day want one.

    Args:
        values: what the act's input describes.
        reason: why; kept with what is done, the request and the audit trail.
        reason_code: one of the codes of the act; may be empty where no reason is required.
        idempotency_key: names the intent, at most 64 characters; a repeat gives the first result.
        attachments: papers for the approver; kept only with a request.

    Returns:
        What was done; or the request, in whatever state it is when the call is a repeat.

    Raises:
        ActForbidden, ActInputInvalid, ActReasonMissing, ReasonCodeMissing, ReasonCodeUnknown, ActKeyInvalid,
            ActPaperMissing, ApprovalKeyReused: the call cannot be.
        The refusals of the act's service.
    """
    _permit(act, actor)
    if not idempotency_key.strip() or len(idempotency_key) > KEY_MAX:
        raise ActKeyInvalid(maximum=KEY_MAX)
    _reason_check(act, reason, reason_code)
    payload = payload_of(act=act, subject_id=subject_id, values=values, reason=reason, reason_code=reason_code)
    key = f"{_REQUEST_KEY}{idempotency_key}"
    if earlier := ApprovalRequest.objects.filter(idempotency_key=key).first():
        return _outcome(_same(act, earlier, payload))
    if act.is_paper_required and not attachments:
        raise ActPaperMissing()
    call = call_of(act=act, payload=payload, actor=actor, idempotency_key=idempotency_key)
    # A repeat goes the way of the first call, whatever the rules are by now.
    if not act.was_done(idempotency_key) and approval_reasons(act=act, subject_id=subject_id, values=call.values):
        request = approval_request(
            kind=act.code,
            payload=payload,
            reason=reason or act.title,
            actor=actor,
            idempotency_key=key,
            attachments=attachments,
        )
        return _outcome(request)
    return ActDone(result=act_run(act=act, call=call))


def act_preview(
    *, act: Act, subject_id: int, values: Values, actor: User, reason: str = "", idempotency_key: str = ""
) -> dict[str, Any]:
    """Tell what an act would do, by doing it and taking it back.

    Raises:
        The refusals of `act_submit`; a missing reason or paper counts as given.
    """
    _permit(act, actor)
    payload = payload_of(act=act, subject_id=subject_id, values=values, reason=reason or "Preview", reason_code="")
    call = call_of(act=act, payload=payload, actor=actor, idempotency_key=idempotency_key or uuid4().hex)
    return call_effect(act=act, call=call)


def call_effect(*, act: Act, call: ActCall) -> dict[str, Any]:
    """Tell what a call would do, as JSON can carry it; nothing is left of what was tried."""
    lock = act.lock(call.subject_id, call.values)

    def run() -> dict[str, Any]:
        lock()
        return act.effect(call)

    return run_in_transaction(lambda: rehearse(run))


def act_run(*, act: Act, call: ActCall) -> models.Model:
    """Call the act's service, and keep the reason code beside its result in the audit trail."""
    lock = act.lock(call.subject_id, call.values)

    def run() -> models.Model:
        lock()
        result = act.run(call)
        reason_code_keep(action="core.act_reason", act=act.slug, call=call, result=result)
        return result

    return run_in_transaction(run)


def reason_code_keep(*, action: str, act: str, call: ReasonedCall, result: models.Model) -> None:
    """Write the reason code of a call beside its result in the audit trail, once for each call.

    A row may be the result of several acts, such as a freeze that is set and lifted: each has a reason of its own.
    """
    about = {"object_type": result._meta.label_lower, "object_id": str(result.pk), "action": action}
    detail = {"act": act, "reason_code": call.reason_code, "key": call.idempotency_key}
    if call.reason_code and not AuditEntry.objects.filter(**about, detail__key=call.idempotency_key).exists():
        audit.record(actor=call.actor, action=action, obj=result, reason=call.reason, detail=detail)


def request_result(*, request: ApprovalRequest) -> models.Model | None:
    """Return what came of a request that was agreed to; None while it waits, or when nothing came of it."""
    if request.state != ApprovalState.EXECUTED or not request.result_type:
        return None
    result: models.Model = apps.get_model(request.result_type)._default_manager.get(pk=request.result_id)
    return result


def _reason_check(act: Act, reason: str, reason_code: str) -> None:
    if len(reason) > REASON_MAX or (act.is_reason_required and not reason.strip()):
        raise ActReasonMissing(maximum=REASON_MAX)
    is_required = act.is_reason_required and act.is_code_required
    reason_code_check(act=act.slug, code=reason_code, on_date=business_date(), is_required=is_required)


def _same(act: Act, earlier: ApprovalRequest, payload: Values) -> ApprovalRequest:
    """Compare a repeat with its first call by what it says: encrypted values are never written the same twice."""
    if earlier.kind != act.code or _plain(act, earlier.payload) != _plain(act, payload):
        raise ApprovalKeyReused(key=earlier.idempotency_key)
    return earlier


def _plain(act: Act, payload: Values) -> dict[str, Any]:
    return {**payload, "values": values_of(act=act, payload=payload)}


def _outcome(request: ApprovalRequest) -> ActDone | ActWaiting:
    result = request_result(request=request)
    return ActWaiting(request=request) if result is None else ActDone(result=result)


def _permit(act: Act, actor: User) -> None:
    if not actor.has_perm(act.permission):
        raise ActForbidden(act=act.title)
