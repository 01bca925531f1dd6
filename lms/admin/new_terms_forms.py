"""Forms of the acts that change what was agreed."""

from typing import Any

from django import forms

from core.staff_forms import DayField, reason_field
from lms.admin.act_forms import ActForm
from lms.engine.facts import PrepaymentEffect
from lms.models import LoanFact
from lms.services.rates import rate_change
from lms.services.reschedules import COUNT_MAX, interest_pause, loan_reschedule, moratorium_grant

_RATE_EFFECTS = [
    (PrepaymentEffect.CUT_INSTALMENT.value, "As many instalments, each worked out anew"),
    (PrepaymentEffect.CUT_TENOR.value, "Instalments as before, more or fewer of them"),
]
_RESTRUCTURE = "A concession for financial difficulty (restructuring)"
_RESTRUCTURE_HELP = "The loan is non-performing at once, and the borrower's other loans with the next day-end."


class RateChangeForm(ActForm):
    """A new rate."""

    slug = "rate"
    title = "Change the rate"
    permission = "lms.change_rate"
    button = "Change the rate"
    done = "Rate changed"
    icon = "percent"
    intro = "The new rate holds from the value date on. Tell the borrower rate, instalment and tenor at once."

    annual_rate_pct = forms.DecimalField(
        label="New yearly rate in per cent", max_digits=9, decimal_places=4, widget=forms.TextInput
    )
    effect = forms.ChoiceField(label="What changes", choices=_RATE_EFFECTS)
    value_date = DayField(label="Value date")
    reason = reason_field(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.loan.product_version
        # The bound field took its help text when the base class looked for the first visible one.
        self["annual_rate_pct"].help_text = (
            f"{self.loan.current_rate_pct.normalize():f} now; the product allows "
            f"{version.rate_min_pct.normalize():f} to {version.rate_max_pct.normalize():f}."
        )

    def act(self, **entered: Any) -> LoanFact:
        """Change the rate."""
        entered["effect"] = PrepaymentEffect(entered["effect"])
        return rate_change(**entered)


class RescheduleForm(ActForm):
    """The rest of the loan on other dates, tenor, rate or grace."""

    slug = "reschedule"
    title = "Reschedule"
    permission = "lms.reschedule_loan"
    button = "Reschedule"
    done = "Loan rescheduled"
    icon = "event_repeat"
    intro = "Fill in what changes; the rest stays as it was agreed. Look at the effect first."

    value_date = DayField(label="Value date")
    from_due_date = DayField(label="From the instalment due on", required=False, help_text="Empty: the next one.")
    new_due_date = DayField(label="Its new due date", required=False, help_text="Later ones follow it.")
    extra_instalments = forms.IntegerField(label="More instalments", min_value=0, max_value=COUNT_MAX, required=False)
    annual_rate_pct = forms.DecimalField(
        label="New yearly rate in per cent", max_digits=9, decimal_places=4, required=False, widget=forms.TextInput
    )
    grace_principal_count = forms.IntegerField(
        label="Instalments without principal", min_value=0, max_value=COUNT_MAX, required=False
    )
    grace_interest_count = forms.IntegerField(
        label="Instalments that put interest off", min_value=0, max_value=COUNT_MAX, required=False
    )
    is_restructure = forms.BooleanField(label=_RESTRUCTURE, required=False, help_text=_RESTRUCTURE_HELP)
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Reschedule the loan."""
        for name in ("extra_instalments", "grace_principal_count", "grace_interest_count"):
            entered[name] = entered[name] or 0
        return loan_reschedule(**entered)


class MoratoriumForm(ActForm):
    """A time without instalments."""

    slug = "moratorium"
    title = "Grant a moratorium"
    permission = "lms.reschedule_loan"
    button = "Grant moratorium"
    done = "Moratorium granted"
    icon = "pause_circle"
    intro = "No instalment falls due in this time; as many follow at the end, and interest runs on."

    value_date = DayField(label="First day")
    end_date = DayField(label="Last day")
    is_interest_capitalised = forms.BooleanField(
        label="Interest of this time becomes principal",
        required=False,
        help_text="Not ticked: it falls due with the first instalment afterwards.",
    )
    is_restructure = forms.BooleanField(label=_RESTRUCTURE, required=False, help_text=_RESTRUCTURE_HELP)
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Grant the moratorium."""
        return moratorium_grant(**entered)


class PauseForm(ActForm):
    """A time without interest."""

    slug = "pause"
    title = "Pause interest"
    permission = "lms.reschedule_loan"
    button = "Pause interest"
    done = "Interest paused"
    icon = "pause"
    intro = "No interest runs on these days, both inclusive; instalments stay as they are."

    value_date = DayField(label="First day")
    end_date = DayField(label="Last day")
    reason = reason_field(required=True)

    def act(self, **entered: Any) -> LoanFact:
        """Pause the interest."""
        return interest_pause(**entered)
