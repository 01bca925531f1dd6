"""Rate changes of many loans: the list, what one means loan by loan, and its acts."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from kombu.exceptions import OperationalError

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.errors import KistError
from core.staff_forms import DayField, OnceForm, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from lms import tasks
from lms.acts.others import OTHER_ACT_BY_SLUG
from lms.admin.dry_runs import RUN, dry_run_start
from lms.models import Benchmark, DryRunKind, Product, RateCampaign, RateChoice, RateNotice
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_summary

_PAGE: Final = 50
_RATE: Final[dict[str, Any]] = {"max_digits": 9, "decimal_places": 4, "required": False, "widget": forms.TextInput}


class CampaignForm(OnceForm):
    """A change of rates."""

    benchmark = forms.ModelChoiceField(Benchmark.objects.order_by("code"), required=False, label="Benchmark")
    new_rate_pct = forms.DecimalField(label="Its new value in per cent", **_RATE)
    product = forms.ModelChoiceField(Product.objects.order_by("code"), required=False, label="Or a product")
    delta_pct = forms.DecimalField(
        label="By how much its rates move, in per cent", help_text="Below zero: down.", **_RATE
    )
    effective_date = DayField(label="The new rates count from")
    default_choice = forms.ChoiceField(
        label="Who does not choose gets a new",
        required=False,
        choices=[("", "As the product says"), *RateChoice.choices],
    )
    reason = reason_field(required=True)


class AnnounceForm(ActForm):
    """Notices to be sent."""

    act = OTHER_ACT_BY_SLUG["rates-announce"]
    button = "Announce"
    done = "Announced: the notices are to be sent."
    icon = "campaign"
    intro = "The borrowers are told, the day is fixed, and a benchmark's new value is published."


class CancelForm(ActForm):
    """A change of rates to be stopped."""

    act = OTHER_ACT_BY_SLUG["rates-cancel"]
    button = "Cancel the change"
    done = "Cancelled."
    icon = "cancel"
    intro = "Loans that have the new rate keep it until theirs is undone."
    is_danger = True


class ChoiceForm(ActForm):
    """What a borrower wants to change."""

    act = OTHER_ACT_BY_SLUG["rate-choose"]
    button = "Save"
    done = "Saved."

    choice = forms.ChoiceField(label="What changes", choices=RateChoice.choices)


class UndoForm(ActForm):
    """The new rate of one loan to be taken back."""

    act = OTHER_ACT_BY_SLUG["rate-undo"]
    button = "Undo"
    done = "Undone."
    icon = "undo"
    is_danger = True


_ACTS: Final[dict[str, type[ActForm]]] = {"announce": AnnounceForm, "cancel": CancelForm}
_NOTICE_ACTS: Final[dict[str, type[ActForm]]] = {"choose": ChoiceForm, "undo": UndoForm}


@staff_page("lms.view_ratecampaign")
def rate_campaigns_page(request: HttpRequest) -> HttpResponse:
    """List the latest changes of rates."""
    campaigns = RateCampaign.objects.select_related("benchmark", "product")[:_PAGE]
    return staff_response(request, "lms/rate_campaigns.html", title="Rate changes", campaigns=campaigns)


@staff_page("lms.change_rate")
def rate_campaign_add_page(request: HttpRequest) -> HttpResponse:
    """Begin a change of rates, and have it worked out."""
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = rate_campaign_create(actor=acting_user(request), **form.cleaned_data)
        except KistError as error:
            form.refuse(error)
        else:
            _send(request, tasks.rate_campaign_prepare, campaign)
            return redirect("staff:rate-campaign", campaign.pk)
    return _form_page(
        request,
        form,
        title="New rate change",
        button="Work it out",
        back=reverse("staff:rate-campaigns"),
        intro="Nothing is changed yet: you will see what it means for every loan, and announce it then.",
    )


@staff_page("lms.view_ratecampaign")
def rate_campaign_page(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what a change comes to, with its loans, some at a time."""
    campaign = get_object_or_404(RateCampaign.objects.select_related("benchmark", "product"), pk=campaign_id)
    after = request.GET.get("after", "")
    notices = campaign.notices.select_related("loan").filter(loan_id__gt=int(after) if after.isdecimal() else 0)
    state = request.GET.get("state", "")
    if state in RateNotice.State.values:
        notices = notices.filter(state=state)
    rows = list(notices.order_by("loan_id")[: _PAGE + 1])
    return staff_response(
        request,
        "lms/rate_campaign.html",
        title=str(campaign),
        campaign=campaign,
        summary=rate_campaign_summary(campaign=campaign),
        notices=rows[:_PAGE],
        next_after=rows[_PAGE - 1].loan_id if len(rows) > _PAGE else None,
        chosen_state=state,
        states=RateNotice.State.choices,
    )


@staff_page("lms.change_rate")
def rate_campaign_act_page(request: HttpRequest, campaign_id: int, what: str) -> HttpResponse:
    """Announce or cancel a change by a form; try it, do it, or work it out again from where a stopped job was."""
    campaign = get_object_or_404(RateCampaign, pk=campaign_id)
    jobs = {"prepare": tasks.rate_campaign_prepare, "run": tasks.rate_campaign_run}
    back = reverse("staff:rate-campaign", args=[campaign.pk])
    if what in ("try", *jobs) and request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if what == "try":
        return _try(request, campaign)
    if what in jobs:
        _send(request, jobs[what], campaign)
        return redirect(back)
    if what not in _ACTS:
        raise Http404
    form_class = _ACTS[what]
    return act_page(
        request,
        form_class,
        subject_id=campaign.pk,
        title=f"{form_class.act.title}: {campaign}",
        back=back,
        back_words=f"Back to {str(campaign).lower()}",
        told=lambda form, _row: form.done,
    )


@staff_page("lms.change_rate")
def rate_notice_page(request: HttpRequest, notice_id: int, what: str) -> HttpResponse:
    """Keep a borrower's choice, or undo the new rate of one loan."""
    notice = get_object_or_404(RateNotice.objects.select_related("loan", "campaign"), pk=notice_id)
    if what not in _NOTICE_ACTS:
        raise Http404
    form_class = _NOTICE_ACTS[what]
    return act_page(
        request,
        form_class,
        subject_id=notice.pk,
        title=f"{form_class.act.title}: {notice.loan.number}",
        back=reverse("staff:rate-campaign", args=[notice.campaign_id]),
        back_words=f"Back to {str(notice.campaign).lower()}",
        told=lambda form, _row: f"{form.done[:-1]} for loan {notice.loan.number}.",
        initial={"choice": notice.choice} if what == "choose" else None,
    )


def _try(request: HttpRequest, campaign: RateCampaign) -> HttpResponse:
    if not request.user.has_perm(RUN):
        raise PermissionDenied
    try:
        return dry_run_start(request, kind=DryRunKind.RATE, change={"campaign_id": campaign.pk})
    except KistError as error:
        messages.error(request, error.message)
    return redirect("staff:rate-campaign", campaign.pk)


def _send(request: HttpRequest, task: Any, campaign: RateCampaign) -> None:
    """Hand a job to the workers."""
    try:
        task.apply_async(kwargs={"campaign_id": campaign.pk}, retry=False)
        messages.success(request, "The workers have it; this page shows how far they are.")
    except OperationalError:
        messages.error(request, "No worker can be reached now. Try again from this page.")


def _form_page(request: HttpRequest, form: StaffForm, **context: Any) -> HttpResponse:
    return staff_response(
        request,
        "lms/simple_form.html",
        status=422 if form.errors else 200,
        form=form,
        back_words="Back",
        **context,
    )
