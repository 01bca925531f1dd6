"""Do an act, ask for it where it needs a second person, or tell what it would do."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from django.contrib.auth.models import User

from core.acts.errors import ActForbidden
from core.acts.registry import ActWaiting, Values
from core.acts.rules import approval_reasons
from core.acts.submitting import reason_code_keep, request_result
from core.approvals.models import ApprovalRequest
from core.approvals.registry import Lock
from core.approvals.services import Attachment, approval_request
from core.business_date import business_date
from core.reasons.services import reason_code_check
from core.transactions import run_in_transaction
from lms.acts.registry import ActCall, ActDone, LoanAct
from lms.errors import IdempotencyKeyMissing
from lms.locks import loans_of_customer_for_update
from lms.models import LoanFact
from lms.services.borrowers import borrower_of
from lms.services.checks import reason_check
from lms.services.effects import Effect, effect_of

# The key of the request and those of the entries add to it.
KEY_MAX: Final = 64
_REQUEST_KEY: Final = "lms.act:"


def act_submit(
    *,
    act: LoanAct,
    loan_id: int,
    values: Values,
    reason: str,
    actor: User,
    idempotency_key: str,
    reason_code: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> ActDone | ActWaiting:
    """Do an act on a loan, or ask a second person for it where the rules of the day want one.

    Args:
        act: one of `ACTS`.
        values: what the act's input describes.
        reason: why; kept with the entry, the request and the audit trail.
        reason_code: one of the codes of the act's group; may be empty where no reason is required.
        idempotency_key: names the intent, at most 64 characters; a repeat gives the first result.
        attachments: papers for the approver; kept only with a request.

    Returns:
        What was done; or the request, in whatever state it is when the call is a repeat.

    Raises:
        ActForbidden, ActInputInvalid, ReasonMissing, ReasonCodeMissing, ReasonCodeUnknown, IdempotencyKeyMissing:
            the call cannot be.
        LoanUnknown, and the refusals of the act's service.
    """
    _permit(act, actor)
    if not idempotency_key.strip() or len(idempotency_key) > KEY_MAX:
        raise IdempotencyKeyMissing(maximum=KEY_MAX)
    reason_check(reason=reason, is_required=act.is_reason_required)
    reason_code_check(
        act=act.reason_group, code=reason_code, on_date=business_date(), is_required=act.is_reason_required
    )
    payload = payload_of(act=act, loan_id=loan_id, values=values, reason=reason, reason_code=reason_code)
    if _is_for_approval(act, payload, idempotency_key):
        request = approval_request(
            kind=act.approval_code,
            payload=payload,
            reason=reason or act.title,
            actor=actor,
            idempotency_key=f"{_REQUEST_KEY}{idempotency_key}",
            attachments=attachments,
        )
        return _outcome(request)
    call = call_of(act=act, payload=payload, actor=actor, idempotency_key=idempotency_key)
    return ActDone(result=act_run(act=act, call=call))


def act_preview(
    *,
    act: LoanAct,
    loan_id: int,
    values: Values,
    actor: User,
    reason: str = "",
    reason_code: str = "",
    idempotency_key: str = "",
) -> Effect:
    """Tell what an act would do, by doing it and taking it back.

    Raises:
        The refusals of `act_submit`; a missing reason counts as given.
    """
    _permit(act, actor)
    payload = payload_of(act=act, loan_id=loan_id, values=values, reason=reason or "Preview", reason_code=reason_code)
    return payload_effect(act=act, payload=payload, actor=actor, idempotency_key=idempotency_key or uuid4().hex)


def payload_of(*, act: LoanAct, loan_id: int, values: Values, reason: str, reason_code: str) -> dict[str, Any]:
    """Write a call as the data of a request; who reads it back gets the same values.

    Raises:
        ActInputInvalid: a value is missing or wrong.
        LoanUnknown: there is no such loan.
    """
    borrower_of(loan_id=loan_id)
    checked = act.from_json(act.to_json(values))
    return {"loan_id": loan_id, "values": act.to_json(checked), "reason": reason, "reason_code": reason_code}


def call_of(*, act: LoanAct, payload: Values, actor: User, idempotency_key: str) -> ActCall:
    """Read the data of a request as a call of the act."""
    return ActCall(
        loan_id=payload["loan_id"],
        values=act.from_json(payload["values"]),
        reason=payload["reason"],
        reason_code=payload["reason_code"],
        actor=actor,
        idempotency_key=idempotency_key,
    )


def payload_effect(*, act: LoanAct, payload: Values, actor: User, idempotency_key: str) -> Effect:
    """Tell what the call in a payload would do."""
    call = call_of(act=act, payload=payload, actor=actor, idempotency_key=idempotency_key)
    loan_ids = act.loans(call.loan_id, call.values)
    return effect_of(loan_ids=loan_ids, act=lambda: act.run(call), lock=loans_lock(loan_ids=loan_ids))


def act_run(*, act: LoanAct, call: ActCall) -> Any:
    """Call the act's service, and keep the reason code beside its entry in the audit trail."""
    lock = loans_lock(loan_ids=act.loans(call.loan_id, call.values))

    def run() -> Any:
        lock()
        result = act.run(call)
        reason_code_keep(action="lms.act_reason", act=act.slug, call=call, result=result)
        return result

    return run_in_transaction(run)


def loans_lock(*, loan_ids: Sequence[int]) -> Lock:
    """Read who has these loans, and return what locks all loans of these borrowers, in key order.

    To be called before the transaction begins, as `fact_record` does: the first read within is then the lock.

    Raises:
        LoanUnknown: one of the loans does not exist.
    """
    customer_ids = sorted({borrower_of(loan_id=loan_id) for loan_id in loan_ids})
    return lambda: [list(loans_of_customer_for_update(customer_id=customer_id)) for customer_id in customer_ids]


def _is_for_approval(act: LoanAct, payload: Values, key: str) -> bool:
    """Tell whether the call needs a second person; a repeat goes the way of the first call, whatever the rules are."""
    if ApprovalRequest.objects.filter(idempotency_key=f"{_REQUEST_KEY}{key}").exists():
        return True
    # A transfer has an entry on either loan, each with a key of its own.
    if LoanFact.objects.filter(idempotency_key__in=(key, f"{key}:out")).exists():
        return False
    values = act.from_json(payload["values"])
    return bool(approval_reasons(act=act, subject_id=payload["loan_id"], values=values))


def _outcome(request: ApprovalRequest) -> ActDone | ActWaiting:
    result = request_result(request=request)
    return ActWaiting(request=request) if result is None else ActDone(result=result)


def _permit(act: LoanAct, actor: User) -> None:
    if not actor.has_perm(act.permission):
        raise ActForbidden(act=act.title)
