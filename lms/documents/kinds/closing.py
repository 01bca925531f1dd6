"""The end of a loan: what closes it on a day, and the certificate that nothing is owed any more."""

from lms.documents.blocks import Block, Column, pairs, paragraph, sums, table
from lms.documents.cases import Case, Figures
from lms.documents.formats import cell, on_day, rupees
from lms.documents.texts import Wording
from lms.documents.words import amount_in_words
from lms.engine.errors import EngineRefusal
from lms.engine.quote import quote_foreclosure
from lms.engine.state import Head, LoanStatus, Movement
from lms.errors import refusal_of
from lms.errors.documents import DocumentDuesOpen, DocumentQuoteStale, DocumentQuoteUnknown
from lms.models import StoredQuote

_DUES = ("principal", "interest", "fee", "tax", "penal")
_QUOTED = (
    *(f"{name}_paise" for name in _DUES),
    "charge_paise",
    "charge_tax_paise",
    "excess_paise",
    "total_paise",
    "per_day_interest_paise",
)


def foreclosure_figures(case: Case) -> Figures:
    """Return what closes the loan on the day, in paise, by what had happened when the letter was issued.

    A stored quote gives its own figures, for each day that it holds.

    Raises:
        FactRefused: there is nothing to close.
        DocumentQuoteUnknown, DocumentQuoteStale: the stored quote asked for is none, or does not hold.
    """
    if case.subject.quote:
        return _stored(case)
    facts = [fact for fact in case.facts if fact.value_date <= case.issued_on]
    try:
        quote = quote_foreclosure(terms=case.terms, facts=facts, on_date=case.as_of)
    except EngineRefusal as error:
        raise refusal_of(error) from error
    return {name: getattr(quote, name) for name in _QUOTED} | {"on_date": case.as_of.isoformat()}


def _stored(case: Case) -> Figures:
    number = case.subject.quote
    row = StoredQuote.objects.filter(loan=case.loan, number=number).first()
    if row is None:
        raise DocumentQuoteUnknown(loan=case.loan.number, number=number[:20])
    if row.fact_count != len(case.facts) or not row.quoted_on <= case.issued_on <= row.valid_until:
        raise DocumentQuoteStale(number=row.number)
    first = row.days[0]
    return {
        **{name: first[name] for name in _QUOTED},
        "as_of": row.quoted_on.isoformat(),
        "on_date": first["on_date"],
        "quote_number": row.number,
        "valid_until": row.valid_until.isoformat(),
        "days": [{"on_date": day["on_date"], "total_paise": day["total_paise"]} for day in row.days],
    }


def foreclosure_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the letter out."""
    day = on_day(figures["on_date"])
    rows = [(say(name), rupees(figures[f"{name}_paise"])) for name in _DUES if figures[f"{name}_paise"]]
    rows += [
        (say("foreclosure_charge"), rupees(figures["charge_paise"])),
        (say("foreclosure_tax"), rupees(figures["charge_tax_paise"])),
    ]
    if figures["excess_paise"]:
        rows.append((say("less_excess"), rupees(-figures["excess_paise"])))
    payable = say("payable", day=day)
    words = amount_in_words(paise=figures["total_paise"], language=say.language)
    per_day = rupees(figures["per_day_interest_paise"])
    return [
        paragraph(say("foreclosure_statement", day=day)),
        sums([*rows, (payable, rupees(figures["total_paise"]))], strong=[payable]),
        paragraph(say("in_words", words=words), is_strong=True),
        paragraph(say("valid_until", day=on_day(figures.get("valid_until", figures["on_date"])))),
        *(_by_day(figures, say) if "days" in figures else [paragraph(say("per_day", amount=per_day))]),
    ]


def _by_day(figures: Figures, say: Wording) -> list[Block]:
    rows = [[on_day(day["on_date"]), cell(day["total_paise"])] for day in figures["days"]]
    return [
        pairs([(say("quote_number"), figures["quote_number"])]),
        paragraph(say("by_day"), is_strong=True),
        table([Column(say("date")), Column(say("amount"), is_amount=True)], rows),
    ]


def no_dues_figures(case: Case) -> Figures:
    """Return when and how the loan ended, what was lent and what was paid, in paise.

    Raises:
        DocumentDuesOpen: the loan still runs, or was written off.
    """
    state = case.state(case.as_of)
    if state.status not in (LoanStatus.CLOSED, LoanStatus.SETTLED) or state.closed_on is None:
        raise DocumentDuesOpen(loan=case.loan.number, as_of=case.as_of)
    lent = state.total(Movement.DISBURSED, Head.PRINCIPAL) + state.total(Movement.TAKEN_OVER, Head.PRINCIPAL)
    received = sum(state.total(Movement.RECEIVED, head) for head in Head)
    refunded = sum(state.total(Movement.REFUNDED, head) for head in Head)
    return {
        "status": state.status.value,
        "closed_on": state.closed_on.isoformat(),
        "lent_paise": lent,
        "paid_paise": received - refunded,
        "excess_paise": state.excess_paise,
    }


def no_dues_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the certificate out."""
    statement = "settled_statement" if figures["status"] == LoanStatus.SETTLED else "no_dues_statement"
    closed_on, excess = on_day(figures["closed_on"]), figures["excess_paise"]
    return [
        paragraph(say(statement, name=figures["party"], day=closed_on)),
        pairs(
            [
                (say("lent"), rupees(figures["lent_paise"])),
                (say("total_paid"), rupees(figures["paid_paise"])),
                (say("closed_on"), closed_on),
            ]
        ),
        *([paragraph(say("refund_due", amount=rupees(excess)))] if excess else []),
    ]
