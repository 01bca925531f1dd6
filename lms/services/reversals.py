"""Reversal of what was posted wrongly: one more fact, never a deletion."""

from django.contrib.auth.models import User

from lms.engine.facts import Fact, Reverse
from lms.errors import FactAlreadyReversed, FactUnknown, ReversalOfReversal
from lms.models import LoanFact
from lms.services.fact_rows import undone_sequences
from lms.services.facts import FactOrder, LoanBook, fact_record


def fact_reverse(
    *,
    loan_id: int,
    sequence: int,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> LoanFact:
    """Let an entry of a loan never have taken effect; the ledger gets the difference, booked today.

    The reversal has the value date of the entry that it undoes. The bank reference of a reversed receipt becomes free.

    Args:
        sequence: the entry, by its number within the loan.
        reason: why; kept with the reversal.

    Raises:
        FactUnknown, ReversalOfReversal, FactAlreadyReversed: the entry cannot be reversed.
        ReasonMissing: the reason is empty.
        LaterFactInTheWay: a later entry cannot stand without this one.
        The refusals of `fact_record`.
    """

    def decide(book: LoanBook) -> Reverse:
        target = _target(book, sequence)
        return Reverse(sequence=book.next_sequence, value_date=target.value_date, reversed_sequence=sequence)

    order = FactOrder(
        action="lms.fact_reverse",
        loan_id=loan_id,
        content={"reversed_sequence": sequence},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def _target(book: LoanBook, sequence: int) -> Fact:
    target = next((fact for fact in book.facts if fact.sequence == sequence), None)
    if target is None:
        raise FactUnknown(loan=book.loan.number, sequence=sequence)
    if isinstance(target, Reverse):
        raise ReversalOfReversal(loan=book.loan.number, sequence=sequence)
    if sequence in undone_sequences(facts=book.facts):
        raise FactAlreadyReversed(loan=book.loan.number, sequence=sequence)
    return target
