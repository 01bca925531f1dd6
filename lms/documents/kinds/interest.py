"""Interest certificate: what a loan was charged and paid in a financial year."""

from typing import Final

from lms.documents.blocks import Block, heading, paragraph, sums
from lms.documents.cases import Case, Figures
from lms.documents.formats import on_day, rupees
from lms.documents.texts import Wording
from lms.documents.words import amount_in_words
from lms.engine.state import Head, LoanState, LoanStatus, Movement
from lms.errors.documents import DocumentYearEmpty

_PAID: Final = (Movement.RECEIVED, Movement.APPLIED)
_LENT: Final = (Movement.DISBURSED, Movement.TAKEN_OVER)
_GIVEN_UP: Final = (Movement.WAIVED, Movement.WRITTEN_OFF)
_ENDED: Final = (LoanStatus.CLOSED, LoanStatus.SETTLED)


def interest_figures(case: Case) -> Figures:
    """Return what was charged and paid in the year up to the day, in paise, and how the principal moved.

    Opening principal, money lent and interest added to it, less principal repaid and given up, is the closing
    principal.

    Raises:
        DocumentYearEmpty: nothing was lent by the day, or the loan had ended before the year.
    """
    year = case.subject.financial_year
    start, end = case.state_before(year.first_day), case.state(case.as_of)
    has_ended = start.status in _ENDED and start.closed_on is not None
    if case.as_of < year.first_day or end.status is LoanStatus.SANCTIONED or has_ended:
        raise DocumentYearEmpty(loan=case.loan.number, financial_year=year.label)
    return {
        "financial_year": year.label,
        "first_day": year.first_day.isoformat(),
        "last_day": case.as_of.isoformat(),
        "is_provisional": case.as_of < year.last_day and end.status not in _ENDED,
        "interest_charged_paise": _moved(start, end, (Movement.ACCRUED,), Head.INTEREST),
        "interest_paid_paise": _moved(start, end, _PAID, Head.INTEREST),
        "principal_repaid_paise": _moved(start, end, _PAID, Head.PRINCIPAL),
        "penal_paid_paise": _moved(start, end, _PAID, Head.PENAL),
        "fee_paid_paise": _moved(start, end, _PAID, Head.FEE) + _moved(start, end, _PAID, Head.TAX),
        "recovered_paise": sum(_moved(start, end, (Movement.RECOVERED,), head) for head in Head),
        "opening_paise": start.outstanding.principal,
        "lent_paise": _moved(start, end, _LENT, Head.PRINCIPAL),
        "capitalised_paise": _moved(start, end, (Movement.CAPITALISED,), Head.INTEREST),
        "given_up_paise": _moved(start, end, _GIVEN_UP, Head.PRINCIPAL),
        "closing_paise": end.outstanding.principal,
    }


def interest_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the certificate out."""
    first, last = on_day(figures["first_day"]), on_day(figures["last_day"])
    paid = [
        ("interest_paid", "interest_paid_paise"),
        ("principal_repaid", "principal_repaid_paise"),
        ("penal_paid", "penal_paid_paise"),
        ("fee_paid", "fee_paid_paise"),
        *([("recovered", "recovered_paise")] if figures["recovered_paise"] else []),
    ]
    bridge = [
        (say("principal_opening", day=first), rupees(figures["opening_paise"])),
        (say("principal_lent"), rupees(figures["lent_paise"])),
        (say("principal_capitalised"), rupees(figures["capitalised_paise"])),
        (say("principal_repaid"), rupees(-figures["principal_repaid_paise"])),
        (say("principal_given_up"), rupees(-figures["given_up_paise"])),
        (say("principal_closing", day=last), rupees(figures["closing_paise"])),
    ]
    words = amount_in_words(paise=figures["interest_paid_paise"], language=say.language)
    return [
        heading(say("financial_year", label=figures["financial_year"])),
        paragraph(say("interest_statement", first=first, last=last)),
        *([paragraph(say("provisional", last=last), is_strong=True)] if figures["is_provisional"] else []),
        heading(say("paid_in_year")),
        sums([(say(key), rupees(figures[name])) for key, name in paid], strong=[say("interest_paid")]),
        paragraph(f"{say('interest_paid')}. {say('in_words', words=words)}"),
        sums([(say("interest_charged"), rupees(figures["interest_charged_paise"]))]),
        heading(say("principal_bridge")),
        sums(bridge, strong=[bridge[-1][0]]),
    ]


def _moved(start: LoanState, end: LoanState, movements: tuple[Movement, ...], head: Head) -> int:
    return sum(end.total(movement, head) - start.total(movement, head) for movement in movements)
