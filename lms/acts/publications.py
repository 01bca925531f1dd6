"""Dated rows of servicing and of credit lines that a second person agrees to: what a regulator or the board demands."""

from dataclasses import fields
from datetime import date
from typing import Any, Final

from django.db import models
from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from customers.models import CustomerKind
from lms.acts.first_rules import ALWAYS, NEW_TERMS
from lms.models import LineParameters, NilChargeRule, RateKind, ServicingParameters
from lms.services.lines.rules import LineRule, line_parameters_publish, line_rule_on
from lms.services.servicing_rules import ServicingRules, nil_charge_rule_publish, servicing_publish, servicing_rules

_COMMON: Final = ("effective_from", "source")
_MOST: Final = 9999


class _DatedInput(serializers.Serializer[Any]):
    effective_from = serializers.DateField(help_text="The business date or later.")
    # The framework takes declared fields out of the class, so its own `source` stays what it is.
    source = serializers.CharField(  # type: ignore[assignment]  # the act calls it so
        max_length=200, help_text="The circular or the board's decision."
    )


def _numbers(row: type[Any]) -> type[serializers.Serializer[Any]]:
    """Return the input of a row of numbers."""
    numbers = {name: serializers.IntegerField(min_value=0, max_value=_MOST) for name in row.__slots__}
    return type(f"{row.__name__}Input", (_DatedInput,), {**numbers, "__doc__": f"{row.__name__} from a day on."})


class NilChargeInput(_DatedInput):
    """A rule that spares loans the charge for closing early."""

    effective_from = serializers.DateField(help_text="Loans sanctioned from this day on.")
    rate_kind = serializers.ChoiceField(choices=RateKind.choices, allow_blank=True, default="", help_text="Empty: any.")
    customer_kind = serializers.ChoiceField(
        choices=CustomerKind.choices, allow_blank=True, default="", help_text="Empty: any."
    )
    up_to_paise = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Sanctioned up to, in paise; any amount when empty."
    )


def _who(call: ActCall) -> dict[str, Any]:
    return {"reason": call.reason, "actor": call.actor}


def _split(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    common = {name: values[name] for name in _COMMON}
    return common, {name: value for name, value in values.items() if name not in _COMMON}


def _servicing(call: ActCall) -> models.Model:
    common, numbers = _split(call.values)
    return servicing_publish(rules=ServicingRules(**numbers), **common, **_who(call))


def _guards(call: ActCall) -> models.Model:
    common, numbers = _split(call.values)
    return line_parameters_publish(rule=LineRule(**numbers), **common, **_who(call))


def _nil_charge(call: ActCall) -> models.Model:
    return nil_charge_rule_publish(**call.values, **_who(call))


def _servicing_effect(call: ActCall) -> dict[str, Any]:
    before = servicing_rules(on_date=call.values["effective_from"])
    _servicing(call)
    return _pairs(call.values["effective_from"], before, servicing_rules(on_date=call.values["effective_from"]))


def _guards_effect(call: ActCall) -> dict[str, Any]:
    before = line_rule_on(day=call.values["effective_from"])
    _guards(call)
    return _pairs(call.values["effective_from"], before, line_rule_on(day=call.values["effective_from"]))


def _pairs(day: date, before: Any, after: Any) -> dict[str, Any]:
    """Put the numbers of two rows side by side; those that stay are left out."""
    shown: dict[str, Any] = {"from": day.isoformat()}
    for field in fields(after):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            shown[f"{field.name}_before"], shown[f"{field.name}_after"] = old, new
    return shown


def _nil_charge_effect(call: ActCall) -> dict[str, Any]:
    _nil_charge(call)
    values = call.values
    return {
        "loans_sanctioned_from": values["effective_from"].isoformat(),
        "rate": values["rate_kind"] or "any",
        "borrower": values["customer_kind"] or "any",
        "up_to_paise": values["up_to_paise"] if values["up_to_paise"] is not None else "any amount",
        "charge_for_closing_early": "none",
    }


def _act(slug: str, title: str, model: type[models.Model], **described: Any) -> Act:
    def version(_subject_id: int, _values: Values) -> str:
        return str(model._default_manager.order_by("-pk").values_list("pk", flat=True).first())

    return Act(
        slug=slug,
        code=f"lms.{slug}",
        title=title,
        approve_permission=NEW_TERMS,
        subject=model,
        name=lambda _subject_id: "",
        version=version,
        rule=ALWAYS,
        is_code_required=False,
        **described,
    )


SERVICING_PARAMETERS_ACT: Final = _act(
    "servicing-parameters",
    "Parameters of servicing",
    ServicingParameters,
    permission="lms.publish_servicing",
    input=_numbers(ServicingRules),
    run=_servicing,
    effect=_servicing_effect,
)
NIL_CHARGE_ACT: Final = _act(
    "nil-charge",
    "Loans that pay no early charge",
    NilChargeRule,
    permission="lms.publish_servicing",
    input=NilChargeInput,
    run=_nil_charge,
    effect=_nil_charge_effect,
)
LINE_GUARDS_ACT: Final = _act(
    "line-guards",
    "Guards of credit lines",
    LineParameters,
    permission="lms.publish_line_parameters",
    input=_numbers(LineRule),
    run=_guards,
    effect=_guards_effect,
)
PUBLICATIONS: Final[tuple[Act, ...]] = (SERVICING_PARAMETERS_ACT, NIL_CHARGE_ACT, LINE_GUARDS_ACT)
