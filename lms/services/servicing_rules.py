"""Parameters of servicing that are in force on a day, and how the next ones are published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from customers.models import CustomerKind
from lms.errors.servicing import ParametersDateTaken, ParametersInPast
from lms.models import Loan, NilChargeRule, RateKind, ServicingParameters
from lms.services.benchmarks import floating_of
from lms.services.checks import reason_check

FIRST_SOURCE = "RBI/2023-24/40 of 8 June 2023: settlements; the rest is the lender's policy"
NIL_SOURCE = "RBI (Pre-payment Charges on Loans) Directions, 2 July 2025"
_FIRST_DAY = date(2000, 1, 1)
_NIL_FROM = date(2026, 1, 1)
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingRules:
    """Times of servicing: months, and days."""

    settlement_restructure_months: int = 3
    settlement_grace_days: int = 0
    settlement_cooling_months: int = 12
    write_off_cooling_months: int = 12
    rate_notice_days: int = 30
    quote_valid_days: int = 7

    def as_columns(self) -> dict[str, int]:
        """Return the parameters by the names of their columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def servicing_rules(*, on_date: date) -> ServicingRules:
    """Return the parameters in force on a day; those of the regulation where nothing was published."""
    row = ServicingParameters.objects.filter(effective_from__lte=on_date).order_by("-effective_from").first()
    if row is None:
        return ServicingRules()
    return ServicingRules(**{name: getattr(row, name) for name in ServicingRules.__slots__})


def servicing_seed() -> None:
    """Publish the first parameters and the rule for floating loans of individuals, once each."""
    if not ServicingParameters.objects.exists():
        ServicingParameters.objects.create(effective_from=_FIRST_DAY, source=FIRST_SOURCE)
    if not NilChargeRule.objects.exists():
        NilChargeRule.objects.create(
            effective_from=_NIL_FROM,
            rate_kind=RateKind.FLOATING,
            customer_kind=CustomerKind.INDIVIDUAL,
            source=NIL_SOURCE,
        )


def servicing_publish(
    *, effective_from: date, rules: ServicingRules, source: str, reason: str, actor: User | None = None
) -> ServicingParameters:
    """Publish parameters that count from a day on.

    Raises:
        ParametersInPast: the day is over.
        ParametersDateTaken: another row begins on that day.
        ReasonMissing: the reason is empty.
    """
    _dates_check(effective_from, reason)
    row = ServicingParameters(
        effective_from=effective_from, source=source.strip(), published_by=actor, **rules.as_columns()
    )
    detail = {"effective_from": effective_from.isoformat(), **rules.as_columns()}
    return run_in_transaction(lambda: _publish(row, effective_from, "lms.servicing_publish", reason, detail))


def nil_charge_rule_publish(
    *,
    effective_from: date,
    rate_kind: str,
    customer_kind: str,
    up_to_paise: int | None,
    source: str,
    reason: str,
    actor: User | None = None,
) -> NilChargeRule:
    """Spare loans that are sanctioned from a day on the charge for closing early; an empty text fits every loan.

    Raises:
        ParametersInPast: the day is over.
        ReasonMissing: the reason is empty.
    """
    _dates_check(effective_from, reason)
    row = NilChargeRule(
        effective_from=effective_from,
        rate_kind=RateKind(rate_kind).value if rate_kind else "",
        customer_kind=CustomerKind(customer_kind).value if customer_kind else "",
        up_to_paise=up_to_paise,
        source=source.strip(),
        published_by=actor,
    )
    detail = {"effective_from": effective_from.isoformat(), "rate_kind": row.rate_kind, "kind": row.customer_kind}
    return run_in_transaction(lambda: _publish(row, effective_from, "lms.nil_charge_publish", reason, detail))


def is_early_charge_nil(*, loan: Loan) -> bool:
    """Tell whether a rule spares a loan the charge for closing early, by its sanction date, rate, customer and size.

    Source: regulation 5, pre-payment charges.
    """
    rules = [
        rule
        for rule in NilChargeRule.objects.filter(effective_from__lte=loan.sanctioned_on).order_by("pk")
        if (rule.effective_to is None or rule.effective_to >= loan.sanctioned_on)
        and (rule.up_to_paise is None or rule.up_to_paise >= loan.principal_paise)
    ]
    if not rules:
        return False
    rate_kind = RateKind.FIXED if floating_of(loan=loan) is None else RateKind.FLOATING
    return any(rule.rate_kind in ("", rate_kind) and rule.customer_kind in ("", loan.customer.kind) for rule in rules)


def _dates_check(effective_from: date, reason: str) -> None:
    reason_check(reason=reason, is_required=True)
    if effective_from < (today := business_date()):
        raise ParametersInPast(effective_from=effective_from, business_date=today)


def _publish(row: Row, day: date, action: str, reason: str, detail: Mapping[str, object]) -> Row:
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ParametersDateTaken(effective_from=day) from error
    actor = getattr(row, "published_by", None)
    audit.record(actor=actor, action=action, obj=row, reason=reason, detail=detail)
    return row
