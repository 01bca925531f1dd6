"""Balances and figures of many days from one fold are those of a replay of each, in every kind of life."""

from datetime import date, timedelta
from random import Random

import pytest

from lms.demo.catalogue import PRODUCTS
from lms.demo.histories import Temperament, tell_history
from lms.engine.day_reading import balances_by_day, figures_by_day
from lms.engine.replay import replay, replay_figures
from lms.engine.terms import Terms

DISBURSED_ON = date(2025, 7, 4)

UNTIL = date(2026, 12, 31)


@pytest.mark.parametrize("temperament", Temperament)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.code)
def test_balance_of_each_day_is_that_of_its_state(product: object, temperament: Temperament) -> None:
    terms: Terms = product.terms  # type: ignore[attr-defined]  # a product of the demo
    rng = Random(f"{product}{temperament}")
    facts = tell_history(terms=terms, disbursed_on=DISBURSED_ON, until=UNTIL, temperament=temperament, rng=rng)
    days = sorted({fact.value_date for fact in facts})[:12]
    days = [DISBURSED_ON - timedelta(days=1), *days, *(day + timedelta(days=9) for day in days[-2:])]

    balances = balances_by_day(terms=terms, facts=facts, days=days)
    figures = figures_by_day(terms=terms, facts=facts, days=days)

    for day in days:
        state = replay(terms=terms, facts=facts, as_of=day)
        assert balances[day] == state.outstanding.total - state.excess_paise
        assert figures[day] == replay_figures(terms=terms, facts=facts, as_of=day)
