"""The page of one act on a loan: a form, a service, a message."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees
from core.staff_forms import rupees_text
from core.staff_pages import acting_user, staff_page, staff_response
from lms.admin.act_forms import ActForm, ForeclosureForm
from lms.admin.acts import ACT_BY_SLUG, ACTS
from lms.admin.effects import Effect, effect_of
from lms.engine.quote import ForeclosureQuote
from lms.errors import IdempotencyKeyReused
from lms.models import Loan
from lms.services.foreclosures import foreclosure_quote

_SENT_BEFORE = (
    "This form was sent before with other content. Go back to the loan to see what was posted, and open the form again."
)


@staff_page("lms.view_loan")
def act_page(request: HttpRequest, loan_id: int, slug: str) -> HttpResponse:
    """Show the form of an act; on submit call its service and go back to the loan."""
    act = ACT_BY_SLUG.get(slug)
    if act is None:
        raise Http404
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    loan = get_object_or_404(Loan.objects.select_related("customer"), pk=loan_id)
    today = business_date()
    quote_date = _quote_date(request, today)
    quote, refusal = _quote(act, loan, quote_date)
    effect: Effect | None = None
    if request.method == "POST":
        form = act(request.POST, loan=loan, today=today)
        if form.is_valid() and "check" in request.POST:
            effect = _effect(request, form)
        elif form.is_valid() and (done := _submit(request, form)):
            return done
        status = 200 if effect else 422
    else:
        form = act(loan=loan, today=today, initial=_initial(request, act, quote))
        status = 200
    return staff_response(
        request,
        "lms/act.html",
        status=status,
        title=f"{act.title}: {loan.number}",
        form=form,
        loan=loan,
        act=act,
        today=today,
        quote=quote,
        quote_date=quote_date,
        quote_refusal=refusal,
        effect=effect,
    )


def acts_for(*, user: User, loan: Loan) -> list[type[ActForm]]:
    """Return the acts that a user may do on a loan as it stands."""
    return [act for act in ACTS if user.has_perm(act.permission) and act.is_open(loan)]


def _effect(request: HttpRequest, form: ActForm) -> Effect | None:
    """Work out what the act would do; None when it would be refused, with the refusal on the form."""
    try:
        return effect_of(form=form, actor=acting_user(request))
    except KistError as error:
        form.refuse(error)
        return None


def _submit(request: HttpRequest, form: ActForm) -> HttpResponse | None:
    """Call the service; None when it refuses, with the refusal on the form."""
    try:
        fact = form.submit(actor=acting_user(request))
    except IdempotencyKeyReused:
        form.add_error(None, _SENT_BEFORE)
        return None
    except KistError as error:
        form.refuse(error)
        return None
    entered = form.cleaned_data
    text = form.done.format(amount=format_rupees(fact.amount_paise), sequence=entered.get("sequence"))
    messages.success(request, f"{text}, value date {fact.value_date:%d %b %Y}: entry {fact.sequence}.")
    return redirect(f"{reverse('admin:lms_loan_change', args=[form.loan.pk])}#fact-{fact.sequence}")


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
