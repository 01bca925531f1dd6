"""Screens of maker and checker: the inbox, one request, several at once, and the limits of authority."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from core.approvals.authority import AUTHORITY_LIMIT, limit_payload
from core.approvals.effects import effect_view
from core.approvals.models import ApprovalAttachment, ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.papers import may_read_paper
from core.approvals.registry import approval_kind, approval_kinds
from core.approvals.selectors import (
    hindrance,
    is_stale,
    requests_decided,
    requests_of,
    requests_waiting_for,
)
from core.approvals.services import (
    approval_approve,
    approval_reject,
    approval_renew,
    approval_request,
    approval_withdraw,
    approvals_approve,
)
from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, RupeesField, reason_field
from core.staff_pages import acting_user, staff_page, staff_response

_SEE: Final = "core.view_approvalrequest"
_ROWS: Final = 50
_BOXES: Final = {
    "waiting": ("Waiting for me", requests_waiting_for),
    "mine": ("My requests", requests_of),
    "decided": ("Decided", requests_decided),
}
_REASON_MAX: Final = 500


@staff_page(_SEE)
def inbox_page(request: HttpRequest) -> HttpResponse:
    """List the requests of one box, latest first, a page at a time."""
    return _inbox(request, outcomes=())


@staff_page(_SEE)
@require_POST
def bulk_page(request: HttpRequest) -> HttpResponse:
    """Approve the requests that were ticked, each on its own, and tell what became of each."""
    seen = dict(pair for text in request.POST.getlist("seen") if (pair := _pair(text)))
    if not seen:
        messages.error(request, "Tick the requests first.")
        return redirect("staff-approvals:inbox")
    outcomes = approvals_approve(seen=seen, actor=acting_user(request), reason=_reason(request))
    rows = ApprovalRequest.objects.in_bulk([outcome.request_id for outcome in outcomes])
    return _inbox(request, outcomes=[(rows.get(outcome.request_id), outcome) for outcome in outcomes])


@staff_page(_SEE)
def request_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show one request: what is asked for, by whom and why, and what it would do."""
    row = get_object_or_404(ApprovalRequest.objects.select_related("made_by", "decided_by"), pk=request_id)
    kind = approval_kind(row.kind)
    user = acting_user(request)
    is_waiting = row.state == ApprovalState.PENDING
    return staff_response(
        request,
        "approvals/request.html",
        title=f"Request {row.pk}: {row.description}",
        row=row,
        kind=kind,
        effect=row.effect,
        effect_template=kind.template,
        view=effect_view(effect=row.effect),
        attachments=list(row.attachments.all()),
        is_waiting=is_waiting,
        is_mine=row.made_by_id == user.pk,
        is_stale=is_waiting and is_stale(request=row),
        hindrance=hindrance(request=row, user=user) if is_waiting else "",
        may_decide=user.has_perm(kind.check_permission),
    )


@staff_page(_SEE)
@require_POST
def decide_page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Approve, reject, withdraw or work out anew, as the pressed button says."""
    actor, reason = acting_user(request), _reason(request)
    try:
        match request.POST.get("decision"):
            case "approve":
                approval_approve(
                    request_id=request_id, seen_effect_hash=request.POST.get("seen", ""), actor=actor, reason=reason
                )
                messages.success(request, f"Request {request_id} is approved, and its act is done.")
            case "reject":
                approval_reject(request_id=request_id, reason=reason, actor=actor)
                messages.success(request, f"Request {request_id} is rejected.")
            case "withdraw":
                approval_withdraw(request_id=request_id, actor=actor, reason=reason)
                messages.success(request, f"Request {request_id} is withdrawn.")
            case _:
                is_other = approval_renew(request_id=request_id, actor=actor)
                messages.info(request, "Here is the new effect." if is_other else "The effect is still the same.")
    except KistError as error:
        messages.error(request, error.message)
    return redirect("staff-approvals:request", request_id)


@staff_page(_SEE)
def paper_page(request: HttpRequest, paper_id: int) -> FileResponse:
    """Hand out a paper of a request to those who asked for it or may decide on it."""
    paper = get_object_or_404(ApprovalAttachment.objects.select_related("request"), pk=paper_id)
    if not may_read_paper(paper=paper, user=acting_user(request)):
        raise PermissionDenied
    return FileResponse(paper.file.open("rb"), as_attachment=True, filename=paper.name)


class LimitForm(OnceForm):
    """A new limit."""

    role = forms.ChoiceField(label="Role")
    kind = forms.ChoiceField(label="Act")
    up_to_paise = RupeesField(label="Up to, in rupees")
    effective_from = DayField(label="From")
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        kind: Any = self.fields["kind"]
        role.choices = [(name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)]
        kind.choices = [(item.code, item.title) for item in approval_kinds() if item.amount_paise is not None]


@staff_page(_SEE)
def limits_page(request: HttpRequest) -> HttpResponse:
    """Show up to which amount each role approves each act, now and from later days on; ask for another limit."""
    may_ask = request.user.has_perm("core.add_authoritylimit")
    if request.method == "POST" and not may_ask:
        raise PermissionDenied
    form = LimitForm(request.POST or None, initial={"effective_from": business_date()})
    if request.method == "POST" and form.is_valid() and (asked := _limit_ask(request, form)):
        return redirect("staff-approvals:request", asked.pk)
    return staff_response(
        request,
        "approvals/limits.html",
        status=422 if form.errors else 200,
        title="Authority limits",
        form=form,
        may_ask=may_ask,
        limits=_limits(),
        today=business_date(),
    )


def _inbox(request: HttpRequest, *, outcomes: Any) -> HttpResponse:
    box = request.GET.get("box", "waiting")
    box = box if box in _BOXES else "waiting"
    user = acting_user(request)
    rows = _BOXES[box][1](user=user).select_related("made_by", "decided_by").defer("payload", "effect")
    asked_kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    if asked_kind:
        rows = rows.filter(kind=asked_kind)
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: _ROWS + 1])
    shown = found[:_ROWS]
    return staff_response(
        request,
        "approvals/inbox.html",
        title="Approvals",
        box=box,
        boxes=[(name, label) for name, (label, _rows) in _BOXES.items()],
        kinds=approval_kinds(),
        asked_kind=asked_kind,
        rows=shown,
        next_before=shown[-1].pk if len(found) > _ROWS else None,
        outcomes=outcomes,
    )


def _limit_ask(request: HttpRequest, form: LimitForm) -> ApprovalRequest | None:
    entered = form.cleaned_data
    values = {name: entered[name] for name in ("role", "kind", "up_to_paise", "effective_from", "reason")}
    try:
        asked = approval_request(
            kind=AUTHORITY_LIMIT,
            payload=limit_payload(**values),
            reason=entered["reason"],
            actor=acting_user(request),
            idempotency_key=entered["idempotency_key"],
        )
    except KistError as error:
        form.refuse(error)
        return None
    messages.success(request, "A second person has to agree: the request waits for approval.")
    return asked


def _limits() -> list[tuple[str, list[AuthorityLimit]]]:
    """Return the limits by act, the rows of each by role and then latest first."""
    titles = {kind.code: kind.title for kind in approval_kinds()}
    groups: dict[str, list[AuthorityLimit]] = {}
    for row in AuthorityLimit.objects.order_by("kind", "role", "-effective_from"):
        groups.setdefault(titles.get(row.kind, row.kind), []).append(row)
    return sorted(groups.items())


def _pair(text: str) -> tuple[int, str] | None:
    number, _, effect_hash = text.partition(":")
    return (int(number), effect_hash) if number.isdecimal() and effect_hash else None


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:_REASON_MAX]
