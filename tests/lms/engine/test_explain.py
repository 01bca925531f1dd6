"""Every figure of a state explains itself, and its parts add up."""

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from lms.engine.errors import EngineRefusal
from lms.engine.explain import explain
from lms.engine.facts import Bounce, Charge, Prepay, PrepaymentEffect, Waive
from lms.engine.state import LoanState
from lms.engine.terms import Component, PenalMethod, PenalPlan
from tests.lms.engine.cases import lent, paid, state, terms

LOAN = terms(penal_plan=PenalPlan(PenalMethod.PER_DAY, Decimal(24)))
FACTS = [
    lent(),
    paid(2, date(2025, 2, 20), 8_900_00),
    paid(3, date(2025, 3, 15), 5_000_00),
    Charge(sequence=4, value_date=date(2025, 3, 1), amount_paise=100_00, tax_paise=18_00, code="X"),
    Bounce(sequence=5, value_date=date(2025, 3, 17), receipt_sequence=3, charge_paise=300_00, tax_paise=54_00),
    Waive(sequence=6, value_date=date(2025, 3, 18), amount_paise=10_00, component=Component.PENAL),
    paid(7, date(2025, 3, 20), 9_500_00),
    Prepay(sequence=8, value_date=date(2025, 4, 15), amount_paise=40_000_00, effect=PrepaymentEffect.CUT_TENOR),
]
AS_OF = date(2025, 4, 20)
STATE = state(LOAN, *FACTS, as_of=AS_OF)
ROOTS = [item.name for item in fields(LoanState)]
COMPONENTS = ["principal", "interest", "fee", "tax", "penal"]
TOTALS = [f"totals.{item.movement}.{item.head}" for item in STATE.totals]


def told(figure):
    """Explain a figure of the sample loan."""
    return explain(terms=LOAN, facts=FACTS, as_of=AS_OF, figure=figure)


def nodes(explanation):
    """List a node and all below it."""
    return [explanation, *(node for part in explanation.parts for node in nodes(part))]


@pytest.mark.parametrize("figure", ROOTS)
def test_every_field_of_the_state_is_explained(figure):
    explanation = told(figure)

    assert explanation.label == figure
    assert explanation.formula


@pytest.mark.parametrize("figure", [*ROOTS, *TOTALS, "instalments.2", "instalments.3.open"])
def test_parts_add_up(figure):
    summed = [node for node in nodes(told(figure)) if node.parts and isinstance(node.amount, int)]

    assert [node.label for node in summed if node.amount != sum(part.amount for part in node.parts)] == []


@pytest.mark.parametrize("figure", TOTALS)
def test_totals_are_those_of_the_state(figure):
    _, movement, head = figure.split(".")
    expected = next(item.amount_paise for item in STATE.totals if (item.movement, item.head) == (movement, head))

    assert told(figure).amount == expected


@pytest.mark.parametrize("component", COMPONENTS)
def test_balances_are_those_of_the_state(component):
    assert told(f"outstanding.{component}").amount == getattr(STATE.outstanding, component)
    assert told(f"overdue.{component}").amount == getattr(STATE.overdue, component)


def test_received_principal_names_the_receipts():
    facts = {node.facts[0] for node in nodes(told("totals.RECEIVED.PRINCIPAL")) if node.facts}

    # The bounced receipt is not among them.
    assert facts == {2, 7, 8}


def test_interest_of_a_row_shows_its_balance_and_rate():
    explanation = told("instalments.1.due.interest")

    inputs = dict(explanation.inputs)
    assert explanation.amount == 1_019_18
    assert (inputs["balance_paise"], inputs["rate_pct"]) == (1_00_000_00, Decimal(12))
    assert inputs["exact_numerator"] * 2 // inputs["exact_denominator"] == 2 * 1_019_17 + 1


@pytest.mark.parametrize(
    "figure", ["colour", "outstanding.colour", "overdue.colour", "totals.X.Y", "instalments.99", "instalments.1.colour"]
)
def test_unknown_figure_is_refused(figure):
    with pytest.raises(EngineRefusal) as refusal:
        told(figure)

    assert refusal.value.code == "engine.figure_unknown"


def test_loan_without_disbursal_explains_its_undrawn_amount():
    explanation = explain(terms=LOAN, facts=[], as_of=AS_OF, figure="undrawn_paise")

    assert explanation.amount == 1_00_000_00
