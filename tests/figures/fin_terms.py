"""Terms of a FIN case as engine terms; whatever has no counterpart is refused by name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.terms import (
    Amortisation,
    ChargeBasis,
    ChargeTerm,
    Component,
    DayCount,
    Direction,
    DueGroup,
    EarlyPayment,
    FutureRule,
    InstalmentMethod,
    InterestMethod,
    InterestPeriod,
    LastInstalment,
    LeapYear,
    MonthEnd,
    PeriodUnit,
    RoundingMode,
    Terms,
    Waterfall,
    WaterfallStep,
)
from tests.figures.result import Unsupported

_UNITS = {"months": PeriodUnit.MONTH, "weeks": PeriodUnit.WEEK, "days": PeriodUnit.DAY}
_DAY_COUNTS = {"actual": DayCount.ACTUAL_ACTUAL, "365": DayCount.ACTUAL_365, "364": DayCount.ACTUAL_364}
_COMPONENTS = {
    "penalty": (Component.PENAL,),
    "fee": (Component.FEE, Component.TAX),
    "principal": (Component.PRINCIPAL,),
    "interest": (Component.INTEREST,),
}
_BASES = {
    "percent_of_amount": ChargeBasis.PRINCIPAL,
    "percent_of_interest": ChargeBasis.INTEREST,
    "percent_of_amount_plus_interest": ChargeBasis.PRINCIPAL_AND_INTEREST,
}
_FUTURE = {
    None: FutureRule.NEXT_INSTALMENT,
    "next_installment": FutureRule.NEXT_INSTALMENT,
    "last_installment": FutureRule.LAST_INSTALMENT,
    "reamortization": FutureRule.REAMORTISE,
    "next_last_installment": FutureRule.NEXT_THEN_LAST,
}
_IGNORED = {
    "principal", "submitted_on", "term", "term_unit", "precision", "engine", "arrears_grace_days", "credit_allocation",
    "rate_quoted",
}  # fmt: skip
_KNOWN = _IGNORED | {
    "annual_rate_pct", "interest_method", "interest_period", "amortisation", "every", "unit", "instalments",
    "days_in_year", "days_in_month", "currency_decimals", "rounding_mode", "partial_period_interest",
    "repayment_start_from", "interest_on_disbursement_day", "schedule_start", "month_end", "grace", "down_payment",
    "fixed_length", "days_in_year_custom", "instalment_multiple", "interest_recalculation", "allocation",
    "no_interest_on_past_due", "first_due_date", "due_dates", "charges", "charge_off_behaviour",
    "full_term_per_tranche",
}  # fmt: skip


def minor(text: Any) -> int:
    """Read an amount as hundredths."""
    amount = Decimal(str(text)) * 100
    if amount != int(amount):
        raise Unsupported(f"amount {text}")
    return int(amount)


def engine_terms(case: dict[str, Any]) -> Terms:
    """Map the terms of a case.

    Raises:
        Unsupported: naming the setting.
    """
    terms = case["terms"]
    for name in terms:
        if name not in _KNOWN:
            raise Unsupported(f"setting {name}")
    _refuse(terms)
    disbursals = [event for event in case["events"] if event["type"] == "disburse"]
    if not disbursals:
        raise Unsupported("case without disbursal")
    lent = sum(minor(event["amount"]) for event in disbursals)
    return Terms(
        principal_paise=max(lent, minor(terms["principal"])),
        annual_rate_pct=Decimal(terms["annual_rate_pct"]),
        instalment_count=terms["instalments"],
        every=terms["every"],
        unit=_UNITS[terms["unit"]],
        month_end=MonthEnd.FIRST_OF_NEXT_MONTH if terms.get("month_end") else MonthEnd.CLAMP,
        **_dates(terms, date.fromisoformat(disbursals[0]["date"])),
        **_interest(terms),
        **_rounding(terms),
        **_grace(terms),
        **_payments(terms),
    )


def _refuse(terms: dict[str, Any]) -> None:
    if terms["engine"] not in ("progressive", "cumulative"):
        raise Unsupported(f"engine {terms['engine']}")
    if terms["rounding_mode"] != "half_even":
        raise Unsupported(f"rounding_mode {terms['rounding_mode']}")
    if terms["engine"] == "cumulative" and "interest_recalculation" in terms:
        raise Unsupported("interest_recalculation of the cumulative engine")


def _dates(terms: dict[str, Any], disbursed: date) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if terms.get("repayment_start_from") == "submitted_on_date":
        found["schedule_start"] = date.fromisoformat(terms["submitted_on"])
    if "schedule_start" in terms:
        found["schedule_start"] = date.fromisoformat(terms["schedule_start"])
    if "first_due_date" in terms:
        found["first_due_date"] = date.fromisoformat(terms["first_due_date"])
        found["schedule_start"] = found.get("schedule_start", disbursed)
        if Decimal(terms["annual_rate_pct"]) and str(terms["days_in_month"]) == "30":
            raise Unsupported("first_due_date with interest by months of 30 days")
    if "due_dates" in terms:
        found["due_dates"] = tuple(date.fromisoformat(day) for day in terms["due_dates"])
    if "fixed_length" in terms:
        if Decimal(terms["annual_rate_pct"]) and str(terms["days_in_month"]) == "30":
            raise Unsupported("fixed_length with interest by months of 30 days")
        found["fixed_length"] = terms["fixed_length"]["value"]
        found["fixed_length_unit"] = _UNITS[terms["fixed_length"]["unit"]]
    return found


def _interest(terms: dict[str, Any]) -> dict[str, Any]:
    is_progressive = terms["engine"] == "progressive"
    is_daily = terms["interest_period"] == "daily" or (is_progressive and terms["unit"] == "days")
    found: dict[str, Any] = {
        "amortisation": _amortisation(terms),
        "interest_method": InterestMethod.FLAT
        if terms["interest_method"] == "flat"
        else InterestMethod.DECLINING_BALANCE,
        "interest_period": InterestPeriod.BY_DAYS if is_daily else InterestPeriod.WHOLE_PERIODS,
        "day_count": _day_count(terms),
        "is_dated_from_evening_before": True,
    }
    if is_progressive:
        found["instalment_method"] = InstalmentMethod.PERIOD_FACTORS
        found["last_instalment"] = LastInstalment.LEVELLED
        found["is_unpaid_interest_carried"] = True
        found["calculation_digits"] = terms.get("precision", 19)
        found["leap_year"] = _leap_year(terms)
    else:
        found["is_textbook_rate_by_days"] = is_daily
        found["is_flat_interest_shared_equally"] = True
    return found


def _amortisation(terms: dict[str, Any]) -> Amortisation:
    if terms["amortisation"] == "equal_instalments":
        return Amortisation.EQUAL_INSTALMENTS
    if terms["amortisation"] == "equal_principal":
        return Amortisation.EQUAL_PRINCIPAL
    raise Unsupported(f"amortisation {terms['amortisation']}")


def _day_count(terms: dict[str, Any]) -> DayCount:
    year, month = str(terms["days_in_year"]), str(terms["days_in_month"])
    if month == "30" and year == "360":
        return DayCount.THIRTY_360
    if month == "30":
        raise Unsupported(f"days_in_month 30 with days_in_year {year}")
    if year == "360":
        return DayCount.ACTUAL_360
    if terms["engine"] == "cumulative" and year == "actual":
        return DayCount.ACTUAL_365
    return _DAY_COUNTS[year]


def _leap_year(terms: dict[str, Any]) -> LeapYear:
    custom = terms.get("days_in_year_custom")
    if custom == "FEB_29_PERIOD_ONLY":
        return LeapYear.PERIOD_WITH_29_FEBRUARY
    if custom is not None:
        raise Unsupported(f"days_in_year_custom {custom}")
    if terms.get("interest_on_disbursement_day"):
        return LeapYear.CUT_ON_1_JANUARY
    return LeapYear.CUT_ON_31_DECEMBER


def _rounding(terms: dict[str, Any]) -> dict[str, Any]:
    unit = {0: 100, 2: 1}.get(terms.get("currency_decimals", 2))
    if unit is None:
        raise Unsupported(f"currency_decimals {terms['currency_decimals']}")
    multiple = minor(terms["instalment_multiple"]) if "instalment_multiple" in terms else unit
    return {
        "instalment_unit_paise": multiple,
        "instalment_rounding": RoundingMode.HALF_EVEN,
        "interest_unit_paise": unit,
        "interest_rounding": RoundingMode.HALF_EVEN,
    }


def _grace(terms: dict[str, Any]) -> dict[str, Any]:
    grace = terms.get("grace", {})
    if grace.get("interest_payment"):
        raise Unsupported("grace interest_payment")
    found: dict[str, Any] = {
        "grace_principal_count": grace.get("principal", 0),
        "grace_interest_count": grace.get("interest_payment", 0),
        "interest_free_count": grace.get("interest_free", 0),
    }
    found["is_tranche_from_period_start"] = _counts_from_period_start(terms)
    found["is_full_term_per_tranche"] = terms.get("full_term_per_tranche", False)
    if found["is_full_term_per_tranche"] and "down_payment" in terms:
        raise Unsupported("full_term_per_tranche with down_payment")
    if "down_payment" in terms:
        found["down_payment_pct"] = Decimal(terms["down_payment"]["percent"])
    return found


def _counts_from_period_start(terms: dict[str, Any]) -> bool:
    is_flat_cumulative = terms["engine"] == "cumulative" and terms["interest_method"] == "flat"
    is_whole = terms["interest_period"] == "same_as_repayment" and not terms.get("partial_period_interest", True)
    return is_flat_cumulative or is_whole


def _payments(terms: dict[str, Any]) -> dict[str, Any]:
    recalculated = terms.get("interest_recalculation")
    if recalculated and (recalculated["rest"], recalculated["compounding"]) != ("daily", "none"):
        raise Unsupported(f"interest_recalculation rest {recalculated['rest']}")
    if recalculated and recalculated.get("advance_payment") != "adjust_last_unpaid_period":
        raise Unsupported(f"interest_recalculation advance_payment {recalculated.get('advance_payment')}")
    if recalculated and terms.get("allocation", {}).get("processing") == "vertical":
        raise Unsupported("vertical processing with interest_recalculation")
    found: dict[str, Any] = {
        "early_payment": EarlyPayment.PAY_AT_ONCE,
        "is_late_charge_own_row": True,
        "is_charge_due_with_row": terms["engine"] == "progressive" or not _has_groups(terms.get("allocation", {})),
        "is_instalment_charge_due_on_closing": True,
        "is_called_in_on_write_off": False,
        "is_interest_recalculated": recalculated is not None,
        "has_interest_on_overdue_principal": recalculated is not None and not terms.get("no_interest_on_past_due"),
    }
    later = [charge for charge in terms.get("charges", ()) if charge["when"] != "disbursement"]
    if recalculated and any("interest" in charge["calc"] for charge in later):
        raise Unsupported("charge in per cent of interest that is recalculated")
    found["charges"] = tuple(charge_term(charge) for charge in terms.get("charges", ()))
    if "allocation" in terms:
        found["waterfalls"] = waterfalls(terms["allocation"])
    return found


def charge_term(charge: dict[str, Any]) -> ChargeTerm:
    """Map a charge of the product, or one that was added for every instalment.

    Raises:
        Unsupported: it is neither levied at disbursal nor with each instalment, or its base is unknown.
    """
    when = charge.get("when", "instalment")
    if when not in ("instalment", "disbursement"):
        raise Unsupported(f"charge when {when}")
    calc, value = charge["calc"], charge["value"]
    if calc != "flat" and calc not in _BASES:
        raise Unsupported(f"charge calc {calc}")
    return ChargeTerm(
        code=f"{charge['kind']}-{when}-{calc}-{value}",
        amount_paise=minor(value) if calc == "flat" else 0,
        percent=Decimal(0) if calc == "flat" else Decimal(value),
        is_upfront=when == "disbursement",
        is_each_instalment=when == "instalment",
        basis=_BASES.get(calc, ChargeBasis.PRINCIPAL),
        component=Component.PENAL if charge["kind"] == "penalty" else Component.FEE,
    )


def waterfalls(allocation: dict[str, Any]) -> tuple[Waterfall, ...]:
    """Map allocation rules: one waterfall for each kind of transaction, the default one for any."""
    is_vertical = allocation.get("processing") == "vertical"
    direction = Direction.VERTICAL if is_vertical else Direction.HORIZONTAL
    return tuple(
        Waterfall(
            steps=_steps(rule["order"]),
            direction=direction,
            future=_FUTURE[rule.get("future")],
            transaction_kind="" if kind == "default" else kind.upper(),
        )
        for kind, rule in allocation["rules"].items()
    )


def _has_groups(allocation: dict[str, Any]) -> bool:
    """Tell whether an order of the older engine parts what is due from what is ahead."""
    orders = [rule["order"] for rule in allocation.get("rules", {}).values()]
    return any(isinstance(order, dict) or any("due_" in name for name in order) for order in orders)


def _steps(order: Any) -> tuple[WaterfallStep, ...]:
    if isinstance(order, dict):
        pairs = [(group, name) for group in order["groups"] for name in order["components"]]
    elif any(name.startswith(("due_", "past_due_", "in_advance_")) for name in order):
        pairs = [name.rsplit("_", 1) for name in order]
    else:
        pairs = [(group.value.lower(), name) for group in DueGroup for name in order]
    groups = [group for group, _ in pairs]
    if "past_due" not in groups:
        pairs = [("past_due", name) for group, name in pairs if group == "due"] + [tuple(pair) for pair in pairs]
    try:
        return tuple(
            WaterfallStep(DueGroup[group.upper()], component)
            for group, name in pairs
            for component in _COMPONENTS[name]
        )
    except KeyError as error:
        raise Unsupported(f"allocation order {error}") from error
