"""Worklists of bureau files: rejected records and disputes, the fewest days left first."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from core.business_date import business_date
from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from lms.admin.bureau_forms import (
    DisputeAnswerForm,
    DisputeCreditForm,
    DisputeForm,
    DisputeResolveForm,
    FixForm,
)
from lms.bureau.disputes import (
    compensation_paise,
    days_left,
    dispute_answer,
    dispute_credit,
    dispute_record,
    dispute_resolve,
    disputes_to_credit,
    disputes_waiting,
)
from lms.bureau.rejections import rejection_fix, rejections_waiting
from lms.models import Bureau, BureauDispute, BureauRejection, Loan

_SHOWN: Final = 50
_LIST_BUTTONS: Final = {"answer": "Record the answer", "resolve": "Record", "credit": "Record the payment"}


@staff_page("lms.view_bureaurejection")
def bureau_rejections_page(request: HttpRequest) -> HttpResponse:
    """List rejected records that are not sent again, the first due first."""
    rows, next_after = _page(request, rejections_waiting(), "due_on")
    return staff_response(
        request,
        "lms/bureau_rejections.html",
        title="Rejected records",
        rows=rows,
        next_after=next_after,
        today=business_date(),
    )


@staff_page("lms.fix_bureau_rejection")
def bureau_rejection_page(request: HttpRequest, rejection_id: int) -> HttpResponse:
    """Say what was put right of a rejected record."""
    rejection = get_object_or_404(BureauRejection.objects.select_related("loan", "submission"), pk=rejection_id)
    form = FixForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rejection_fix(rejection_id=rejection.pk, note=form.cleaned_data["note"], actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Loan {rejection.loan.number} goes with the next cycle.")
            return redirect("staff-bureau:rejections")
    return _form_page(
        request,
        form,
        title=f"{rejection.reason_code}: loan {rejection.loan.number}",
        button="Fixed",
        intro="Put the record right first; it is sent again with the files of the next reference date.",
        back="rejections",
    )


@staff_page("lms.view_bureaudispute")
def bureau_disputes_page(request: HttpRequest) -> HttpResponse:
    """List disputes that are not resolved, the fewest days left first, and what is owed to complainants."""
    today = business_date()
    rows, next_after = _page(request, disputes_waiting(), "next_due_on")
    return staff_response(
        request,
        "lms/bureau_disputes.html",
        title="Disputes",
        rows=[
            (row, days_left(dispute=row, on_date=today), compensation_paise(dispute=row, on_date=today)) for row in rows
        ],
        next_after=next_after,
        owed=list(disputes_to_credit()[:_SHOWN]),
        today=today,
    )


@staff_page("lms.handle_bureau_dispute")
def bureau_dispute_add_page(request: HttpRequest) -> HttpResponse:
    """Write a complaint down."""
    form = DisputeForm(request.POST or None, initial={"received_on": business_date()})
    if request.method == "POST" and form.is_valid():
        entered = dict(form.cleaned_data)
        loan = Loan.objects.filter(number=entered.pop("loan_number").strip()).only("pk").first()
        if loan is None:
            form.add_error("loan_number", "There is no loan with this number.")
        else:
            entered["bureau"] = Bureau(entered["bureau"])
            try:
                dispute = dispute_record(loan_id=loan.pk, actor=acting_user(request), **entered)
            except KistError as error:
                form.refuse(error)
            else:
                messages.success(request, f"Our share ends on {dispute.lender_due_on:%d %b %Y}.")
                return redirect("staff-bureau:dispute", dispute.pk)
    return _form_page(request, form, title="New dispute", button="Record", intro="", back="disputes")


@staff_page("lms.view_bureaudispute")
def bureau_dispute_page(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Show one dispute and its clock, with the form of the next step."""
    dispute = get_object_or_404(
        BureauDispute.objects.select_related("loan__customer", "parameters", "recorded_by"), pk=dispute_id
    )
    today = business_date()
    step = _step(dispute)
    may = request.user.has_perm("lms.handle_bureau_dispute")
    if request.method == "POST" and not may:
        raise PermissionDenied
    form = _step_form(step, request, today) if step and may else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                _STEPS[step](dispute_id=dispute.pk, actor=acting_user(request), **form.cleaned_data)
            except KistError as error:
                form.refuse(error)
            else:
                messages.success(request, "Saved.")
                return redirect("staff-bureau:dispute", dispute.pk)
    return staff_response(
        request,
        "lms/bureau_dispute.html",
        status=422 if form is not None and form.errors else 200,
        title=f"Dispute {dispute.reference}",
        dispute=dispute,
        days_left=days_left(dispute=dispute, on_date=today),
        compensation_paise=dispute.compensation_paise
        if dispute.resolved_on
        else compensation_paise(dispute=dispute, on_date=today),
        form=form,
        button=_LIST_BUTTONS.get(step, ""),
    )


_STEPS: Final[dict[str, Callable[..., BureauDispute]]] = {
    "answer": dispute_answer,
    "resolve": dispute_resolve,
    "credit": dispute_credit,
}


def _step(dispute: BureauDispute) -> str:
    """Name what comes next; "" when nothing does."""
    if dispute.state == BureauDispute.State.WITH_LENDER:
        return "answer"
    if dispute.state == BureauDispute.State.WITH_BUREAU:
        return "resolve"
    is_owed = dispute.payer == BureauDispute.Payer.LENDER and dispute.credited_on is None
    return "credit" if is_owed else ""


def _step_form(step: str, request: HttpRequest, today: Any) -> StaffForm:
    data = request.POST or None
    if step == "answer":
        return _Answer(data, today=today, initial={"answered_on": today})
    if step == "resolve":
        return DisputeResolveForm(data, initial={"resolved_on": today})
    return DisputeCreditForm(data, initial={"credited_on": today})


class _Answer(DisputeAnswerForm):
    def clean_outcome(self) -> BureauDispute.Outcome:
        """Give the service its own kind of value."""
        return BureauDispute.Outcome(self.cleaned_data["outcome"])


def _page(request: HttpRequest, rows: QuerySet[Any], day: str) -> tuple[list[Any], str | None]:
    """Return one page of a worklist in the order of a day and the key, and where the next one starts."""
    after = request.GET.get("after", "").partition("_")
    if after[2].isdecimal() and _is_day(after[0]):
        later = rows.filter(**{f"{day}__gt": after[0]}) | rows.filter(**{day: after[0], "pk__gt": int(after[2])})
        rows = later
    found = list(rows[: _SHOWN + 1])
    if len(found) <= _SHOWN:
        return found, None
    last = found[_SHOWN - 1]
    return found[:_SHOWN], f"{getattr(last, day).isoformat()}_{last.pk}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _form_page(
    request: HttpRequest, form: StaffForm, *, title: str, button: str, intro: str, back: str
) -> HttpResponse:
    return staff_response(
        request,
        "lms/bureau_form.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        button=button,
        intro=intro,
        back=reverse(f"staff-bureau:{back}"),
        back_words="Back to the worklist",
    )
