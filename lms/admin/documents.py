"""Screens of documents: the list, each document, those of a loan, and those that the past has moved under."""

from collections.abc import Iterator, Sequence

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.admin_base import ChoicesDropdownFilter, PageAdmin, RangeDateFilter, ReadOnlyModelAdmin
from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import badge, day, words
from lms.admin.document_forms import DocumentForm, ReissueForm
from lms.documents.issuing import document_download, document_issue
from lms.documents.kinds import KINDS
from lms.documents.reissuing import document_outdated, document_reissue, documents_outdated
from lms.models import Loan
from lms.models.document import Document, DocumentKind, DocumentLanguage

_SHOWN = 50
_LIGHT = ("subject", "figures", "content")


@admin.register(Document)
class DocumentAdmin(PageAdmin, ReadOnlyModelAdmin):
    """Every document that was issued."""

    list_display = ("number", "loan_number", "kind", "language", "of_day", "issued_on", "issued_by", "standing")
    list_select_related = ("loan", "issued_by", "superseded_by")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("language", ChoicesDropdownFilter),
        ("issued_on", RangeDateFilter),
    )
    search_fields = ("number", "loan__number")
    search_help_text = "Number of a document or of a loan, in full"
    ordering = ("-id",)
    sortable_by = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Leave out what the list does not show and is large."""
        return super().get_queryset(request).defer(*_LIGHT)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """Find by a whole number: every search is one look-up in an index."""
        text = search_term.strip().upper()
        if not text:
            return queryset, False
        loan = Loan.objects.filter(number=text).values_list("pk", flat=True).first()
        return (queryset.filter(loan=loan) if loan else queryset.filter(number=text)), False

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the document's page in place of a form."""
        rows = Document.objects.select_related("loan__customer", "issued_by", "supersedes", "superseded_by")
        document = get_object_or_404(rows, pk=pk)
        outdated = document_outdated(document=document)
        changed = outdated.changed if outdated else ()
        return staff_response(
            request,
            "lms/document.html",
            title=f"Document {document.number}",
            document=document,
            standing=standing_of(document),
            outdated=outdated,
            changed=[(words(name.removesuffix("_paise")), *_shown(name, pair)) for name, *pair in changed],
            form=ReissueForm(),
        )

    @admin.display(description="Loan")
    def loan_number(self, document: Document) -> str:
        """Show the loan."""
        return document.loan.number

    @admin.display(description="As of")
    def of_day(self, document: Document) -> str:
        """Show the day of the figures."""
        return day(document.as_of)

    @admin.display(description="Standing")
    def standing(self, document: Document) -> SafeString:
        """Show whether it still holds."""
        return badge(standing_of(document))


def _shown(name: str, pair: Sequence[object]) -> Iterator[str]:
    """Show the two values of a figure, amounts as rupees."""
    for value in pair:
        yield format_rupees(value) if name.endswith("_paise") and isinstance(value, int) else str(value or "–")


def standing_of(document: Document) -> str:
    """Return whether a document holds, in one word."""
    if document.withdrawn_at is not None:
        return "WITHDRAWN"
    return "SUPERSEDED" if hasattr(document, "superseded_by") else "ISSUED"


@staff_page("lms.view_document")
def loan_documents_page(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Show the documents of a loan and issue one; `?part=1` gives the list alone, for the loan's own page."""
    loan = get_object_or_404(Loan.objects.select_related("customer"), pk=loan_id)
    rows = loan.documents.select_related("issued_by", "superseded_by").defer(*_LIGHT).order_by("-pk")
    context = {
        "loan": loan,
        "documents": [(row, standing_of(row)) for row in rows[:_SHOWN]],
        "kinds": [(kind.value, kind.label) for kind in KINDS],
    }
    if request.GET.get("part"):
        return render(request, "lms/_loan_documents.html", context)
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    kind = DocumentKind(asked) if asked in DocumentKind.values else DocumentKind.STATEMENT
    may_issue = request.user.has_perm("lms.issue_document")
    if request.method == "POST" and not may_issue:
        raise PermissionDenied
    entry = request.GET.get("entry", "")
    initial = {"sequence": entry} if entry else {}
    form = DocumentForm(request.POST or None, loan=loan, kind=kind, today=business_date(), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            document = document_issue(
                loan_id=loan.pk,
                kind=kind,
                language=DocumentLanguage(form.cleaned_data["language"]),
                subject=form.subject(),
                idempotency_key=form.cleaned_data["idempotency_key"],
                actor=acting_user(request),
            )
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{kind.label} {document.number} is issued.")
            return redirect("admin:lms_document_change", document.pk)
    return staff_response(
        request,
        "lms/loan_documents.html",
        status=422 if form.errors else 200,
        title=f"Documents of {loan.number}",
        form=form if may_issue else None,
        kind=kind,
        outdated=documents_outdated(loan_id=loan.pk),
        **context,
    )


@staff_page("lms.download_document")
def document_download_page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Download the file; the audit trail says who did."""
    get_object_or_404(Document.objects.only("pk"), pk=document_id)
    try:
        document, pdf = document_download(document_id=document_id, actor=acting_user(request))
    except KistError as error:
        messages.error(request, error.message)
        return redirect("admin:lms_document_change", document_id)
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{document.number}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )


@staff_page("lms.issue_document")
@require_POST
def document_reissue_page(request: HttpRequest, document_id: int) -> HttpResponse:
    """Issue a document again, or withdraw it."""
    get_object_or_404(Document.objects.only("pk"), pk=document_id)
    form = ReissueForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a reason: the next person who reads the account will look for it.")
        return redirect("admin:lms_document_change", document_id)
    return _reissued(request, document_id, form.cleaned_data["reason"])


@staff_page("lms.view_document")
def documents_outdated_page(request: HttpRequest) -> HttpResponse:
    """List documents whose figures differ now, a page at a time, and issue those chosen again."""
    if request.method == "POST":
        if not request.user.has_perm("lms.issue_document"):
            raise PermissionDenied
        return _reissue_chosen(request)
    after = request.GET.get("after", "")
    outdated = documents_outdated(after=int(after) if after.isdecimal() else 0, limit=_SHOWN)
    return staff_response(
        request,
        "lms/documents_outdated.html",
        title="Documents to issue again",
        outdated=outdated,
        next_after=outdated[-1].document.pk if len(outdated) == _SHOWN else None,
        form=ReissueForm(),
    )


def _reissue_chosen(request: HttpRequest) -> HttpResponse:
    form = ReissueForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a reason: the next person who reads the account will look for it.")
        return redirect("staff-documents:outdated")
    done = 0
    for key in request.POST.getlist("document")[:_SHOWN]:
        try:
            document_reissue(
                document_id=int(key) if key.isdecimal() else 0,
                reason=form.cleaned_data["reason"],
                actor=acting_user(request),
            )
        except KistError as error:
            messages.error(request, error.message)
        else:
            done += 1
    if done:
        messages.success(request, f"{done} issued again or withdrawn.")
    return redirect("staff-documents:outdated")


def _reissued(request: HttpRequest, document_id: int, reason: str) -> HttpResponseRedirect:
    try:
        newer = document_reissue(document_id=document_id, reason=reason, actor=acting_user(request))
    except KistError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("admin:lms_document_change", args=[document_id]))
    said = "is withdrawn: it could not be issued any more" if newer.pk == document_id else "takes its place"
    messages.success(request, f"{newer.number} {said}.")
    return HttpResponseRedirect(reverse("admin:lms_document_change", args=[newer.pk]))
