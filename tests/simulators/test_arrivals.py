"""The simulated gateways count calls by the moment at which they arrived, in any second, in any order."""

import pytest

from simulators.arrivals import Arrivals


@pytest.mark.parametrize(
    ("moments", "broken"),
    [
        ([0.0, 0.4, 0.8, 1.0], 0),
        ([0.0, 0.4, 0.8, 0.99], 1),
        ([0.0, 0.1, 0.2, 0.3, 0.4], 2),
        ([0.0, 1.0, 1.25, 1.875, 1.75], 1),
        ([1.2, 1.5, 1.9, 1.0], 1),
        ([1.2, 1.5, 1.9, 0.9], 0),
    ],
)
def test_call_that_makes_some_second_too_full_is_counted_once(moments: list[float], broken: int) -> None:
    arrivals = Arrivals()

    found = [arrivals.add(10 + moment, allowed=3) for moment in moments]

    assert sum(1 for count in found if count) == broken


def test_without_a_contract_nothing_is_broken_and_the_fullest_second_is_known() -> None:
    arrivals = Arrivals()

    found = {arrivals.add(number / 8, allowed=0) for number in range(50)}

    assert found == {0}
    assert arrivals.most_in_a_second == 8
