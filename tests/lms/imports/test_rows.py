"""Lines as loans: every problem of a line is told at once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lms.services.imports.loan_fields import TapeStatus
from lms.services.imports.reading import TapeLine
from lms.services.imports.rows import (
    LoanRow,
    ParsedLine,
    customer_of,
    line_parse,
    row_from_json,
    row_hash,
    row_to_json,
)
from tests.lms.imports.tapes import SMALL_ROW, small_map, small_row

ROW = LoanRow(
    reference="A1",
    principal=2_800_000,
    annual_rate=Decimal("14.07"),
    instalment_count=60,
    instalment=65_253,
    disbursal_date=date(2018, 3, 1),
    status=TapeStatus.CURRENT,
    balance=2_701_586,
    paid_total=195_759,
    paid_principal=98_414,
    customer_name="Asha Verma",
    customer_phone="9800000001",
    customer_state="MH",
)


def parse(text: str) -> ParsedLine:
    return line_parse(line=TapeLine(2, tuple(text.split(","))), import_map=small_map())


def test_line_becomes_a_loan() -> None:
    assert parse(SMALL_ROW) == ParsedLine(number=2, reference="A1", row=ROW)


def test_row_survives_the_way_through_json() -> None:
    assert row_from_json(values=row_to_json(row=ROW)) == ROW


def test_equal_figures_have_equal_hashes_however_they_are_written() -> None:
    same, other = parse(small_row(amount="28000.00", months="60.0")), parse(small_row(left="27015.85"))

    assert same.row is not None
    assert other.row is not None
    assert row_hash(row=same.row) == row_hash(row=ROW)
    assert row_hash(row=other.row) != row_hash(row=ROW)


def test_every_problem_of_a_line_is_told() -> None:
    found = parse(small_row(ref="=A1", amount="", emi="1.234", lent="2018-02-31", name="+91"))

    assert found.row is None
    assert [(item.column, item.code) for item in found.problems] == [
        ("ref", "cell_formula"),
        ("amount", "cell_missing"),
        ("emi", "money_three_decimals"),
        ("lent", "date_invalid"),
        ("name", "cell_formula"),
    ]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"amount": "0", "left": "0", "state": "paid"}, ("amount", "principal_zero")),
        ({"emi": "0"}, ("emi", "instalment_zero")),
        ({"months": "0"}, ("emi", "instalment_zero")),
        ({"left": "28000.01"}, ("left", "balance_above_principal")),
        ({"state": "paid"}, ("left", "balance_of_closed")),
        ({"state": "lost", "left": "0", "paid_principal": "28000"}, ("paid_principal", "claim_missing")),
        ({"lent": "2018-06-01"}, ("lent", "disbursal_after_snapshot")),
        ({"amount": "50000.01"}, ("amount", "outside_product")),
        ({"rate": "36.01"}, ("rate", "outside_product")),
        ({"months": "121"}, ("months", "outside_product")),
        ({"phone": "12345"}, ("", "customer_invalid")),
        ({"name": "12345"}, ("", "customer_invalid")),
    ],
)
def test_figures_that_contradict_each_other_are_rejected(cells: dict[str, str], problem: tuple[str, str]) -> None:
    found = parse(small_row(**cells))

    assert found.row is None
    assert (found.problems[0].column, found.problems[0].code) == problem


def test_tape_without_names_gives_neutral_customers() -> None:
    import_map = replace(small_map(), is_phone_generated=True)
    row = replace(ROW, customer_name="", customer_phone="")

    customer = customer_of(row=row, line_number=7, import_map=import_map)

    assert (customer.number, customer.full_name, customer.phone) == ("A1", "Borrower A1", "6000000007")


def test_long_reference_leaves_the_number_to_our_series() -> None:
    row = replace(ROW, reference="R" * 40)

    assert customer_of(row=row, line_number=7, import_map=small_map()).number is None
