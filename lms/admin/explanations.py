"""The drawer that explains a figure: formula, inputs, entries and postings, as a tree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.money import format_rupees
from core.staff_pages import staff_page
from core.templatetags.kist import day, pct, words
from ledger.models import Journal
from ledger.selectors import journals_for
from lms.admin.moments import moment_of
from lms.engine.errors import EngineRefusal
from lms.engine.explain import explain
from lms.engine.explanation import Explanation, nodes_of
from lms.models import Loan, LoanFact
from lms.services.fact_rows import fact_of
from lms.services.positions import terms_of

# Whole numbers that are no amounts of money.
_COUNTS = frozenset({"days_past_due", "allocations", "accrual_lines", "charges", "totals", "instalment", "nights"})
_ALONE = ("totals.", "outstanding.", "instalments.")
# Said only where they are not what everybody expects.
_USUAL = {"rounding": "HALF_UP", "unit_paise": 1}
_LABELS = {
    "accrued_not_due_paise": "Interest accrued, not due yet",
    "excess_paise": "Excess held",
    "undrawn_paise": "Undrawn",
    "instalment_paise": "Instalment",
    "next_due_paise": "Next due",
    "days_past_due": "Days past due",
    "overdue": "Overdue",
    "allocation": "Part of an entry",
    "Disburse": "Disbursal",
    "TakeOver": "Taken over",
    "from_date": "From",
    "until_date": "Up to",
    "exact": "Before rounding",
    "unit_paise": "Rounded to",
    "stretch": "Stretch of days",
    "due_date": "Due on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of the tree as text; `entries` are the facts it names directly.

    `figure` is what the node can be asked for alone, empty where it has nothing more to say.
    """

    label: str
    figure: str
    amount: str
    formula: str
    inputs: tuple[tuple[str, str], ...]
    entries: tuple[LoanFact, ...]
    parts: tuple["Node", ...]


@staff_page("lms.view_loan")
def explain_part(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Explain one figure of a loan on the day, and by the knowledge, that its page shows."""
    loan = get_object_or_404(Loan, pk=loan_id)
    moment = moment_of(request, loan)
    rows = moment.knowledge.among(loan.facts.order_by("sequence"))
    try:
        tree = explain(
            terms=terms_of(loan=loan),
            facts=[fact_of(row=row) for row in rows],
            as_of=moment.as_of,
            figure=request.GET.get("figure", "")[:60],
        )
    except EngineRefusal as refusal:
        return render(request, "lms/_explain.html", {"refusal": refusal.message}, status=422)
    by_sequence = {row.sequence: row for row in rows}
    return render(
        request,
        "lms/_explain.html",
        {
            "loan": loan,
            "moment": moment,
            "node": _node(tree, by_sequence),
            "journals": _journals(
                loan, sorted({sequence for node in nodes_of(tree) for sequence in node.facts}), by_sequence
            ),
            # Asked for on another page than the loan's, entries lead there.
            "loan_page": f"{reverse('admin:lms_loan_change', args=[loan.pk])}?{moment.query}"
            if request.GET.get("page") == "other"
            else "",
            "is_earned": any(node.label.startswith("totals.ACCRUED") for node in nodes_of(tree)),
        },
    )


def _node(tree: Explanation, rows: dict[int, LoanFact]) -> Node:
    return Node(
        label=_label(tree.label),
        figure=tree.label if tree.label.startswith(_ALONE) and not tree.parts and not tree.facts else "",
        amount=_shown(tree.label, tree.amount),
        formula=tree.formula,
        inputs=tuple(_inputs(tree.inputs)),
        entries=tuple(rows[sequence] for sequence in tree.facts if sequence in rows),
        parts=tuple(_node(part, rows) for part in tree.parts),
    )


def _inputs(inputs: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, value in inputs:
        # The first row begins with nothing: its balance is what was lent during it, and says nothing here.
        is_empty = value is None or (name == "balance_paise" and not value)
        if not is_empty and value != _USUAL.get(name):
            yield _label(name), _shown(name, value)


def _exact_rupees(exact: Fraction) -> str:
    """Write exact paise as rupees with eight decimals, so that one sees what was rounded."""
    units = (abs(exact.numerator) * 10**6 * 2 + exact.denominator) // (2 * exact.denominator)
    rupees, fraction = divmod(units, 10**8)
    sign = "-" if exact < 0 else ""
    return f"{sign}{format_rupees(rupees * 100).removesuffix('.00')}.{fraction:08d}"


def _label(name: str) -> str:
    """Name a figure: outstanding.principal is Principal outstanding, instalments.3.due Due of no. 3."""
    if name in _LABELS:
        return _LABELS[name]
    head, _, rest = name.partition(".")
    if head == "totals" and rest:
        movement, _, component = rest.partition(".")
        return f"{words(component)} {words(movement).lower()}"
    if head == "instalments" and rest:
        number, _, part = rest.partition(".")
        group, _, component = part.partition(".")
        return f"{words(component) or 'All'} {words(group).lower() or 'of the row'} of no. {number}".replace("  ", " ")
    if head in ("outstanding", "overdue") and rest:
        return f"{words(rest)} {head}"
    return words(name.removesuffix("_paise").removesuffix("_pct"))


def _shown(name: str, value: Any) -> str:
    """Write a value by what it is: money in rupees, days as dates, rates in per cent."""
    if value is None:
        return ""
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return pct(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}" if name == "share_of_year" else _exact_rupees(value)
    if isinstance(value, int):
        return str(value) if name in _COUNTS else format_rupees(value)
    return words(value)


def _journals(loan: Loan, sequences: Sequence[int], rows: dict[int, LoanFact]) -> list[Journal]:
    keys = [f"lms.fact:{rows[sequence].pk}" for sequence in sequences if sequence in rows]
    found = journals_for(reference_type="lms.loan", reference_id=loan.pk).filter(idempotency_key__in=keys)
    return list(found.order_by("-pk")[:30])
