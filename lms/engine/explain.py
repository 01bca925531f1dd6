"""Why a figure of a loan is what it is: its formula, its inputs and the facts behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lms.engine.account import Account, open_amount
from lms.engine.effective import effective_facts
from lms.engine.errors import EngineRefusal
from lms.engine.explain_interest import explain_accrued_interest, explain_accrued_penal, explain_capitalised
from lms.engine.explain_rows import explain_overdue, explain_row
from lms.engine.explanation import Explanation, Rule, negative, sum_of, total_of
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
from lms.engine.plan import INDEX, INTEREST
from lms.engine.replay import fold
from lms.engine.row_charges import planned_charges
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
        A tree whose leaves give every amount above them; `recomputed` works it out.

    Raises:
        EngineRefusal: the state has no such figure.
    """
    account = fold(terms=terms, facts=facts, as_of=as_of, has_nights=True)
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
    parts = [_claim(case, name) for name in _HEADS]
    return total_of("outstanding", case.state.outstanding.total, "sum of the five components", parts)


def _claim(case: _Case, name: str) -> Explanation:
    head = _HEADS[name]
    owed = [_total(case, movement, head) for movement in _OWED]
    gone = [negative(_total(case, movement, head)) for movement in _GONE]
    capitalised = _total(case, Movement.CAPITALISED, Head.INTEREST)
    moved = {"principal": [capitalised], "interest": [negative(capitalised)]}.get(name, [])
    amount = getattr(case.state.outstanding, name)
    formula = "what was lent, charged or earned, less what was settled"
    return total_of(f"outstanding.{name}", amount, formula, [*owed, *moved, *gone])


def _totals(case: _Case, rest: str) -> Explanation:
    if not rest:
        parts = tuple(_total(case, item.movement, item.head) for item in case.state.totals)
        return Explanation(
            "totals", len(parts), "cumulative movements since the loan began", parts=parts, rule=Rule.COUNT
        )
    movement, _, head = rest.partition(".")
    if movement not in Movement.__members__ or head not in Head.__members__:
        raise _unknown(f"totals.{rest}")
    return _total(case, Movement(movement), Head(head))


def _total(case: _Case, movement: Movement, head: Head) -> Explanation:
    label, amount, account = f"totals.{movement}.{head}", case.state.total(movement, head), case.account
    if account is None or not amount:
        return Explanation(label, amount, "never happened")
    if movement is Movement.ACCRUED and head is Head.INTEREST:
        return explain_accrued_interest(account=account, as_of=case.state.as_of, amount=amount)
    if movement is Movement.ACCRUED and head is Head.PENAL:
        return explain_accrued_penal(account=account, amount=amount)
    if movement is Movement.CAPITALISED:
        return explain_capitalised(account=account, as_of=case.state.as_of, amount=amount)
    if movement in _BY_ALLOCATION:
        return total_of(label, amount, "allocations of the facts", _allocated(case, movement, head))
    parts = [*_by_facts(case, movement, head), *_by_terms(account, movement, head, case.state.as_of)]
    rest = ("earned before", "earned in the book that the loan came from")
    return total_of(label, amount, "sum of the facts, and of charges by the terms", parts, rest=rest)


def _by_facts(case: _Case, movement: Movement, head: Head) -> Iterator[Explanation]:
    for fact in case.facts:
        if part := _levied(fact, movement, head):
            dated = (("value_date", fact.value_date),)
            yield Explanation(type(fact).__name__, part, "amount of the fact", dated, (fact.sequence,))


def _by_terms(account: Account, movement: Movement, head: Head, as_of: date) -> Iterator[Explanation]:
    """List the charges that come with each instalment: all of one that is due, of the others what was paid ahead."""
    if movement is not Movement.CHARGED:
        return
    numbers = {id(row): number for number, row in enumerate(account.plan.periods, 1)}
    for row, item in planned_charges(account.plan):
        if INDEX[Component(head.value)] == item.component:
            amount = item.amount if row.due <= as_of else item.settled
            yield Explanation(f"charge of no. {numbers[id(row)]}", amount, "levied by the terms with each instalment")


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


def _allocated(case: _Case, movement: Movement, head: Head) -> Iterator[Explanation]:
    component = None if head is Head.EXCESS else Component(head.value)
    for item in case.state.allocations:
        if item.movement is movement and item.component is component:
            inputs = (("applied_on", item.applied_on), ("instalment", item.instalment_number))
            yield Explanation("allocation", abs(item.amount_paise), "part of the fact", inputs, (item.fact_sequence,))


def _excess(case: _Case, rest: str) -> Explanation:
    received = _total(case, Movement.RECEIVED, Head.EXCESS)
    applied = [negative(_total(case, Movement.APPLIED, head)) for head in _HEADS.values()]
    refunded = negative(_total(case, Movement.REFUNDED, Head.EXCESS))
    carried = _total(case, Movement.TAKEN_OVER, Head.EXCESS)
    formula = "held less applied less refunded"
    return total_of("excess_paise", case.state.excess_paise, formula, [received, carried, *applied, refunded])


def _accrued_not_due(case: _Case, rest: str) -> Explanation:
    label, amount = "accrued_not_due_paise", case.state.accrued_not_due_paise
    formula = "interest earned so far less interest of the instalments that have fallen due, never below nil"
    account = case.account
    if account is None:
        return Explanation(label, amount, formula)
    parts = [
        _total(case, Movement.ACCRUED, Head.INTEREST),
        Explanation("overdue interest", -account.overdue_interest, "less: due at once"),
        Explanation("elsewhere", account.accrued_elsewhere, "earned before the loan was taken over"),
    ]
    for number, row in enumerate(account.plan.periods, 1):
        if row.due <= case.state.as_of:
            due = row.due_interest - row.extra_interest + row.capitalised
            parts.append(Explanation(f"interest of no. {number}", -due, "less: fell due with the row"))
    shown = tuple(part for part in parts if part.amount)
    return Explanation(label, amount, formula, parts=shown, rule=Rule.AT_LEAST_NIL)


def _undrawn(case: _Case, rest: str) -> Explanation:
    parts = [Explanation("sanctioned", case.terms.principal_paise, "amount of the terms")]
    for fact in case.facts:
        if isinstance(fact, Disburse):
            lent = Explanation("Disburse", -fact.amount_paise, "less: amount of the fact", facts=(fact.sequence,))
            parts.append(lent)
        elif isinstance(fact, TakeOver):
            parts.append(
                Explanation("TakeOver", -case.terms.principal_paise, "less: all of it", facts=(fact.sequence,))
            )
    formula = "sanctioned less disbursed, never below nil"
    return Explanation("undrawn_paise", case.state.undrawn_paise, formula, parts=tuple(parts), rule=Rule.AT_LEAST_NIL)


def _overdue(case: _Case, rest: str) -> Explanation:
    return explain_overdue(state=case.state, account=case.account, component=rest)


def _days_past_due(case: _Case, rest: str) -> Explanation:
    inputs = (("as_of", case.state.as_of), ("oldest_unpaid_due_date", case.state.oldest_unpaid_due_date))
    formula = "as_of - oldest unpaid due date + 1: the due date itself is day 1; nil when nothing is overdue"
    return Explanation("days_past_due", case.state.days_past_due, formula, inputs, rule=Rule.DAYS)


def _oldest(case: _Case, rest: str) -> Explanation:
    counted = ", ".join(case.terms.overdue_components)
    formula = f"earliest due date with an open part of {counted}"
    parts = tuple(_unpaid_dates(case))
    return Explanation(
        "oldest_unpaid_due_date", case.state.oldest_unpaid_due_date, formula, parts=parts, rule=Rule.EARLIEST
    )


def _unpaid_dates(case: _Case) -> Iterator[Explanation]:
    """List the due dates that have come and have an open part of what counts as overdue."""
    counted, as_of = [INDEX[component] for component in case.terms.overdue_components], case.state.as_of
    for number, row in enumerate(case.account.plan.periods if case.account else (), 1):
        dues = [row.due] if any(open_amount(row, each) > 0 for each in counted if each <= INTEREST) else []
        dues += [item.due for item in row.items or () if item.component in counted and item.settled < item.amount]
        yield from (Explanation(f"due of no. {number}", due, "open") for due in dues if due <= as_of)


def _next(case: _Case, rest: str) -> Explanation:
    first = next((row for row in case.state.instalments if row.due_date == case.state.next_due_date), None)
    parts = [] if first is None else [explain_row(row=first, account=case.account, part="open")]
    return total_of("next_due_paise", case.state.next_due_paise, "what is open on the next row", parts)


def _instalments(case: _Case, rest: str) -> Explanation:
    number, _, part = rest.partition(".")
    rows = {str(row.number): row for row in case.state.instalments}
    if not number:
        parts = [explain_row(row=row, account=case.account, part="due") for row in case.state.instalments]
        return total_of("instalments", sum_of(parts), "dues of all rows", parts)
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
