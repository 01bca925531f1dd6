"""Refusals of payments: one class per reason, each says what to do."""

from core.errors import KistError


class VendorUnknown(KistError):
    """There is no such vendor."""

    code = "payments.vendor_unknown"
    http_status = 404
    template = "There is no vendor {vendor}."


class NoVendorAvailable(KistError):
    """No active vendor may do it now."""

    code = "payments.no_vendor_available"
    http_status = 503
    template = "No vendor takes {operation} {rail} of this amount now. Check the routes and the health of the vendors."


class ParametersMissing(KistError):
    """Thresholds of payments are not set for the day."""

    code = "payments.parameters_missing"
    http_status = 503
    template = "No thresholds of payments are in force on {on}. Publish them first."


class PayoutUnknown(KistError):
    """There is no such payout."""

    code = "payments.payout_unknown"
    http_status = 404
    template = "There is no payout {payout}."


class PayoutAlreadyOpen(KistError):
    """One payout of a kind at a time."""

    code = "payments.payout_already_open"
    http_status = 409
    template = "Payout {payout} of loan {loan} is under way. Wait for its end before you ask for another."


class PayeeNotOwn(KistError):
    """Money goes to the borrower's own account only."""

    code = "payments.payee_not_own"
    http_status = 403
    template = "The account is not that of the borrower of loan {loan}. Money is paid to the borrower's own account."


class RailNotForPayee(KistError):
    """UPI pays to UPI addresses alone, and nothing else pays to them."""

    code = "payments.rail_not_for_payee"
    http_status = 422
    template = "{rail} does not pay to this payee. UPI pays to UPI addresses; IMPS, NEFT and RTGS pay to accounts."


class PayeeChanged(KistError):
    """The account is not the one that the payout was asked for."""

    code = "payments.payee_changed"
    http_status = 409
    template = "The account of payout {payout} was changed after it was asked for. Cancel it and ask anew."


class PayeeChangedSinceAsked(KistError):
    """The borrower's account is another one than when a second person was asked to agree to a payout."""

    code = "payments.payee_changed_since_asked"
    http_status = 409
    template = (
        "The payout was asked for to the account {asked}; the borrower is paid at {present} now. "
        "Reject the request and ask anew."
    )


class PayeeNotProven(KistError):
    """The account was not proven, or to be somebody else's."""

    code = "payments.payee_not_proven"
    http_status = 409
    template = "The account could not be proven to be the borrower's: {problem}."


class PayoutKeyReused(KistError):
    """One key names two payouts."""

    code = "payments.payout_key_reused"
    http_status = 422
    template = "The key was used for payout {payout} with other content. Give each request its own key."


class PayoutNotOpen(KistError):
    """What is paid or has failed cannot be cancelled."""

    code = "payments.payout_not_open"
    http_status = 409
    template = "Payout {payout} is {state}: it cannot be cancelled any more."


class CheckNotInReview(KistError):
    """Only a check in doubt is decided by a person."""

    code = "payments.check_not_in_review"
    http_status = 409
    template = "The check is not in doubt, or was decided already."


class ParametersInPast(KistError):
    """Closed days keep the thresholds that they had."""

    code = "payments.parameters_in_past"
    http_status = 422
    template = "Thresholds from {valid_from} on would change closed days: the books are on {business_date}."


class ParametersInvalid(KistError):
    """Scores are not in order."""

    code = "payments.parameters_invalid"
    http_status = 422
    template = (
        "The score for a look is at most the score that passes, the scores of degrees rise, and none is above 100."
    )


class ParameterOutOfRange(KistError):
    """A threshold is too short or too long to make sense."""

    code = "payments.parameter_out_of_range"
    http_status = 422
    template = "The {name} cannot be {value}. Choose a number from {least} to {most}."


class ParametersDateTaken(KistError):
    """Two rows begin on one day."""

    code = "payments.parameters_date_taken"
    http_status = 409
    template = "Thresholds from {valid_from} on are published already. Choose another day."


class WebhookUnreadable(KistError):
    """A genuine event does not say what it must say."""

    code = "payments.webhook_unreadable"
    http_status = 422
    template = "The event lacks {what}. Ask the vendor, then let it be tried again."


class WebhookFieldWrong(WebhookUnreadable):
    """A field of a genuine event is missing, or is not of the sort that it must be."""

    code = "payments.webhook_field_wrong"
    template = (
        "{event}: {field} {problem}. Nothing was booked."
        " Ask the vendor for the whole event, or tell the developers; then try it again."
    )


class WebhookRefused(KistError):
    """Base of what a vendor is answered when nothing of what it sent was kept."""


class WebhookNotGenuine(WebhookRefused):
    """The signature is missing or fits neither the secret nor the one before it."""

    code = "payments.webhook_not_genuine"
    http_status = 401
    template = (
        "The signature of an event of {vendor} fits neither the secret nor the one before it. "
        "Compare the secret with the vendor's, and have the event sent again."
    )


class WebhookTooLong(WebhookRefused):
    """The body is longer than any event."""

    code = "payments.webhook_too_long"
    http_status = 413
    template = "An event of {vendor} is longer than {most_bytes} bytes can be kept. Ask the vendor for it in parts."


class WebhookLengthWrong(WebhookRefused):
    """The body was cut off, or nobody said how long it is."""

    code = "payments.webhook_length_wrong"
    template = "The body of an event of {vendor} is not as long as its Content-Length says. Send it again, whole."


class AmountDiffers(KistError):
    """An event names another amount than was asked for: another unit, or another payment."""

    code = "payments.amount_differs"
    http_status = 409
    template = "{what} {reference} is about {asked_paise} paise, the event tells of {told_paise}. Nothing was booked."


class PayoutForbidden(KistError):
    """The user may not ask for payouts."""

    code = "payments.payout_forbidden"
    http_status = 403
    template = "You may not ask for payouts. Ask a colleague of operations, finance or a manager."


class PayoutEnded(KistError):
    """Nothing is under way any more."""

    code = "payments.payout_ended"
    http_status = 409
    template = "Payout {payout} has ended: it is {state}. Nothing is under way that could be looked after."


class PayoutPaidTwice(KistError):
    """Two calls of one payout have paid."""

    code = "payments.payout_paid_twice"
    http_status = 409
    template = "Payout {payout} has been paid twice, by {first} and by {second}. Ask the bank to take one back."


class VendorInvalid(KistError):
    """A contract's values cannot be."""

    code = "payments.vendor_invalid"
    http_status = 422
    template = "{problem}"


class VendorCodeTaken(KistError):
    """Two vendors have one code."""

    code = "payments.vendor_code_taken"
    http_status = 409
    template = "There is a vendor {vendor} already. Choose another code."


class RouteDateTaken(KistError):
    """Two routes of one vendor begin on one day."""

    code = "payments.route_date_taken"
    http_status = 409
    template = "This route of {vendor} begins on {valid_from} already. Choose another day."


class RouteInPast(KistError):
    """Closed days keep their routes."""

    code = "payments.route_in_past"
    http_status = 422
    template = "A route counts from today, {business_date}, at the earliest."


class RouteInvalid(KistError):
    """Amounts or hours of a route are not in order."""

    code = "payments.route_invalid"
    http_status = 422
    template = "The least amount is at most the most, both more than zero, and hours are given as a pair in order."


class RouteLooksInvalid(KistError):
    """The pauses before looks are none, or the vendor does not allow so many."""

    code = "payments.route_looks_invalid"
    http_status = 422
    template = "{problem}. The standard is 90, 300, 900, 6300, 7200, which asks three times in two hours."
