"""Forms of the acts that add to a claim, give it up, or take back what was recorded."""

from typing import Any

from django import forms

from core.money import format_rupees
from core.staff_forms import DayField, RupeesField
from lms.admin.act_forms import ActForm, AmountForm, DatedForm, choices_of, fact_choice, standing_facts
from lms.engine.state import LoanStatus
from lms.engine.terms import Component
from lms.models import Loan
from lms.models.loan import FactKind
from lms.services.positions import terms_of


class ChargeForm(AmountForm):
    """A charge of the loan's terms."""

    slug = "charge"
    button = "Levy charge"
    done = "Charge of {amount} levied, tax apart"
    icon = "add_card"
    intro = "Only charges that the borrower was told of in the key facts statement can be levied; the tax is added."

    code = forms.ChoiceField(label="Charge")
    amount_paise = RupeesField(
        label="Amount in rupees", required=False, help_text="Without tax. Empty: what was agreed."
    )
    due_date = DayField(label="Due on", required=False, help_text="Empty: on the value date.")
    field_order = ("code", "amount_paise", "value_date")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "code").choices = [
            (term.code, _charge_label(term)) for term in terms_of(loan=self.loan).charges
        ]


class PenalForm(AmountForm):
    """A penal charge by hand."""

    slug = "penal"
    button = "Levy penal charge"
    done = "Penal charge of {amount} levied"
    icon = "gavel"
    intro = "Charges of the penal plan come by themselves. This one is for a breach that the plan does not see."


class WaiverForm(AmountForm):
    """Part of what is due given up."""

    slug = "waive"
    button = "Grant waiver"
    done = "Waiver of {amount} granted"
    icon = "volunteer_activism"
    intro = "At most what is due on the value date can be given up, the oldest first; a fee takes its tax along."

    component = forms.ChoiceField(label="What is waived")
    field_order = ("component",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owed = {
            Component.PENAL: self.loan.penal_outstanding_paise,
            Component.FEE: self.loan.fee_outstanding_paise,
            Component.TAX: self.loan.tax_outstanding_paise,
            Component.INTEREST: self.loan.interest_outstanding_paise,
            Component.PRINCIPAL: self.loan.principal_outstanding_paise,
        }
        choices_of(self, "component").choices = [
            (component.value, f"{component.value.capitalize()}: {format_rupees(paise)} outstanding")
            for component, paise in owed.items()
        ]


class BounceForm(DatedForm):
    """A presented payment that came back."""

    slug = "bounce"
    button = "Record bounce"
    done = "Bounce recorded"
    icon = "keyboard_return"
    intro = "The receipt of the payment, if one was posted, is undone; the agreed bounce charge is levied."

    receipt_sequence = forms.TypedChoiceField(
        label="Receipt that came back", required=False, coerce=int, empty_value=None
    )
    value_date = DayField(label="Value date", help_text="The day of the return.")
    reference = forms.CharField(label="Bank reference of the return", max_length=64)
    return_code = forms.CharField(label="The bank's return code", max_length=20, required=False)
    is_charged = forms.BooleanField(label="Levy the agreed bounce charge", required=False, initial=True)
    field_order = ("receipt_sequence",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receipts = [row for row in standing_facts(self.loan) if row.kind == FactKind.RECEIVE]
        choices_of(self, "receipt_sequence").choices = [("", "None was posted"), *map(fact_choice, receipts)]


class WriteOffForm(DatedForm):
    """The whole claim off the books."""

    slug = "write-off"
    button = "Write the loan off"
    done = "Loan written off"
    icon = "remove_circle"
    intro = "All that is owed leaves the books as a loss at once; the claim on the borrower stays."
    is_danger = True

    is_technical = forms.BooleanField(
        label="Technical: recovery goes on as before",
        required=False,
        initial=True,
        help_text="Not ticked: recovery was tried and has failed.",
    )


class ReversalForm(ActForm):
    """An entry that should never have been."""

    slug = "reverse"
    button = "Reverse the entry"
    done = "Entry {sequence} reversed"
    icon = "undo"
    intro = (
        "The entry stays on the account, struck out; the loan is worked out as if it had never been, and the ledger "
        "gets the difference, booked today."
    )
    statuses = tuple(LoanStatus)
    is_danger = True

    sequence = forms.TypedChoiceField(label="Entry", coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [row for row in standing_facts(self.loan) if row.kind != FactKind.REVERSE]
        choices_of(self, "sequence").choices = [fact_choice(row) for row in rows]

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open once anything was recorded."""
        return loan.fact_count > 0


def _charge_label(term: Any) -> str:
    agreed = format_rupees(term.amount_paise) if term.amount_paise else f"{term.percent.normalize():f} %"
    return f"{term.code.replace('_', ' ').capitalize()}: {agreed} plus {term.tax_pct.normalize():f} % tax"
