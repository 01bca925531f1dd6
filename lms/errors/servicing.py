"""Refusals of settlements in parts, freezes, stored quotes, rate changes with notice and merges."""

from core.errors import KistError


class ParametersInPast(KistError):
    """Parameters of servicing cannot begin on a day that is over."""

    code = "lms.servicing_in_past"
    template = "{effective_from} is before the business date {business_date}. Choose today or a later day."


class ParametersDateTaken(KistError):
    """Another row begins on that day."""

    code = "lms.servicing_date_taken"
    http_status = 409
    template = "Parameters that begin on {effective_from} were published already. Choose another day."


class SettlementPlanInForce(KistError):
    """A settlement is agreed on already."""

    code = "lms.settlement_plan_in_force"
    http_status = 409
    template = "Loan {loan} has a settlement of {agreed_on} in force. Cancel it first, or post the money as a receipt."


class SettlementPlanInvalid(KistError):
    """The parts of a settlement do not follow each other."""

    code = "lms.settlement_plan_invalid"
    template = "The parts make no settlement: {problem}"


class SettlementPlanOverpaid(KistError):
    """More money than is left of a settlement."""

    code = "lms.settlement_plan_overpaid"
    template = (
        "{amount_paise} paise are above the {left_paise} paise that are left of the settlement of loan {loan}. "
        "Post what is left, and give the rest back."
    )


class SettlementPlanNotActive(KistError):
    """The settlement is not in force."""

    code = "lms.settlement_plan_not_active"
    http_status = 409
    template = "The settlement of {agreed_on} is {state}. Only one that is in force can be cancelled."


class SettlementPlanNotBroken(KistError):
    """Only a broken settlement can be restored."""

    code = "lms.settlement_plan_not_broken"
    http_status = 409
    template = "The settlement of {agreed_on} is {state}. Only a broken one can be restored."


class SettlementPlanNotKept(KistError):
    """The money of a part did not come in time."""

    code = "lms.settlement_plan_not_kept"
    http_status = 409
    template = "By {due_date} {due_paise} paise were due under the settlement and {paid_paise} had come. Agree anew."


class CustomerCoolingOff(KistError):
    """No fresh money after a settlement or a write-off for a time."""

    code = "lms.customer_cooling_off"
    http_status = 409
    template = (
        "Customer {customer} may get fresh money after {until_date} only: loan {loan} was {status} on {ended_on}."
    )


class CustomerFrozen(KistError):
    """A freeze of the customer forbids the act."""

    code = "lms.customer_frozen"
    http_status = 409
    template = "Customer {customer} is frozen {until} (freeze {freeze}): {effect}. Lift the freeze first."


class LoanFrozen(KistError):
    """A freeze of the loan or its customer forbids the act."""

    code = "lms.loan_frozen"
    http_status = 409
    template = "Loan {loan} is frozen {until} (freeze {freeze}): {effect}. Lift the freeze first."


class LoanFrozenBeyondDues(KistError):
    """A freeze lets no more money in than is due."""

    code = "lms.loan_frozen_beyond_dues"
    http_status = 409
    template = (
        "Loan {loan} is frozen {until} (freeze {freeze}): it takes the {due_paise} paise that are due and no more, and "
        "{amount_paise} were given. Post what is due."
    )


class FreezeEmpty(KistError):
    """A freeze that forbids nothing."""

    code = "lms.freeze_empty"
    template = "Choose at least one of: {effects}."


class FreezeDatesInvalid(KistError):
    """A freeze that ends before it begins, or began before today."""

    code = "lms.freeze_dates_invalid"
    template = "A freeze runs from {business_date} or later to a day that is not before its first one."


class FreezeUnknown(KistError):
    """There is no such freeze."""

    code = "lms.freeze_unknown"
    http_status = 404
    template = "There is no freeze {freeze}. Check the number."


class FreezeLifted(KistError):
    """The freeze is lifted already."""

    code = "lms.freeze_lifted"
    http_status = 409
    template = "Freeze {freeze} was lifted on {lifted_on}."


class QuoteUnknown(KistError):
    """There is no such quote."""

    code = "lms.quote_unknown"
    http_status = 404
    template = "There is no foreclosure quote {quote}. Check the number."


class QuoteValidityInvalid(KistError):
    """A quote cannot hold so long."""

    code = "lms.quote_validity_invalid"
    template = "A quote holds for 1 to {maximum} days, not {days}."


class QuoteExpired(KistError):
    """The quote does not hold on the day of the money."""

    code = "lms.quote_expired"
    http_status = 409
    template = "Quote {quote} holds from {quoted_on} to {valid_until}, not on {value_date}. Make a new quote."


class QuoteSuperseded(KistError):
    """Something was posted since the quote."""

    code = "lms.quote_superseded"
    http_status = 409
    template = "Loan {loan} has entries that quote {quote} did not know, so its figures changed. Make a new quote."


class QuoteAmountDiffers(KistError):
    """The money is not what the quote says for the day."""

    code = "lms.quote_amount_differs"
    template = (
        "Quote {quote} takes {quote_paise} paise on {value_date}, and {amount_paise} were given. "
        "Closing takes the exact amount."
    )


class BenchmarkWithoutRate(KistError):
    """The benchmark had no value on a day."""

    code = "lms.benchmark_without_rate"
    http_status = 409
    template = "Benchmark {benchmark} has no value on {on_date}. Publish its values first."


class BenchmarkCodeTaken(KistError):
    """Another benchmark has the code."""

    code = "lms.benchmark_code_taken"
    http_status = 409
    template = "Benchmark {benchmark} exists under another name. Choose another code."


class RateCampaignInvalid(KistError):
    """A change of rates needs a benchmark's value or a product's difference."""

    code = "lms.rate_campaign_invalid"
    template = "This is no change of rates: {problem}"


class RateCampaignState(KistError):
    """The change of rates is not where the act needs it."""

    code = "lms.rate_campaign_state"
    http_status = 409
    template = "Rate change {campaign} is {state}. {what}"


class RateNoticeTooShort(KistError):
    """Borrowers would hear too late of a new rate."""

    code = "lms.rate_notice_too_short"
    http_status = 409
    template = (
        "A new rate counts {days} days after the notice at the earliest: on {earliest}, not on {effective_date}. "
        "Begin another rate change with a later day."
    )


class RateCampaignTooEarly(KistError):
    """The day of the new rate has not come."""

    code = "lms.rate_campaign_too_early"
    http_status = 409
    template = "The new rates count from {effective_date}, and the books are on {business_date}. Wait for that day."


class RateNoticeState(KistError):
    """The change of one loan is not where the act needs it."""

    code = "lms.rate_notice_state"
    http_status = 409
    template = "The rate change of loan {loan} is {state}. {what}"


class RateNoticeUnknown(KistError):
    """There is no such notice of a new rate."""

    code = "lms.rate_notice_unknown"
    http_status = 404
    template = "There is no notice {notice} of a new rate. Check the number."


class CustomersNotMergeable(KistError):
    """Two customers that are not one person."""

    code = "lms.customers_not_mergeable"
    http_status = 409
    template = "Customers {survivor} and {absorbed} cannot be merged: {problem}"


class MergeNotUndoable(KistError):
    """Something happened since a merge."""

    code = "lms.merge_not_undoable"
    http_status = 409
    template = "The merge of {absorbed} into {survivor} cannot be undone: {problem}"


class BorrowerMoved(KistError):
    """A loan or a line went to another customer while the act waited; asking again is right."""

    code = "lms.borrower_moved"
    http_status = 409
    template = "{account} was given to another customer at this moment. Try again."
