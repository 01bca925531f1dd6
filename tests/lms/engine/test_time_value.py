"""Spreadsheet functions against their printed examples."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.engine import time_value as tv
from lms.engine.time_value import NoSolutionError, PaymentTiming

MONTHLY_10 = Fraction(1, 120)
BEGIN = PaymentTiming.BEGIN
NOTHING = Decimal("1e-15")


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (tv.pmt, {"rate": Fraction(8, 1200), "nper": 60, "pv": 15000}, "-304.145914"),
        (tv.pmt, {"rate": 0, "nper": 60, "pv": 15000}, "-250.000000"),
        (tv.pmt, {"rate": MONTHLY_10, "nper": 24, "pv": 100000, "fv": 1000000, "timing": BEGIN}, "-42075.456831"),
        (tv.ppmt, {"rate": MONTHLY_10, "per": 1, "nper": 60, "pv": 55000}, "-710.254126"),
        (tv.ppmt, {"rate": MONTHLY_10, "per": 1, "nper": 60, "pv": 55000, "timing": BEGIN}, "-1158.929712"),
        (tv.ipmt, {"rate": MONTHLY_10, "per": 6, "nper": 24, "pv": 100000, "fv": 1000000}, "928.823572"),
        (tv.ipmt, {"rate": MONTHLY_10, "per": 1, "nper": 24, "pv": 2000, "timing": BEGIN}, "0.000000"),
        (tv.cumipmt, {"rate": MONTHLY_10, "nper": 360, "pv": 100000, "start": 13, "end": 24}, "-9916.772514"),
        (tv.cumprinc, {"rate": MONTHLY_10, "nper": 360, "pv": 100000, "start": 13, "end": 24}, "-614.086327"),
        (tv.ispmt, {"rate": MONTHLY_10, "per": 6, "nper": 24, "pv": 100000}, "-625.000000"),
        (tv.fv, {"rate": Fraction(1, 200), "nper": 10, "pmt": -200, "pv": -500, "timing": BEGIN}, "2581.403374"),
        (tv.fv, {"rate": 0, "nper": 12, "pmt": -100, "pv": -1000}, "2200.000000"),
        (tv.pv, {"rate": Decimal("0.07"), "nper": 20, "pmt": 12000}, "-127128.170946"),
        (tv.pv, {"rate": 0, "nper": 24, "pmt": 1000, "fv": 10000}, "-34000.000000"),
        (tv.nper, {"rate": MONTHLY_10, "pmt": -100, "pv": -1000, "fv": 10000}, "63.393854"),
        (tv.nper, {"rate": 0, "pmt": -100, "pv": 1000}, "10.000000"),
        (tv.rate, {"nper": 48, "pmt": -200, "pv": 8000}, "0.007701"),
        (tv.rate, {"nper": 24, "pmt": -1000, "pv": -10000, "fv": 100000, "timing": BEGIN}, "0.063240"),
        (tv.rate, {"nper": 12, "pmt": -100, "pv": 1200}, "0.000000"),
        (tv.effective_rate, {"nominal": Fraction(1, 10), "periods": 4}, "0.103813"),
        (tv.nominal_rate, {"effective": Fraction(1, 10), "periods": 4}, "0.096455"),
        (tv.growth_rate, {"nper": 8, "pv": 10000, "fv": 11000}, "0.011985"),
        (tv.growth_periods, {"rate": Fraction(1, 10), "pv": 1000, "fv": 2000}, "7.272541"),
        (
            tv.fv_schedule,
            {"principal": 100, "rates": [Decimal("0.09"), Decimal("0.1"), Decimal("0.11")]},
            "133.089000",
        ),
    ],
)
def test_printed_examples(function: Callable[..., Decimal], arguments: dict[str, object], expected: str) -> None:
    assert round(function(**arguments), 6) == Decimal(expected)


def test_no_rate_fits_payments_that_all_go_one_way() -> None:
    with pytest.raises(NoSolutionError):
        tv.rate(nper=12, pmt=400, pv=10000, fv=5000)


@pytest.mark.parametrize(
    "arguments",
    [{"rate": 0, "pmt": 0, "pv": 1000}, {"rate": Fraction(1, 10), "pmt": -1, "pv": 1000}],
)
def test_a_loan_that_is_never_repaid_has_no_term(arguments: dict[str, Any]) -> None:
    with pytest.raises(NoSolutionError):
        tv.nper(**arguments)


def test_a_loan_of_no_periods_has_no_payment() -> None:
    with pytest.raises(NoSolutionError):
        tv.pmt(rate=0, nper=0, pv=1)


@pytest.mark.parametrize("per", [0, 25])
def test_payments_outside_the_term_are_refused(per: int) -> None:
    with pytest.raises(ValueError, match="no payment number"):
        tv.ipmt(rate=MONTHLY_10, per=per, nper=24, pv=2000)
    with pytest.raises(ValueError, match="not within a term"):
        tv.cumprinc(rate=MONTHLY_10, nper=24, pv=2000, start=per, end=per)


@given(
    rate_bps=st.integers(0, 5000),
    term=st.integers(1, 120),
    present=st.integers(1, 10**9),
    timing=st.sampled_from(PaymentTiming),
)
def test_payment_term_and_value_are_inverse(rate_bps: int, term: int, present: int, timing: PaymentTiming) -> None:
    rate = Fraction(rate_bps, 120_000)
    payment = tv.pmt(rate=rate, nper=term, pv=present, timing=timing)

    assert abs(tv.pv(rate=rate, nper=term, pmt=payment, timing=timing) - present) < NOTHING
    assert abs(tv.nper(rate=rate, pmt=payment, pv=present, timing=timing) - term) < NOTHING
    assert abs(tv.fv(rate=rate, nper=term, pmt=payment, pv=present, timing=timing)) < NOTHING


@given(rate_bps=st.integers(1, 5000), term=st.integers(1, 40), present=st.integers(1, 10**8))
def test_interest_and_principal_add_up_to_the_payment(rate_bps: int, term: int, present: int) -> None:
    rate = Fraction(rate_bps, 120_000)

    principal = tv.cumprinc(rate=rate, nper=term, pv=present, start=1, end=term)
    interest = tv.cumipmt(rate=rate, nper=term, pv=present, start=1, end=term)

    assert abs(principal + present) < NOTHING
    assert abs(interest + principal - term * tv.pmt(rate=rate, nper=term, pv=present)) < NOTHING
