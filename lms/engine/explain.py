"""Why a figure of a loan is what it is: its formula, its inputs and the facts behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lms.engine.account import Account
from lms.engine.effective import effective_facts
from lms.engine.errors import EngineRefusal
from lms.engine.explain_rows import Explanation, explain_overdue, explain_row, sum_of
from lms.engine.facts import (
    Bounce,
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Penal,
    RateChange,
    Reschedule,
    TakeOver,
)
from lms.engine.replay import fold
from lms.engine.standing import loan_state, sanctioned_state
from lms.engine.state import Head, LoanState, Movement
from lms.engine.terms import Component, Terms

_HEADS = {component.value.lower(): Head(component.value) for component in Component}
_OWED = (Movement.DISBURSED, Movement.TAKEN_OVER, Movement.CHARGED, Movement.ACCRUED)
_GONE = (Movement.RECEIVED, Movement.APPLIED, Movement.WAIVED, Movement.WRITTEN_OFF)
_BY_ALLOCATION = {*_GONE, Movement.RECOVERED, Movement.REFUNDED}


@dataclass(frozen=True, slots=True)
class _Case:
    """What every explainer looks at."""

    terms: Terms
    facts: Sequence[Fact]
    state: LoanState
    account: Account | None


def explain(*, terms: Terms, facts: Sequence[Fact], as_of: date, figure: str) -> Explanation:
    """Explain one figure of the state of a loan at the day-end of `as_of`.

    Args:
        terms: the loan.
        facts: all of it.
        as_of: the day.
        figure: a field of `LoanState` ("excess_paise"), one component of a balance ("outstanding.interest"), a total
            ("totals.RECEIVED.PRINCIPAL"), or a row or part of it ("instalments.3", "instalments.3.due.interest").

    Returns:
        A tree: where `parts` carry amounts, they add up to the amount above them.

    Raises:
        EngineRefusal: the state has no such figure.
    """
    account = fold(terms=terms, facts=facts, as_of=as_of)
    state = sanctioned_state(terms=terms, as_of=as_of) if account is None else loan_state(account=account, as_of=as_of)
    case = _Case(terms, effective_facts(facts=facts, as_of=as_of), state, account)
    name, _, rest = figure.partition(".")
    explainer = _EXPLAINERS.get(name)
    if explainer is None:
        raise _unknown(figure)
    return explainer(case, rest)


def _unknown(figure: str) -> EngineRefusal:
    return EngineRefusal("engine.figure_unknown", f"The state has no figure {figure!r}; name a field of it.")


def _balance(case: _Case, rest: str) -> Explanation:
    if rest:
        if rest not in _HEADS:
            raise _unknown(f"outstanding.{rest}")
        return _claim(case, rest)
    parts = tuple(_claim(case, name) for name in _HEADS)
    return Explanation("outstanding", case.state.outstanding.total, "sum of the five components", parts=parts)


def _claim(case: _Case, name: str) -> Explanation:
    head = _HEADS[name]
    owed = [_total(case, movement, head) for movement in _OWED]
    gone = [_negative(_total(case, movement, head)) for movement in _GONE]
    capitalised = _total(case, Movement.CAPITALISED, Head.INTEREST)
    moved = {"principal": [capitalised], "interest": [_negative(capitalised)]}.get(name, [])
    parts = tuple(part for part in (*owed, *moved, *gone) if part.amount)
    amount = getattr(case.state.outstanding, name)
    return Explanation(
        f"outstanding.{name}", amount, "what was lent, charged or earned, less what was settled", parts=parts
    )


def _negative(part: Explanation) -> Explanation:
    return Explanation(part.label, -sum_of((part,)), f"less: {part.formula}", part.inputs, part.facts, ())


def _totals(case: _Case, rest: str) -> Explanation:
    if not rest:
        parts = tuple(_total(case, item.movement, item.head) for item in case.state.totals)
        return Explanation("totals", None, "cumulative movements since the loan began", parts=parts)
    movement, _, head = rest.partition(".")
    if movement not in Movement.__members__ or head not in Head.__members__:
        raise _unknown(f"totals.{rest}")
    return _total(case, Movement(movement), Head(head))


def _total(case: _Case, movement: Movement, head: Head) -> Explanation:
    label, amount = f"totals.{movement}.{head}", case.state.total(movement, head)
    if movement is Movement.ACCRUED and case.account is not None:
        formula = "nights up to this day's, each finished period rounded once, the running one as a running total"
        if head is Head.PENAL:
            formula = "the penal plan on principal and interest in default, rounded as a running total"
        return Explanation(label, amount, formula, _rate_inputs(case))
    if movement in _BY_ALLOCATION:
        return Explanation(label, amount, "allocations of the facts", parts=_allocated(case, movement, head))
    parts = tuple(
        Explanation(
            type(fact).__name__, part, "amount of the fact", (("value_date", fact.value_date),), (fact.sequence,)
        )
        for fact in case.facts
        if (part := _levied(fact, movement, head))
    )
    rest = amount - sum_of(parts)
    if rest:
        parts += (
            Explanation("by the terms", rest, "charges of the instalments due, or interest that became principal"),
        )
    return Explanation(label, amount, "sum of the facts", parts=parts)


def _levied(fact: Fact, movement: Movement, head: Head) -> int:
    """Give what one fact adds to a total by itself."""
    amounts: dict[tuple[Movement, Head], int] = {}
    if isinstance(fact, Disburse):
        amounts = {(Movement.DISBURSED, Head.PRINCIPAL): fact.amount_paise}
    elif isinstance(fact, TakeOver):
        amounts = {
            (Movement.TAKEN_OVER, Head.PRINCIPAL): fact.amount_paise,
            (Movement.TAKEN_OVER, Head.INTEREST): fact.interest_arrears_paise,
            (Movement.TAKEN_OVER, Head.FEE): fact.fee_arrears_paise,
            (Movement.TAKEN_OVER, Head.PENAL): fact.penal_arrears_paise,
        }
    elif isinstance(fact, Penal):
        amounts = {(Movement.CHARGED, Head.PENAL): fact.amount_paise}
    elif isinstance(fact, Charge):
        amounts = {(Movement.CHARGED, Head.FEE): fact.amount_paise, (Movement.CHARGED, Head.TAX): fact.tax_paise}
    elif isinstance(fact, Bounce | Foreclose):
        amounts = {(Movement.CHARGED, Head.FEE): fact.charge_paise, (Movement.CHARGED, Head.TAX): fact.tax_paise}
    return amounts.get((movement, head), 0)


def _allocated(case: _Case, movement: Movement, head: Head) -> tuple[Explanation, ...]:
    component = None if head is Head.EXCESS else Component(head.value)
    parts = []
    for item in case.state.allocations:
        if item.movement is movement and item.component is component:
            inputs = (("applied_on", item.applied_on), ("instalment", item.instalment_number))
            amount = abs(item.amount_paise)
            parts.append(Explanation("allocation", amount, "part of the fact", inputs, (item.fact_sequence,)))
    return tuple(parts)


def _excess(case: _Case, rest: str) -> Explanation:
    received = _total(case, Movement.RECEIVED, Head.EXCESS)
    applied = tuple(_negative(_total(case, Movement.APPLIED, head)) for head in _HEADS.values())
    refunded = _negative(_total(case, Movement.REFUNDED, Head.EXCESS))
    parts = tuple(part for part in (received, *applied, refunded) if part.amount)
    return Explanation("excess_paise", case.state.excess_paise, "held less applied less refunded", parts=parts)


def _accrued_not_due(case: _Case, rest: str) -> Explanation:
    total = _total(case, Movement.ACCRUED, Head.INTEREST)
    formula = "interest earned so far less interest of the instalments that have fallen due"
    return Explanation("accrued_not_due_paise", case.state.accrued_not_due_paise, formula, (("accrued", total.amount),))


def _undrawn(case: _Case, rest: str) -> Explanation:
    lent = tuple((f"disbursed {fact.sequence}", fact.amount_paise) for fact in case.facts if isinstance(fact, Disburse))
    inputs = (("sanctioned", case.terms.principal_paise), *lent)
    return Explanation("undrawn_paise", case.state.undrawn_paise, "sanctioned less disbursed, never below nil", inputs)


def _overdue(case: _Case, rest: str) -> Explanation:
    return explain_overdue(state=case.state, component=rest)


def _days_past_due(case: _Case, rest: str) -> Explanation:
    inputs = (("as_of", case.state.as_of), ("oldest_unpaid_due_date", case.state.oldest_unpaid_due_date))
    formula = "as_of - oldest unpaid due date + 1: the due date itself is day 1; nil when nothing is overdue"
    return Explanation("days_past_due", case.state.days_past_due, formula, inputs)


def _oldest(case: _Case, rest: str) -> Explanation:
    counted = ", ".join(case.terms.overdue_components)
    formula = f"earliest due date with an open part of {counted}"
    return Explanation("oldest_unpaid_due_date", case.state.oldest_unpaid_due_date, formula, _next_inputs(case))


def _next(case: _Case, rest: str) -> Explanation:
    first = next((row for row in case.state.instalments if row.due_date == case.state.next_due_date), None)
    parts = () if first is None else (explain_row(row=first, account=case.account, part="open"),)
    return Explanation("next_due_paise", case.state.next_due_paise, "what is open on the next row", parts=parts)


def _instalments(case: _Case, rest: str) -> Explanation:
    number, _, part = rest.partition(".")
    rows = {str(row.number): row for row in case.state.instalments}
    if not number:
        parts = tuple(explain_row(row=row, account=case.account, part="due") for row in case.state.instalments)
        return Explanation("instalments", sum_of(parts), "dues of all rows", parts=parts)
    if number not in rows:
        raise _unknown(f"instalments.{rest}")
    return explain_row(row=rows[number], account=case.account, part=part or "due")


def _instalment(case: _Case, rest: str) -> Explanation:
    formula = f"{case.terms.instalment_method} instalment, rounded {case.terms.instalment_rounding} to its unit"
    inputs = (
        ("principal_paise", case.terms.principal_paise),
        ("instalments", case.terms.instalment_count),
        ("unit_paise", case.terms.instalment_unit_paise),
        *_rate_inputs(case),
    )
    return Explanation("instalment_paise", case.state.instalment_paise, formula, inputs, _changes(case))


def _rate(case: _Case, rest: str) -> Explanation:
    formula = "rate of the terms, or of the last change that holds"
    return Explanation("annual_rate_pct", case.state.annual_rate_pct, formula, _rate_inputs(case), _changes(case))


def _plain(name: str, formula: str) -> Callable[[_Case, str], Explanation]:
    def explainer(case: _Case, rest: str) -> Explanation:
        value = getattr(case.state, name)
        amount = len(value) if isinstance(value, tuple) else value
        return Explanation(name, amount, formula, facts=tuple(fact.sequence for fact in case.facts))

    return explainer


def _rate_inputs(case: _Case) -> tuple[tuple[str, Decimal | str], ...]:
    return (("annual_rate_pct", case.state.annual_rate_pct), ("day_count", case.terms.day_count.value))


def _next_inputs(case: _Case) -> tuple[tuple[str, date | None], ...]:
    return (("as_of", case.state.as_of), ("next_due_date", case.state.next_due_date))


def _changes(case: _Case) -> tuple[int, ...]:
    return tuple(
        fact.sequence for fact in case.facts if isinstance(fact, RateChange | Reschedule | Disburse | TakeOver)
    )


_EXPLAINERS: dict[str, Callable[[_Case, str], Explanation]] = {
    "as_of": _plain("as_of", "the day asked for; its night is counted"),
    "status": _plain("status", "what the facts so far make of the loan"),
    "instalments": _instalments,
    "allocations": _plain("allocations", "number of parts that the facts were split into"),
    "charges": _plain("charges", "number of fees, taxes and penal charges, paid or not"),
    "totals": _totals,
    "outstanding": _balance,
    "overdue": _overdue,
    "accrued_not_due_paise": _accrued_not_due,
    "excess_paise": _excess,
    "undrawn_paise": _undrawn,
    "instalment_paise": _instalment,
    "annual_rate_pct": _rate,
    "oldest_unpaid_due_date": _oldest,
    "days_past_due": _days_past_due,
    "next_due_date": _plain("next_due_date", "first due date after this day with anything open"),
    "next_due_paise": _next,
    "closed_on": _plain("closed_on", "day on which nothing was left to pay, or the claim was given up"),
    "accrual_lines": _plain("accrual_lines", "number of straight lines that continue the accruals"),
    "next_change_date": _plain("next_change_date", "first day-end that the lines may not reach"),
}
