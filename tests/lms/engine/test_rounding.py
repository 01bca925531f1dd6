"""Rounding of exact ratios."""

import pytest

from lms.engine.rounding import round_ratio
from lms.engine.terms import RoundingMode


@pytest.mark.parametrize(
    ("numerator", "denominator", "mode", "unit", "expected"),
    [
        (5, 2, RoundingMode.HALF_UP, 1, 3),
        (5, 2, RoundingMode.HALF_EVEN, 1, 2),
        (7, 2, RoundingMode.HALF_EVEN, 1, 4),
        (5, 2, RoundingMode.DOWN, 1, 2),
        (21, 10, RoundingMode.UP, 1, 3),
        (20, 10, RoundingMode.UP, 1, 2),
        (88_848_79, 1, RoundingMode.UP, 100, 88_849_00),
        (88_849_00, 1, RoundingMode.UP, 100, 88_849_00),
        (150, 1, RoundingMode.HALF_UP, 100, 200),
        (250, 1, RoundingMode.HALF_EVEN, 100, 200),
        (-5, 2, RoundingMode.HALF_UP, 1, -3),
        (-5, 2, RoundingMode.HALF_EVEN, 1, -2),
        (0, 7, RoundingMode.UP, 1, 0),
    ],
)
def test_ratio_is_rounded_to_a_multiple_of_the_unit(numerator, denominator, mode, unit, expected):
    assert round_ratio(numerator, denominator, mode, unit) == expected
