"""Facts that move money or dues and leave the schedule alone."""

from __future__ import annotations

from lms.engine.account import HEADS, Account
from lms.engine.allocation import Due, dues_of_charge, dues_until, pick_waterfall, spend
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Bounce, Charge, Fact, Penal, Receive, Waive
from lms.engine.plan import COMPONENTS, FEE, PENAL, TAX, Item
from lms.engine.state import Head, LoanStatus, Movement
from lms.engine.terms import Component, EarlyPayment, Terms, Waterfall

_TAX = Component.TAX


def receive(account: Account, fact: Receive) -> None:
    """Spread a receipt over the dues; the rest waits as excess, or pays ahead where the terms say so."""
    check_positive(fact)
    if account.closed_as is LoanStatus.WRITTEN_OFF:
        raise EngineRefusal("engine.written_off", "The loan is written off; record the money as a recovery.")
    waterfall = waterfall_of(account.terms, fact)
    account.last_receipt = fact.sequence
    rest = spend(
        account=account,
        amount=fact.amount_paise,
        waterfall=waterfall,
        movement=Movement.RECEIVED,
        fact=fact.sequence,
        has_advance=account.terms.early_payment is EarlyPayment.PAY_AT_ONCE,
    )
    account.hold(amount=rest, fact=fact.sequence)


def charge(account: Account, fact: Charge) -> None:
    """Levy a fee and its tax, due on its own date."""
    check_positive(fact)
    if not fact.is_kept_back:
        levy(account=account, fact=fact, fee=fact.amount_paise, tax=fact.tax_paise)
        return
    for component, amount in ((FEE, fact.amount_paise), (TAX, fact.tax_paise)):
        if amount:
            account.book(Movement.CHARGED, HEADS[component], amount)
            account.book(Movement.RECEIVED, HEADS[component], amount)
            account.note(fact=fact.sequence, movement=Movement.RECEIVED, component=COMPONENTS[component], amount=amount)


def levy(*, account: Account, fact: Fact, fee: int, tax: int) -> None:
    """Put a fee and its tax on the loan, due on the fact's due date or, without one, on its value date."""
    if fee or tax:
        _refuse_settled(account)
    due = fact.due_date if isinstance(fact, Charge) and fact.due_date is not None else account.day
    for component, amount in ((FEE, fee), (TAX, tax)):
        if amount:
            account.add_item(Item(component, due, amount, fact.sequence))
            account.book(Movement.CHARGED, HEADS[component], amount)


def levy_penal(account: Account, fact: Penal) -> None:
    """Levy a penal charge by hand, due at once."""
    _refuse_settled(account)
    check_positive(fact)
    account.add_item(Item(PENAL, fact.due_date or account.day, fact.amount_paise, fact.sequence))
    account.book(Movement.CHARGED, Head.PENAL, fact.amount_paise)


def levy_bounce(account: Account, fact: Bounce) -> None:
    """Charge for a returned payment; the receipt that it undoes never took effect."""
    levy(account=account, fact=fact, fee=fact.charge_paise, tax=fact.tax_paise)


def waive(account: Account, fact: Waive) -> None:
    """Give up part of what is due of one component, oldest first, and of a fee the tax on it too."""
    check_positive(fact)
    if fact.charge_sequence is None:
        dues = list(dues_until(account=account, component=fact.component))
    else:
        dues = dues_of_charge(account=account, component=fact.component, sequence=fact.charge_sequence)
    waived = _give_up(account, fact, dues, fact.amount_paise, fact.component)
    if fact.tax_paise:
        charges = [due.item.sequence for due in waived if due.item is not None and due.item.sequence is not None]
        taxes = [due for charge in charges for due in dues_of_charge(account=account, component=_TAX, sequence=charge)]
        _give_up(account, fact, taxes, fact.tax_paise, _TAX)


def _give_up(account: Account, fact: Waive, dues: list[Due], amount: int, component: Component) -> list[Due]:
    """Waive an amount over dues in their order; give back those that it met."""
    if amount > (due_paise := sum(due.amount for due in dues)):
        raise EngineRefusal(
            "engine.waiver_above_due", f"Only {due_paise} paise of {component} are due; waive at most that."
        )
    met = []
    for due in dues:
        part = min(amount, due.amount)
        amount -= part
        if part:
            met.append(due)
            account.settle(
                index=due.index,
                component=due.component,
                item=due.item,
                amount=part,
                movement=Movement.WAIVED,
                fact=fact.sequence,
            )
    return met


def recover(account: Account, fact: Fact) -> None:
    """Book money on a written-off loan against the claim, in the order of the waterfall."""
    check_positive(fact)
    if account.closed_as is not LoanStatus.WRITTEN_OFF:
        raise EngineRefusal("engine.not_written_off", "The loan is not written off; record the money as a receipt.")
    amount = fact.amount_paise
    for component in _component_order(waterfall_of(account.terms, fact)):
        claim = account.total(Movement.WRITTEN_OFF, HEADS[component]) - account.recovered[component]
        part = min(claim, amount)
        if part:
            amount -= part
            account.recovered[component] += part
            account.book(Movement.RECOVERED, HEADS[component], part)
            account.note(fact=fact.sequence, movement=Movement.RECOVERED, component=COMPONENTS[component], amount=part)
    if amount:
        raise EngineRefusal(
            "engine.recovery_above_claim", f"The claim is {fact.amount_paise - amount} paise; refund the rest."
        )


def refund(account: Account, fact: Fact) -> None:
    """Pay excess back."""
    check_positive(fact)
    if fact.amount_paise > account.excess:
        raise EngineRefusal(
            "engine.refund_above_excess", f"Only {account.excess} paise are in excess; refund at most that."
        )
    account.excess -= fact.amount_paise
    account.book(Movement.REFUNDED, Head.EXCESS, fact.amount_paise)
    account.note(fact=fact.sequence, movement=Movement.REFUNDED, component=None, amount=-fact.amount_paise)


def _refuse_settled(account: Account) -> None:
    """Refuse a new due on a loan of which the rest was given up."""
    if account.closed_as is LoanStatus.SETTLED:
        raise EngineRefusal("engine.loan_not_active", "The loan is settled; nothing more can be charged on it.")


def check_positive(fact: Fact) -> None:
    """Refuse a fact whose amount must be more than zero."""
    if fact.amount_paise <= 0:
        raise EngineRefusal("engine.amount_not_positive", f"Fact {fact.sequence} needs an amount of more than zero.")


def waterfall_of(terms: Terms, fact: Fact) -> Waterfall:
    """Find the waterfall of a fact; only receipts have a kind and a class of their own."""
    if isinstance(fact, Receive):
        return pick_waterfall(terms=terms, transaction_kind=fact.transaction_kind, asset_class=fact.asset_class)
    return pick_waterfall(terms=terms)


def _component_order(waterfall: Waterfall) -> list[int]:
    ordered = dict.fromkeys(COMPONENTS.index(step.component) for step in waterfall.steps)
    return [*ordered, *(index for index in range(len(COMPONENTS)) if index not in ordered)]
