"""What a working account says on a day: balances, arrears, accruals and the lines that continue them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from lms.engine.account import HEADS, Account, is_settled, open_amount
from lms.engine.accruals import accrual_lines, earned_interest, next_change_date
from lms.engine.plan import COMPONENTS, INDEX, INTEREST, Period, to_instalment
from lms.engine.row_charges import planned_charges
from lms.engine.state import Allocation, Amounts, ChargeState, Head, LoanState, LoanStatus, Movement, MovementTotal
from lms.engine.terms import Terms

_ORDER = {movement: index for index, movement in enumerate(Movement)}
_HEAD_ORDER = {head: index for index, head in enumerate(Head)}
_ONE_DAY = timedelta(days=1)
_OWED = (Movement.DISBURSED, Movement.TAKEN_OVER, Movement.CHARGED, Movement.ACCRUED)
_GONE = (Movement.RECEIVED, Movement.APPLIED, Movement.WAIVED, Movement.WRITTEN_OFF)


def sanctioned_state(*, terms: Terms, as_of: date) -> LoanState:
    """Describe a loan on which nothing has been disbursed."""
    return LoanState(
        as_of=as_of,
        status=LoanStatus.SANCTIONED,
        instalments=(),
        allocations=(),
        totals=(),
        outstanding=Amounts(),
        overdue=Amounts(),
        accrued_not_due_paise=0,
        excess_paise=0,
        undrawn_paise=terms.principal_paise,
        instalment_paise=0,
        annual_rate_pct=terms.annual_rate_pct,
        oldest_unpaid_due_date=None,
        days_past_due=0,
        next_due_date=None,
        next_due_paise=0,
        closed_on=None,
        accrual_lines=(),
        next_change_date=None,
    )


def loan_state(*, account: Account, as_of: date, has_rows: bool = True) -> LoanState:
    """Freeze a working account, whose nights up to `as_of` are counted, into the state of that day-end.

    Without rows it has no instalments, allocations, charges and accrual lines, and takes a fraction of the time.
    """
    periods, terms = account.plan.periods, account.terms
    _book_interest(account, as_of)
    _book_planned_charges(account, as_of)
    oldest = oldest_unpaid(account=account, as_of=as_of)
    upcoming = next((row for row in periods[account.cursor :] if row.due > as_of and not is_settled(row)), None)
    is_ahead = has_rows and account.closed_as is None
    return LoanState(
        as_of=as_of,
        status=account.closed_as or LoanStatus.ACTIVE,
        instalments=tuple([to_instalment(row, number) for number, row in enumerate(periods, 1)]) if has_rows else (),
        allocations=_allocations(account) if has_rows else (),
        totals=_totals(account),
        outstanding=_outstanding(account),
        overdue=_overdue(account, as_of),
        accrued_not_due_paise=_accrued_not_due(account, as_of),
        excess_paise=account.excess,
        undrawn_paise=max(terms.principal_paise - account.lent, 0),
        instalment_paise=_instalment(upcoming or periods[-1]),
        annual_rate_pct=_rate(account, as_of),
        oldest_unpaid_due_date=oldest,
        days_past_due=0 if oldest is None else (as_of - oldest).days + 1,
        next_due_date=None if upcoming is None else upcoming.due,
        next_due_paise=0 if upcoming is None else _open_total(upcoming),
        closed_on=account.closed_on,
        accrual_lines=accrual_lines(account=account, as_of=as_of) if is_ahead else (),
        next_change_date=next_change_date(account=account, as_of=as_of) if is_ahead else None,
        charges=_charges(periods) if has_rows else (),
    )


def balance_on(*, account: Account, as_of: date) -> int:
    """Return all that is outstanding less money held, in paise: what `loan_state` says, without its rows."""
    _book_interest(account, as_of)
    _book_planned_charges(account, as_of)
    return _outstanding(account).total - account.excess


def _charges(periods: list[Period]) -> tuple[ChargeState, ...]:
    return tuple(
        [
            ChargeState(
                component=COMPONENTS[item.component],
                due_date=item.due,
                instalment_number=number,
                amount_paise=item.amount,
                open_paise=item.amount - item.settled,
                fact_sequence=item.sequence,
            )
            for number, row in enumerate(periods, 1)
            for item in row.items or ()
        ]
    )


def _book_interest(account: Account, as_of: date) -> None:
    """Set the totals that follow from the schedule and the day alone."""
    account.totals.pop((Movement.ACCRUED, Head.INTEREST), None)
    account.book(Movement.ACCRUED, Head.INTEREST, earned_interest(account=account, as_of=as_of))
    account.book(Movement.ACCRUED, Head.INTEREST, account.overdue_interest)
    has_ended = account.closed_as in (LoanStatus.CLOSED, LoanStatus.SETTLED)
    capitalised = sum(row.capitalised for row in account.plan.periods if has_ended or row.end <= as_of)
    account.totals.pop((Movement.CAPITALISED, Head.INTEREST), None)
    account.book(Movement.CAPITALISED, Head.INTEREST, capitalised)


def _allocations(account: Account) -> tuple[Allocation, ...]:
    numbers = {id(row): number for number, row in enumerate(account.plan.periods, 1)}
    allocations = [
        Allocation(
            fact_sequence=note.fact,
            applied_on=note.day,
            component=note.component,
            amount_paise=note.amount,
            instalment_number=None if note.row is None else numbers.get(id(note.row)),
            is_from_excess=note.movement in (Movement.APPLIED, Movement.REFUNDED),
            movement=note.movement,
        )
        for note in account.notes
    ]
    return tuple(allocations)


def _book_planned_charges(account: Account, as_of: date) -> None:
    """Count the charges of an instalment as levied when it falls due, or as far as they were paid before."""
    for row, item in planned_charges(account.plan):
        account.book(Movement.CHARGED, HEADS[item.component], item.amount if row.due <= as_of else item.settled)


def _totals(account: Account) -> tuple[MovementTotal, ...]:
    keys = sorted(account.totals, key=lambda key: (_ORDER[key[0]], _HEAD_ORDER[key[1]]))
    return tuple([MovementTotal(*key, account.totals[key]) for key in keys])


def _outstanding(account: Account) -> Amounts:
    """Add up the open claims: what was lent, charged and earned, less what was received or given up."""
    amounts = []
    capitalised = account.total(Movement.CAPITALISED, Head.INTEREST)
    for index, head in enumerate(HEADS):
        owed = sum(account.total(movement, head) for movement in _OWED)
        gone = sum(account.total(movement, head) for movement in _GONE)
        amounts.append(owed - gone + (capitalised if index == 0 else 0) - (capitalised if index == INTEREST else 0))
    return Amounts(*amounts)


def _overdue(account: Account, as_of: date) -> Amounts:
    amounts = [0] * len(COMPONENTS)
    for row in account.plan.periods[account.cursor :]:
        if row.due <= as_of:
            amounts[0] += open_amount(row, 0)
            amounts[INTEREST] += open_amount(row, INTEREST)
        for item in row.items or ():
            if item.due <= as_of:
                amounts[item.component] += item.amount - item.settled
        if row.due > as_of:
            break
    return Amounts(*amounts)


def oldest_unpaid(*, account: Account, as_of: date) -> date | None:
    """Give the earliest due date with an open part of what counts as overdue by the terms; None when there is none."""
    counted = [INDEX[component] for component in account.terms.overdue_components]
    dates: list[date] = []
    for row in account.plan.periods[account.cursor :]:
        if row.due <= as_of and any(open_amount(row, component) > 0 for component in counted if component <= INTEREST):
            dates.append(row.due)
        dates += [
            item.due
            for item in row.items or ()
            if item.component in counted and item.due <= as_of and item.settled < item.amount
        ]
        if dates or row.due > as_of:
            break
    return min(dates, default=None)


def _accrued_not_due(account: Account, as_of: date) -> int:
    earned = account.total(Movement.ACCRUED, Head.INTEREST) - account.overdue_interest + account.accrued_elsewhere
    due = sum(
        row.due_interest - row.extra_interest + row.capitalised for row in account.plan.periods if row.due <= as_of
    )
    return max(earned - due, 0)


def _instalment(row: Period) -> int:
    return row.instalment or row.due_principal + row.due_interest


def _open_total(row: Period) -> int:
    charges = sum(item.amount - item.settled for item in row.items or ())
    return open_amount(row, 0) + open_amount(row, INTEREST) + charges


def _rate(account: Account, as_of: date) -> Decimal:
    rate = Decimal(account.plan.rule.rate_at(as_of)).scaleb(-10)
    if rate == account.terms.annual_rate_pct:
        return account.terms.annual_rate_pct
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()
