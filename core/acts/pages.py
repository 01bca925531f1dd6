"""The page of one act: a form, its effect before it is done, and a message, or the request that waits."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.acts.forms import ActForm
from core.acts.registry import ActWaiting
from core.acts.rules import approval_reasons, rule_of
from core.approvals.effects import effect_view
from core.approvals.errors import ApprovalKeyReused
from core.business_date import business_date
from core.errors import KistError
from core.staff_pages import acting_user, staff_response

_SENT_BEFORE = "This form was sent before with other content. Go back to see what was done, and open the form again."


def act_page(
    request: HttpRequest,
    form_class: Callable[..., ActForm],
    *,
    subject_id: int,
    title: str,
    back: str,
    back_words: str,
    told: Callable[[ActForm, models.Model], str],
    initial: dict[str, object] | None = None,
    template: str = "acts/act.html",
    **context: Any,
) -> HttpResponse:
    """Show the form of an act; on submit do the act, or ask a second person for it, and go back.

    Args:
        form_class: makes the form from what was sent.
        told: says what was done.
        context: what else the template shows.

    Raises:
        PermissionDenied: the user may not do the act.
    """
    sent = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = form_class(initial=initial, **sent)
    act = form.act
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    is_for_approval = rule_of(act=act, on_date=business_date()).is_always
    if is_for_approval and not form.is_bound:
        form = form_class(initial=initial, is_for_approval=True)
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        if "check" in request.POST:
            shown = _preview(request, form, subject_id)
        elif done := _submit(request, form, subject_id, back, told):
            return done
    return staff_response(
        request,
        template,
        status=200 if shown or request.method != "POST" else 422,
        title=title,
        form=form,
        act=form,
        back=back,
        back_words=back_words,
        **{"is_for_approval": is_for_approval, **context, **shown},
    )


def _preview(request: HttpRequest, form: ActForm, subject_id: int) -> dict[str, Any]:
    """Work out what the act would do, and why a second person has to agree; nothing when it would be refused."""
    try:
        effect = form.preview(subject_id=subject_id, actor=acting_user(request))
        causes = approval_reasons(act=form.act, subject_id=subject_id, values=form.values())
    except KistError as error:
        form.refuse(error)
        return {}
    return {"view": effect_view(effect=effect), "causes": causes, "is_for_approval": bool(causes)}


def _submit(
    request: HttpRequest, form: ActForm, subject_id: int, back: str, told: Callable[[ActForm, models.Model], str]
) -> HttpResponse | None:
    """Hand the act in; None when it is refused, with the refusal on the form."""
    try:
        outcome = form.submit(subject_id=subject_id, actor=acting_user(request))
    except ApprovalKeyReused:
        form.add_error(None, _SENT_BEFORE)
        return None
    except KistError as error:
        form.refuse(error)
        return None
    if isinstance(outcome, ActWaiting):
        messages.success(request, f"{outcome.request.description}: request {outcome.request.pk} waits for approval.")
        return redirect("staff-approvals:request", outcome.request.pk)
    messages.success(request, told(form, outcome.result))
    return redirect(back)
