"""Endpoints of acts: two addresses for each, so that the description knows what each takes, and what it would do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

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


class Addressed(Protocol):
    """What the addresses of an act follow from."""

    @property
    def slug(self) -> str:
        """Name of the act."""

    @property
    def title(self) -> str:
        """The act in words."""

    @property
    def permission(self) -> str:
        """Who may do it."""

    @property
    def input(self) -> Form:
        """Its own values."""

    @property
    def is_reason_required(self) -> bool:
        """Whether it takes a reason."""


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
        yield from act_addresses(
            act,
            where=f"{subject.where}{act.slug.removeprefix(subject.prefix)}/",
            names=(f"api-act-{act.slug}", f"api-preview-{act.slug}"),
            views=(ActView, PreviewView),
            answers=(DoneSerializer, EffectSerializer),
            has_code=act.is_code_required,
            has_paper=act.is_paper_required,
            subject=subject,
        )


def act_addresses(
    act: Addressed,
    *,
    where: str,
    names: tuple[str, str],
    views: tuple[type[Any], type[Any]],
    answers: tuple[Form, Form],
    operation_prefix: str = "",
    has_code: bool = True,
    has_paper: bool = False,
    **common: Any,
) -> Iterator[URLPattern]:
    """Make the address of one act, and beside it that of its effect.

    Args:
        names: of the two addresses.
        views: bases of the two endpoints; they get the act, its body, and what is `common`.
        answers: what each gives when it is done.
        has_code: a reason code stands beside the reason.
        has_paper: a paper comes with the act; the look at its effect needs none.
    """
    form = _form_of(act, has_code=has_code)
    sent = _with_paper(form) if has_paper else form
    camel, operation = _camel(act), f"{operation_prefix}{act.slug.replace('-', '_')}"
    common = {**common, "act": act, "permissions": (act.permission,)}
    view = type(f"{camel}View", (views[0],), {**common, "form": sent})
    preview = type(f"{camel}PreviewView", (views[1],), {**common, "form": form})
    done = {
        201: OpenApiResponse(answers[0], "It was done."),
        202: OpenApiResponse(WaitingSerializer, "A second person has to let it happen."),
    }
    told = _described(view, operation_id=operation, summary=act.title, request=sent, responses=done)
    yield path(where, told.as_view(), name=names[0])
    told = _described(
        preview,
        operation_id=f"{operation}_preview",
        summary=f"{act.title}: the effect",
        request=form,
        responses={200: answers[1]},
    )
    yield path(f"{where}preview/", told.as_view(), name=names[1])


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


def _form_of(act: Addressed, *, has_code: bool) -> Form:
    """Return the body of an act: its own values, the reason and its code."""
    optional: dict[str, Any] = {} if act.is_reason_required else {"allow_blank": True, "default": ""}
    fields: dict[str, Any] = {
        "reason": serializers.CharField(
            max_length=200, help_text="For the next person who reads the account.", **optional
        ),
        "__doc__": act.title,
    }
    if has_code:
        fields["reason_code"] = serializers.CharField(
            max_length=40, help_text=f"One of the reason codes of `{act.slug}`.", **optional
        )
    return type(f"{_camel(act)}ActSerializer", (act.input,), fields)


def _with_paper(form: Form) -> Form:
    """Return the body of an act that comes with a paper; the look at its effect needs none."""
    name = form.__name__.replace("ActSerializer", "ActWithPaperSerializer")
    return type(name, (form,), {"paper": PaperInput(), "__doc__": form.__doc__})


def _described(view: type[Any], **described: Any) -> Any:
    return extend_schema_view(post=extend_schema(tags=["acts"], **described))(view)


def _camel(act: Addressed) -> str:
    return "".join(word.capitalize() for word in act.slug.split("-"))
