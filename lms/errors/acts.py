"""Refusals of single acts on a loan."""

from core.errors import KistError


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


class MoneyOnItsWay(KistError):
    """A payout takes the money already."""

    code = "lms.money_on_its_way"
    http_status = 409
    template = (
        "Payout {payout} of loan {loan} is on its way with {out_paise} paise: {left_paise} paise are left beside it, "
        "not {amount_paise}. Wait for its end, or cancel it."
    )


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
    template = (
        "{end_date} is before {value_date}. Give the day of the decision, the first and the last day in their order."
    )


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
