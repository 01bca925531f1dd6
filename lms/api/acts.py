"""Endpoints of the acts on a loan: one address for each, so that the description knows what each takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import URLPattern, reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import DONE, act_addresses, waiting_answer
from core.api.views import KeyedView, StaffView
from core.idempotency.services import Answer
from lms.acts import ACTS, ActDone, ActWaiting, LoanAct, act_preview, act_submit, approval_reasons
from lms.api.loans import loan_of
from lms.api.serializers import FactSerializer, LoanSummarySerializer
from lms.models import Loan, LoanFact
from lms.services.borrowers import loan_lock

_REASONS = ("reason", "reason_code")


class ActDoneSerializer(serializers.Serializer[Any]):
    """What came of an act: the new entry and the loan after it."""

    outcome = serializers.ChoiceField(choices=[DONE])
    address = serializers.CharField(help_text="Where the loan is read.")
    result_type = serializers.CharField(help_text="Kind of object that came of it, `lms.loanfact` for most acts.")
    result_id = serializers.IntegerField()
    fact = FactSerializer(allow_null=True)
    loan = LoanSummarySerializer()


class ActEffectSerializer(serializers.Serializer[Any]):
    """What an act would do, and why it would need a second person; nothing was done."""

    effect = serializers.JSONField(help_text="Figures, entries, postings, schedule before and after, by loan.")
    approval_reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Empty when the act would be done at once."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the body of an act says: its own values, and why."""

    values: dict[str, Any]
    reason: str
    reason_code: str


class ActView(KeyedView):
    """An act on one loan."""

    act: ClassVar[LoanAct]
    form: ClassVar[type[serializers.Serializer[Any]]]

    def post(self, request: Request, number: str) -> Response:
        """Do the act, or ask a second person for it where the rules of the day want one."""
        if (repeat := self.earlier()) is not None:
            return repeat
        loan = loan_of(number)
        sent = _split(self.sent(self.form))

        def submit() -> Answer:
            # Before anything is read in this transaction: under repeatable read its first read fixes what it sees.
            loan_lock(loan_id=loan.pk, customer_id=loan.customer_id)
            return act_answer(act=self.act, loan=loan, sent=sent, actor=self.actor(), key=self.service_key())

        return self.once(submit)


class ActPreviewView(StaffView):
    """The effect of an act on one loan."""

    is_question = True
    act: ClassVar[LoanAct]
    form: ClassVar[type[serializers.Serializer[Any]]]

    def post(self, request: Request, number: str) -> Response:
        """Tell what the act would do, by doing it and taking it back; it is refused as the act would be."""
        loan = loan_of(number)
        sent = _split(self.sent(self.form))
        effect = act_preview(
            act=self.act,
            loan_id=loan.pk,
            values=sent.values,
            actor=self.actor(),
            reason=sent.reason,
            reason_code=sent.reason_code,
        )
        reasons = approval_reasons(act=self.act, subject_id=loan.pk, values=sent.values)
        return Response({"effect": effect.as_json(), "approval_reasons": list(reasons)})


def act_answer(*, act: LoanAct, loan: Loan, sent: Sent, actor: Any, key: str) -> Answer:
    """Submit an act and put its outcome in words: 201 when it was done, 202 when it waits.

    Raises:
        The refusals of `act_submit`.
    """
    outcome = act_submit(
        act=act,
        loan_id=loan.pk,
        values=sent.values,
        reason=sent.reason,
        reason_code=sent.reason_code,
        actor=actor,
        idempotency_key=key,
    )
    if isinstance(outcome, ActWaiting):
        return waiting_answer(outcome.request)
    return Answer(status_code=201, body=_done(loan, outcome))


def _done(loan: Loan, outcome: ActDone) -> dict[str, Any]:
    result = outcome.result
    after = Loan.objects.select_related("customer").get(pk=loan.pk)
    shown = {
        "outcome": DONE,
        "address": reverse("api-loan", args=[loan.number]),
        "result_type": result._meta.label_lower,
        "result_id": result.pk,
        "fact": result if isinstance(result, LoanFact) else None,
        "loan": after,
    }
    return dict(ActDoneSerializer(shown).data)


def _split(sent: dict[str, Any]) -> Sent:
    values = {name: value for name, value in sent.items() if name not in _REASONS}
    return Sent(values=values, reason=sent["reason"], reason_code=sent["reason_code"])


def act_paths() -> Iterator[URLPattern]:
    """Make two addresses for each act: the act itself, and its effect."""
    for act in ACTS:
        yield from act_addresses(
            act,
            where=f"loans/<str:number>/acts/{act.slug}/",
            names=(f"api-loan-act-{act.slug}", f"api-loan-preview-{act.slug}"),
            views=(ActView, ActPreviewView),
            answers=(ActDoneSerializer, ActEffectSerializer),
            operation_prefix="loan_",
        )
