"""The page of one act on a loan: a form, the registry of acts, a message."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from core.acts.rules import rule_of
from core.approvals.errors import ApprovalKeyReused
from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees
from core.staff_forms import rupees_text
from core.staff_pages import acting_user, staff_page, staff_response
from lms.acts import ActDone, ActWaiting, approval_reasons
from lms.admin.act_forms import ActForm
from lms.admin.acts import FORM_BY_SLUG, FORMS
from lms.admin.money_forms import ForeclosureForm
from lms.engine.quote import ForeclosureQuote
from lms.errors import IdempotencyKeyReused
from lms.models import Loan, LoanFact
from lms.services.foreclosures import foreclosure_quote

_SENT_BEFORE = (
    "This form was sent before with other content. Go back to the loan to see what was posted, and open the form again."
)


@staff_page("lms.view_loan")
def act_page(request: HttpRequest, loan_id: int, slug: str) -> HttpResponse:
    """Show the form of an act; on submit do the act, or ask a second person for it, and go back to the loan."""
    form_class = FORM_BY_SLUG.get(slug)
    if form_class is None:
        raise Http404
    if not request.user.has_perm(form_class.permission):
        raise PermissionDenied
    loan = get_object_or_404(Loan.objects.select_related("customer"), pk=loan_id)
    today = business_date()
    quote_date = _quote_date(request, today)
    quote, refusal = _quote(form_class, loan, quote_date)
    is_for_approval = rule_of(act=form_class.act, on_date=today).is_always
    shown: dict[str, Any] = {}
    if request.method == "POST":
        form = form_class(request.POST, request.FILES, loan=loan, today=today, is_for_approval=is_for_approval)
        if form.is_valid() and "check" in request.POST:
            shown = _preview(request, form)
        elif form.is_valid() and (done := _submit(request, form)):
            return done
    else:
        form = form_class(
            loan=loan, today=today, is_for_approval=is_for_approval, initial=_initial(request, form_class, quote)
        )
    return staff_response(
        request,
        "lms/act.html",
        status=200 if shown or request.method != "POST" else 422,
        title=f"{form_class.title}: {loan.number}",
        form=form,
        loan=loan,
        act=form_class,
        today=today,
        quote=quote,
        quote_date=quote_date,
        quote_refusal=refusal,
        **{"is_for_approval": is_for_approval, **shown},
    )


def acts_for(*, user: User, loan: Loan) -> list[type[ActForm]]:
    """Return the acts that a user may do on a loan as it stands."""
    return [form for form in FORMS if user.has_perm(form.permission) and form.is_open(loan)]


def _preview(request: HttpRequest, form: ActForm) -> dict[str, Any]:
    """Work out what the act would do, and why a second person has to agree; nothing when it would be refused."""
    try:
        effect = form.preview(actor=acting_user(request))
        causes = approval_reasons(act=form.act, subject_id=form.loan.pk, values=form.values())
    except KistError as error:
        form.refuse(error)
        return {}
    return {"effect": effect, "causes": causes, "is_for_approval": bool(causes)}


def _submit(request: HttpRequest, form: ActForm) -> HttpResponse | None:
    """Hand the act to the registry; None when it is refused, with the refusal on the form."""
    try:
        outcome = form.submit(actor=acting_user(request))
    except (IdempotencyKeyReused, ApprovalKeyReused):
        form.add_error(None, _SENT_BEFORE)
        return None
    except KistError as error:
        form.refuse(error)
        return None
    if isinstance(outcome, ActWaiting):
        messages.success(request, f"{outcome.request.description}: request {outcome.request.pk} waits for approval.")
        return redirect("staff-approvals:request", outcome.request.pk)
    return _done(request, form, outcome)


def _done(request: HttpRequest, form: ActForm, outcome: ActDone) -> HttpResponse:
    """Say what was done, and lead to its entry where it has one."""
    page = reverse("admin:lms_loan_change", args=[form.loan.pk])
    sequence = form.cleaned_data.get("sequence")
    if not isinstance(outcome.result, LoanFact):
        amount_paise = form.cleaned_data.get("amount_paise") or 0
        named = {"pk": outcome.result.pk, "number": getattr(outcome.result, "number", "")}
        text = form.done.format(amount=format_rupees(amount_paise), sequence=sequence, **named)
        messages.success(request, f"{text}.")
        return redirect(page)
    fact = outcome.fact
    text = form.done.format(amount=format_rupees(fact.amount_paise), sequence=sequence)
    messages.success(request, f"{text}, value date {fact.value_date:%d %b %Y}: entry {fact.sequence}.")
    return redirect(f"{page}#fact-{fact.sequence}")


def _quote_date(request: HttpRequest, today: date) -> date:
    """Read the day of a foreclosure quote; the business date unless another is asked for."""
    text = request.POST.get("value_date") or request.GET.get("on") or ""
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


def _quote(act: type[ActForm], loan: Loan, on_date: date) -> tuple[ForeclosureQuote | None, str]:
    if act is not ForeclosureForm:
        return None, ""
    try:
        return foreclosure_quote(loan=loan, on_date=on_date), ""
    except KistError as error:
        return None, error.message


def _initial(request: HttpRequest, act: type[ActForm], quote: ForeclosureQuote | None) -> dict[str, object]:
    if quote is not None:
        return {"amount_paise": rupees_text(quote.total_paise), "value_date": quote.on_date.isoformat()}
    entry = request.GET.get("entry", "")
    return {"sequence": entry, "receipt_sequence": entry} if entry.isdecimal() else {}
