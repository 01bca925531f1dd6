"""Forms of the acts that change what was agreed."""

from typing import Any

from django import forms

from core.staff_forms import DayField
from lms.admin.act_forms import DatedForm
from lms.engine.facts import PrepaymentEffect

_RATE_EFFECTS = [
    (PrepaymentEffect.CUT_INSTALMENT.value, "As many instalments, each worked out anew"),
    (PrepaymentEffect.CUT_TENOR.value, "Instalments as before, more or fewer of them"),
]
_RESTRUCTURE = "A concession for financial difficulty (restructuring)"
_RESTRUCTURE_HELP = "The loan is non-performing at once, and the borrower's other loans with the next day-end."


class RateChangeForm(DatedForm):
    """A new rate."""

    slug = "rate"
    button = "Change the rate"
    done = "Rate changed"
    icon = "percent"
    intro = "The new rate holds from the value date on. Tell the borrower rate, instalment and tenor at once."

    annual_rate_pct = forms.DecimalField(
        label="New yearly rate in per cent", max_digits=9, decimal_places=4, widget=forms.TextInput
    )
    effect = forms.ChoiceField(label="What changes", choices=_RATE_EFFECTS)
    value_date = DayField(label="Value date")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.loan.product_version
        # The bound field took its help text when the base class looked for the first visible one.
        self["annual_rate_pct"].help_text = (
            f"{self.loan.current_rate_pct.normalize():f} now; the product allows "
            f"{version.rate_min_pct.normalize():f} to {version.rate_max_pct.normalize():f}."
        )


class RescheduleForm(DatedForm):
    """The rest of the loan on other dates, tenor, rate or grace."""

    slug = "reschedule"
    button = "Reschedule"
    done = "Loan rescheduled"
    icon = "event_repeat"
    intro = "Fill in what changes; the rest stays as it was agreed. Look at the effect first."

    value_date = DayField(label="Value date")
    from_due_date = DayField(label="From the instalment due on", required=False, help_text="Empty: the next one.")
    new_due_date = DayField(label="Its new due date", required=False, help_text="Later ones follow it.")
    extra_instalments = forms.IntegerField(label="More instalments", min_value=0, required=False)
    annual_rate_pct = forms.DecimalField(
        label="New yearly rate in per cent", max_digits=9, decimal_places=4, required=False, widget=forms.TextInput
    )
    grace_principal_count = forms.IntegerField(label="Instalments without principal", min_value=0, required=False)
    grace_interest_count = forms.IntegerField(label="Instalments that put interest off", min_value=0, required=False)
    is_restructure = forms.BooleanField(label=_RESTRUCTURE, required=False, help_text=_RESTRUCTURE_HELP)


class MoratoriumForm(DatedForm):
    """A time without instalments."""

    slug = "moratorium"
    button = "Grant moratorium"
    done = "Moratorium granted"
    icon = "pause_circle"
    intro = "No instalment falls due in this time; as many follow at the end, and interest runs on."

    value_date = DayField(label="Decided on")
    start_date = DayField(label="First day", required=False, help_text="Empty: the day of the decision.")
    end_date = DayField(label="Last day")
    is_interest_capitalised = forms.BooleanField(
        label="Interest of this time becomes principal",
        required=False,
        help_text="Not ticked: it falls due with the first instalment afterwards.",
    )
    is_restructure = forms.BooleanField(label=_RESTRUCTURE, required=False, help_text=_RESTRUCTURE_HELP)


class PauseForm(DatedForm):
    """A time without interest, or without penal charges."""

    slug = "pause"
    button = "Pause"
    done = "Pause granted"
    icon = "pause"
    intro = "No interest runs on these days, both inclusive; instalments stay as they are."

    value_date = DayField(label="Decided on")
    start_date = DayField(label="First day", required=False, help_text="Empty: the day of the decision.")
    end_date = DayField(label="Last day")
    is_penal = forms.BooleanField(label="Penal charges rest instead; interest runs on", required=False)
