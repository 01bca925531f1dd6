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
from core.inbox.services import message_file, message_replay
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
_MESSAGE_ACTS: Final[dict[str, tuple[str, Callable[..., InboxMessage], str]]] = {
    "replay": ("core.replay_message", message_replay, "The message is tried again."),
    "file": ("core.file_message", message_file, "The message is filed; it can be opened again."),
}
# A list is worked through from its top; an address with more keys would be too long.
FILED_AT_ONCE: Final = 200


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


class MessageForm(StaffForm):
    """Why a message is tried again, or filed."""

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
    """Show one message; its content only on request and with a trace; on submit try it again or file it."""
    message = get_object_or_404(InboxMessage.objects.select_related("filed_by"), pk=message_id)
    form = MessageForm(request.POST or None)
    if request.method == "POST":
        act = request.POST.get("act") or "replay"
        permission, change, told = _MESSAGE_ACTS.get(act, _MESSAGE_ACTS["replay"])
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if form.is_valid() and _change(request, form, message, change, told):
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
        may_replay=message.is_replayable and request.user.has_perm("core.replay_message"),
        may_file=message.state == MessageState.POISON and request.user.has_perm("core.file_message"),
    )


@staff_page("core.file_message")
def messages_file_page(request: HttpRequest) -> HttpResponse:
    """File the messages that were ticked in the list, each on its own, and tell what could not be filed."""
    asked = request.POST if request.method == "POST" else request.GET
    keys = [int(key) for key in asked.getlist("message")[:FILED_AT_ONCE] if key.isdecimal()]
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        filed = sum(_file(request, key, form.cleaned_data["reason"]) for key in keys)
        messages.success(request, f"{filed} {'message is' if filed == 1 else 'messages are'} filed.")
        return redirect("admin:core_inboxmessage_changelist")
    rows = InboxMessage.objects.filter(pk__in=keys).defer("raw", "headers").order_by("pk")
    return staff_response(
        request,
        "core/messages_file.html",
        status=422 if form.errors else 200,
        title="File messages that failed",
        chosen=list(rows),
        form=form,
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


def _change(
    request: HttpRequest, form: MessageForm, message: InboxMessage, change: Callable[..., InboxMessage], told: str
) -> bool:
    try:
        change(message_id=message.pk, actor=acting_user(request), reason=form.cleaned_data["reason"])
    except KistError as error:
        form.refuse(error)
        return False
    messages.success(request, told)
    return True


def _file(request: HttpRequest, message_id: int, reason: str) -> bool:
    try:
        message_file(message_id=message_id, actor=acting_user(request), reason=reason)
    except KistError as error:
        messages.error(request, error.message)
        return False
    return True


def _shown(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        return raw[:20_000].decode(errors="replace")
