"""The acts on loans as kinds of approval: shown before, done after, in the maker's name."""

import hashlib
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from core.acts.registry import no_amount, ruled_add
from core.approvals.registry import ApprovalKind, Lock, Payload, register
from core.business_date import business_date
from core.money import format_rupees
from lms.acts import class_changes, holiday_changes, product_changes
from lms.acts.catalogue import ACTS
from lms.acts.registry import LoanAct
from lms.acts.submitting import act_run, call_of, loans_lock, payload_effect
from lms.models import Loan
from lms.services.effects import loans_version

_REHEARSAL = "rehearsal"


def approvals_register() -> None:
    """Make every act on loans, and changes of products, thresholds and holidays, known to maker and checker."""
    for act in ACTS:
        ruled_add(act)
        register(approval_kind_of(act))
    product_changes.approvals_register()
    class_changes.approvals_register()
    holiday_changes.approvals_register()


def approval_kind_of(act: LoanAct) -> ApprovalKind:
    """Return an act as a kind of approval."""
    return ApprovalKind(
        code=act.approval_code,
        title=act.title,
        make_permission=act.permission,
        check_permission=act.approve_permission,
        describe=partial(_describe, act),
        subject=lambda payload: (Loan._meta.label_lower, payload["loan_id"]),
        effect=partial(_effect, act),
        version=partial(_version, act),
        execute=partial(_execute, act),
        amount_paise=None if act.amount_paise is no_amount else partial(_amount, act),
        prepare=partial(_prepare, act),
        limits_paise=act.limits_paise,
        template="lms/_effect.html",
    )


def _describe(act: LoanAct, payload: Payload) -> str:
    number = Loan.objects.values_list("number", flat=True).get(pk=payload["loan_id"])
    amount_paise = payload["values"].get("amount_paise")
    return f"{act.title}: {number}" + (f", {format_rupees(amount_paise)}" if amount_paise else "")


def _effect(act: LoanAct, payload: Payload, actor: User) -> dict[str, Any]:
    return payload_effect(act=act, payload=payload, actor=actor, idempotency_key=_REHEARSAL).as_json()


def _prepare(act: LoanAct, payload: Payload) -> Lock:
    """Lock the loans before anything of them is read: what the approver saw is then what happens."""
    return loans_lock(loan_ids=_loan_ids(act, payload))


def _loan_ids(act: LoanAct, payload: Payload) -> tuple[int, ...]:
    return act.loans(payload["loan_id"], act.from_json(payload["values"]))


def _version(act: LoanAct, payload: Payload) -> str:
    """Name what the effect follows from: the loans, and the day on which it is booked."""
    content = f"{business_date().isoformat()}|{loans_version(loan_ids=_loan_ids(act, payload))}"
    return hashlib.sha256(content.encode()).hexdigest()


def _execute(act: LoanAct, payload: Payload, maker: User, key: str) -> Any:
    return act_run(act=act, call=call_of(act=act, payload=payload, actor=maker, idempotency_key=key))


def _amount(act: LoanAct, payload: Payload) -> int | None:
    return act.amount_paise(payload["loan_id"], act.from_json(payload["values"]))
