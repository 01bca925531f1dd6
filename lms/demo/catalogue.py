"""What the demo lender sells."""

from dataclasses import dataclass
from decimal import Decimal

from lms.engine.terms import (
    BrokenPeriod,
    ChargeTerm,
    DayCount,
    EarlyPayment,
    InterestPeriod,
    PenalMethod,
    PenalPlan,
    PenalSlab,
    PeriodUnit,
    RoundingMode,
    Terms,
)

GST_PCT = Decimal(18)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProduct:
    """A product with the ranges in which the demo draws its loans; `terms` carries sample amounts."""

    code: str
    name: str
    terms: Terms
    principal_paise: tuple[int, ...]
    rates_pct: tuple[Decimal, ...]
    instalment_counts: tuple[int, ...]
    due_day: int | None
    share: int


def _charges(*, processing_pct: str, foreclosure_pct: str, bounce_paise: int) -> tuple[ChargeTerm, ...]:
    return (
        ChargeTerm(code="PROCESSING", percent=Decimal(processing_pct), tax_pct=GST_PCT, is_upfront=True),
        ChargeTerm(code="FORECLOSURE", percent=Decimal(foreclosure_pct), tax_pct=GST_PCT),
        ChargeTerm(code="BOUNCE", amount_paise=bounce_paise, tax_pct=GST_PCT),
        ChargeTerm(code="STATEMENT", amount_paise=100_00, tax_pct=GST_PCT),
    )


PRODUCTS = (
    DemoProduct(
        code="PL",
        name="Personal loan",
        terms=Terms(
            principal_paise=100_000_00,
            annual_rate_pct=Decimal(24),
            instalment_count=12,
            penal_plan=PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(24), grace_days=3),
            charges=_charges(processing_pct="2", foreclosure_pct="4", bounce_paise=500_00),
        ),
        principal_paise=tuple(amount * 100 for amount in range(25_000, 500_001, 5_000)),
        rates_pct=tuple(Decimal(rate) for rate in ("16", "18", "20", "21.5", "24", "26", "28")),
        instalment_counts=(6, 9, 12, 18, 24, 36),
        due_day=5,
        share=55,
    ),
    DemoProduct(
        code="TW",
        name="Two-wheeler loan",
        terms=Terms(
            principal_paise=80_000_00,
            annual_rate_pct=Decimal(14),
            instalment_count=24,
            interest_period=InterestPeriod.WHOLE_PERIODS,
            day_count=DayCount.THIRTY_360,
            broken_period=BrokenPeriod.IN_FIRST_INSTALMENT,
            instalment_rounding=RoundingMode.HALF_UP,
            penal_plan=PenalPlan(method=PenalMethod.FLAT, amount_paise=350_00, grace_days=2),
            charges=_charges(processing_pct="1.5", foreclosure_pct="3", bounce_paise=400_00),
        ),
        principal_paise=tuple(amount * 100 for amount in range(45_000, 160_001, 2_500)),
        rates_pct=tuple(Decimal(rate) for rate in ("11.5", "12.75", "14", "15.5")),
        instalment_counts=(12, 18, 24, 30, 36),
        due_day=10,
        share=25,
    ),
    DemoProduct(
        code="MW",
        name="Merchant weekly loan",
        terms=Terms(
            principal_paise=50_000_00,
            annual_rate_pct=Decimal(30),
            instalment_count=26,
            unit=PeriodUnit.WEEK,
            early_payment=EarlyPayment.PAY_AT_ONCE,
            penal_plan=PenalPlan(
                method=PenalMethod.SLAB,
                slabs=(PenalSlab(4, 50_00), PenalSlab(15, 150_00), PenalSlab(31, 300_00)),
            ),
            charges=_charges(processing_pct="1", foreclosure_pct="0", bounce_paise=250_00),
        ),
        principal_paise=tuple(amount * 100 for amount in range(10_000, 100_001, 2_500)),
        rates_pct=tuple(Decimal(rate) for rate in ("27", "30", "33")),
        instalment_counts=(13, 26, 39, 52),
        due_day=None,
        share=20,
    ),
)
