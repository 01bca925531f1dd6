"""The drawer that explains a figure of the books, down to the statements and journals it is made of."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from core.business_date import business_date
from core.staff_pages import staff_page
from ledger.explaining import BookFigure, BookNode, figure_explain
from ledger.models import Account, AccountKind
from ledger.questions import Clock
from ledger.views.asked import address_of, question_of

Shown = tuple[BookNode, str, "list[Shown]"]


@staff_page("ledger.view_account")
def explain_part(request: HttpRequest) -> HttpResponse:
    """Explain a balance, a turnover or the profit by accounts and by what happened."""
    figure = request.GET.get("figure", BookFigure.BALANCE.value)
    kind = request.GET.get("kind", "")
    if figure not in set(BookFigure) or kind not in {"", *AccountKind.values}:
        raise Http404
    account_id = request.GET.get("account", "")
    account = get_object_or_404(Account, pk=account_id) if account_id.isdecimal() else None
    question = question_of(request, clock=Clock.VALUE_DATE)
    node = figure_explain(
        question=question,
        figure=BookFigure(figure),
        account=account,
        kind=AccountKind(kind) if kind else None,
    )
    return render(
        request,
        "ledger/_explain.html",
        {
            "node": node,
            "tree": _shown(node),
            "question": question,
            "today": business_date(),
            "known_at": timezone.localtime(question.known_at) if question.known_at else None,
        },
    )


def _shown(node: BookNode) -> Shown:
    """Pair each node with the address of the statement whose lines it is the sum of."""
    address = address_of(node.question) if node.question is not None else ""
    return node, address, [_shown(part) for part in node.parts]
