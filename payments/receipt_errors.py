"""Refusals about money that arrives: one class per reason, each says what to do."""

from core.errors import KistError
from core.money import format_rupees


class InRupees(KistError):
    """A refusal whose amounts are read by people at a counter: `{amount}` shows `amount_paise` in rupees."""

    @staticmethod
    def shown(context: dict[str, object]) -> dict[str, object]:
        """Add each amount in rupees under its name without the unit."""
        amounts = {name: paise for name, paise in context.items() if name.endswith("_paise") and isinstance(paise, int)}
        return context | {name.removesuffix("_paise"): format_rupees(paise) for name, paise in amounts.items()}


class PaymentUnknown(KistError):
    """There is no such payment."""

    code = "payments.payment_unknown"
    http_status = 404
    template = "There is no payment {payment}."


class PaymentNotApplied(KistError):
    """Only what is on a loan can be taken off it."""

    code = "payments.payment_not_applied"
    http_status = 409
    template = "Payment {payment} is {state}: it is not on a loan. Look at what became of it first."


class PaymentNotInSuspense(KistError):
    """Only money in suspense is decided about."""

    code = "payments.payment_not_in_suspense"
    http_status = 409
    template = "Payment {payment} is {state}: it does not wait in suspense any more."


class PaymentOnSameLoan(KistError):
    """A payment is moved to another loan."""

    code = "payments.payment_on_same_loan"
    http_status = 409
    template = "Payment {payment} is on loan {loan} already. Choose the loan that it was meant for."


class PaymentNotRefundable(KistError):
    """Nothing can be given back through a gateway that did not take it."""

    code = "payments.payment_not_refundable"
    http_status = 409
    template = "Payment {payment} cannot be given back: {problem}."


class LinkKeyReused(KistError):
    """One key names two links."""

    code = "payments.link_key_reused"
    http_status = 422
    template = "The key was used for link {link} with other content. Give each request its own key."


class LinkExpiryNotAhead(KistError):
    """A link that has expired cannot be paid."""

    code = "payments.link_expiry_not_ahead"
    http_status = 422
    template = "A link is open for 1 to {most} hours. Choose a number between."


class LoanTakesNoPayment(KistError):
    """A borrower is asked to pay a loan that runs."""

    code = "payments.loan_takes_no_payment"
    http_status = 409
    template = "Loan {loan} is {status}: nobody can be asked to pay it."


class CashAboveLimit(InRupees):
    """The law limits what may be taken in cash from one person in a day."""

    code = "payments.cash_above_limit"
    http_status = 422
    template = (
        "The borrower has paid {paid} in cash today; with {amount} more that passes the limit of {limit} a day "
        "(section 269ST of the Income-tax Act). Take the rest by bank."
    )


class CounterKeyReused(KistError):
    """One key names two receipts over the counter."""

    code = "payments.counter_key_reused"
    http_status = 422
    template = "The key was used for payment {payment} with other content. Give each receipt its own key."


class ChequeIncomplete(KistError):
    """A cheque has a number, a bank and a date."""

    code = "payments.cheque_incomplete"
    http_status = 422
    template = "A cheque needs its number of six digits, its bank, and a date not older than {months} months nor ahead."


class DepositEmpty(KistError):
    """A slip lists what is brought to the bank."""

    code = "payments.deposit_empty"
    http_status = 422
    template = "Choose at least one receipt for the slip."


class DepositNotPossible(KistError):
    """What is listed must be with us, and of one kind."""

    code = "payments.deposit_not_possible"
    http_status = 409
    template = "Payment {payment} cannot be brought to the bank with the others: it is {state}."


class ChequeNotDeposited(KistError):
    """A cheque clears or bounces after it was brought to the bank."""

    code = "payments.cheque_not_deposited"
    http_status = 409
    template = "The cheque of payment {payment} is {state}: it cannot clear or bounce now."


class SettlementAboveTaken(InRupees):
    """A gateway cannot settle more than it took."""

    code = "payments.settlement_above_taken"
    http_status = 409
    template = (
        "Settlement {settlement} is about {told}, but only {held} are with the gateway. It waits for "
        "the payments; if none are missing, the amount is in another unit. Nothing was booked."
    )


class DisputeNeedsPerson(KistError):
    """A dispute meets a payment that is no longer where it was."""

    code = "payments.dispute_needs_person"
    http_status = 409
    template = "Dispute {dispute} is about payment {payment}, which is {state}. Decide what to book, then replay it."


class RefundNeedsPerson(KistError):
    """A refund was made that we had given up, or never asked for."""

    code = "payments.refund_needs_person"
    http_status = 409
    template = "Payment {payment} was given back, but it is {state}. Decide what to book, then replay it."
