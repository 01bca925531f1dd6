"""Refusals about accounts of loans: one class per reason, each says what to do."""

from core.errors import KistError


class VirtualAccountClosed(KistError):
    """A number that was closed is not given out again."""

    code = "payments.virtual_account_closed"
    http_status = 409
    template = "The account of loan {loan} was closed; its number is not used again. Ask for the payment by a link."


class VirtualAccountNotOpen(KistError):
    """Only an account that takes credits is closed, or told who may pay."""

    code = "payments.virtual_account_not_open"
    http_status = 409
    template = "The account is {state}. Wait until it takes credits, or open it again."


class PayerKnown(KistError):
    """An account is listed once."""

    code = "payments.payer_known"
    http_status = 409
    template = "The account ending in {last_digits} may pay already."


class PayerGone(KistError):
    """What was taken back is not taken back again."""

    code = "payments.payer_gone"
    http_status = 409
    template = "This account may not pay any more. Load the page again."
