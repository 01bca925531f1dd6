"""Refusals of what every request carries: loan, amount, day, reference, key, reason."""

from core.errors import KistError


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
