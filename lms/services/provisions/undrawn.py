"""What is undrawn of the credit lines behind loans: money that is lent before a borrower fails to pay it back."""

from collections.abc import Sequence
from datetime import date

from lms.engine.lines import fold_line
from lms.models import LineFact, LineFactKind
from lms.services.lines.standing import events_of, hindrance_of
from lms.services.provisions.standings import Standing


def line_undrawn_of(*, standings: Sequence[Standing], month_end: date) -> dict[int, int]:
    """Return what could still be drawn at a month-end, in paise by loan.

    It stands behind the first of a line's running drawdowns alone, or it would be counted twice. Of a line that is
    closed, expired or blocked, or whose borrower is non-performing, nothing can be drawn. A line that nothing is drawn
    from has no loan to stand behind.
    """
    by_loan = {standing.loan.pk: standing for standing in standings}
    drawn = LineFact.objects.filter(kind=LineFactKind.DRAW, loan_id__in=list(by_loan), value_date__lte=month_end)
    drawdowns: dict[int, list[Standing]] = {}
    for line_id, loan_id in drawn.order_by("loan_id").values_list("line_id", "loan_id"):
        drawdowns.setdefault(line_id, []).append(by_loan[loan_id])
    found = {}
    for line_id, events in (events_of(line_ids=drawdowns) if drawdowns else {}).items():
        state = fold_line(events=events, as_of=month_end)
        of_line = drawdowns[line_id]
        is_npa = any(standing.asset_class.is_npa for standing in of_line)
        if state is not None and hindrance_of(state=state, is_non_performing=is_npa) is None:
            drawn_paise = sum(standing.exposure.principal_paise for standing in of_line)
            found[of_line[0].loan.pk] = max(state.limit_paise - drawn_paise, 0)
    return found
