"""Acts of staff as kinds of approval: shown before, done after, in the maker's name."""

import hashlib
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from core.acts.calls import call_of, values_of
from core.acts.registry import Act, no_amount, ruled_add
from core.acts.submitting import act_run, call_effect
from core.approvals.registry import ApprovalKind, Lock, Payload, register
from core.business_date import business_date
from core.money import format_rupees

_REHEARSAL = "rehearsal"


def act_register(act: Act) -> None:
    """Make an act known to the rules and to maker and checker; called once for each from its app's `ready`."""
    ruled_add(act)
    register(approval_kind_of(act))


def approval_kind_of(act: Act) -> ApprovalKind:
    """Return an act as a kind of approval."""
    return ApprovalKind(
        code=act.code,
        title=act.title,
        make_permission=act.permission,
        check_permission=act.approve_permission,
        describe=partial(_describe, act),
        subject=lambda payload: (act.subject._meta.label_lower, payload["subject_id"]),
        effect=partial(_effect, act),
        version=partial(_version, act),
        execute=partial(_execute, act),
        amount_paise=None if act.amount_paise is no_amount else partial(_amount, act),
        prepare=partial(_prepare, act),
        limits_paise=act.limits_paise,
    )


def _describe(act: Act, payload: Payload) -> str:
    name = act.name(payload["subject_id"])
    amount_paise = payload["values"].get("amount_paise") or payload["values"].get("limit_paise")
    told = f"{act.title}: {name}" if name else act.title
    return told + (f", {format_rupees(amount_paise)}" if amount_paise else "")


def _effect(act: Act, payload: Payload, actor: User) -> dict[str, Any]:
    return call_effect(act=act, call=call_of(act=act, payload=payload, actor=actor, idempotency_key=_REHEARSAL))


def _version(act: Act, payload: Payload) -> str:
    """Name what the effect follows from: the subject, and the day on which it is booked."""
    content = f"{business_date().isoformat()}|{act.version(payload['subject_id'], values_of(act=act, payload=payload))}"
    return hashlib.sha256(content.encode()).hexdigest()


def _prepare(act: Act, payload: Payload) -> Lock:
    return act.lock(payload["subject_id"], values_of(act=act, payload=payload))


def _execute(act: Act, payload: Payload, maker: User, key: str) -> Any:
    return act_run(act=act, call=call_of(act=act, payload=payload, actor=maker, idempotency_key=key))


def _amount(act: Act, payload: Payload) -> int | None:
    return act.amount_paise(payload["subject_id"], values_of(act=act, payload=payload))
