"""Form of the act that moves excess to another loan of the customer."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from core.money import format_rupees
from core.staff_forms import DayField, RupeesField, reason_field, rupees_text
from lms.admin.act_forms import ActForm, choices_of
from lms.engine.state import LoanStatus
from lms.models import Loan, LoanFact
from lms.services.transfers import excess_transfer


class TransferForm(ActForm):
    """Excess used for another loan of the customer."""

    slug = "transfer"
    title = "Transfer excess"
    permission = "lms.refund_excess"
    button = "Transfer"
    done = "{amount} transferred to the other loan"
    icon = "swap_horiz"
    intro = "The excess leaves this loan and is a receipt on the other one, both on the value date."
    statuses = tuple(LoanStatus)

    to_loan_id = forms.TypedChoiceField(label="To loan", coerce=int)
    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date")
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_paise"].initial = rupees_text(self.loan.excess_paise)
        choices_of(self, "to_loan_id").choices = [
            (loan.pk, f"{loan.number}: {format_rupees(loan.overdue_paise)} overdue") for loan in _others(self.loan)
        ]

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open while excess is held and another loan of the customer runs."""
        return loan.excess_paise > 0 and _others(loan).exists()

    def act(self, **entered: Any) -> LoanFact:
        """Move the money; the entry on this loan is the one to go back to."""
        return excess_transfer(from_loan_id=entered.pop("loan_id"), **entered).refund


def _others(loan: Loan) -> QuerySet[Loan]:
    running = Loan.objects.filter(customer_id=loan.customer_id, status=LoanStatus.ACTIVE)
    return running.exclude(pk=loan.pk).order_by("pk")
