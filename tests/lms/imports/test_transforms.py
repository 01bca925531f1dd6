"""Cells as values: exact, or refused with a reason."""

from datetime import date
from decimal import Decimal

import pytest

from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.problems import PROBLEMS, CellRefused
from lms.services.imports.transforms import Transform, cell_value

TEXT = Transform(name="text")
MONEY = Transform(name="money")
ROUNDED = Transform(name="money", is_rounded=True)
PAISE = Transform(name="money", unit_paise=1)
PERCENT = Transform(name="percent")
COUNT = Transform(name="count")
MONTHS = Transform(name="months")
MONTH = Transform(name="month", format="Mon-YYYY", day=15)
STATUS = Transform(name="status", statuses=(("Fully Paid", TapeStatus.CLOSED),))


def day(form: str) -> Transform:
    return Transform(name="date", format=form)


@pytest.mark.parametrize(
    ("transform", "text", "value"),
    [
        (TEXT, "LC00001", "LC00001"),
        (MONEY, "28000", 2_800_000),
        (MONEY, "652.53", 65_253),
        (MONEY, "71.4", 7_140),
        (MONEY, "0.0", 0),
        (MONEY, "-0.00", 0),
        (ROUNDED, "5202.6426724643", 520_264),
        (ROUNDED, "10.005", 1_001),
        (PAISE, "65253", 65_253),
        (PERCENT, "14.07", Decimal("14.07")),
        (PERCENT, "0", Decimal(0)),
        (COUNT, "36", 36),
        (COUNT, "36.0", 36),
        (MONTHS, "60 months", 60),
        (MONTHS, "36.0", 36),
        (day("YYYY-MM-DD"), "2018-02-28", date(2018, 2, 28)),
        (day("DD-MM-YYYY"), "28-02-2018", date(2018, 2, 28)),
        (day("DD/MM/YYYY"), "1/2/2018", date(2018, 2, 1)),
        (day("MM/DD/YYYY"), "1/2/2018", date(2018, 1, 2)),
        (MONTH, "Mar-2018", date(2018, 3, 15)),
        (MONTH, "mar-2018", date(2018, 3, 15)),
        (Transform(name="month", format="YYYY-MM"), "2018-03", date(2018, 3, 1)),
        (Transform(name="month", format="MM/YYYY"), "03/2018", date(2018, 3, 1)),
        (STATUS, "Fully Paid", TapeStatus.CLOSED),
    ],
)
def test_cell_is_read_exactly(transform: Transform, text: str, value: object) -> None:
    assert cell_value(transform=transform, text=text) == value


@pytest.mark.parametrize(
    ("transform", "text", "code"),
    [
        (TEXT, "=HYPERLINK(1)", "cell_formula"),
        (TEXT, "+91", "cell_formula"),
        (TEXT, "-A", "cell_formula"),
        (TEXT, "@SUM(A1)", "cell_formula"),
        (TEXT, "a\tb", "cell_control_character"),
        (TEXT, "x" * 11, "cell_too_long"),
        (MONEY, "12.345", "money_three_decimals"),
        (MONEY, "12.340", "money_three_decimals"),
        (PAISE, "12.5", "money_three_decimals"),
        (MONEY, "1,000", "money_invalid"),
        (MONEY, "1e3", "money_invalid"),
        (MONEY, "", "money_invalid"),
        (MONEY, "NaN", "money_invalid"),
        (MONEY, "१२", "money_invalid"),
        (MONEY, "-1.00", "money_negative"),
        (MONEY, "1000000000000", "money_too_large"),
        (PERCENT, "14,07", "rate_invalid"),
        (PERCENT, "100.01", "rate_invalid"),
        (PERCENT, "-1", "rate_invalid"),
        (PERCENT, "1.23456", "rate_invalid"),
        (COUNT, "36.5", "count_invalid"),
        (COUNT, "1201", "count_invalid"),
        (COUNT, "60 months", "count_invalid"),
        (day("DD-MM-YYYY"), "31-02-2018", "date_invalid"),
        (day("YYYY-MM-DD"), "28-02-2018", "date_invalid"),
        (day("YYYY-MM-DD"), "1066-10-14", "date_invalid"),
        (MONTH, "March 2018", "month_invalid"),
        (MONTH, "Foo-2018", "month_invalid"),
        (STATUS, "fully paid", "status_unknown"),
    ],
)
def test_cell_that_is_something_else_is_refused(transform: Transform, text: str, code: str) -> None:
    with pytest.raises(CellRefused) as refused:
        cell_value(transform=transform, text=text, max_length=10)

    assert refused.value.code == code
    assert refused.value.message


def test_every_problem_says_what_to_do() -> None:
    assert all(text.endswith((".", ")", "}")) for text in PROBLEMS.values())
