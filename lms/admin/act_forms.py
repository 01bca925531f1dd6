"""Forms of the acts on a loan: each one reads what staff enter and calls one service."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import AbstractBaseUser

from core.money import format_rupees
from core.staff_forms import DayField, OnceForm, RupeesField, reason_field, rupees_text
from lms.engine.facts import PrepaymentEffect
from lms.engine.state import LoanStatus
from lms.engine.terms import Component
from lms.models import Loan, LoanFact
from lms.models.loan import FactKind
from lms.services.bounces import bounce_record
from lms.services.charges import charge_levy, penal_levy
from lms.services.fact_rows import facts_of, undone_sequences
from lms.services.foreclosures import loan_foreclose
from lms.services.loans import loan_disburse
from lms.services.positions import terms_of
from lms.services.prepayments import prepayment_post
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from lms.services.waivers import waiver_grant

CHANNELS = [
    ("BANK", "Bank transfer (NEFT, RTGS, IMPS)"),
    ("UPI", "UPI"),
    ("NACH", "NACH mandate"),
    ("CHEQUE", "Cheque"),
    ("CASH", "Cash"),
    ("GATEWAY", "Payment gateway"),
]
_EFFECTS = [
    (PrepaymentEffect.CUT_TENOR.value, "Fewer instalments, each as before"),
    (PrepaymentEffect.CUT_INSTALMENT.value, "As many instalments, each smaller"),
]
REFERENCE_HELP = "The bank's reference; for cash the receipt number. It is credited once."


class ActForm(OnceForm):
    """An act on one loan; `submit` calls its one service with the form's key."""

    slug: ClassVar[str]
    title: ClassVar[str]
    permission: ClassVar[str]
    button: ClassVar[str]
    done: ClassVar[str]
    icon: ClassVar[str] = "edit"
    intro: ClassVar[str] = ""
    statuses: ClassVar[tuple[LoanStatus, ...]] = (LoanStatus.ACTIVE,)
    is_danger: ClassVar[bool] = False
    # Templates show the class itself; they would call it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __init__(self, *args: Any, loan: Loan, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loan = loan
        if "value_date" in self.fields:
            self.fields["value_date"].initial = today
            self.fields["value_date"].widget.attrs["max"] = today.isoformat()

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Tell whether the act makes sense on the loan as it stands; the service has the last word."""
        return loan.status in cls.statuses

    def submit(self, *, actor: AbstractBaseUser) -> LoanFact:
        """Call the service with what was entered."""
        return self.act(loan_id=self.loan.pk, actor=actor, **self.cleaned_data)

    def act(self, **entered: Any) -> LoanFact:
        """Do the one thing that the form is for."""
        raise NotImplementedError


class ReceiptForm(ActForm):
    """Money from the borrower."""

    slug = "receipt"
    title = "Post a receipt"
    permission = "lms.post_receipt"
    button = "Post receipt"
    done = "Receipt of {amount} posted"
    icon = "payments"
    intro = "A date in the past is allowed: the loan is worked out again, and only the difference is booked, today."

    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date", help_text="The day of the credit in the bank.")
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)
    reason = reason_field(required=False)

    def act(self, **entered: Any) -> LoanFact:
        """Post the receipt."""
        return receipt_post(**entered)


class PrepaymentForm(ActForm):
    """Principal ahead of its time."""

    slug = "prepay"
    title = "Part-prepay"
    permission = "lms.prepay_loan"
    button = "Post part-prepayment"
    done = "Part-prepayment of {amount} posted"
    icon = "speed"
    intro = "The money pays what is due first; the rest makes the principal smaller on that day."

    amount_paise = RupeesField(label="Amount in rupees")
    effect = forms.ChoiceField(label="What becomes smaller", choices=_EFFECTS)
    value_date = DayField(label="Value date")
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)
    reason = reason_field(required=False)

    def act(self, **entered: Any) -> LoanFact:
        """Post the prepayment."""
        entered["effect"] = PrepaymentEffect(entered["effect"])
        return prepayment_post(**entered)


class ForeclosureForm(ActForm):
    """The whole debt on one day; its page shows the quote of that day first."""

    slug = "foreclose"
    title = "Foreclose"
    permission = "lms.foreclose_loan"
    button = "Take the money and close the loan"
    done = "Loan foreclosed with {amount}"
    icon = "lock"

    amount_paise = RupeesField(
        label="Amount received in rupees", help_text="What is above the quote is held as excess."
    )
    value_date = forms.DateField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)
    reason = reason_field(required=False)

    def act(self, **entered: Any) -> LoanFact:
        """Close the loan."""
        return loan_foreclose(**entered)


class ChargeForm(ActForm):
    """A charge of the loan's terms."""

    slug = "charge"
    title = "Levy a charge"
    permission = "lms.levy_charge"
    button = "Levy charge"
    done = "Charge of {amount} levied, tax apart"
    icon = "add_card"
    intro = "Only charges that the borrower was told of in the key facts statement can be levied; the tax is added."

    code = forms.ChoiceField(label="Charge")
    amount_paise = RupeesField(
        label="Amount in rupees", required=False, help_text="Without tax. Empty: what was agreed."
    )
    value_date = DayField(label="Value date")
    due_date = DayField(label="Due on", required=False, help_text="Empty: on the value date.")
    reason = reason_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "code").choices = [
            (term.code, _charge_label(term)) for term in terms_of(loan=self.loan).charges
        ]

    def act(self, **entered: Any) -> LoanFact:
        """Levy the charge."""
        return charge_levy(**entered)


class PenalForm(ActForm):
    """A penal charge by hand."""

    slug = "penal"
    title = "Levy a penal charge"
    permission = "lms.levy_charge"
    button = "Levy penal charge"
    done = "Penal charge of {amount} levied"
    icon = "gavel"
    intro = "Charges of the penal plan come by themselves. This one is for a breach that the plan does not see."

    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date")
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Levy the charge."""
        return penal_levy(**entered)


class WaiverForm(ActForm):
    """Part of what is due given up."""

    slug = "waive"
    title = "Waive"
    permission = "lms.grant_waiver"
    button = "Grant waiver"
    done = "Waiver of {amount} granted"
    icon = "volunteer_activism"
    intro = "At most what is due on the value date can be given up, the oldest first."

    component = forms.ChoiceField(label="What is waived")
    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date")
    reason = reason_field(required=True)

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

    def act(self, **entered: Any) -> LoanFact:
        """Grant the waiver."""
        entered["component"] = Component(entered["component"])
        return waiver_grant(**entered)


class BounceForm(ActForm):
    """A presented payment that came back."""

    slug = "bounce"
    title = "Record a bounce"
    permission = "lms.record_bounce"
    button = "Record bounce"
    done = "Bounce recorded"
    icon = "keyboard_return"
    intro = "The receipt of the payment, if one was posted, is undone; the agreed bounce charge is levied."

    receipt_sequence = forms.TypedChoiceField(
        label="Receipt that came back", required=False, coerce=int, empty_value=None
    )
    value_date = DayField(label="Value date", help_text="The day of the return.")
    reference = forms.CharField(label="Bank reference of the return", max_length=64)
    reason_code = forms.CharField(label="The bank's return code", max_length=20, required=False)
    is_charged = forms.BooleanField(label="Levy the agreed bounce charge", required=False, initial=True)
    reason = reason_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receipts = [row for row in standing_facts(self.loan) if row.kind == FactKind.RECEIVE]
        choices_of(self, "receipt_sequence").choices = [("", "None was posted"), *map(fact_choice, receipts)]

    def act(self, **entered: Any) -> LoanFact:
        """Record the bounce."""
        return bounce_record(**entered)


class ReversalForm(ActForm):
    """An entry that should never have been."""

    slug = "reverse"
    title = "Reverse an entry"
    permission = "lms.reverse_fact"
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
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [row for row in standing_facts(self.loan) if row.kind != FactKind.REVERSE]
        choices_of(self, "sequence").choices = [fact_choice(row) for row in rows]

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open once anything was recorded."""
        return loan.fact_count > 0

    def act(self, **entered: Any) -> LoanFact:
        """Reverse the entry."""
        return fact_reverse(**entered)


class DisbursalForm(ActForm):
    """Money lent."""

    slug = "disburse"
    title = "Disburse"
    permission = "lms.disburse_loan"
    button = "Disburse"
    done = "{amount} disbursed"
    icon = "send_money"
    intro = "Interest runs from the value date. Several disbursals make tranches."
    statuses = (LoanStatus.SANCTIONED, LoanStatus.ACTIVE)

    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date")
    reference = forms.CharField(label="Bank reference of the payout", max_length=64)
    reason = reason_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_paise"].initial = rupees_text(self.loan.undrawn_paise)
        self.fields["value_date"].widget.attrs["min"] = self.loan.sanctioned_on.isoformat()

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open while part of the sanction is undrawn."""
        return super().is_open(loan) and loan.undrawn_paise > 0

    def act(self, **entered: Any) -> LoanFact:
        """Lend the money."""
        return loan_disburse(**entered)


class RefundForm(ActForm):
    """Excess paid back."""

    slug = "refund"
    title = "Refund excess"
    permission = "lms.refund_excess"
    button = "Refund"
    done = "{amount} refunded"
    icon = "currency_exchange"
    statuses = tuple(LoanStatus)

    amount_paise = RupeesField(label="Amount in rupees")
    value_date = DayField(label="Value date")
    reference = forms.CharField(label="Bank reference of the payout", max_length=64)
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_paise"].initial = rupees_text(self.loan.excess_paise)

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open while money of the borrower is held."""
        return loan.excess_paise > 0

    def act(self, **entered: Any) -> LoanFact:
        """Pay the money back."""
        return refund_post(**entered)


def standing_facts(loan: Loan) -> Sequence[LoanFact]:
    """Return the entries of a loan that nothing has undone, latest first."""
    undone = undone_sequences(facts=facts_of(loan_id=loan.pk))
    return [row for row in loan.facts.order_by("-sequence") if row.sequence not in undone]


def choices_of(form: forms.Form, name: str) -> forms.ChoiceField:
    """Return a field of a form that has choices."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101  # each form names its own fields
    return field


def fact_choice(row: LoanFact) -> tuple[int, str]:
    """Describe an entry well enough to be chosen from a list."""
    parts = [f"Entry {row.sequence}", str(FactKind(row.kind).label), f"{row.value_date:%d %b %Y}"]
    if row.amount_paise:
        parts.append(format_rupees(row.amount_paise))
    return row.sequence, ", ".join([*parts, row.reference] if row.reference else parts)


def _charge_label(term: Any) -> str:
    agreed = format_rupees(term.amount_paise) if term.amount_paise else f"{term.percent.normalize():f} %"
    return f"{term.code.replace('_', ' ').capitalize()}: {agreed} plus {term.tax_pct.normalize():f} % tax"
