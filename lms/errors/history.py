"""Refusals of changes to what was recorded, and those of the engine in our words."""

from core.errors import KistError
from lms.engine.errors import EngineRefusal
from lms.errors.acts import (
    MoratoriumWithoutDue,
    NoInstalmentLeft,
    PrepaymentOutsideRange,
    RecoveryAboveClaim,
    RefundAboveExcess,
    WaiverAboveDue,
)


class FactUnknown(KistError):
    """The loan has no entry of this sequence."""

    code = "lms.fact_unknown"
    http_status = 404
    template = "Loan {loan} has no entry {sequence}. Check the number of the entry."


class ReversalOfReversal(KistError):
    """A reversal cannot be reversed."""

    code = "lms.reversal_of_reversal"
    http_status = 409
    template = "Entry {sequence} of loan {loan} is a reversal and cannot be reversed. Post the first entry again."


class FactAlreadyReversed(KistError):
    """The entry was reversed before."""

    code = "lms.fact_already_reversed"
    http_status = 409
    template = "Entry {sequence} of loan {loan} was reversed already. Nothing is left to reverse."


class LaterFactInTheWay(KistError):
    """A later entry could not stand beside the new one."""

    code = "lms.later_fact_in_the_way"
    http_status = 409
    template = (
        "Entry {sequence} of {value_date} could not stand any more: {problem} "
        "Reverse that entry first, post this one, then enter it again."
    )


class BounceBeforeReceipt(KistError):
    """A payment cannot come back before it was there."""

    code = "lms.bounce_before_receipt"
    template = "The bounce of {value_date} is before its receipt of {receipt_date}. Check the date."


class FactRefused(KistError):
    """The entry contradicts the account."""

    code = "lms.fact_refused"
    http_status = 409
    template = "The entry does not fit the account: {problem} ({engine_code})"


# Engine refusals that have a reason of their own here; every other one is a FactRefused.
_BY_ENGINE_CODE: dict[str, type[KistError]] = {
    "engine.waiver_above_due": WaiverAboveDue,
    "engine.refund_above_excess": RefundAboveExcess,
    "engine.recovery_above_claim": RecoveryAboveClaim,
    "engine.moratorium_without_due": MoratoriumWithoutDue,
    "engine.no_instalment_left": NoInstalmentLeft,
    "engine.prepayment_below_dues": PrepaymentOutsideRange,
    "engine.prepayment_above_balance": PrepaymentOutsideRange,
}


def refusal_of(error: EngineRefusal) -> KistError:
    """Turn a refusal of the engine into ours; the one place where that happens."""
    own = _BY_ENGINE_CODE.get(error.code)
    if own is not None:
        return own(problem=error.message)
    return FactRefused(problem=error.message, engine_code=error.code)
