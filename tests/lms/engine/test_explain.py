"""Every figure of a state explains itself, and its parts add up."""

import random
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import settings

from lms.engine.errors import EngineRefusal
from lms.engine.explain import explain
from lms.engine.explanation import Rule, nodes_of, recomputed
from lms.engine.facts import Bounce, Charge, Prepay, PrepaymentEffect, Waive
from lms.engine.state import LoanState
from lms.engine.terms import Component, PenalMethod, PenalPlan
from tests.lms.engine.cases import lent, paid, state, terms
from tests.lms.engine.figures import figures_of, shown
from tests.lms.engine.test_properties import LoanMachine

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


@pytest.mark.parametrize("figure", ROOTS)
def test_every_field_of_the_state_is_explained(figure):
    explanation = told(figure)

    assert explanation.label == figure
    assert explanation.formula


def test_every_figure_is_worked_out_again_from_the_leaves_of_its_tree():
    figures = figures_of(STATE)

    wrong = [figure for figure in figures if recomputed(told(figure)) != shown(STATE, figure)]

    assert len(figures) > 200
    assert wrong == []


def test_every_node_is_what_its_parts_make_of_it():
    nodes = [node for figure in ROOTS for node in nodes_of(told(figure))]

    assert [node.label for node in nodes if recomputed(node) != node.amount] == []


def test_interest_comes_down_to_stretches_of_balance_and_rate():
    leaves = [node for node in nodes_of(told("totals.ACCRUED.INTEREST")) if not node.parts]

    assert {node.rule for node in leaves} == {Rule.INTEREST}


def test_daily_penal_comes_down_to_nights_in_default():
    leaves = [node for node in nodes_of(told("totals.ACCRUED.PENAL")) if not node.parts]

    assert {node.rule for node in leaves} == {Rule.INTEREST}
    assert all(dict(node.inputs)["nights"] != 0 for node in leaves)


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
    facts = {node.facts[0] for node in nodes_of(told("totals.RECEIVED.PRINCIPAL")) if node.facts}

    # The bounced receipt is not among them.
    assert facts == {2, 7, 8}


def test_interest_of_a_row_shows_its_balance_and_rate():
    explanation = told("instalments.1.due.interest")

    inputs = dict(explanation.inputs)
    assert explanation.amount == 1_019_18
    assert (inputs["balance_paise"], inputs["rate_pct"]) == (1_00_000_00, Decimal(12))
    assert inputs["exact"] == Fraction(1_00_000_00 * 12 * 31, 100 * 365)


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


class ExplainedMachine(LoanMachine):
    """A loan that lives through anything and is asked for random figures at its end."""

    def teardown(self):
        """Work random figures of the present and of an earlier day out again."""
        if getattr(self, "facts", None):
            for figure in random.Random(self.today.toordinal()).sample(figures_of(self.state), 12):
                tree = explain(terms=self.terms, facts=self.facts, as_of=self.today, figure=figure)
                assert (figure, recomputed(tree)) == (figure, shown(self.state, figure))


TestExplainedFiguresOfAnyLoan = ExplainedMachine.TestCase
TestExplainedFiguresOfAnyLoan.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
