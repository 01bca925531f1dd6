"""The search page, to which the box on top of every page leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.staff_pages import staff_page, staff_response
from lms.search import SearchResult, search_everything


@staff_page("lms.view_loan")
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what a text finds; the exact number of a loan leads straight to it.

    The box sends what looks like a PAN or a phone number by POST, and so out of addresses, histories and logs.
    """
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("q", "").strip()[:100]
    result = search_everything(text=text) if text else SearchResult((), (), None)
    if result.exact_loan is not None:
        return redirect("admin:lms_loan_change", result.exact_loan.pk)
    if result.exact_line is not None:
        return redirect("admin:lms_creditline_change", result.exact_line.pk)
    return staff_response(request, "lms/search.html", title="Search", search_text=text, result=result)
