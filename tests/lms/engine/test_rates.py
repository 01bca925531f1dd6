"""RBI's illustration, Regulation Z, returns of cash flows: printed figures, reached without rounding on the way."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from lms.engine.rates import (
    DatedFlow,
    NoSolutionError,
    PeriodFlow,
    annex_b,
    annex_c,
    apr_pct,
    effective_apr_pct,
    exact_instalment,
    irr,
    mirr,
    npv,
    odd_period_apr_pct,
    xirr,
    xnpv,
)

EXCEL_FLOWS = (
    DatedFlow(date(2008, 1, 1), -10_000),
    DatedFlow(date(2008, 3, 1), 2_750),
    DatedFlow(date(2008, 10, 30), 4_250),
    DatedFlow(date(2009, 2, 15), 3_250),
    DatedFlow(date(2009, 4, 1), 2_750),
)


def test_rbi_illustration_of_the_key_facts_statement() -> None:
    sheet = annex_b(sanctioned_paise=20_000_00, annual_rate_pct=15, instalment_count=24, fees_paise=400_00)

    assert round(sheet.instalment_paise) == 969_73
    assert round(sheet.total_interest_paise) == 3_273_59
    assert sheet.net_disbursed_paise == 19_600_00
    assert round(sheet.total_paid_paise) == 23_273_59
    assert round(sheet.apr_pct, 2) == Decimal("17.07")
    assert round(sheet.effective_pct, 2) == Decimal("18.47")


def test_apr_on_the_rounded_instalment_is_three_basis_points_off() -> None:
    assert round(apr_pct(net_disbursed=19_600, instalments=[970] * 24), 2) == Decimal("17.10")


def test_apr_with_and_without_tax_on_the_fee() -> None:
    instalments = [exact_instalment(principal=50_000, annual_rate_pct=24, instalment_count=12)] * 12

    assert round(instalments[0], 2) == Decimal("4727.98")
    assert round(apr_pct(net_disbursed=49_000, instalments=instalments), 2) == Decimal("27.97")
    assert round(apr_pct(net_disbursed=48_820, instalments=instalments), 2) == Decimal("28.69")


def test_apr_without_fees_is_the_rate() -> None:
    sheet = annex_b(sanctioned_paise=12_345_67, annual_rate_pct=Decimal("18.25"), instalment_count=7, fees_paise=0)

    assert round(sheet.apr_pct, 20) == Decimal("18.25")


def test_annex_c_repays_the_loan_exactly() -> None:
    rows = annex_c(principal_paise=20_000_00, annual_rate_pct=15, instalment_count=24)

    whole_rupees = [
        tuple(round(amount / 100) for amount in (row.opening_paise, row.principal_paise, row.interest_paise))
        for row in rows
    ]
    assert whole_rupees[:3] == [(20_000, 720, 250), (19_280, 729, 241), (18_552, 738, 232)]
    assert whole_rupees[23] == (958, 958, 12)
    assert round(rows[-1].opening_paise - rows[-1].principal_paise, 20) == 0


@pytest.mark.parametrize(
    ("advance", "first", "count", "per_year", "expected"),
    [
        ("5000", PeriodFlow(1, Fraction(0), Decimal("230")), 24, 12, "9.69"),
        ("6000", PeriodFlow(1, Fraction(19, 30), Decimal("200")), 36, 12, "11.82"),
        ("5000", PeriodFlow(0, Fraction(6, 15), Decimal("219.17")), 24, 24, "10.34"),
        ("10000", PeriodFlow(1, Fraction(39, 90), Decimal("385")), 40, 4, "8.97"),
        ("500", PeriodFlow(4, Fraction(4, 7), Decimal("17.60")), 30, 52, "14.96"),
    ],
)
def test_odd_first_periods_of_regulation_z(
    advance: str, first: PeriodFlow, count: int, per_year: int, expected: str
) -> None:
    payments = [replace(first, whole=first.whole + n) for n in range(count)]

    apr = odd_period_apr_pct(advance=Decimal(advance), payments=payments, periods_per_year=per_year)

    assert round(apr, 2) == Decimal(expected)


def test_odd_period_apr_refuses_payments_that_never_repay() -> None:
    with pytest.raises(NoSolutionError):
        odd_period_apr_pct(advance=1000, payments=[PeriodFlow(1, Fraction(0), 1)], periods_per_year=12)


def test_effective_rate_of_the_european_example() -> None:
    flows = [DatedFlow(date(1994, 1, 1), -1000), DatedFlow(date(1995, 7, 1), 1200)]

    assert round(effective_apr_pct(flows=flows), 2) == Decimal("12.96")


def test_xirr_and_xnpv_by_actual_days_over_365() -> None:
    assert round(xirr(flows=EXCEL_FLOWS), 10) == Decimal("0.3733625335")
    assert round(xnpv(rate=Decimal("0.09"), flows=EXCEL_FLOWS), 6) == Decimal("2086.647602")


def test_flows_are_worth_nothing_at_their_xirr() -> None:
    assert round(xnpv(rate=xirr(flows=EXCEL_FLOWS), flows=EXCEL_FLOWS), 25) == 0


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([-150_000, 15_000, 25_000, 35_000, 45_000, 60_000], "0.0524"),
        ([-100, 0, 0, 74], "-0.0955"),
        ([-100, 100, 0, -7], "-0.0833"),
        ([-5, Decimal("10.5"), 1, -8, 1, 0, 0, 0], "0.0886"),
        ([-9_765_000, -24_338_874, -3_354_506, 814_300, 1_595_562, 1_975_118, 1_688_159, 391_944], "-0.3392"),
    ],
)
def test_internal_rate_of_return(amounts: list[int | Decimal], expected: str) -> None:
    assert round(irr(amounts=amounts), 4) == Decimal(expected)


def test_a_nearly_total_loss_has_a_return_too() -> None:
    assert round(irr(amounts=[-3000, Decimal("0.00000003")]), 12) == Decimal("-0.999999999990")


@pytest.mark.parametrize("amounts", [[1, 2, 3], [-1, -2, -3], [0, 0]])
def test_flows_of_one_sign_have_no_return(amounts: list[int]) -> None:
    with pytest.raises(NoSolutionError):
        irr(amounts=amounts)
    with pytest.raises(NoSolutionError):
        mirr(amounts=amounts, finance_rate=Decimal("0.1"), reinvest_rate=Decimal("0.1"))


def test_modified_return() -> None:
    found = mirr(
        amounts=[-120_000, 39_000, 30_000, 21_000, 37_000, 46_000],
        finance_rate=Decimal("0.10"),
        reinvest_rate=Decimal("0.12"),
    )

    assert round(found, 15) == Decimal("0.126094130365905")


def test_present_value_counts_from_today_or_from_the_end_of_the_first_period() -> None:
    amounts = [-40_000, 5_000, 8_000, 12_000, 30_000]

    assert round(npv(rate=Decimal("0.08"), amounts=amounts), 5) == Decimal("3065.22267")
    assert round(npv(rate=Decimal("0.08"), amounts=amounts, first_at=1), 5) == Decimal("2838.16914")
