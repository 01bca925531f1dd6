"""The part of the loan page that says what moved and why, and the page about one correction."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode

from core.staff_pages import staff_page, staff_response
from lms.admin.moments import moment_of
from lms.documents.reissuing import documents_followed, documents_suspect
from lms.history import correction_brief, correction_in_full, corrections_of
from lms.models import Loan, LoanFact

_SHOWN = 5


@staff_page("lms.view_loan")
def corrections_part(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Show the entries that corrected the past of a loan, latest first, with what they moved."""
    loan = get_object_or_404(Loan, pk=loan_id)
    moment = moment_of(request, loan)
    rows = corrections_of(loan=loan, knowledge=moment.knowledge)
    before = request.GET.get("before", "")
    if before.isdecimal():
        rows = rows.filter(sequence__lt=int(before))
    found = list(rows[: _SHOWN + 1])
    shown = found[:_SHOWN]
    return staff_response(
        request,
        "lms/_loan_corrections.html",
        title="What moved and why",
        loan=loan,
        corrections=correction_brief(loan=loan, rows=shown),
        next_query=f"{moment.query}&{urlencode({'before': shown[-1].sequence})}" if len(found) > _SHOWN else "",
        is_first=not before,
    )


@staff_page("lms.view_loan")
def correction_page(request: HttpRequest, loan_id: int, sequence: int) -> HttpResponse:
    """Show what one entry moved on each closed day, what it booked, which classes it corrected, which papers differ."""
    loan = get_object_or_404(Loan, pk=loan_id)
    row = get_object_or_404(LoanFact.objects.select_related("recorded_by"), loan=loan, sequence=sequence)
    return staff_response(
        request,
        "lms/loan_correction.html",
        title=f"Loan {loan.number}: what entry {sequence} moved",
        loan=loan,
        correction=correction_in_full(loan=loan, row=row),
        documents=list(documents_suspect().filter(loan=loan, fact_count__lt=sequence)[:_SHOWN]),
        followed=list(documents_followed(loan_id=loan.pk, sequence=sequence)[:_SHOWN]),
    )
