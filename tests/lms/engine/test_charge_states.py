"""Each charge of a loan is listed with what of it is open."""

from datetime import date
from decimal import Decimal

from lms.engine.facts import Charge, Disburse, Receive
from lms.engine.replay import replay
from lms.engine.state import ChargeState
from lms.engine.terms import Component, PenalMethod, PenalPlan, Terms

TERMS = Terms(
    principal_paise=1_00_000_00,
    annual_rate_pct=Decimal(24),
    instalment_count=3,
    first_due_date=date(2026, 2, 5),
    penal_plan=PenalPlan(method=PenalMethod.FLAT, amount_paise=350_00),
)
LENT = Disburse(sequence=1, value_date=date(2026, 1, 5), amount_paise=1_00_000_00)
FEE = Charge(sequence=2, value_date=date(2026, 1, 5), amount_paise=1_000_00, tax_paise=180_00, code="STATEMENT")


def test_fee_and_tax_are_listed_apart_with_what_is_open() -> None:
    paid = Receive(sequence=3, value_date=date(2026, 1, 6), amount_paise=1_100_00)

    state = replay(terms=TERMS, facts=[LENT, FEE, paid], as_of=date(2026, 1, 10))

    assert state.charges == (
        ChargeState(
            component=Component.FEE,
            due_date=date(2026, 1, 5),
            instalment_number=1,
            amount_paise=1_000_00,
            open_paise=0,
            fact_sequence=2,
        ),
        ChargeState(
            component=Component.TAX,
            due_date=date(2026, 1, 5),
            instalment_number=1,
            amount_paise=180_00,
            open_paise=80_00,
            fact_sequence=2,
        ),
    )


def test_planned_penal_charge_has_no_fact_of_its_own() -> None:
    state = replay(terms=TERMS, facts=[LENT], as_of=date(2026, 2, 10))

    assert [(charge.component, charge.amount_paise, charge.fact_sequence) for charge in state.charges] == [
        (Component.PENAL, 350_00, None)
    ]


def test_open_charges_add_up_to_what_is_outstanding_of_them() -> None:
    state = replay(terms=TERMS, facts=[LENT, FEE], as_of=date(2026, 3, 10))

    open_paise = sum(charge.open_paise for charge in state.charges)
    assert open_paise == state.outstanding.fee + state.outstanding.tax + state.outstanding.penal == 1_880_00
