"""Pages of credit lines: the sanction, the acts with their effect, the statement, and the guards."""

from functools import partial

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.business_date import business_date
from core.money import format_rupees
from core.staff_forms import as_of_date
from core.staff_pages import staff_page, staff_response
from customers.selectors import customer_by_number
from lms.admin.line_forms import LINE_ACT_BY_SLUG, LINE_ACTS, LineActForm, LineParametersForm, LineSanctionForm
from lms.lines import LineAsOf, line_as_of, line_statement
from lms.models import CreditLine, LineFact, LineParameters
from lms.services.lines.rules import LineRule


@staff_page("lms.sanction_line")
def line_sanction_page(request: HttpRequest) -> HttpResponse:
    """Open a credit line, or ask a second person for it."""
    number = request.POST.get("customer") or request.GET.get("customer", "")
    customer = customer_by_number(number=number)
    return act_page(
        request,
        LineSanctionForm,
        subject_id=customer.pk if customer else 0,
        title="Sanction a credit line",
        back=reverse("admin:lms_creditline_changelist"),
        back_words="Back to the list",
        told=lambda form, line: form.done.format(number=line),
        initial={"customer": number},
    )


@staff_page("lms.view_creditline")
def line_act_page(request: HttpRequest, line_id: int, slug: str) -> HttpResponse:
    """Show the form of an act; on submit do it, or ask a second person for it, and go back to the line."""
    form_class = LINE_ACT_BY_SLUG.get(slug)
    if form_class is None:
        raise Http404
    if not request.user.has_perm(form_class.permission):
        raise PermissionDenied
    line = get_object_or_404(CreditLine.objects.select_related("customer", "product_version__product"), pk=line_id)
    today = business_date()
    found = line_as_of(line=line, as_of=today)
    assert found is not None  # noqa: S101  # a line is written with its opening
    return act_page(
        request,
        partial(form_class, line=line, found=found, today=today),
        subject_id=line.pk,
        title=f"{form_class.title}: {line.number}",
        heading=form_class.title,
        back=reverse("admin:lms_creditline_change", args=[line.pk]),
        back_words=f"Back to line {line.number}",
        told=_told,
        template="lms/line_act.html",
        line=line,
        found=found,
        today=today,
    )


def line_acts_for(*, user: User, found: LineAsOf) -> list[type[LineActForm]]:
    """Return the acts that a user may do on a line as it stands."""
    return [act for act in LINE_ACTS if user.has_perm(act.permission) and act.is_open(found)]


@staff_page("lms.view_creditline")
def line_statement_page(request: HttpRequest, line_id: int) -> HttpResponse:
    """Show what happened on a line and its drawdowns between two days."""
    line = get_object_or_404(CreditLine.objects.select_related("customer", "product_version__product"), pk=line_id)
    today = business_date()
    to_date = as_of_date(request.GET.get("to"), latest=today) or today
    from_date = as_of_date(request.GET.get("from"), latest=to_date) or line.opened_on
    return staff_response(
        request,
        "lms/line_statement.html",
        title=f"Statement of {line.number}",
        line=line,
        from_date=from_date,
        to_date=to_date,
        today=today,
        rows=line_statement(line=line, from_date=from_date, to_date=to_date),
    )


@staff_page("lms.publish_line_parameters")
def line_parameters_page(request: HttpRequest) -> HttpResponse:
    """Publish guards that count from a day on."""
    latest = LineParameters.objects.first()
    rule = LineRule() if latest is None else LineRule(**{name: getattr(latest, name) for name in LineRule.__slots__})
    return act_page(
        request,
        LineParametersForm,
        subject_id=0,
        title="New guards of credit lines",
        back=reverse("admin:lms_lineparameters_changelist"),
        back_words="Back to the rows",
        told=lambda form, row: form.done.format(day=f"{form.cleaned_data['effective_from']:%d %b %Y}"),
        initial={"effective_from": business_date(), **rule.as_columns()},
    )


def _told(form: ActForm, fact: models.Model) -> str:
    """Say what an act on a line did."""
    assert isinstance(fact, LineFact)  # noqa: S101  # acts on lines append one
    text = form.done.format(amount=format_rupees(fact.amount_paise))
    return f"{text}: entry {fact.sequence} of line {fact.line.number}."
