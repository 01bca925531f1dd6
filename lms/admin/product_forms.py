"""Form of a new version of a product: the terms that staff choose, in words."""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from core.errors import KistError
from core.money import format_rupees, parse_rupees
from core.staff_forms import DayField, OnceForm, RupeesField, StaffForm, reason_field, rupees_text
from lms.engine.codec import terms_from_dict, terms_to_dict
from lms.engine.terms import (
    Amortisation,
    BrokenPeriod,
    ChargeTerm,
    Component,
    DayCount,
    Direction,
    DueGroup,
    EarlyPayment,
    HolidayMove,
    InterestMethod,
    InterestPeriod,
    PenalMethod,
    PenalPlan,
    PeriodUnit,
    RoundingMode,
    Terms,
    Waterfall,
    WaterfallStep,
)
from lms.models import ProductVersion

_CHARGE = re.compile(
    r"(?P<code>[A-Z][A-Z0-9_]*)\s+(?P<amount>[0-9.,]+)(?P<percent>\s*%)?(?:\s+tax\s+(?P<tax>[0-9.]+)\s*%)?(?P<upfront>\s+upfront)?"
)
# Ways of repayment that the screen can describe; the others need tables of their own.
_AMORTISATIONS = (
    Amortisation.EQUAL_INSTALMENTS,
    Amortisation.EQUAL_PRINCIPAL,
    Amortisation.INTEREST_ONLY,
    Amortisation.BULLET,
)


def _choices(members: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in members]


class ProductForm(StaffForm):
    """A new product."""

    code = forms.CharField(max_length=20, help_text="Capital letters, digits and hyphens, such as PL-STD.")
    name = forms.CharField(max_length=100, help_text="As staff and borrowers know it.")
    is_line = forms.BooleanField(
        label="For credit lines", required=False, help_text="Its loans are drawdowns of lines, never sanctioned alone."
    )


class StandingForm(StaffForm):
    """Why a product is closed for new loans, or opened again."""

    reason = reason_field(required=True)


class VersionForm(OnceForm):
    """The next version of a product. Terms that the form does not show stay as in the version before."""

    # Headings, each before the field that it is named for.
    headings = {
        "effective_from": "What may be lent",
        "every": "Instalments and interest",
        "waterfall_order": "What a receipt pays first",
        "penal_method": "Penal charge",
        "charges": "Charges",
    }

    effective_from = DayField(label="In force from")
    principal_min_paise = RupeesField(label="Smallest loan in rupees")
    principal_max_paise = RupeesField(label="Largest loan in rupees")
    rate_min_pct = forms.DecimalField(label="Lowest rate, % a year", max_digits=9, decimal_places=4)
    rate_max_pct = forms.DecimalField(label="Highest rate, % a year", max_digits=9, decimal_places=4)
    instalment_count_min = forms.IntegerField(label="Fewest instalments", min_value=1)
    instalment_count_max = forms.IntegerField(label="Most instalments", min_value=1, max_value=2000)
    every = forms.IntegerField(label="One instalment every", min_value=1, max_value=366, initial=1)
    unit = forms.ChoiceField(label="Unit of that period", choices=_choices(PeriodUnit))
    amortisation = forms.ChoiceField(label="Repayment", choices=_choices(_AMORTISATIONS))
    interest_method = forms.ChoiceField(label="Interest on", choices=_choices(InterestMethod))
    interest_period = forms.ChoiceField(label="Interest of a period", choices=_choices(InterestPeriod))
    day_count = forms.ChoiceField(label="Day count", choices=_choices(DayCount))
    broken_period = forms.ChoiceField(label="Broken first period", choices=_choices(BrokenPeriod))
    early_payment = forms.ChoiceField(label="Money ahead of its due date", choices=_choices(EarlyPayment))
    instalment_unit_paise = RupeesField(label="Instalment rounded to, in rupees")
    instalment_rounding = forms.ChoiceField(label="Rounding of the instalment", choices=_choices(RoundingMode))
    grace_principal_count = forms.IntegerField(
        label="Instalments without principal at the start", min_value=0, initial=0
    )
    holiday_move = forms.ChoiceField(label="A due date on a holiday", choices=_choices(HolidayMove))
    waterfall_order = forms.CharField(
        label="Order of components",
        required=False,
        help_text="Such as: interest, principal, fee, tax, penal. Empty: as in the version before, in its own tables.",
    )
    waterfall_direction = forms.ChoiceField(label="Direction", choices=_choices(Direction), required=False)
    penal_method = forms.ChoiceField(
        label="Penal charge", choices=[("", "None"), *_choices((PenalMethod.PER_DAY, PenalMethod.FLAT))], required=False
    )
    penal_rate_pct = forms.DecimalField(
        label="Penal rate, % a year (per day)", required=False, max_digits=7, decimal_places=4, min_value=0
    )
    penal_amount_paise = RupeesField(label="Penal amount in rupees (flat)", required=False)
    penal_grace_days = forms.IntegerField(label="Days of grace before a penal charge", min_value=0, initial=0)
    charges = forms.CharField(
        label="Charges",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: CODE amount or per cent, tax, upfront. Such as: PROCESSING 1% tax 18% upfront, "
        "or BOUNCE 500 tax 18%. Kist itself looks for BOUNCE and FORECLOSURE.",
    )
    reason = reason_field(required=True)

    def __init__(self, *args: Any, previous: ProductVersion | None = None, **kwargs: Any) -> None:
        self.previous = previous
        if previous is not None:
            kwargs["initial"] = {**_initial_of(previous), **kwargs.get("initial", {})}
        else:
            kwargs["initial"] = {**_initial_of_terms(_base_terms({})), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)

    def clean_charges(self) -> tuple[ChargeTerm, ...]:
        """Read the lines of charges."""
        lines = [line.strip() for line in self.cleaned_data["charges"].splitlines() if line.strip()]
        return tuple(_charge_of(line) for line in lines)

    def clean_waterfall_order(self) -> tuple[Component, ...]:
        """Read the order; every component is named once."""
        text = self.cleaned_data["waterfall_order"]
        names = [name.strip().upper() for name in text.split(",") if name.strip()]
        if names and sorted(names) != sorted(Component):
            wanted = ", ".join(component.value.lower() for component in Component)
            raise forms.ValidationError(f"Name each of these once: {wanted}.")
        return tuple(Component(name) for name in names)

    def clean(self) -> dict[str, Any]:
        """Ask for what the penal charge needs."""
        entered = super().clean() or self.cleaned_data
        if entered.get("penal_method") == PenalMethod.PER_DAY and not entered.get("penal_rate_pct"):
            self.add_error("penal_rate_pct", "A penal charge per day needs its rate.")
        if entered.get("penal_method") == PenalMethod.FLAT and not entered.get("penal_amount_paise"):
            self.add_error("penal_amount_paise", "A flat penal charge needs its amount.")
        return entered

    def terms_template(self) -> dict[str, Any]:
        """Return the terms as the codec writes them."""
        entered = self.cleaned_data
        base = _base_terms(self.previous.terms_template if self.previous else {})
        terms = replace(
            base,
            holiday_move=HolidayMove(entered["holiday_move"]),
            waterfalls=_waterfalls(entered, base),
            every=entered["every"],
            grace_principal_count=entered["grace_principal_count"],
            instalment_unit_paise=entered["instalment_unit_paise"],
            penal_plan=_penal_plan(entered),
            charges=entered["charges"],
            unit=PeriodUnit(entered["unit"]),
            amortisation=Amortisation(entered["amortisation"]),
            interest_method=InterestMethod(entered["interest_method"]),
            interest_period=InterestPeriod(entered["interest_period"]),
            day_count=DayCount(entered["day_count"]),
            broken_period=BrokenPeriod(entered["broken_period"]),
            early_payment=EarlyPayment(entered["early_payment"]),
            instalment_rounding=RoundingMode(entered["instalment_rounding"]),
        )
        return terms_to_dict(terms)

    def limits(self) -> dict[str, Any]:
        """Return the inclusive ranges of amount, rate and instalments."""
        names = ("principal_min_paise", "principal_max_paise", "rate_min_pct", "rate_max_pct")
        return {name: self.cleaned_data[name] for name in (*names, "instalment_count_min", "instalment_count_max")}


_CHOSEN = (
    "unit",
    "amortisation",
    "interest_method",
    "interest_period",
    "day_count",
    "broken_period",
    "early_payment",
    "instalment_rounding",
    "holiday_move",
)


def _base_terms(template: dict[str, Any]) -> Terms:
    """Complete a template with numbers of a loan, so that it can be read; the service drops them again."""
    return terms_from_dict({**template, "principal_paise": 100_000, "annual_rate_pct": "12", "instalment_count": 12})


def _waterfalls(entered: dict[str, Any], base: Terms) -> tuple[Waterfall, ...]:
    """Return the waterfall that was entered; that of the version before where none was, or the same."""
    order, direction = entered["waterfall_order"], Direction(entered["waterfall_direction"] or Direction.HORIZONTAL)
    if not order or (_order_of(base) == order and base.waterfalls[0].direction is direction):
        return base.waterfalls
    steps = tuple(WaterfallStep(group, component) for group in DueGroup for component in order)
    return (Waterfall(steps=steps, direction=direction),)


def _order_of(terms: Terms) -> tuple[Component, ...]:
    """Return the order of a waterfall that is the same in every group and for every class; none of any other."""
    if len(terms.waterfalls) != 1 or terms.waterfalls[0].asset_class or terms.waterfalls[0].transaction_kind:
        return ()
    orders = {tuple(step.component for step in terms.waterfalls[0].steps if step.group is group) for group in DueGroup}
    return orders.pop() if len(orders) == 1 else ()


def _penal_plan(entered: dict[str, Any]) -> PenalPlan | None:
    if not entered["penal_method"]:
        return None
    return PenalPlan(
        method=PenalMethod(entered["penal_method"]),
        annual_rate_pct=entered["penal_rate_pct"] or Decimal(0),
        amount_paise=entered["penal_amount_paise"] or 0,
        grace_days=entered["penal_grace_days"] or 0,
    )


def _charge_of(line: str) -> ChargeTerm:
    match = _CHARGE.fullmatch(line)
    if match is None:
        raise forms.ValidationError(f"'{line}' is no charge. Write it like: BOUNCE 500 tax 18%")
    try:
        tax = Decimal(match["tax"] or 0)
        if match["percent"]:
            amount, percent = 0, Decimal(match["amount"])
        else:
            amount, percent = parse_rupees(match["amount"]), Decimal(0)
    except InvalidOperation:
        raise forms.ValidationError(f"'{line}' has a number that cannot be read.") from None
    except KistError as error:
        raise forms.ValidationError(error.message) from error
    return ChargeTerm(
        code=match["code"], amount_paise=amount, percent=percent, tax_pct=tax, is_upfront=bool(match["upfront"])
    )


def _initial_of(version: ProductVersion) -> dict[str, Any]:
    terms = _base_terms(version.terms_template)
    return _initial_of_terms(terms) | {
        "principal_min_paise": rupees_text(version.principal_min_paise),
        "principal_max_paise": rupees_text(version.principal_max_paise),
        "rate_min_pct": version.rate_min_pct.normalize(),
        "rate_max_pct": version.rate_max_pct.normalize(),
        "instalment_count_min": version.instalment_count_min,
        "instalment_count_max": version.instalment_count_max,
    }


def _initial_of_terms(terms: Terms) -> dict[str, Any]:
    plan = terms.penal_plan
    return {
        **{name: getattr(terms, name).value for name in _CHOSEN},
        "every": terms.every,
        "grace_principal_count": terms.grace_principal_count,
        "instalment_unit_paise": rupees_text(terms.instalment_unit_paise),
        "waterfall_order": ", ".join(component.value.lower() for component in _order_of(terms)),
        "waterfall_direction": terms.waterfalls[0].direction.value if terms.waterfalls else Direction.HORIZONTAL.value,
        "penal_method": plan.method.value if plan else "",
        "penal_rate_pct": plan.annual_rate_pct.normalize() if plan and plan.annual_rate_pct else None,
        "penal_amount_paise": rupees_text(plan.amount_paise) if plan and plan.amount_paise else None,
        "penal_grace_days": plan.grace_days if plan else 0,
        "charges": "\n".join(_charge_line(charge) for charge in terms.charges),
    }


def _charge_line(charge: ChargeTerm) -> str:
    amount = format_rupees(charge.amount_paise)[1:] if charge.amount_paise else f"{charge.percent.normalize():f}%"
    tax = f" tax {charge.tax_pct.normalize():f}%" if charge.tax_pct else ""
    return f"{charge.code} {amount}{tax}{' upfront' if charge.is_upfront else ''}"
