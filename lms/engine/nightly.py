"""Interest night by night, each rounded on its own, for lenders whose vouchers are daily.

The engine itself accrues the rounded cumulative interest; the sum of these amounts drifts from it by design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lms.engine.accruals import interest_of_night
from lms.engine.facts import Fact
from lms.engine.replay import fold
from lms.engine.terms import Terms


@dataclass(frozen=True, slots=True)
class NightInterest:
    """Interest of the night of `on_date`, rounded half-up to the paisa."""

    on_date: date
    interest_paise: int


def nightly_interest(
    *, terms: Terms, facts: Sequence[Fact], from_date: date, to_date: date
) -> tuple[NightInterest, ...]:
    """List the nights from `from_date` to `to_date`, both included, that bear interest.

    Raises:
        EngineRefusal: a fact contradicts the loan.
    """
    nights = []
    for offset in range((to_date - from_date).days + 1):
        night = from_date + timedelta(days=offset)
        account = fold(terms=terms, facts=facts, as_of=night)
        paise = 0 if account is None else interest_of_night(account=account, night=night)
        if paise:
            nights.append(NightInterest(night, paise))
    return tuple(nights)
