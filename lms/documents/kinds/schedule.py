"""Repayment schedule: what falls due when, as the loan stands on a day."""

from lms.documents.blocks import Block, Column, pairs, paragraph, table
from lms.documents.cases import Case, Figures
from lms.documents.formats import cell, on_day, rate, rupees
from lms.documents.texts import Wording
from lms.engine.state import Amounts, Instalment, LoanStatus
from lms.errors.documents import DocumentLoanNotLent


def schedule_figures(case: Case) -> Figures:
    """Return the rows of the schedule in paise, with their sums.

    Raises:
        DocumentLoanNotLent: nothing was lent by the day.
    """
    state = case.state(case.as_of)
    if state.status is LoanStatus.SANCTIONED:
        raise DocumentLoanNotLent(loan=case.loan.number, as_of=case.as_of)
    total = sum((row.due for row in state.instalments), Amounts())
    return {
        "principal_paise": case.terms.principal_paise,
        "rate_pct": str(state.annual_rate_pct),
        "from_date": state.instalments[0].from_date.isoformat(),
        "rows": [_row(row) for row in state.instalments],
        "total": _parts(total),
    }


def schedule_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the schedule out."""
    columns = [
        Column(say("serial")),
        Column(say("due_date")),
        *(
            Column(say(key), is_amount=True)
            for key in ("opening", "principal", "interest", "charges", "instalment", "closing")
        ),
    ]
    rows = [
        [
            str(row["number"]),
            on_day(row["due_date"]),
            cell(row["opening_paise"]),
            *(cell(row[name]) for name in ("principal_paise", "interest_paise", "charges_paise", "due_paise")),
            cell(row["closing_paise"]),
        ]
        for row in figures["rows"]
    ]
    total = figures["total"]
    sums = [cell(total[name]) for name in ("principal_paise", "interest_paise", "charges_paise", "due_paise")]
    return [
        pairs(
            [
                (say("sanctioned"), rupees(figures["principal_paise"])),
                (say("rate"), rate(figures["rate_pct"])),
                (say("disbursed_on"), on_day(figures["from_date"])),
                (say("instalments"), str(len(rows))),
            ]
        ),
        paragraph(say("in_rupees")),
        table(columns, rows, [say("total"), "", "", *sums, ""]),
        paragraph(say("due_note")),
    ]


def _row(row: Instalment) -> Figures:
    return {
        "number": row.number,
        "due_date": row.due_date.isoformat(),
        "opening_paise": row.balance_before_paise,
        **_parts(row.due),
        "closing_paise": row.balance_after_paise,
    }


def _parts(due: Amounts) -> Figures:
    return {
        "principal_paise": due.principal,
        "interest_paise": due.interest,
        "charges_paise": due.fee + due.tax + due.penal,
        "due_paise": due.total,
    }
