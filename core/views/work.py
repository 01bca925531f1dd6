"""Pages of the work under way: what is stuck, why and since when, and what a person may do about it."""

import json
from collections.abc import Callable
from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from core import audit
from core.errors import KistError
from core.inbox.models import InboxMessage, MessageState
from core.inbox.services import message_replay
from core.sagas.definitions import saga_kinds
from core.sagas.models import Saga, SagaState
from core.sagas.services import ENDED, saga_compensate, saga_park, saga_retry
from core.selectors import backlogs, queue_lags, saga_picture, stuck_messages, stuck_sagas
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response

_DECISIONS: Final[dict[str, Callable[..., Saga]]] = {
    "retry": saga_retry,
    "compensate": saga_compensate,
    "park": saga_park,
}


class DecisionForm(StaffForm):
    """What to do with a saga, and why."""

    decision = forms.ChoiceField(label="What to do")
    reason = reason_field(required=True)

    def __init__(self, *args: object, saga: Saga, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        choices = {"park": "Stop it before its next step"}
        if saga.state == SagaState.MANUAL:
            choices = {"retry": "Try the step again"}
        if not saga.steps.filter(is_pivot=True, state__in=("DONE", "CLAIMED")).exists():
            choices["compensate"] = "Undo what was done"
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = list(choices.items())


class ReplayForm(StaffForm):
    """Why a message is tried again."""

    reason = reason_field(required=True)


@staff_page("core.view_saga")
def work_page(request: HttpRequest) -> HttpResponse:
    """Show what waits and what is stuck, the oldest first."""
    titles = {kind.code: kind.title for kind in saga_kinds()}
    return staff_response(
        request,
        "core/work.html",
        title="Work under way",
        backlogs=backlogs(),
        lags=queue_lags(),
        sagas=[(saga, titles.get(saga.kind, saga.kind)) for saga in stuck_sagas()],
        inbox=stuck_messages(),
    )


@staff_page("core.view_saga")
def saga_page(request: HttpRequest, saga_id: int) -> HttpResponse:
    """Show one saga: its steps, what happened, and what may be decided; on submit decide."""
    saga = get_object_or_404(Saga, pk=saga_id)
    form = DecisionForm(request.POST or None, saga=saga)
    if request.method == "POST":
        if not request.user.has_perm("core.decide_saga"):
            raise PermissionDenied
        if form.is_valid() and _decide(request, form, saga):
            return redirect("staff-work:saga", saga_id=saga.pk)
    titles = {kind.code: kind.title for kind in saga_kinds()}
    return staff_response(
        request,
        "core/saga.html",
        status=422 if form.errors else 200,
        title=f"{titles.get(saga.kind, saga.kind)} {saga.pk}",
        saga=saga,
        steps=saga_picture(saga=saga),
        events=saga.events.all(),
        context=json.dumps(saga.context, indent=2, ensure_ascii=False),
        form=form,
        is_open=saga.state not in ENDED,
    )


@staff_page("core.view_inboxmessage")
def message_page(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show one message; its content only on request and with a trace; on submit try it again."""
    message = get_object_or_404(InboxMessage, pk=message_id)
    form = ReplayForm(request.POST or None)
    if request.method == "POST":
        if not request.user.has_perm("core.replay_message"):
            raise PermissionDenied
        if form.is_valid() and _replay(request, form, message):
            return redirect("staff-work:message", message_id=message.pk)
    is_read = "content" in request.GET and request.user.has_perm("core.read_message")
    if is_read:
        audit.record(actor=acting_user(request), action="core.message_read", obj=message)
    return staff_response(
        request,
        "core/message.html",
        status=422 if form.errors else 200,
        title=f"Message {message.pk}",
        message=message,
        content=_shown(bytes(message.raw)) if is_read else None,
        size=len(message.raw),
        form=form,
        is_replayable=message.state in (MessageState.NEW, MessageState.PARKED, MessageState.POISON),
    )


def _decide(request: HttpRequest, form: DecisionForm, saga: Saga) -> bool:
    user: User = acting_user(request)
    decide = _DECISIONS[form.cleaned_data["decision"]]
    try:
        decide(saga_id=saga.pk, actor=user, reason=form.cleaned_data["reason"])
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, "Done; the saga's timeline shows what follows.")
    return True


def _replay(request: HttpRequest, form: ReplayForm, message: InboxMessage) -> bool:
    try:
        message_replay(message_id=message.pk, actor=acting_user(request), reason=form.cleaned_data["reason"])
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, "The message is tried again.")
    return True


def _shown(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        return raw[:20_000].decode(errors="replace")
