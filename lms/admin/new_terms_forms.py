"""Forms of the acts that change what was agreed."""

from typing import Any

from django import forms

from core.staff_forms import DayField, reason_field
from lms.admin.act_forms import ActForm
from lms.engine.facts import PrepaymentEffect
from lms.models import LoanFact
from lms.services.rates import rate_change

_RATE_EFFECTS = [
    (PrepaymentEffect.CUT_INSTALMENT.value, "As many instalments, each worked out anew"),
    (PrepaymentEffect.CUT_TENOR.value, "Instalments as before, more or fewer of them"),
]


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
