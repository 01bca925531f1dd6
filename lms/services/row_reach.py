"""Which rows that cache a loan's state an entry can have changed: the others need not be looked at."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lms.engine.facts import Fact, Receive
from lms.engine.state import Instalment, LoanState
from lms.engine.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReach:
    """The first instalment, allocation and charge that may differ from what is cached.

    `is_onward`: nothing that was allocated or charged so far is undone; there can only be more of it.
    """

    first_instalment: int = 1
    first_allocation: int = 1
    first_charge: int = 1
    is_onward: bool = False


EVERYTHING: Final = RowReach()


def reach_of(*, terms: Terms, fact: Fact, shown_upto: date | None, state: LoanState) -> RowReach:
    """Tell what of the caches an entry can have changed.

    A replay of a prefix is a prefix: up to the day before the entry, and before the caches were brought up to,
    everything is as it was. A row that was paid by then has nothing open that later days could charge or pay, unless
    they name it. That holds for money that comes in; everything else is compared as a whole.

    Args:
        fact: the new entry.
        shown_upto: the day-end that the caches show; None when there are none.
        state: after the entry.
    """
    if not isinstance(fact, Receive) or shown_upto is None or terms.is_interest_recalculated:
        return EVERYTHING
    since = min(fact.value_date, shown_upto + timedelta(days=1))
    first_allocation = 1 + next(
        (place for place, part in enumerate(state.allocations) if part.applied_on >= since), len(state.allocations)
    )
    named = [part.instalment_number for part in state.allocations[first_allocation - 1 :]]
    named += [charge.instalment_number for charge in state.charges if charge.due_date >= since]
    open_from = next(
        (row.number for row in state.instalments if not _is_paid_before(row, since)), len(state.instalments) + 1
    )
    first_instalment = min([open_from, *(number for number in named if number)])
    return RowReach(
        first_instalment=first_instalment,
        first_allocation=first_allocation,
        # They are in the order of their instalments.
        first_charge=1 + sum(charge.instalment_number < first_instalment for charge in state.charges),
        is_onward=fact.value_date > shown_upto,
    )


def _is_paid_before(row: Instalment, day: date) -> bool:
    if row.due_date >= day or row.paid_on is None or row.paid_on >= day:
        return False
    # The first question is the cheaper one, and answers for nearly all rows of a long loan.
    return row.paid == row.due or not row.open.total
