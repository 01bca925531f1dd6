"""Endpoints of acts: two addresses for each, so that the description knows what each takes, and what it would do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.acts.registry import Act, ActDone, ActWaiting, Values
from core.acts.rules import approval_reasons
from core.acts.submitting import act_preview, act_submit
from core.api.approvals import ApprovalSummarySerializer
from core.api.papers import PaperInput
from core.api.views import KeyedView, StaffView
from core.approvals.models import ApprovalRequest
from core.idempotency.services import Answer

DONE, WAITING = "DONE", "WAITING"
_REASONS = ("reason", "reason_code")
Form = type[serializers.Serializer[Any]]


class DoneSerializer(serializers.Serializer[Any]):
    """What came of an act."""

    outcome = serializers.ChoiceField(choices=[DONE])
    address = serializers.CharField(help_text="Where the result is read.")
    result_type = serializers.CharField(help_text="Kind of object that came of it, such as `lms.linefact`.")
    result_id = serializers.IntegerField()


class WaitingSerializer(serializers.Serializer[Any]):
    """A second person has to let it happen: nothing was done yet."""

    outcome = serializers.ChoiceField(choices=[WAITING])
    address = serializers.CharField(help_text="Where the request is read.")
    request = ApprovalSummarySerializer()


class EffectSerializer(serializers.Serializer[Any]):
    """What an act would do, and why it would need a second person; nothing was done."""

    effect = serializers.JSONField(help_text="Figures by name, `x_before` and `x_after` where one changes, and lists.")
    approval_reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Empty when the act would be done at once."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Where acts on one kind of subject live.

    `where` begins their addresses; `find` returns the subject's key by the parameters of an address; `address` tells
    where what came of an act is read. `prefix` is what the names of acts begin with and addresses leave out.
    """

    where: str
    find: Callable[..., int]
    address: Callable[[models.Model], str]
    prefix: str = ""


class ActView(KeyedView):
    """An act on one subject."""

    act: ClassVar[Act]
    form: ClassVar[Form]
    subject: ClassVar[Subject]

    def post(self, request: Request, **found: Any) -> Response:
        """Do the act, or ask a second person for it where the rules of the day want one."""
        if (repeat := self.earlier()) is not None:
            return repeat
        subject_id = self.subject.find(**found)
        sent = self.sent(self.form)
        papers = (sent.pop("paper"),) if self.act.is_paper_required else ()
        values, reason, reason_code = _split(sent)
        # Read before the transaction begins, whose first statements are the locks.
        lock = self.act.lock(subject_id, values)

        def submit() -> Answer:
            lock()
            outcome = act_submit(
                act=self.act,
                subject_id=subject_id,
                values=values,
                reason=reason,
                reason_code=reason_code,
                actor=self.actor(),
                idempotency_key=self.service_key(),
                attachments=papers,
            )
            return _answer(outcome, self.subject)

        return self.once(submit)


class PreviewView(StaffView):
    """The effect of an act on one subject."""

    is_question = True
    act: ClassVar[Act]
    form: ClassVar[Form]
    subject: ClassVar[Subject]

    def post(self, request: Request, **found: Any) -> Response:
        """Tell what the act would do, by doing it and taking it back; it is refused as the act would be."""
        subject_id = self.subject.find(**found)
        values, reason, _ = _split(self.sent(self.form))
        effect = act_preview(act=self.act, subject_id=subject_id, values=values, actor=self.actor(), reason=reason)
        reasons = approval_reasons(act=self.act, subject_id=subject_id, values=values)
        return Response({"effect": effect, "approval_reasons": list(reasons)})


def act_paths(acts: Sequence[Act], *, subject: Subject) -> Iterator[URLPattern]:
    """Make two addresses for each act: `…/acts/{name}/`, and beside it its effect."""
    for act in acts:
        form = _form_of(act)
        sent = _with_paper(form) if act.is_paper_required else form
        common = {"act": act, "subject": subject, "permissions": (act.permission,)}
        view = type(f"{_camel(act)}View", (ActView,), {**common, "form": sent})
        preview = type(f"{_camel(act)}PreviewView", (PreviewView,), {**common, "form": form})
        where = f"{subject.where}{act.slug.removeprefix(subject.prefix)}/"
        yield path(where, _described(view, act, sent).as_view(), name=f"api-act-{act.slug}")
        yield path(f"{where}preview/", _described_preview(preview, act, form).as_view(), name=f"api-preview-{act.slug}")


def waiting_answer(request: ApprovalRequest) -> Answer:
    """Answer that nothing was done yet: a second person has to let it happen."""
    body = ApprovalSummarySerializer(request).data
    return Answer(status_code=202, body={"outcome": WAITING, "address": body["address"], "request": dict(body)})


def _answer(outcome: ActDone | ActWaiting, subject: Subject) -> Answer:
    """Put an outcome in words: 201 when it was done, 202 when it waits."""
    if isinstance(outcome, ActWaiting):
        return waiting_answer(outcome.request)
    result = outcome.result
    shown = {
        "outcome": DONE,
        "address": subject.address(result),
        "result_type": result._meta.label_lower,
        "result_id": result.pk,
    }
    return Answer(status_code=201, body=shown)


def _split(sent: Values) -> tuple[dict[str, Any], str, str]:
    values = {name: value for name, value in sent.items() if name not in _REASONS}
    return values, sent["reason"], sent.get("reason_code", "")


def _form_of(act: Act) -> Form:
    """Return the body of an act: its own values, the reason and its code."""
    optional: dict[str, Any] = {} if act.is_reason_required else {"allow_blank": True, "default": ""}
    fields: dict[str, Any] = {
        "reason": serializers.CharField(
            max_length=200, help_text="For the next person who reads the account.", **optional
        ),
        "__doc__": act.title,
    }
    if act.is_code_required:
        fields["reason_code"] = serializers.CharField(
            max_length=40, help_text=f"One of the reason codes of `{act.slug}`.", **optional
        )
    return type(f"{_camel(act)}ActSerializer", (act.input,), fields)


def _with_paper(form: Form) -> Form:
    """Return the body of an act that comes with a paper; the look at its effect needs none."""
    name = form.__name__.replace("ActSerializer", "ActWithPaperSerializer")
    return type(name, (form,), {"paper": PaperInput(), "__doc__": form.__doc__})


def _described(view: type[Any], act: Act, form: Form) -> Any:
    post = extend_schema(
        operation_id=act.slug.replace("-", "_"),
        summary=act.title,
        tags=["acts"],
        request=form,
        responses={
            201: OpenApiResponse(DoneSerializer, "It was done."),
            202: OpenApiResponse(WaitingSerializer, "A second person has to let it happen."),
        },
    )
    return extend_schema_view(post=post)(view)


def _described_preview(view: type[Any], act: Act, form: Form) -> Any:
    post = extend_schema(
        operation_id=f"{act.slug.replace('-', '_')}_preview",
        summary=f"{act.title}: the effect",
        tags=["acts"],
        request=form,
        responses={200: EffectSerializer},
    )
    return extend_schema_view(post=post)(view)


def _camel(act: Act) -> str:
    return "".join(word.capitalize() for word in act.slug.split("-"))
