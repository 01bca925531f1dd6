"""Acts about disputes that move money: accept one, or enter how it ended."""

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from core.approvals.registry import Lock
from lms.acts.first_rules import ALWAYS, BY_FINANCE
from lms.acts.submitting import loans_lock
from lms.services.effects import loans_version
from payments.acts.effects import money_effect
from payments.acts.incoming import APPROVE, NothingInput
from payments.models import Dispute, DisputeState
from payments.services.disputes import dispute_accept, dispute_decide, dispute_get
from payments.services.incoming import REFERENCE_TYPE

_HANDLE: Final = "payments.handle_dispute"
OUTCOMES: Final = tuple(choice for choice in DisputeState.choices if choice[0] != DisputeState.OPEN)


class OutcomeInput(serializers.Serializer[Any]):
    """How a dispute ended."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)


def _accept(call: ActCall) -> Dispute:
    return dispute_accept(dispute_id=call.subject_id, reason=call.reason, actor=call.actor)


def _decide(call: ActCall) -> Dispute:
    return dispute_decide(
        dispute_id=call.subject_id,
        outcome=DisputeState(call.values["outcome"]),
        reason=call.reason,
        actor=call.actor,
    )


def _effect(run: Callable[[ActCall], Dispute]) -> Callable[[ActCall], dict[str, Any]]:
    def effect(call: ActCall) -> dict[str, Any]:
        dispute = dispute_get(dispute_id=call.subject_id)
        ended: list[Dispute] = []
        money = money_effect(
            reference_type=REFERENCE_TYPE,
            reference_id=dispute.payment_id,
            loan_ids=_loan_ids(call.subject_id),
            act=lambda: ended.append(run(call)),
        )
        return {
            "dispute": dispute.vendor_reference,
            "payment": dispute.payment.number,
            "amount_paise": dispute.amount_paise,
            "dispute_before": dispute.get_state_display(),
            "dispute_after": ended[-1].get_state_display(),
            **money,
        }

    return effect


def _loan_ids(dispute_id: int) -> list[int]:
    found = Dispute.objects.values_list("payment__loan_id", flat=True).filter(pk=dispute_id).first()
    return [found] if found is not None else []


def _lock(dispute_id: int, _values: Values) -> Lock:
    return loans_lock(loan_ids=_loan_ids(dispute_id))


def _version(dispute_id: int, _values: Values) -> str:
    columns = ("state", "answer", "payment__state", "payment__turn", "payment__lost_paise")
    found = Dispute.objects.filter(pk=dispute_id).values_list(*columns).first()
    return f"{found}|{loans_version(loan_ids=_loan_ids(dispute_id))}"


def _name(dispute_id: int) -> str:
    return Dispute.objects.values_list("vendor_reference", flat=True).filter(pk=dispute_id).first() or ""


def _act(slug: str, title: str, run: Callable[[ActCall], Dispute], form: type[serializers.Serializer[Any]]) -> Act:
    return Act(
        slug=slug,
        code=f"payments.{slug}",
        title=title,
        permission=_HANDLE,
        approve_permission=APPROVE,
        subject=Dispute,
        name=_name,
        input=form,
        run=run,
        effect=_effect(run),
        version=_version,
        lock=_lock,
        amount_paise=lambda dispute_id, _values: dispute_get(dispute_id=dispute_id).amount_paise,
        rule=ALWAYS,
        limits_paise=BY_FINANCE,
    )


ACCEPT_ACT: Final = _act("dispute-accept", "Accept a dispute", _accept, NothingInput)
DECIDE_ACT: Final = _act("dispute-decide", "Enter how a dispute ended", _decide, OutcomeInput)
