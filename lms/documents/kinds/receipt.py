"""Receipt: one payment, and what it was applied to on its day."""

from typing import Final

from lms.documents.blocks import Block, pairs, paragraph, sums
from lms.documents.cases import Case, Figures
from lms.documents.formats import on_day, rupees
from lms.documents.texts import Wording
from lms.documents.words import amount_in_words
from lms.engine.facts import Foreclose, Prepay, Receive, Recover, Settle
from lms.errors.documents import DocumentEntryNoReceipt, DocumentEntryReversed, DocumentEntryUnknown
from lms.selectors import statement_of
from lms.services.fact_rows import KIND_OF, undone_sequences

_PAYMENTS: Final = (Receive, Prepay, Foreclose, Settle, Recover)
_PARTS: Final = ("principal", "interest", "fee", "tax", "penal", "excess")


def receipt_figures(case: Case) -> Figures:
    """Return the payment and its parts in paise.

    Raises:
        DocumentEntryUnknown, DocumentEntryNoReceipt, DocumentEntryReversed: there is no payment to confirm.
    """
    sequence = case.subject.sequence
    fact = next((fact for fact in case.facts if fact.sequence == sequence), None)
    if fact is None or sequence is None:
        raise DocumentEntryUnknown(loan=case.loan.number, sequence=sequence)
    if not isinstance(fact, _PAYMENTS):
        raise DocumentEntryNoReceipt(loan=case.loan.number, sequence=sequence)
    if sequence in undone_sequences(facts=case.facts):
        raise DocumentEntryReversed(loan=case.loan.number, sequence=sequence)
    day = fact.value_date
    statement = statement_of(terms=case.terms, facts=case.facts, state=case.state(day), from_date=day)
    line = next(line for line in statement.lines if line.sequence == sequence)
    return {
        "as_of": day.isoformat(),
        "date": day.isoformat(),
        "kind": KIND_OF[type(fact)].value,
        "reference": fact.reference,
        "amount_paise": fact.amount_paise,
        "parts": {name: getattr(line, f"{name}_paise") for name in _PARTS},
    }


def receipt_blocks(figures: Figures, say: Wording) -> list[Block]:
    """Lay the receipt out."""
    amount = figures["amount_paise"]
    parts = [(say(name), rupees(paise)) for name, paise in figures["parts"].items() if paise]
    return [
        paragraph(say("received_from", name=figures["party"], day=on_day(figures["date"]))),
        sums([(say("amount"), rupees(amount))], strong=[say("amount")]),
        paragraph(say("in_words", words=amount_in_words(paise=amount, language=say.language)), is_strong=True),
        pairs(
            [
                (say("particulars"), say(f"kind.{figures['kind']}")),
                (say("reference"), figures["reference"] or "–"),
            ]
        ),
        paragraph(say("applied_to"), is_strong=True),
        sums([*parts, (say("total"), rupees(sum(figures["parts"].values())))], strong=[say("total")]),
        paragraph(say("realised")),
    ]
