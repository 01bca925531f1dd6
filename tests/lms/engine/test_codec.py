"""Terms, facts and states survive the way to JSON and back."""

import json
from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from lms.engine import facts as fact_module
from lms.engine.codec import fact_from_dict, fact_to_dict, state_to_dict, terms_from_dict, terms_to_dict
from lms.engine.facts import Fact, Prepay, PrepaymentEffect, Receive, Waive
from lms.engine.terms import (
    Amortisation,
    ChargeTerm,
    Component,
    CustomRow,
    PenalMethod,
    PenalPlan,
    PenalSlab,
    Step,
)
from tests.lms.engine.cases import START, lent, state, terms


def test_terms_round_trip_exactly():
    loan = terms(
        annual_rate_pct=Decimal("18.250"),
        first_due_date=date(2025, 3, 5),
        holidays=(date(2025, 1, 26),),
        amortisation=Amortisation.STEPPED,
        steps=(Step(3, Decimal("110.5")),),
        custom_rows=(CustomRow(date(2025, 2, 1), 5),),
        penal_plan=PenalPlan(PenalMethod.SLAB, slabs=(PenalSlab(1, 100),), cap_paise=900),
        charges=(ChargeTerm("X", percent=Decimal("2.5"), component=Component.PENAL),),
        due_dates=(date(2025, 2, 1),),
    )

    back = terms_from_dict(json.loads(json.dumps(terms_to_dict(loan))))

    assert back == loan
    assert str(back.annual_rate_pct) == "18.250"


def test_missing_fields_take_their_defaults():
    data = {"principal_paise": 100, "annual_rate_pct": "12", "instalment_count": 2}

    assert terms_from_dict(data) == terms(principal_paise=100, instalment_count=2)


@pytest.mark.parametrize(
    "fact",
    [
        lent(),
        Receive(sequence=2, value_date=START, amount_paise=5, reference="UTR", transaction_kind="A"),
        Prepay(sequence=3, value_date=START, amount_paise=5, effect=PrepaymentEffect.CUT_TENOR),
        Waive(sequence=4, value_date=START, amount_paise=5, component=Component.FEE, charge_sequence=3),
    ],
)
def test_facts_round_trip_exactly(fact):
    assert fact_from_dict(json.loads(json.dumps(fact_to_dict(fact)))) == fact


def test_every_kind_of_fact_can_be_read_back():
    kinds = [kind for kind in vars(fact_module).values() if isinstance(kind, type) and issubclass(kind, Fact)]
    samples = {"annual_rate_pct": "1", "end_date": "2025-02-01", "code": "X", "component": "FEE", "effect": "CUT_TENOR"}
    numbers = {"reversed_sequence": 1, "instalments_paid": 1}

    for kind in [kind for kind in kinds if kind is not Fact]:
        names = {item.name for item in fields(kind)}
        data = {name: value for name, value in {**samples, **numbers}.items() if name in names}
        fact = fact_from_dict({"kind": kind.__name__, "sequence": 1, "value_date": "2025-01-01", **data})
        assert type(fact) is kind


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "Nothing", "sequence": 1, "value_date": "2025-01-01"},
        {"kind": "Receive", "sequence": 1, "value_date": "2025-01-01", "colour": "red"},
        {"kind": "Receive", "sequence": "1", "value_date": "2025-01-01"},
        {"kind": "Receive", "sequence": True, "value_date": "2025-01-01"},
        {"kind": "Receive", "sequence": 1, "value_date": "31-02-2025"},
        {"kind": "Receive", "sequence": 1, "value_date": "2025-01-01", "amount_paise": 1.5},
    ],
)
def test_what_does_not_fit_is_refused(data):
    with pytest.raises(ValueError, match=r"\w"):
        fact_from_dict(data)


def test_state_becomes_json():
    data = state_to_dict(state(terms(), lent(), as_of=START))

    assert json.loads(json.dumps(data))["status"] == "ACTIVE"
    assert data["outstanding"]["principal"] == 1_00_000_00
    assert len(data["instalments"]) == 12
