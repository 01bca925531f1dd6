"""Refusals at the counter and about slips: one class per reason, each says what to do."""

from core.errors import KistError


class DepositSlipTaken(KistError):
    """A slip is one deposit."""

    code = "payments.deposit_slip_taken"
    http_status = 409
    template = "Slip {slip} is deposit {deposit} already, with other receipts. Look at the number on the slip."


class DepositDayWrong(KistError):
    """Nothing is brought to the bank before it was taken, nor tomorrow."""

    code = "payments.deposit_day_wrong"
    http_status = 422
    template = "The slip says {deposited_on}, but the receipts were with us from {first_day} on and today is {today}."


class DepositAskedFor(KistError):
    """What is listed on a slip that waits for a second person is not listed on another one."""

    code = "payments.deposit_asked_for"
    http_status = 409
    template = "Payment {payment} is on a slip that waits already (request {request}). Decide about that one first."
