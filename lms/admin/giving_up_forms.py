"""Forms of the acts by which a claim, or a part of it, is given up."""

from typing import Any

from django import forms

from core.staff_forms import DayField, RupeesField, reason_field
from lms.admin.act_forms import CHANNELS, REFERENCE_HELP, ActForm
from lms.engine.state import LoanStatus
from lms.models import LoanFact
from lms.services.settlements import settlement_post
from lms.services.write_offs import loan_write_off, recovery_post


class WriteOffForm(ActForm):
    """The whole claim off the books."""

    slug = "write-off"
    title = "Write off"
    permission = "lms.write_off_loan"
    button = "Write the loan off"
    done = "Loan written off"
    icon = "remove_circle"
    intro = "All that is owed leaves the books as a loss at once; the claim on the borrower stays."
    is_danger = True

    value_date = DayField(label="Value date")
    is_technical = forms.BooleanField(
        label="Technical: recovery goes on as before",
        required=False,
        initial=True,
        help_text="Not ticked: recovery was tried and has failed.",
    )
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Write the loan off."""
        return loan_write_off(**entered)


class RecoveryForm(ActForm):
    """Money on a claim that was written off."""

    slug = "recover"
    title = "Post a recovery"
    permission = "lms.post_recovery"
    button = "Post recovery"
    done = "Recovery of {amount} posted"
    icon = "payments"
    intro = "Money on a loan that was written off is income of the day; the borrower owes so much less."
    statuses = (LoanStatus.WRITTEN_OFF,)

    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date", help_text="The day of the credit in the bank.")
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)
    reason = reason_field(required=False)

    def act(self, **entered: Any) -> LoanFact:
        """Post the recovery."""
        return recovery_post(**entered)


class SettlementForm(ActForm):
    """Part of the claim taken for the whole."""

    slug = "settle"
    title = "Settle"
    permission = "lms.settle_loan"
    button = "Take the money and settle the loan"
    done = "Loan settled with {amount}"
    icon = "handshake"
    intro = "The amount is taken for all that is owed on its day; the rest is given up, and the loan ends."
    is_danger = True

    amount_paise = RupeesField(label="Amount received in rupees")
    value_date = DayField(label="Value date", help_text="The day of the credit in the bank.")
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Settle the loan."""
        return settlement_post(**entered)
