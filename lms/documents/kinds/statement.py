"""Statement of account: what happened in a period, and how the loan stands at its end."""

from typing import Final

from lms.documents.blocks import Block, Column, heading, paragraph, sums, table
from lms.documents.cases import Case, Figures
from lms.documents.formats import cell, on_day, rupees
from lms.documents.texts import Wording
from lms.engine.facts import Fact
from lms.engine.state import Instalment, LoanState, LoanStatus
from lms.errors.documents import DocumentLoanNotLent, DocumentPeriodInvalid
from lms.models import FactKind
from lms.selectors import StatementLine, statement_of

_DEBITS: Final = frozenset({FactKind.DISBURSE, FactKind.TAKE_OVER, FactKind.CHARGE, FactKind.PENAL, FactKind.REFUND})
_CREDITS: Final = frozenset(
    {FactKind.RECEIVE, FactKind.PREPAY, FactKind.FORECLOSE, FactKind.SETTLE, FactKind.RECOVER, FactKind.WAIVE}
)
_NAMED: Final = frozenset(FactKind) - {FactKind.REVERSE}


def statement_figures(case: Case) -> Figures:
    """Return the entries of the period, the dues in it, and the standing at its end, in paise.

    Raises:
        DocumentPeriodInvalid: the period ends before it begins.
        DocumentLoanNotLent: nothing was lent by its end.
    """
    state = case.state(case.as_of)
    if state.status is LoanStatus.SANCTIONED:
        raise DocumentLoanNotLent(loan=case.loan.number, as_of=case.as_of)
    first = case.subject.from_date or state.instalments[0].from_date
    if first > case.as_of:
        raise DocumentPeriodInvalid(from_date=first, to_date=case.as_of)
    statement = statement_of(terms=case.terms, facts=case.facts, state=state, from_date=first)
    facts = {fact.sequence: fact for fact in case.facts}
    return {
        "from_date": first.isoformat(),
        "to_date": case.as_of.isoformat(),
        "opening_paise": statement.opening_paise,
        "lines": [_line(line, facts[line.sequence]) for line in statement.lines],
        "closing_paise": state.outstanding.total - state.excess_paise,
        "dues": [_due(row) for row in state.instalments if first <= row.due_date <= case.as_of],
        **_standing(state),
    }


def statement_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the statement out."""
    closing = on_day(figures["to_date"])
    rows = [
        (say("outstanding_principal"), rupees(figures["principal_paise"])),
        (say("outstanding_interest"), rupees(figures["interest_paise"])),
        (say("outstanding_charges"), rupees(figures["charges_paise"])),
        (say("excess"), rupees(figures["excess_paise"])),
        (say("overdue"), rupees(figures["overdue_paise"])),
        (say("days_past_due"), str(figures["days_past_due"])),
    ]
    if figures["next_due_date"]:
        rows.append((f"{say('next_due')}, {on_day(figures['next_due_date'])}", rupees(figures["next_due_paise"])))
    return [
        paragraph(say("in_rupees")),
        heading(say("entries")),
        _entries(figures, say),
        paragraph(say("balance_note")),
        *_dues(figures, say),
        heading(say("standing", day=closing)),
        sums(rows, strong=[say("outstanding_principal"), say("overdue")]),
    ]


def _entries(figures: Figures, say: Wording) -> Block:
    amounts = ("debit", "credit", "principal", "interest", "charges", "balance")
    columns = [
        Column(say("date")),
        Column(say("particulars")),
        Column(say("reference")),
        *(Column(say(key), is_amount=True) for key in amounts),
    ]
    opening = say("opening_on", day=on_day(figures["from_date"]))
    rows = [["", opening, "", "", "", "", "", "", cell(figures["opening_paise"])]]
    for line in figures["lines"]:
        shown = [cell(line[f"{name}_paise"]) for name in amounts]
        rows.append([on_day(line["date"]), say(f"kind.{line['kind']}"), line["reference"], *shown])
    return table(columns, rows, ["", say("closing"), "", "", "", "", "", "", cell(figures["closing_paise"])])


def _dues(figures: Figures, say: Wording) -> list[Block]:
    if not figures["dues"]:
        return []
    names = ("due_paise", "paid_paise", "open_paise")
    columns = [
        Column(say("serial")),
        Column(say("due_date")),
        *(Column(say(key), is_amount=True) for key in ("instalment", "paid", "open")),
    ]
    rows = [
        [str(row["number"]), on_day(row["due_date"]), *(cell(row[name]) for name in names)] for row in figures["dues"]
    ]
    total = [cell(sum(row[name] for row in figures["dues"])) for name in names]
    return [heading(say("dues")), table(columns, rows, ["", say("total"), *total])]


def _line(line: StatementLine, fact: Fact) -> Figures:
    levied = fact.amount_paise + getattr(fact, "tax_paise", 0) + getattr(fact, "charge_paise", 0)
    is_debit = line.kind in _DEBITS or line.kind is FactKind.BOUNCE
    return {
        "date": line.value_date.isoformat(),
        "kind": line.kind.value if line.kind in _NAMED else "OTHER",
        "reference": line.reference,
        "debit_paise": levied if is_debit else 0,
        "credit_paise": line.amount_paise if line.kind in _CREDITS else 0,
        "principal_paise": line.principal_paise,
        "interest_paise": line.interest_paise,
        "charges_paise": line.fee_paise + line.tax_paise + line.penal_paise,
        "balance_paise": line.balance_paise,
    }


def _due(row: Instalment) -> Figures:
    return {
        "number": row.number,
        "due_date": row.due_date.isoformat(),
        "due_paise": row.due.total,
        "paid_paise": row.paid.total,
        "open_paise": row.open.total,
    }


def _standing(state: LoanState) -> Figures:
    owed = state.outstanding
    return {
        "principal_paise": owed.principal,
        "interest_paise": owed.interest,
        "charges_paise": owed.fee + owed.tax + owed.penal,
        "excess_paise": state.excess_paise,
        "overdue_paise": state.overdue.total,
        "days_past_due": state.days_past_due,
        "next_due_date": state.next_due_date.isoformat() if state.next_due_date else None,
        "next_due_paise": state.next_due_paise,
    }
