"""The waterfall: one amount over many dues, in the order that the terms give as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product

from lms.engine.account import Account, open_amount, open_items
from lms.engine.ahead import Payment, spend_ahead, spread_ahead
from lms.engine.plan import INDEX, INTEREST, PRINCIPAL, Item
from lms.engine.state import Movement
from lms.engine.terms import Component, Direction, DueGroup, FutureRule, Terms, Waterfall


@dataclass(slots=True)
class Due:
    """An open amount: a component of a row, or one charge on it."""

    index: int
    component: int
    item: Item | None
    amount: int


def pick_waterfall(*, terms: Terms, transaction_kind: str = "", asset_class: str = "") -> Waterfall:
    """Find the most specific waterfall for a kind of transaction and an asset class; the kind weighs more."""
    fitting = [
        waterfall
        for waterfall in terms.waterfalls
        if waterfall.transaction_kind in ("", transaction_kind) and waterfall.asset_class in ("", asset_class)
    ]
    return max(fitting, key=lambda waterfall: (waterfall.transaction_kind != "", waterfall.asset_class != ""))


def spend(
    *, account: Account, amount: int, waterfall: Waterfall, movement: Movement, fact: int, has_advance: bool = False
) -> int:
    """Settle open dues with `amount` paise on the account's day and give back what is left.

    `has_advance` lets money meet dues of later days too.
    """
    for group, components in _stops(waterfall):
        if group is DueGroup.IN_ADVANCE and not has_advance:
            continue
        if group is DueGroup.IN_ADVANCE and waterfall.future is FutureRule.REAMORTISE:
            amount = spread_ahead(
                account=account, amount=amount, components=components, payment=Payment(movement, fact)
            )
            continue
        if group is DueGroup.IN_ADVANCE and account.terms.is_interest_recalculated:
            amount = spend_ahead(
                account=account,
                amount=amount,
                components=components,
                rows=rows_ahead(account=account, waterfall=waterfall),
                payment=Payment(movement, fact, waterfall.future is not FutureRule.NEXT_INSTALMENT),
            )
            continue
        for due in _dues_in_order(account, group, components, waterfall):
            if amount == 0:
                return 0
            part = min(amount, due.amount)
            account.settle(
                index=due.index, component=due.component, item=due.item, amount=part, movement=movement, fact=fact
            )
            amount -= part
    return amount


def dues_until(*, account: Account, component: Component) -> Iterator[Due]:
    """List what is open of one component and due by the account's day, oldest first."""
    for group in (DueGroup.PAST_DUE, DueGroup.DUE):
        yield from _dues_in_order(account, group, [INDEX[component]], Waterfall(steps=()))


def dues_of_charge(*, account: Account, component: Component, sequence: int) -> list[Due]:
    """List what is open of the charge that one fact levied, on whichever row it stands."""
    return [
        Due(index, item.component, item, item.amount - item.settled)
        for index, row in enumerate(account.plan.periods)
        for item in open_items(row, INDEX[component])
        if item.sequence == sequence
    ]


def _stops(waterfall: Waterfall) -> list[tuple[DueGroup, list[int]]]:
    """Join consecutive steps of one group, so that a group may come twice with other components."""
    stops: list[tuple[DueGroup, list[int]]] = []
    for step in waterfall.steps:
        if not stops or stops[-1][0] is not step.group:
            stops.append((step.group, []))
        stops[-1][1].append(INDEX[step.component])
    return stops


def _dues_in_order(account: Account, group: DueGroup, components: list[int], waterfall: Waterfall) -> Iterator[Due]:
    """Give the dues of a group one by one; each is looked up when its turn comes, so that little money looks at few."""
    day, periods = account.day, account.plan.periods
    is_ahead = group is DueGroup.IN_ADVANCE
    rows = rows_ahead(account=account, waterfall=waterfall) if is_ahead else _rows_near(account, day)
    if group is DueGroup.DUE:
        # Of a row that is past due only a charge can be due today: one that came after the last row.
        rows = [index for index in rows if periods[index].due >= day or periods[index].items]
    if waterfall.direction is Direction.HORIZONTAL:
        pairs: Iterator[tuple[int, int]] = product(rows, components)
    else:
        pairs = ((index, component) for component in components for index in rows)
    for index, component in pairs:
        row = periods[index]
        if component <= INTEREST and _group_of(row.due, day) is group and (amount := open_amount(row, component)) > 0:
            yield Due(index, component, None, amount)
        if component != PRINCIPAL and row.items:
            yield from _dues_of_items(account, index, group, component)


def rows_ahead(*, account: Account, waterfall: Waterfall) -> list[int]:
    """List the rows that money in advance may meet, in the order of the waterfall's rule for the future."""
    periods = account.plan.periods
    rows = [index for index in range(account.cursor, len(periods)) if periods[index].due > account.day]
    if waterfall.future is FutureRule.LAST_INSTALMENT:
        return rows[::-1]
    if waterfall.future is FutureRule.NEXT_THEN_LAST:
        return rows[:1] + rows[:0:-1]
    return rows


def _rows_near(account: Account, day: date) -> list[int]:
    """List unsettled rows up to the first that is not due, which may hold charges that are."""
    rows = []
    for index in range(account.cursor, len(account.plan.periods)):
        rows.append(index)
        if account.plan.periods[index].due > day:
            break
    return rows


def _dues_of_items(account: Account, index: int, group: DueGroup, component: int) -> Iterator[Due]:
    row, day, is_with_row = account.plan.periods[index], account.day, account.terms.is_charge_due_with_row
    for item in row.items or ():
        due = row.due if is_with_row else item.due
        if item.component == component and item.settled < item.amount and _group_of(due, day) is group:
            yield Due(index, component, item, item.amount - item.settled)


def _group_of(due: date, day: date) -> DueGroup:
    if due < day:
        return DueGroup.PAST_DUE
    return DueGroup.DUE if due == day else DueGroup.IN_ADVANCE
