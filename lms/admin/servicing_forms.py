"""Forms of settlements in parts, freezes and foreclosure quotes."""

from datetime import date
from typing import Any

from django import forms

from core.business_date import business_date
from core.errors import KistError
from core.money import format_rupees, parse_rupees
from core.staff_forms import DayField
from lms.admin.act_forms import ActForm, CreditForm, DatedForm, choices_of
from lms.engine.state import LoanStatus
from lms.models import Freeze, FreezeEffect, Loan, StoredQuote
from lms.services.quotes import is_quote_current

_PARTS_MAX = 60


class PartsField(forms.CharField):
    """The parts of a settlement, one on each line: the day, then the amount."""

    def __init__(self) -> None:
        super().__init__(
            label="Parts",
            help_text="One on each line, the day and then the amount, such as 2026-04-10 25,000.",
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Turn the lines into days and paise."""
        lines = [line.split(maxsplit=1) for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > _PARTS_MAX:
            raise forms.ValidationError(f"At most {_PARTS_MAX} parts.")
        return [_part(line) for line in lines]


def _part(words: list[str]) -> dict[str, Any]:
    try:
        day, amount = words
        return {"due_date": date.fromisoformat(day), "amount_paise": parse_rupees(amount)}
    except (ValueError, KistError):
        raise forms.ValidationError(f"“{' '.join(words)}” is no day and amount. Write 2026-04-10 25,000.") from None


class SettlementPlanForm(DatedForm):
    """Part of the claim taken for the whole, in parts."""

    slug = "settle-plan"
    button = "Agree on the settlement"
    done = "Settlement agreed: post each part as a receipt"
    icon = "handshake"
    intro = (
        "Nothing is given up before the last part is there. A part that does not come in time ends the agreement, and "
        "what came stays as receipts. Parts over a long time make the loan non-performing at once."
    )
    is_danger = True

    value_date = DayField(label="Agreed on")
    parts = PartsField()


class PlanCancelForm(ActForm):
    """An agreement ended."""

    slug = "settle-plan-cancel"
    button = "Cancel the settlement"
    done = "Settlement cancelled: the claim is whole again"
    icon = "cancel"
    is_danger = True

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open on loans that were ever watched; the service knows whether an agreement is in force."""
        return super().is_open(loan) and loan.is_watched


class PlanRestoreForm(PlanCancelForm):
    """A broken agreement in force again."""

    slug = "settle-plan-restore"
    button = "Restore the settlement"
    done = "Settlement in force again"
    icon = "restore"
    intro = "For money that came in time and was posted late."
    is_danger = False


class QuoteForm(ActForm):
    """A foreclosure quote for the borrower."""

    slug = "quote"
    button = "Make the quote"
    done = "Quote {number} made"
    icon = "request_quote"
    intro = "The quote keeps what closes the loan on each day that it holds; an entry posted meanwhile ends it."

    valid_days = forms.IntegerField(
        label="Days that it holds", min_value=1, max_value=60, required=False, help_text="Empty: as published."
    )
    is_lender_asking = forms.BooleanField(label="We ask for the money: no charge for closing early", required=False)


class QuotePaymentForm(CreditForm):
    """Money for a quote."""

    slug = "quote-pay"
    button = "Take the money and close the loan"
    done = "Loan foreclosed with {amount}"
    icon = "lock"
    intro = "Takes exactly what the quote says for the value date, so that no paisa is left."

    quote_id = forms.TypedChoiceField(label="Quote", coerce=int)
    field_order = ("quote_id", "amount_paise", "value_date", "channel", "reference")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "quote_id").choices = [
            (quote.pk, f"{quote.number}: {format_rupees(quote.total_paise)} on {quote.quoted_on:%d %b %Y}")
            for quote in StoredQuote.objects.filter(loan=self.loan).select_related("loan")[:20]
            if is_quote_current(quote=quote, on_date=min(business_date(), quote.valid_until))
        ]


class FreezeForm(ActForm):
    """Acts forbidden."""

    slug = "freeze"
    button = "Freeze"
    done = "Freeze {pk} set"
    icon = "ac_unit"
    intro = "What is chosen is refused from the first day on, by name, whoever tries it."
    statuses = (LoanStatus.SANCTIONED, LoanStatus.ACTIVE)

    effects = forms.MultipleChoiceField(
        label="What is forbidden", choices=FreezeEffect.choices, widget=forms.CheckboxSelectMultiple
    )
    from_date = DayField(label="First day", required=False, help_text="Empty: today.")
    until_date = DayField(label="Last day", required=False, help_text="Empty: until it is lifted.")


class UnfreezeForm(ActForm):
    """A freeze lifted."""

    slug = "unfreeze"
    button = "Lift the freeze"
    done = "Freeze {pk} lifted"
    icon = "local_fire_department"
    statuses = tuple(LoanStatus)

    freeze_id = forms.TypedChoiceField(label="Freeze", coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "freeze_id").choices = [
            (freeze.pk, f"{freeze.pk}: {freeze.effect_labels}, from {freeze.from_date:%d %b %Y}")
            for freeze in Freeze.objects.filter(loan=self.loan, lifted_on__isnull=True)
        ]

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Open on loans that were ever watched."""
        return loan.is_watched
