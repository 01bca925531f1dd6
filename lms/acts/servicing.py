"""Acts beyond single entries: settlements in parts, freezes, stored foreclosure quotes."""

from datetime import date
from typing import Any, Final

from django.db import models
from rest_framework import serializers

from core.acts.registry import Values, no_amount, no_value_date
from lms.acts.amounts import given_up_paise
from lms.acts.first_rules import ALWAYS, BACKDATED, BY_FINANCE, BY_MANAGER, CONCESSION, ORDINARY, PLAIN
from lms.acts.inputs import CreditInput, DatedInput, NothingInput
from lms.acts.registry import ActCall, LoanAct
from lms.errors.servicing import FreezeUnknown, QuoteUnknown
from lms.models import Freeze, FreezeEffect, StoredQuote
from lms.services.freezes import freeze_lift, loan_freeze
from lms.services.quotes import quote_foreclose, quote_make
from lms.services.settlement_plans import (
    PartTerm,
    settlement_plan_agree,
    settlement_plan_cancel,
    settlement_plan_restore,
)


class PartInput(serializers.Serializer[Any]):
    """One part of a settlement."""

    due_date = serializers.DateField(help_text="The last day for it.")
    amount_paise = serializers.IntegerField(help_text="In paise.")


class SettlementPlanInput(DatedInput):
    """A settlement in parts."""

    parts = PartInput(many=True, help_text="In the order of their days; together less than is owed.")


class FreezeInput(serializers.Serializer[Any]):
    """A freeze."""

    effects = serializers.ListField(
        child=serializers.ChoiceField(choices=FreezeEffect.choices), help_text="What it keeps from happening."
    )
    from_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="The business date when empty, or a later day."
    )
    until_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="The last day; until it is lifted when empty."
    )


class FreezeLiftInput(serializers.Serializer[Any]):
    """A freeze to be lifted."""

    freeze_id = serializers.IntegerField(help_text="Key of the freeze.")


class QuoteInput(serializers.Serializer[Any]):
    """A foreclosure quote."""

    valid_days = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Days that it holds; the parameter when empty."
    )
    is_lender_asking = serializers.BooleanField(
        default=False, help_text="The lender asks for the money: no charge for closing early."
    )


class QuotePaymentInput(CreditInput):
    """Money for a foreclosure quote."""

    quote_id = serializers.IntegerField(help_text="Key of the quote.")


def _common(call: ActCall) -> dict[str, Any]:
    return {"loan_id": call.loan_id, "reason": call.reason, "actor": call.actor}


def _plan_agree(call: ActCall) -> models.Model:
    parts = [PartTerm(**part) for part in call.values["parts"]]
    return settlement_plan_agree(
        parts=parts,
        value_date=call.values["value_date"],
        idempotency_key=call.idempotency_key,
        **_common(call),
    )


def _plan_cancel(call: ActCall) -> models.Model:
    return settlement_plan_cancel(**_common(call))


def _plan_restore(call: ActCall) -> models.Model:
    return settlement_plan_restore(**_common(call))


def _freeze(call: ActCall) -> models.Model:
    return loan_freeze(**call.values, idempotency_key=call.idempotency_key, **_common(call))


def _freeze_lift(call: ActCall) -> models.Model:
    """Lift a freeze of the loan itself; one of its customer is lifted on the customer's page."""
    freeze_id = call.values["freeze_id"]
    if not Freeze.objects.filter(pk=freeze_id, loan_id=call.loan_id).exists():
        raise FreezeUnknown(freeze=freeze_id)
    return freeze_lift(freeze_id=freeze_id, reason=call.reason, actor=call.actor)


def _quote(call: ActCall) -> models.Model:
    return quote_make(**call.values, idempotency_key=call.idempotency_key, **_common(call))


def _quote_payment(call: ActCall) -> models.Model:
    given = {**call.values, **_common(call), "idempotency_key": call.idempotency_key}
    loan_id = given.pop("loan_id")
    if not StoredQuote.objects.filter(pk=given["quote_id"], loan_id=loan_id).exists():
        raise QuoteUnknown(quote=given["quote_id"])
    return quote_foreclose(**given)


def _plan_given_up(loan_id: int, values: Values) -> int:
    taken = sum(part["amount_paise"] for part in values["parts"])
    return given_up_paise(loan_id, {"value_date": values["value_date"], "amount_paise": taken})


def _rests(_loan_id: int, values: Values, _on_date: date) -> str:
    """Tell why a freeze needs a second person: income is given up while interest or penal charges rest."""
    given_up = {FreezeEffect.INTEREST, FreezeEffect.PENAL} & set(values["effects"])
    return "interest or penal charges rest meanwhile" if given_up else ""


SERVICING_ACTS: Final[tuple[LoanAct, ...]] = (
    LoanAct(
        slug="settle-plan",
        title="Settle in parts",
        permission="lms.settle_loan",
        approve_permission=CONCESSION,
        input=SettlementPlanInput,
        run=_plan_agree,
        is_reason_required=True,
        rule=ALWAYS,
        amount_paise=_plan_given_up,
        limits_paise=BY_MANAGER,
    ),
    LoanAct(
        slug="settle-plan-cancel",
        title="Cancel the settlement in parts",
        permission="lms.settle_loan",
        approve_permission=CONCESSION,
        input=NothingInput,
        run=_plan_cancel,
        is_reason_required=True,
        rule=PLAIN,
        amount_paise=no_amount,
        value_date=no_value_date,
    ),
    LoanAct(
        slug="settle-plan-restore",
        title="Restore the settlement in parts",
        permission="lms.settle_loan",
        approve_permission=CONCESSION,
        input=NothingInput,
        run=_plan_restore,
        is_reason_required=True,
        rule=PLAIN,
        amount_paise=no_amount,
        value_date=no_value_date,
    ),
    LoanAct(
        slug="quote",
        title="Quote the foreclosure",
        permission="lms.foreclose_loan",
        approve_permission=BACKDATED,
        input=QuoteInput,
        run=_quote,
        is_reason_required=False,
        rule=PLAIN,
        amount_paise=no_amount,
        value_date=no_value_date,
    ),
    LoanAct(
        slug="quote-pay",
        title="Foreclose by quote",
        permission="lms.foreclose_loan",
        approve_permission=BACKDATED,
        input=QuotePaymentInput,
        run=_quote_payment,
        is_reason_required=False,
        rule=ORDINARY,
        limits_paise=BY_FINANCE,
    ),
    LoanAct(
        slug="freeze",
        title="Freeze",
        permission="lms.freeze_loan",
        approve_permission=CONCESSION,
        input=FreezeInput,
        run=_freeze,
        is_reason_required=True,
        rule=PLAIN,
        amount_paise=no_amount,
        value_date=no_value_date,
        cause=_rests,
    ),
    LoanAct(
        slug="unfreeze",
        title="Lift a freeze",
        permission="lms.freeze_loan",
        approve_permission=CONCESSION,
        input=FreezeLiftInput,
        run=_freeze_lift,
        is_reason_required=True,
        rule=PLAIN,
        amount_paise=no_amount,
        value_date=no_value_date,
    ),
)
