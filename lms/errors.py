"""Refusals of the loan book: one class per reason, each says what to do."""

from core.errors import KistError
from lms.engine.errors import EngineRefusal


class LoanUnknown(KistError):
    """No loan has this key or number."""

    code = "lms.loan_unknown"
    http_status = 404
    template = "There is no loan {loan}. Check the loan number."


class LoanNotDisbursed(KistError):
    """The act needs money to have been lent."""

    code = "lms.loan_not_disbursed"
    http_status = 409
    template = "Loan {loan} has not been disbursed. Disburse it first."


class LoanClosed(KistError):
    """The act needs a loan that still runs."""

    code = "lms.loan_closed"
    http_status = 409
    template = "Loan {loan} is {status} and takes no {act}. If that is wrong, reverse the act that closed it."


class AmountNotPositive(KistError):
    """An amount must be more than zero."""

    code = "lms.amount_not_positive"
    template = "The amount is {amount_paise} paise. Enter more than zero; to take money back, reverse the first entry."


class AmountTooLarge(KistError):
    """An amount is beyond what one entry may hold."""

    code = "lms.amount_too_large"
    template = "The amount {amount_paise} paise is above {maximum_paise}. Check the amount: rupees and paise confused?"


class ValueDateInFuture(KistError):
    """Nothing can be dated after the business date."""

    code = "lms.value_date_in_future"
    template = "The value date {value_date} is after the business date {business_date}. Post it on that day."


class ValueDateBeforeDisbursal(KistError):
    """Nothing can happen to a loan before the money was lent."""

    code = "lms.value_date_before_disbursal"
    template = "The value date {value_date} is before the disbursal on {disbursed_on}. Check date and loan number."


class ValueDateBeforeSanction(KistError):
    """Money cannot be lent before it was sanctioned."""

    code = "lms.value_date_before_sanction"
    template = "The value date {value_date} is before the sanction on {sanctioned_on}. Check the date."


class ReferenceMissing(KistError):
    """Money in or out carries the bank's reference."""

    code = "lms.reference_missing"
    template = "The reference is empty. Enter the bank's reference, or the receipt number for cash."


class ReferenceTooLong(KistError):
    """The reference does not fit."""

    code = "lms.reference_too_long"
    template = "The reference has {length} characters, at most {maximum} fit. Enter the bank's reference alone."


class ReferenceReused(KistError):
    """The bank reference was credited already, with other content."""

    code = "lms.reference_reused"
    http_status = 409
    template = (
        "Reference {reference} was credited to loan {loan} already, as entry {sequence}. "
        "Check the reference; if that entry is wrong, reverse it first."
    )


class ReferenceTwiceInBatch(KistError):
    """A batch credits one bank reference twice."""

    code = "lms.reference_twice_in_batch"
    http_status = 409
    template = "The batch credits reference {reference} twice. Remove one of the entries."


class IdempotencyKeyMissing(KistError):
    """Every command that moves money has a key."""

    code = "lms.idempotency_key_missing"
    template = "The idempotency key is empty or longer than {maximum} characters. Send one key per intent."


class IdempotencyKeyReused(KistError):
    """The key was used already, with other content."""

    code = "lms.idempotency_key_reused"
    http_status = 409
    template = "Key {key} was used already with other content. Send a new key for a new intent."


class ReasonMissing(KistError):
    """The act has to say why."""

    code = "lms.reason_missing"
    template = "The reason is empty. Say in a few words why, for the next person who reads the account."


class ReasonTooLong(KistError):
    """The reason does not fit."""

    code = "lms.reason_too_long"
    template = "The reason has {length} characters, at most {maximum} fit. Shorten it."


class ProductUnknown(KistError):
    """No product has this code."""

    code = "lms.product_unknown"
    http_status = 404
    template = "There is no product {product}. Check the code, or create the product."


class ProductCodeInvalid(KistError):
    """The code of a product does not follow the rule."""

    code = "lms.product_code_invalid"
    template = "'{product}' is no product code. Use up to 20 capital letters, digits and hyphens, a letter first."


class ProductCodeTaken(KistError):
    """Another product has this code."""

    code = "lms.product_code_taken"
    http_status = 409
    template = "Product {product} exists under another name. Choose another code, or publish a new version of it."


class ProductInactive(KistError):
    """The product is no longer sold."""

    code = "lms.product_inactive"
    http_status = 409
    template = "Product {product} is not active. Choose another product, or activate it."


class ProductVersionNotInForce(KistError):
    """The version starts later."""

    code = "lms.product_version_not_in_force"
    http_status = 409
    template = "Version {version} of product {product} is in force from {effective_from}. Choose the version before it."


class ProductLimitsInvalid(KistError):
    """The limits of a version contradict each other."""

    code = "lms.product_limits_invalid"
    template = "The range of {figure} is empty: {low} to {high}. Give a lower limit that is not above the upper one."


class TermsInvalid(KistError):
    """The terms do not make a loan."""

    code = "lms.terms_invalid"
    template = "These terms make no loan: {problem} Change the terms."


class SanctionOutsideLimits(KistError):
    """The loan is outside what the product version allows."""

    code = "lms.sanction_outside_limits"
    template = "{figure} {value} is outside {low} to {high} of product {product}. Change it, or choose another product."


class RateInvalid(KistError):
    """A rate has too many decimals or is no number."""

    code = "lms.rate_invalid"
    template = "The rate {rate} is not a yearly per cent with at most four decimals, 0 to 9,999. Enter it like 18.5."


class SanctionInFuture(KistError):
    """The sanction is dated after the business date."""

    code = "lms.sanction_in_future"
    template = "The sanction date {sanctioned_on} is after the business date {business_date}. Enter today or earlier."


class LoanNumberTaken(KistError):
    """Another loan has this number or external reference."""

    code = "lms.loan_number_taken"
    http_status = 409
    template = "Another loan has the number or external reference {number}. Use another one."


class DisbursalAboveSanction(KistError):
    """More money than was sanctioned."""

    code = "lms.disbursal_above_sanction"
    template = "The disbursal of {amount_paise} paise is above the {undrawn_paise} paise that are still undrawn."


class ChargeNotAgreed(KistError):
    """Only charges of the loan's terms may be levied."""

    code = "lms.charge_not_agreed"
    template = "The terms of loan {loan} have no charge {charge}. Only these may be levied: {agreed}."


class ChargeAboveAgreed(KistError):
    """A charge above the one that was agreed."""

    code = "lms.charge_above_agreed"
    template = "Charge {charge} of {amount_paise} paise is above the agreed {agreed_paise} paise. Levy at most that."


class WaiverAboveDue(KistError):
    """More is waived than is owed."""

    code = "lms.waiver_above_due"
    template = "The waiver is above what is owed: {problem} Waive at most that."


class RefundAboveExcess(KistError):
    """More is paid back than is held."""

    code = "lms.refund_above_excess"
    template = "The refund is above the excess held: {problem} Refund at most that."


class TransferToSameLoan(KistError):
    """Excess cannot move from a loan to itself."""

    code = "lms.transfer_to_same_loan"
    template = "The excess is on loan {loan} already. Choose another loan of the customer."


class TransferToOtherCustomer(KistError):
    """Excess is the borrower's money and pays his loans alone."""

    code = "lms.transfer_to_other_customer"
    template = "Loans {from_loan} and {to_loan} are of different customers. Refund the excess instead."


class PrepaymentOutsideRange(KistError):
    """The money is no part-prepayment."""

    code = "lms.prepayment_outside_range"
    template = "This is no part-prepayment: {problem}"


class ForeclosureAmountShort(KistError):
    """The money is less than the quote."""

    code = "lms.foreclosure_amount_short"
    template = (
        "Foreclosure on {value_date} takes {quote_paise} paise, only {amount_paise} were given. "
        "Collect the rest first, or post a receipt instead."
    )


class LoanNotWrittenOff(KistError):
    """Only a loan that was written off has recoveries."""

    code = "lms.loan_not_written_off"
    http_status = 409
    template = "Loan {loan} is not written off. Post the money as a receipt."


class RecoveryBeforeWriteOff(KistError):
    """A recovery cannot be dated before the write-off."""

    code = "lms.recovery_before_write_off"
    template = (
        "The value date {value_date} is before the write-off on {written_off_on}. If the money came earlier, reverse "
        "the write-off, post a receipt, and write the rest off."
    )


class RecoveryAboveClaim(KistError):
    """More money than the borrower owes."""

    code = "lms.recovery_above_claim"
    template = "The money is above what was written off and not recovered yet: {problem}"


class SettlementNotBelowDebt(KistError):
    """A settlement gives something up."""

    code = "lms.settlement_not_below_debt"
    template = (
        "On {value_date} {debt_paise} paise are owed, and {amount_paise} paise leave nothing to give up. "
        "Foreclose the loan instead."
    )


class RateUnchanged(KistError):
    """The loan has this rate already."""

    code = "lms.rate_unchanged"
    http_status = 409
    template = "Loan {loan} bears {rate} % on {value_date} already. Enter another rate, or another day."


class RateOutsideProduct(KistError):
    """The product version does not allow the rate."""

    code = "lms.rate_outside_product"
    template = "The rate {rate} is outside {low} to {high} of product {product}. Enter one within these limits."


class RescheduleEmpty(KistError):
    """A reschedule changes nothing."""

    code = "lms.reschedule_empty"
    template = "Nothing would change. Give a new due date, more instalments, another rate, or instalments of grace."


class RescheduleCountInvalid(KistError):
    """A number of instalments cannot be."""

    code = "lms.reschedule_count_invalid"
    template = "The {figure} of {count} is outside 0 to {maximum}. Enter a number within these."


class RescheduleOfPast(KistError):
    """A reschedule would move dates before its value date."""

    code = "lms.reschedule_of_past"
    template = "The due date {due_date} is before the value date {value_date}. Choose a later due date."


class RangeEndsBeforeStart(KistError):
    """A range of days is empty."""

    code = "lms.range_ends_before_start"
    template = "The last day {end_date} is before the first day {value_date}. Check the dates."


class MoratoriumWithoutDue(KistError):
    """A moratorium in which nothing falls due anyway."""

    code = "lms.moratorium_without_due"
    template = "This moratorium would change nothing: {problem}"


class NoInstalmentLeft(KistError):
    """Nothing is left to reschedule."""

    code = "lms.no_instalment_left"
    template = "There is nothing left to reschedule: {problem}"


class BounceOfNoReceipt(KistError):
    """Only a receipt can come back unpaid."""

    code = "lms.bounce_of_no_receipt"
    template = "Entry {sequence} of loan {loan} is no receipt. Give the number of the receipt that came back."


class BulkRefused(KistError):
    """One loan of a batch cannot be booked; nothing of the batch was."""

    code = "lms.bulk_refused"
    template = "Loan {loan} of the batch cannot be booked: {problem} Nothing of the batch was booked."


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
