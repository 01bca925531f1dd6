"""Refusals of what staff decide about money: disputes, the bank's answers, compensation for late transfers."""

from core.errors import KistError


class DisputeUnknown(KistError):
    """There is no such dispute."""

    code = "payments.dispute_unknown"
    http_status = 404
    template = "There is no dispute {dispute}."


class DisputeDecided(KistError):
    """A decision stands."""

    code = "payments.dispute_decided"
    http_status = 409
    template = "Dispute {dispute} is {state}: it cannot be answered or decided any more."


class DisputeAnswered(KistError):
    """A dispute is answered once."""

    code = "payments.dispute_answered"
    http_status = 409
    template = "Dispute {dispute} is {answer} already. Add papers, or enter how it ended."


class DisputePaperMissing(KistError):
    """Nobody contests a dispute without proof."""

    code = "payments.dispute_paper_missing"
    http_status = 422
    template = "Dispute {dispute} has no paper yet. Add what proves that the payment was meant, then contest it."


class DisputeContradicted(KistError):
    """The gateway says the opposite of what a person has entered."""

    code = "payments.dispute_contradicted"
    http_status = 409
    template = (
        "Dispute {dispute} was entered as {state} by hand; the gateway tells {told}. Nothing was booked: ask the "
        "gateway, and correct it by a journal if the entry was wrong."
    )


class BankAnswerNotPossible(KistError):
    """The bank can only answer about what was sent and is in doubt."""

    code = "payments.bank_answer_not_possible"
    http_status = 409
    template = "An answer of the bank about payout {payout} cannot be entered: {problem}."


class BankAnswerDoesNotFit(KistError):
    """What the bank says cannot follow from what is known."""

    code = "payments.bank_answer_does_not_fit"
    http_status = 409
    template = (
        "Payout {payout} is known to be {state}; {answer} cannot follow from that. Nothing was changed: "
        "look at the calls, and ask the bank again."
    )


class BankAnswerWithoutUtr(KistError):
    """A payment that succeeded has a reference at the bank."""

    code = "payments.bank_answer_without_utr"
    http_status = 422
    template = (
        "A payout that the bank has paid has a UTR or RRN of 12 to 22 letters and digits. Copy it from the paper."
    )


class BankAnswerInFuture(KistError):
    """A paper has a day that is over, not before the payout was sent."""

    code = "payments.bank_answer_in_future"
    http_status = 422
    template = (
        "The bank's paper is dated {answered_on}: that is after today, or before the payout was sent on {sent_on}."
    )


class CompensationRuleInPast(KistError):
    """Closed days keep what a late transfer cost."""

    code = "payments.compensation_rule_in_past"
    http_status = 422
    template = "A rule from {valid_from} on would change closed days: the books are on {business_date}."


class CompensationRuleDateTaken(KistError):
    """Two rules of one rail begin on one day."""

    code = "payments.compensation_rule_date_taken"
    http_status = 409
    template = "A rule for {rail} from {valid_from} on is published already. Choose another day."


class CompensationAccountUnfit(KistError):
    """Compensation is an expense, and is owed to borrowers."""

    code = "payments.compensation_account_unfit"
    http_status = 422
    template = "Account {account_code} is not an open {kind} account of the chart. Choose one that is."
