"""Refusals about settlements: one class per reason, each says what to do."""

from core.errors import KistError
from payments.receipt_errors import InRupees


class SettlementCreditDiffers(InRupees):
    """A credit on the statement is this settlement's by its reference and its amount."""

    code = "payments.settlement_credit_differs"
    http_status = 409
    template = (
        "Settlement {settlement} is {amount} with UTR {utr}; the statement has {seen} with "
        "{seen_utr}. Look for the right line, or ask the bank. Nothing was noted."
    )


class SettlementCreditDayWrong(KistError):
    """A statement has no days ahead."""

    code = "payments.settlement_credit_day_wrong"
    http_status = 422
    template = "The credit is said to be of {credited_on}, but today is {today}."


class SettlementCreditSeen(KistError):
    """A credit is seen once."""

    code = "payments.settlement_credit_seen"
    http_status = 409
    template = "The credit of settlement {settlement} was seen on the statement of {credited_on} already."
