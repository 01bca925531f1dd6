"""Forms of the dated rows of provisions: per cents and factors in, basis points and millionths out."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from core.staff_forms import DayField, StaffForm, reason_field
from lms.engine.classification import AssetClass
from lms.engine.provisions import Basis, Category, Layer, RateKind
from lms.engine.provisions_ecl import GRADES, Profile, Scenario
from lms.models import Product

_MODEL_SHARES = ("lgd_secured", "lgd_unsecured", "ccf")


def _choices(enum: type, *, any_label: str = "") -> list[tuple[str, str]]:
    named = [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]  # type: ignore[attr-defined]  # an enum of texts
    return [("", any_label), *named] if any_label else named


def _percent(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=100, max_digits=5, decimal_places=2, help_text=help_text
    )


def _hundredths(value: Decimal) -> int:
    return int(value * 100)


class RowForm(StaffForm):
    """What every row has."""

    effective_from = DayField(label="Effective from", help_text="A day after the last month-end that is posted.")
    source = forms.CharField(max_length=200, help_text="What demands it: a circular, a policy, a model.")
    reason = reason_field(required=True)

    field_order = ("effective_from",)

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        return dict(self.cleaned_data)


class ParametersForm(RowForm):
    """Layer, basis, stages and scenarios."""

    layer = forms.ChoiceField(choices=_choices(Layer))
    basis = forms.ChoiceField(
        label="Books carry", choices=_choices(Basis), help_text="ECL for a lender that reports by Ind AS."
    )
    stage_2_from_days = forms.IntegerField(label="Stage 2 from day", min_value=1, max_value=9999)
    stage_3_from_days = forms.IntegerField(label="Stage 3 from day", min_value=2, max_value=9999)
    scenarios = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One on each line: name; weight in per cent; factor of the chance of default; factor of the loss.",
    )

    def clean_scenarios(self) -> tuple[Scenario, ...]:
        """Read the lines."""
        return tuple(_scenario(line) for line in self.cleaned_data["scenarios"].splitlines() if line.strip())

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        entered = super().values()
        return entered | {"layer": Layer(entered["layer"]), "basis": Basis(entered["basis"])}


class RateForm(RowForm):
    """One prudential rate."""

    kind = forms.ChoiceField(choices=_choices(RateKind))
    layer = forms.ChoiceField(choices=_choices(Layer, any_label="Any"), required=False)
    category = forms.ChoiceField(choices=_choices(Category, any_label="Any"), required=False)
    secured_pct = _percent("Secured part, %")
    unsecured_pct = _percent("Unsecured part, %")

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        entered = super().values()
        secured, unsecured = entered.pop("secured_pct"), entered.pop("unsecured_pct")
        return entered | {
            "kind": RateKind(entered["kind"]),
            "layer": Layer(entered["layer"]) if entered["layer"] else None,
            "category": Category(entered["category"]) if entered["category"] else None,
            "secured_bps": _hundredths(secured),
            "unsecured_bps": _hundredths(unsecured),
        }


class ModelForm(RowForm):
    """Chances of default and losses of a segment."""

    segment = forms.CharField(max_length=20, required=False, help_text="Empty: any segment without a row of its own.")
    lgd_secured_pct = _percent("Lost of the secured part, %")
    lgd_unsecured_pct = _percent("Lost of the unsecured part, %")
    ccf_pct = _percent("Drawn of what is undrawn, %")
    profile = forms.ChoiceField(label="Runs down", choices=_choices(Profile))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for grade in GRADES:
            self.fields[grade.value] = forms.CharField(
                label=f"Chance of default, {grade.value.replace('_', ' ').lower()}",
                help_text="Per cent by the end of year one, two, three: 1.5, 2.8, 3.8",
                widget=forms.TextInput(attrs={"class": "k-input"}),
                max_length=400,
            )

    def clean(self) -> dict[str, Any]:
        """Read the curves."""
        entered = super().clean() or {}
        for grade in GRADES:
            try:
                parts = [Decimal(part) for part in str(entered.get(grade.value, "")).replace(",", " ").split()]
            except InvalidOperation:
                self.add_error(grade.value, "Write per cents, parted by commas.")
            else:
                entered[grade.value] = [int(part * 10_000) for part in parts]
        return entered

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        entered = super().values()
        shares = {f"{name}_bps": _hundredths(entered.pop(f"{name}_pct")) for name in _MODEL_SHARES}
        curves: dict[AssetClass, list[int]] = {grade: entered.pop(grade.value) for grade in GRADES}
        return entered | shares | {"profile": Profile(entered["profile"]), "curves": curves}


class SegmentForm(RowForm):
    """What a product's loans are to provisions."""

    product_code = forms.ChoiceField(label="Product")
    segment = forms.CharField(max_length=20, required=False, help_text="Whose chances of default count.")
    category = forms.ChoiceField(choices=_choices(Category))
    secured_pct = _percent("Secured, %", "The part of what is owed that security covers.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product: Any = self.fields["product_code"]
        product.choices = [(code, code) for code in Product.objects.values_list("code", flat=True)]

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        entered = super().values()
        secured = entered.pop("secured_pct")
        return entered | {"category": Category(entered["category"]), "secured_bps": _hundredths(secured)}


def _scenario(line: str) -> Scenario:
    parts = [part.strip() for part in line.split(";")]
    try:
        name, weight, pd_factor, lgd_factor = parts
        numbers = [Decimal(weight) * 100, Decimal(pd_factor) * 10_000, Decimal(lgd_factor) * 10_000]
    except (ValueError, InvalidOperation):
        raise forms.ValidationError(f"'{line}' is not name; weight; factor; factor.") from None
    if any(number != int(number) for number in numbers):
        raise forms.ValidationError(f"'{line}' has more decimals than are kept.")
    weight_bps, pd_factor_bps, lgd_factor_bps = map(int, numbers)
    return Scenario(name=name[:40], weight_bps=weight_bps, pd_factor_bps=pd_factor_bps, lgd_factor_bps=lgd_factor_bps)
