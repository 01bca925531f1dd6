"""Disputes of payers: what is to be answered first, the papers, the answer, and how each ended."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter
from core.approvals.papers import PaperField
from core.approvals.selectors import requests_about
from core.approvals.services import Attachment
from core.clock import database_now
from core.errors import KistError
from core.staff_forms import StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount, badge, instant, words
from ledger.selectors import journals_for
from payments.acts.disputes import ACCEPT_ACT, DECIDE_ACT, OUTCOMES
from payments.admin.lists import FoundByName
from payments.models import Dispute, DisputeAnswer, DisputePaper, DisputeState
from payments.services.chargebacks import FOLLOWING
from payments.services.disputes import dispute_contest, dispute_paper_add
from payments.services.incoming import REFERENCE_TYPE

_HANDLE: Final = "payments.handle_dispute"
_SEE: Final = "payments.view_dispute"
_DUE_SHOWN: Final = 50
_SOON: Final = (timedelta(0), timedelta(days=1), timedelta(days=3))
_TONES: Final = ("red", "orange", "amber", "green")


class AcceptForm(ActForm):
    """The payer keeps the money."""

    act = ACCEPT_ACT
    button = "Accept it"
    done = "The dispute is accepted, and the receipt is taken back."
    icon = "money_off"
    is_danger = True
    intro = "The payer keeps the money: the receipt on the loan is taken back, and the borrower owes again."


class DecideForm(ActForm):
    """How the gateway's letter says that a dispute ended."""

    act = DECIDE_ACT
    button = "Enter the end"
    done = "The end of the dispute is entered."
    icon = "gavel"
    intro = (
        "For an end that no event has told: as the gateway's letter or its own page says. Won or closed, the gateway "
        "holds the money for us again; lost, the receipt on the loan is taken back."
    )

    outcome = forms.ChoiceField(label="How it ended", choices=OUTCOMES)


class PaperForm(StaffForm):
    """A paper that speaks for us."""

    paper = PaperField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paper"].required = True


class ContestForm(StaffForm):
    """Why we contest."""

    reason = reason_field(required=True)


FORMS: Final[dict[str, type[ActForm]]] = {"accept": AcceptForm, "decide": DecideForm}


@admin.register(Dispute)
class DisputeAdmin(PageAdmin, FoundByName):
    """Every dispute; those to be answered stand above the list, the first due first."""

    list_display = (
        "vendor_reference",
        "payment",
        "loan",
        "held",
        "state_badge",
        "answer_badge",
        "due",
        "opened",
        "why",
    )
    list_select_related = ("payment__loan",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("answer", ChoicesDropdownFilter),
        ("respond_by", RangeDateFilter),
    )
    list_before_template = "payments/_disputes_due.html"
    search_fields = ("vendor_reference__exact", "payment__number__exact", "payment__utr__exact")
    search_help_text = "The gateway's reference, number of the payment, or UTR, in full"
    ordering = ("-id",)
    sortable_by = ("vendor_reference",)

    def rows_prepare(self, rows: Iterable[Any]) -> None:
        """Hold each row beside the instant by the database's clock."""
        now = database_now()
        for row in rows:
            row.seen_at = now

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Put what is to be answered above the list."""
        return super().changelist_view(request, {"due": disputes_due(), **(extra_context or {})})

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the dispute's page in place of a form."""
        return _response(request, _dispute(pk))

    @admin.display(description="Loan")
    def loan(self, dispute: Dispute) -> str:
        """Show the loan that the payment is on."""
        return dispute.payment.loan.number if dispute.payment.loan else "–"

    @admin.display(description="Amount")
    def held(self, dispute: Dispute) -> SafeString:
        """Show the disputed amount."""
        return amount(dispute.amount_paise)

    @admin.display(description="State")
    def state_badge(self, dispute: Dispute) -> SafeString:
        """Show the state in colour; an open one waits for somebody."""
        is_open = dispute.state == DisputeState.OPEN
        return (
            format_html('<span class="k-badge k-badge--{}">Open</span>', "amber") if is_open else badge(dispute.state)
        )

    @admin.display(description="Our answer")
    def answer_badge(self, dispute: Dispute) -> str:
        """Show what we have answered."""
        return dispute.get_answer_display()

    @admin.display(description="Answer by")
    def due(self, dispute: Any) -> SafeString | str:
        """Show until when to answer, in the colour of its nearness."""
        if dispute.respond_by is None:
            return "–"
        shown = instant(dispute.respond_by)
        if dispute.state != DisputeState.OPEN or dispute.answer != DisputeAnswer.NONE:
            return shown
        return format_html(
            '<span class="k-badge k-badge--{}">{}</span>', deadline_tone(dispute, now=dispute.seen_at), shown
        )

    @admin.display(description="The payer says")
    def why(self, dispute: Dispute) -> str:
        """Show the gateway's reason in words."""
        return words(dispute.reason) if dispute.reason else "–"

    @admin.display(description="Opened")
    def opened(self, dispute: Dispute) -> str:
        """Show when it was opened."""
        return instant(dispute.opened_at)


@staff_page(_HANDLE)
def dispute_act_page(request: HttpRequest, dispute_id: int, what: str) -> HttpResponse:
    """Show the form of an act that moves money; on submit ask a second person for it."""
    form_class = FORMS.get(what)
    if form_class is None:
        raise Http404
    dispute = _dispute(dispute_id)
    return act_page(
        request,
        form_class,
        subject_id=dispute.pk,
        title=f"{form_class.act.title}: {dispute.vendor_reference}",
        heading=form_class.act.title,
        back=reverse("admin:payments_dispute_change", args=[dispute.pk]),
        back_words=f"Back to dispute {dispute.vendor_reference}",
        told=lambda form, _row: form.done,
    )


@staff_page(_HANDLE)
@require_POST
def dispute_answer_page(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Keep a paper, or contest with the papers that there are, as the pressed button says."""
    dispute = _dispute(dispute_id)
    is_paper = "paper" in request.FILES or request.POST.get("decision") == "paper"
    form: StaffForm = PaperForm(request.POST, request.FILES) if is_paper else ContestForm(request.POST)
    if form.is_valid():
        try:
            done = _answer(request, dispute, form)
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, done)
            return redirect("admin:payments_dispute_change", dispute.pk)
    shown = {"paper_form": form} if is_paper else {"contest_form": form}
    return _response(request, dispute, status=422, **shown)


@staff_page(_SEE)
def dispute_paper_page(request: HttpRequest, paper_id: int) -> FileResponse:
    """Hand out a paper to those who handle disputes or agree to what is decided about them."""
    if not (request.user.has_perm(_HANDLE) or request.user.has_perm(ACCEPT_ACT.approve_permission)):
        raise PermissionDenied
    paper = get_object_or_404(DisputePaper, pk=paper_id)
    return FileResponse(paper.file.open("rb"), as_attachment=True, filename=paper.name)


def disputes_due() -> list[tuple[Dispute, str]]:
    """Return open disputes that nobody has answered, the first due first, with the colour of their nearness."""
    rows = Dispute.objects.filter(state=DisputeState.OPEN, answer=DisputeAnswer.NONE).select_related("payment__loan")
    dated = list(rows.filter(respond_by__isnull=False).order_by("respond_by", "pk")[:_DUE_SHOWN])
    undated = list(rows.filter(respond_by__isnull=True).order_by("pk")[: _DUE_SHOWN - len(dated)])
    now = database_now()
    return [(dispute, deadline_tone(dispute, now=now)) for dispute in [*dated, *undated]]


def deadline_tone(dispute: Dispute, *, now: datetime) -> str:
    """Return the colour of a deadline: red when it is over, orange within a day, amber within three."""
    if dispute.respond_by is None:
        return "grey"
    left = dispute.respond_by - now
    return next((tone for limit, tone in zip(_SOON, _TONES, strict=False) if left <= limit), _TONES[-1])


def _answer(request: HttpRequest, dispute: Dispute, form: StaffForm) -> str:
    actor = acting_user(request)
    if isinstance(form, PaperForm):
        paper = form.cleaned_data["paper"]
        dispute_paper_add(dispute_id=dispute.pk, paper=Attachment(name=paper.name, content=paper.read()), actor=actor)
        return "The paper is kept."
    dispute_contest(dispute_id=dispute.pk, reason=form.cleaned_data["reason"], actor=actor)
    return "It is written down as contested. Send the papers on the gateway's own page."


def _dispute(dispute_id: int) -> Dispute:
    rows = Dispute.objects.select_related("payment__loan__customer", "vendor", "answered_by")
    return get_object_or_404(rows, pk=dispute_id)


def _response(request: HttpRequest, dispute: Dispute, *, status: int = 200, **forms_shown: Any) -> HttpResponse:
    may_handle = request.user.has_perm(_HANDLE)
    is_open = bool(FOLLOWING[DisputeState(dispute.state)])
    own = f":dispute:{dispute.pk}:"
    journals = journals_for(reference_type=REFERENCE_TYPE, reference_id=dispute.payment_id)
    return staff_response(
        request,
        "payments/dispute.html",
        status=status,
        title=f"Dispute {dispute.vendor_reference}",
        dispute=dispute,
        papers=list(dispute.papers.select_related("added_by")),
        may_see_papers=may_handle or request.user.has_perm(ACCEPT_ACT.approve_permission),
        journals=[journal for journal in journals if own in journal.idempotency_key],
        requests=list(requests_about(subject_type=Dispute._meta.label_lower, subject_id=dispute.pk)),
        tone=deadline_tone(dispute, now=database_now()),
        is_open=is_open,
        may_answer=may_handle and is_open,
        is_unanswered=dispute.answer == DisputeAnswer.NONE,
        **{"paper_form": PaperForm(), "contest_form": ContestForm(), **forms_shown},
    )
