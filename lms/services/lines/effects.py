"""What an act on a credit line would do: figures before and after, postings and the new loan, without doing it."""

from collections.abc import Callable
from typing import Any

from django.db.models import Max, Q

from core.rehearsal import rehearse
from ledger.models import Journal, Transfer
from lms.engine.lines import LineState, fold_line
from lms.errors.lines import LineUnknown
from lms.models import CreditLine, Instalment, LineFact, Loan
from lms.services.facts import REFERENCE_TYPE as LOAN_REFERENCE
from lms.services.lines.commitments import REFERENCE_TYPE as LINE_REFERENCE
from lms.services.lines.standing import LineStanding, events_of, standing_of


def line_effect_of(*, line_id: int, act: Callable[[], LineFact]) -> dict[str, Any]:
    """Run an act in a rehearsal and tell what it changed on a line, as JSON can carry it.

    Args:
        act: calls the service as it would in earnest.

    Returns:
        `x_before` and `x_after` of the line's figures on the business date in paise, its last day and what hinders it;
        `postings`; and the `schedule` of the loan that a drawdown makes.

    Raises:
        LineUnknown: there is no such line.
        KistError: what the act itself would be refused for.
    """
    line = CreditLine.objects.filter(pk=line_id).first()
    if line is None:
        raise LineUnknown(line=line_id)

    def run() -> dict[str, Any]:
        last = Journal.objects.aggregate(last=Max("pk"))["last"] or 0
        known = frozenset(Loan.objects.filter(customer_id=line.customer_id).values_list("pk", flat=True))
        row = act()
        before = _figures(line, row, up_to=row.sequence - 1, loan_ids=known)
        after = _figures(line, row, up_to=row.sequence)
        pairs = {f"{name}_{when}": found[name] for name in before for when, found in _whens(before, after)}
        return {**pairs, "postings": postings_of(line=line, after=last), "schedule": _schedule(row)}

    return rehearse(run)


def postings_of(*, line: CreditLine, after: int) -> list[dict[str, Any]]:
    """Return what was booked of a line and of its customer's loans after a journal, in paise."""
    loans = Loan.objects.filter(customer_id=line.customer_id).values("pk")
    journals = Journal.objects.filter(
        Q(reference_type=LINE_REFERENCE, reference_id=line.pk)
        | Q(reference_type=LOAN_REFERENCE, reference_id__in=loans),
        pk__gt=after,
    )
    legs = Transfer.objects.filter(journal__in=journals).select_related("debit_account", "credit_account")
    return [
        {"debit": str(leg.debit_account), "credit": str(leg.credit_account), "amount_paise": leg.amount_paise}
        for leg in legs.order_by("journal_id", "leg")
    ]


def _whens(before: dict[str, Any], after: dict[str, Any]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (("before", before), ("after", after))


def _figures(line: CreditLine, row: LineFact, *, up_to: int, loan_ids: frozenset[int] | None = None) -> dict[str, Any]:
    """Return the line by its first facts, on the day that the act is recorded."""
    events = [event for event in events_of(line_ids=[line.pk])[line.pk] if event.sequence <= up_to]
    state = fold_line(events=events, as_of=row.recorded_on)
    assert state is not None  # noqa: S101  # the first fact opened it
    loans = Loan.objects.filter(customer_id=line.customer_id)
    return _shown(state, standing_of(state=state, loans=loans if loan_ids is None else loans.filter(pk__in=loan_ids)))


def _shown(state: LineState, standing: LineStanding) -> dict[str, Any]:
    return {
        "limit_paise": standing.limit_paise,
        "drawn_paise": standing.drawn_paise,
        "set_aside_paise": standing.held_paise,
        "available_paise": standing.available_paise,
        "valid_until": state.valid_until.isoformat(),
        "hindrance": standing.hindrance.value if standing.hindrance else "",
    }


def _schedule(row: LineFact) -> list[dict[str, Any]]:
    rows = Instalment.objects.filter(loan=row.loan_id).order_by("number") if row.loan_id else ()
    return [
        {"number": str(found.number), "due_date": found.due_date.isoformat(), "due_paise": found.due_paise}
        for found in rows
    ]
