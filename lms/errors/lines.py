"""Refusals of credit lines."""

from core.errors import KistError


class LineUnknown(KistError):
    """No credit line has this key or number."""

    code = "lms.line_unknown"
    http_status = 404
    template = "There is no credit line {line}. Check the line number."


class LineProductNeeded(KistError):
    """The product is for loans, not for lines."""

    code = "lms.line_product_needed"
    template = "Product {product} is not for credit lines. Choose one that is."


class LoanProductNeeded(KistError):
    """The product is for lines, not for loans of their own."""

    code = "lms.loan_product_needed"
    template = "Product {product} is for credit lines. Sanction a line and draw from it, or choose another product."


class LineNeedsFullKyc(KistError):
    """Customers known by OTP e-KYC alone may have term loans only."""

    code = "lms.line_needs_full_kyc"
    template = "A credit line needs full customer due diligence; OTP e-KYC is not enough. Complete it first."


class LineValidityInvalid(KistError):
    """The last day of a line is over already."""

    code = "lms.line_validity_invalid"
    template = "The last day {valid_until} is not after {day}. Choose a later day."


class LineClosed(KistError):
    """The line was closed."""

    code = "lms.line_closed"
    http_status = 409
    template = "Credit line {line} was closed on {closed_on}. Sanction a new one."


class LineExpired(KistError):
    """The validity of the line is over."""

    code = "lms.line_expired"
    http_status = 409
    template = "Credit line {line} was valid until {valid_until}. Renew it first."


class LineBlocked(KistError):
    """Staff blocked the line."""

    code = "lms.line_blocked"
    http_status = 409
    template = "Credit line {line} is blocked. Unblock it first, if the reason is gone."


class LineAlreadyBlocked(KistError):
    """A line is blocked once."""

    code = "lms.line_already_blocked"
    http_status = 409
    template = "Credit line {line} is blocked already."


class LineNotBlocked(KistError):
    """There is nothing to unblock."""

    code = "lms.line_not_blocked"
    http_status = 409
    template = "Credit line {line} is not blocked."


class LineBorrowerNonPerforming(KistError):
    """The class belongs to the borrower: one non-performing loan blocks the line."""

    code = "lms.line_borrower_non_performing"
    http_status = 409
    template = "Loan {loan} of the customer is non-performing: nothing can be drawn on line {line}."


class DrawdownWhileOverdue(KistError):
    """No new money while the customer is behind."""

    code = "lms.drawdown_while_overdue"
    http_status = 409
    template = (
        "Loan {loan} of the customer is {days_past_due} days past due; nothing is drawn from {from_days} days on. "
        "Collect the dues first."
    )


class DrawdownPaysOwnDues(KistError):
    """Evergreening: new money of a line would pay what its customer owes."""

    code = "lms.drawdown_pays_own_dues"
    http_status = 409
    template = (
        "This money comes from drawdown {loan} of the customer's own credit line and may not pay the customer's dues. "
        "Ask for a payment from the customer's own funds."
    )


class DrawdownNotWhole(KistError):
    """A drawdown is paid out whole: nothing is kept back for dues."""

    code = "lms.drawdown_not_whole"
    template = (
        "{kept_back_paise} paise of the drawdown on line {line} would be kept back for dues of the customer. "
        "Pay out the whole drawdown."
    )


class LineLimitExceeded(KistError):
    """More is asked for than is available."""

    code = "lms.line_limit_exceeded"
    http_status = 409
    template = "{amount_paise} paise are above the {available_paise} paise available on credit line {line}."


class LineOfOtherCustomer(KistError):
    """Nobody draws on another's line."""

    code = "lms.line_of_other_customer"
    http_status = 403
    template = "Credit line {line} is not of customer {customer}. Check the line number."


class DrawdownByLineOnly(KistError):
    """The loan is a drawdown of a line: money goes out by the line alone."""

    code = "lms.drawdown_by_line_only"
    http_status = 409
    template = "Loan {loan} is a drawdown of credit line {line}. Draw again on the line instead."


class LineHoldUnknown(KistError):
    """No such amount was set aside on the line."""

    code = "lms.line_hold_unknown"
    http_status = 404
    template = "Entry {sequence} of credit line {line} set nothing aside. Check the number."


class LineHoldOver(KistError):
    """What was set aside is not any more."""

    code = "lms.line_hold_over"
    http_status = 409
    template = "What entry {sequence} of credit line {line} set aside was used, given back or has run out. Ask anew."


class LineHoldDiffers(KistError):
    """The drawdown is not what was set aside."""

    code = "lms.line_hold_differs"
    template = "{amount_paise} paise are drawn, but {held_paise} paise were set aside. Draw exactly that."


class LimitUnchanged(KistError):
    """A limit is raised to more, or lowered to less."""

    code = "lms.limit_unchanged"
    template = "The limit of credit line {line} is {limit_paise} paise; {wanted_paise} paise do not {change} it."


class LimitIncreaseWithoutRequest(KistError):
    """A limit goes up on the borrower's explicit request alone."""

    code = "lms.limit_increase_without_request"
    template = "The limit goes up only on the borrower's own request. Record its reference, day and amount."


class LimitIncreaseNotEvaluated(KistError):
    """A request for a higher limit is evaluated, and the evaluation is kept."""

    code = "lms.limit_increase_not_evaluated"
    template = "Say how the request {request} was evaluated; it is kept with the limit."


class LimitAboveRequest(KistError):
    """More than the borrower asked for."""

    code = "lms.limit_above_request"
    template = "The new limit of {limit_paise} paise is above the {requested_paise} paise that the borrower asked for."


class LimitRequestDayInvalid(KistError):
    """The request's day cannot be."""

    code = "lms.limit_request_day_invalid"
    template = "The request is dated {requested_on}; it lies between {opened_on} and {business_date}. Check the day."


class LimitRequestUsed(KistError):
    """One request raises a limit once."""

    code = "lms.limit_request_used"
    http_status = 409
    template = "Request {request} raised the limit of credit line {line} already, as entry {sequence}."


class LineDrawn(KistError):
    """A line with drawdowns that run cannot be closed."""

    code = "lms.line_drawn"
    http_status = 409
    template = "Loan {loan} of credit line {line} still runs. Close the line when every drawdown is repaid."


class LineHoldsOpen(KistError):
    """A line with money set aside cannot be closed."""

    code = "lms.line_holds_open"
    http_status = 409
    template = "Credit line {line} has {held_paise} paise set aside. Draw or release them first."


class LineParametersInPast(KistError):
    """Guards would begin on a closed day."""

    code = "lms.line_parameters_in_past"
    template = "The books are on {business_date}; guards cannot begin on {effective_from}. Choose that day or later."


class LineParametersInvalid(KistError):
    """The guard against own dues cannot be switched off."""

    code = "lms.line_parameters_invalid"
    template = "Drawdowns are refused from 1 day past due or a later day. Enter 1 or more."


class LineParametersDateTaken(KistError):
    """Another row begins on that day."""

    code = "lms.line_parameters_date_taken"
    http_status = 409
    template = "Guards that begin on {effective_from} are published already. Choose another day."
