"""Forms of the acts that move money: in, out, and from one loan to another."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from core.money import format_rupees
from core.staff_forms import RupeesField, rupees_text
from lms.admin.act_forms import AmountForm, CreditForm, PayoutForm, choices_of
from lms.engine.facts import PrepaymentEffect
from lms.engine.state import LoanStatus
from lms.models import Loan

_EFFECTS = [
    (PrepaymentEffect.CUT_TENOR.value, "Fewer instalments, each as before"),
    (PrepaymentEffect.CUT_INSTALMENT.value, "As many instalments, each smaller"),
]


class DisbursalForm(PayoutForm):
    """Money lent."""

    slug = "disburse"
    button = "Disburse"
    done = "{amount} disbursed"
    icon = "send_money"
    intro = "Interest runs from the value date. Several disbursals make tranches."
    statuses = (LoanStatus.SANCTIONED, LoanStatus.ACTIVE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_paise"].initial = rupees_text(self.loan.undrawn_paise)
        self.fields["value_date"].widget.attrs["min"] = self.loan.sanctioned_on.isoformat()

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open while part of the sanction is undrawn."""
        return super().is_open(loan) and loan.undrawn_paise > 0


class ReceiptForm(CreditForm):
    """Money from the borrower."""

    slug = "receipt"
    button = "Post receipt"
    done = "Receipt of {amount} posted"
    icon = "payments"
    intro = "A date in the past is allowed: the loan is worked out again, and only the difference is booked, today."


class PrepaymentForm(CreditForm):
    """Principal ahead of its time."""

    slug = "prepay"
    button = "Post part-prepayment"
    done = "Part-prepayment of {amount} posted"
    icon = "speed"
    intro = "The money pays what is due first; the rest makes the principal smaller on that day."

    effect = forms.ChoiceField(label="What becomes smaller", choices=_EFFECTS)
    field_order = ("amount_paise", "effect")


class ForeclosureForm(CreditForm):
    """The whole debt on one day; its page shows the quote of that day first."""

    slug = "foreclose"
    button = "Take the money and close the loan"
    done = "Loan foreclosed with {amount}"
    icon = "lock"

    amount_paise = RupeesField(
        label="Amount received in rupees", help_text="What is above the quote is held as excess."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The day is chosen beside the quote.
        self.fields["value_date"].widget = forms.HiddenInput()


class SettlementForm(CreditForm):
    """Part of the claim taken for the whole."""

    slug = "settle"
    button = "Take the money and settle the loan"
    done = "Loan settled with {amount}"
    icon = "handshake"
    intro = "The amount is taken for all that is owed on its day; the rest is given up, and the loan ends."
    is_danger = True

    amount_paise = RupeesField(label="Amount received in rupees")


class RecoveryForm(CreditForm):
    """Money on a claim that was written off."""

    slug = "recover"
    button = "Post recovery"
    done = "Recovery of {amount} posted"
    icon = "payments"
    intro = "Money on a loan that was written off is income of the day; the borrower owes so much less."
    statuses = (LoanStatus.WRITTEN_OFF,)


class RefundForm(PayoutForm):
    """Excess paid back."""

    slug = "refund"
    button = "Refund"
    done = "{amount} refunded"
    icon = "currency_exchange"
    statuses = tuple(LoanStatus)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_paise"].initial = rupees_text(self.loan.excess_paise)

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open while money of the borrower is held."""
        return loan.excess_paise > 0


class TransferForm(AmountForm):
    """Excess used for another loan of the customer."""

    slug = "transfer"
    button = "Transfer"
    done = "{amount} transferred to the other loan"
    icon = "swap_horiz"
    intro = "The excess leaves this loan and is a receipt on the other one, both on the value date."
    statuses = tuple(LoanStatus)

    to_loan_id = forms.TypedChoiceField(label="To loan", coerce=int)
    field_order = ("to_loan_id",)

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


def _others(loan: Loan) -> QuerySet[Loan]:
    running = Loan.objects.filter(customer_id=loan.customer_id, status=LoanStatus.ACTIVE)
    return running.exclude(pk=loan.pk).order_by("pk")
