"""Events of a FIN case as engine facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from lms.engine.facts import (
    Charge,
    Disburse,
    Fact,
    Pause,
    Penal,
    RateChange,
    Receive,
    Refund,
    Reschedule,
    Reverse,
    Waive,
    WriteOff,
)
from lms.engine.quote import quote_foreclosure
from lms.engine.replay import replay
from lms.engine.row_charges import charge_amount
from lms.engine.schedule import build_schedule
from lms.engine.state import RowKind
from lms.engine.terms import Component, InterestMethod, Terms
from tests.figures.fin_terms import charge_term, minor
from tests.figures.fin_transactions import Line, lines_of
from tests.figures.result import Unsupported


@dataclass(slots=True)
class Story:
    """Facts so far, the day that the figures know, and which fact each visible transaction is."""

    terms: Terms
    facts: list[Fact] = field(default_factory=list)
    day: date = date.min
    types: dict[int, str] = field(default_factory=dict)
    reverted: list[Line] = field(default_factory=list)
    is_down_payment_automatic: bool = False
    charge_off_behaviour: str = ""
    is_cumulative: bool = False
    has_interest_refund: bool = False
    charged_off: date | None = None
    undone_start: date | None = None

    def numbered(self, name: str) -> list[int]:
        """List the sequences of the transactions of one type, in the order they were made."""
        return [sequence for sequence, kind in self.types.items() if kind == name]

    @property
    def next_sequence(self) -> int:
        return max((fact.sequence for fact in self.facts), default=0) + 1

    def fact(self, sequence: int) -> Fact:
        """Give the fact of a sequence."""
        return next(fact for fact in self.facts if fact.sequence == sequence)


def tell(
    *,
    terms: Terms,
    events: Sequence[dict[str, Any]],
    is_down_payment_automatic: bool = False,
    charge_off_behaviour: str = "",
    is_cumulative: bool = False,
    has_interest_refund: bool = False,
) -> Story:
    """Turn events, in the order they were done, into facts.

    Raises:
        Unsupported: naming the event.
    """
    story = Story(
        terms,
        is_down_payment_automatic=is_down_payment_automatic,
        charge_off_behaviour=charge_off_behaviour,
        is_cumulative=is_cumulative,
        has_interest_refund=has_interest_refund,
    )
    for event in events:
        maker = _MAKERS.get(event["type"])
        if maker is None:
            raise Unsupported(f"event {event['type']}")
        maker(story, event)
        done = event.get("business_date") or event.get("made_on") or event.get("date")
        if done is not None:
            story.day = max(story.day, date.fromisoformat(done))
    return story


def _day(event: dict[str, Any], name: str = "date") -> date:
    return date.fromisoformat(event[name])


def promise(*, terms: Terms, start: date, amount_paise: int) -> Story:
    """Tell of a loan that is approved only: the schedule it will have when all of it is disbursed."""
    story = Story(terms, [Disburse(sequence=1, value_date=start, amount_paise=amount_paise)], start)
    _keep_back(story, start)
    return story


def _disburse(story: Story, event: dict[str, Any]) -> None:
    amount, day = minor(event["amount"]), _day(event)
    _refuse_tranche(story, day)
    story.facts.append(Disburse(sequence=story.next_sequence, value_date=day, amount_paise=amount))
    _keep_back(story, day)
    if story.is_down_payment_automatic:
        state = replay(terms=story.terms, facts=story.facts, as_of=day, has_planned=True)
        rows = [row for row in state.instalments if row.kind is RowKind.DOWN_PAYMENT and row.due_date == day]
        story.types[story.next_sequence] = "down_payment"
        story.facts.append(
            Receive(
                sequence=story.next_sequence,
                value_date=day,
                amount_paise=rows[-1].due.principal,
                transaction_kind="DOWN_PAYMENT",
            )
        )


def _refuse_tranche(story: Story, day: date) -> None:
    """Refuse tranches that the older engine spreads in ways of its own."""
    if not story.is_cumulative or not any(isinstance(fact, Disburse) for fact in story.facts):
        return
    if story.terms.annual_rate_pct and story.terms.interest_method is InterestMethod.DECLINING_BALANCE:
        raise Unsupported("tranche on a declining balance (cumulative engine)")
    state = replay(terms=story.terms, facts=story.facts, as_of=day, has_planned=True)
    rows = [row for row in state.instalments if row.kind is RowKind.REGULAR]
    if any(row.due_date == day for row in rows):
        raise Unsupported("tranche on a due date (cumulative engine)")
    if story.terms.annual_rate_pct and day >= rows[0].due_date:
        raise Unsupported("tranche after the first due date on flat interest (cumulative engine)")


def _keep_back(story: Story, day: date) -> None:
    terms = [term for term in story.terms.charges if term.is_upfront]
    if terms and len([fact for fact in story.facts if isinstance(fact, Disburse)]) > 1:
        raise Unsupported("charge at disbursement with several tranches")
    for term in terms:
        rows = build_schedule(terms=story.terms, start_date=day)
        amount = charge_amount(
            term=term,
            principal_paise=sum(row.due.principal for row in rows),
            interest_paise=sum(row.due.interest for row in rows),
            mode=story.terms.interest_rounding,
        )
        story.types[story.next_sequence] = "repayment_at_time_of_disbursement"
        story.facts.append(
            Charge(
                sequence=story.next_sequence,
                value_date=day,
                amount_paise=amount,
                code=term.code,
                is_kept_back=True,
            )
        )


def _instalment_charge(story: Story, event: dict[str, Any]) -> None:
    if any(isinstance(fact, Receive) for fact in story.facts):
        raise Unsupported("instalment_charge after a repayment")
    term = charge_term({**event, "when": "instalment"})
    story.terms = replace(story.terms, charges=(*story.terms.charges, term))


def _repay(story: Story, event: dict[str, Any]) -> None:
    amount = minor(event["amount"])
    story.types[story.next_sequence] = "repayment"
    story.facts.append(Receive(sequence=story.next_sequence, value_date=_day(event), amount_paise=amount))


def _rate_change(story: Story, event: dict[str, Any]) -> None:
    rate = Decimal(event["rate_pct"])
    story.facts.append(RateChange(sequence=story.next_sequence, value_date=_day(event), annual_rate_pct=rate))


def _pause(story: Story, event: dict[str, Any]) -> None:
    story.facts.append(
        Pause(sequence=story.next_sequence, value_date=_day(event, "start"), end_date=_day(event, "end"))
    )


def _undo(story: Story, event: dict[str, Any]) -> None:
    target = _find(story, event)
    if isinstance(story.fact(target), Disburse):
        raise Unsupported("undo of a disbursement as a transaction")
    day = max(date.fromisoformat(event.get("business_date") or event["date"]), story.fact(target).value_date)
    _keep_reverted(story, target)
    story.facts.append(Reverse(sequence=story.next_sequence, value_date=day, reversed_sequence=target))


def _find(story: Story, event: dict[str, Any]) -> int:
    """Find the transaction meant: the nth of its type on its day, or the only one of that day."""
    made_on = _day(event, "made_on" if "made_on" in event else "date")
    if event["of"] == "transaction":
        made = [fact.sequence for fact in story.facts if isinstance(fact, Disburse) or fact.sequence in story.types]
    else:
        made = story.numbered(event["of"])
    same_day = [sequence for sequence in made if story.fact(sequence).value_date == made_on]
    if len(same_day) >= event["nr"]:
        return same_day[event["nr"] - 1]
    if len(same_day) != 1:
        raise Unsupported(f"undo of {event['of']} number {event['nr']}")
    return same_day[0]


def _keep_reverted(story: Story, target: int) -> None:
    """Note how the transaction looked before it was undone."""
    state = replay(terms=story.terms, facts=story.facts, as_of=story.day, has_planned=True)
    lines = lines_of(facts=story.facts, state=state, types=story.types)
    fact = story.fact(target)
    key = (fact.value_date.isoformat(), story.types[target], fact.amount_paise)
    for line in lines:
        if (line.date, line.type, line.amount) == key:
            line.is_reverted = True
            story.reverted.append(line)
            return


def _charge(story: Story, event: dict[str, Any]) -> None:
    if "amount" not in event:
        raise Unsupported("charge as a percentage")
    day, due = _day(event, "business_date"), _day(event, "due")
    amount = minor(event["amount"])
    if event["kind"] == "penalty":
        story.facts.append(Penal(sequence=story.next_sequence, value_date=day, amount_paise=amount, due_date=due))
    else:
        story.facts.append(
            Charge(sequence=story.next_sequence, value_date=day, amount_paise=amount, code="FEE", due_date=due)
        )


def _reschedule(story: Story, event: dict[str, Any]) -> None:
    known = {"type", "date", "business_date", "from", "new_rate_pct", "new_due_date", "extra_terms"}
    if unknown := set(event) - known:
        raise Unsupported(f"reschedule with {sorted(unknown)[0]}")
    start = _day(event, "from")
    if "new_rate_pct" in event:
        rate = Decimal(event["new_rate_pct"])
        story.facts.append(RateChange(sequence=story.next_sequence, value_date=start, annual_rate_pct=rate))
        return
    story.facts.append(
        Reschedule(
            sequence=story.next_sequence,
            value_date=min(_day(event), start),
            from_due_date=start,
            new_due_date=_day(event, "new_due_date") if "new_due_date" in event else None,
            extra_instalments=event.get("extra_terms", 0),
        )
    )


def _charge_off(story: Story, event: dict[str, Any]) -> None:
    if story.charge_off_behaviour:
        raise Unsupported(f"charge_off with {story.charge_off_behaviour}")
    story.charged_off = _day(event)


def _undo_charge_off(story: Story, event: dict[str, Any]) -> None:
    story.charged_off = None


def _nothing(story: Story, event: dict[str, Any]) -> None:
    """Pass over what changes only figures that are not compared."""


def _undo_disbursement(story: Story, event: dict[str, Any]) -> None:
    if any(isinstance(fact, Receive) for fact in story.facts):
        raise Unsupported("undo_disbursement after a repayment")
    disbursals = [fact for fact in story.facts if isinstance(fact, Disburse)]
    story.facts = [fact for fact in story.facts if not isinstance(fact, Disburse)]
    story.undone_start = disbursals[0].value_date


def _write_off(story: Story, event: dict[str, Any]) -> None:
    story.types[story.next_sequence] = "close_as_written_off"
    story.facts.append(WriteOff(sequence=story.next_sequence, value_date=_day(event)))


def _waive_charge(story: Story, event: dict[str, Any]) -> None:
    levied = [fact for fact in story.facts if isinstance(fact, Charge | Penal) and not getattr(fact, "is_kept_back", False)]
    if len(levied) != 1:
        raise Unsupported("waive_charge with several charges")
    charge = levied[0]
    story.types[story.next_sequence] = "waive_loan_charges"
    story.facts.append(
        Waive(
            sequence=story.next_sequence,
            value_date=max(charge.due_date or charge.value_date, charge.value_date),
            amount_paise=charge.amount_paise,
            component=Component.FEE if isinstance(charge, Charge) else Component.PENAL,
            charge_sequence=charge.sequence,
        )
    )


def _undo_waive_charge(story: Story, event: dict[str, Any]) -> None:
    target = story.numbered("waive_loan_charges")[-1]
    _keep_reverted(story, target)
    day = max(_day(event, "business_date"), story.fact(target).value_date)
    story.facts.append(Reverse(sequence=story.next_sequence, value_date=day, reversed_sequence=target))


def _refund(story: Story, event: dict[str, Any]) -> None:
    story.types[story.next_sequence] = "credit_balance_refund"
    amount = minor(event["amount"])
    story.facts.append(Refund(sequence=story.next_sequence, value_date=_day(event), amount_paise=amount))


def _credit(story: Story, event: dict[str, Any]) -> None:
    if event["kind"] not in ("merchant_issued_refund", "payout_refund", "goodwill_credit"):
        raise Unsupported(f"credit {event['kind']}")
    if story.has_interest_refund:
        raise Unsupported("interest_refund")
    story.types[story.next_sequence] = event["kind"]
    story.facts.append(
        Receive(
            sequence=story.next_sequence,
            value_date=_day(event),
            amount_paise=minor(event["amount"]),
            transaction_kind=event["kind"].upper(),
        )
    )


def _undo_last_disbursement(story: Story, event: dict[str, Any]) -> None:
    last = [fact for fact in story.facts if isinstance(fact, Disburse)][-1]
    later = [fact for fact in story.facts if fact.sequence > last.sequence]
    if any(story.types.get(fact.sequence) != "down_payment" for fact in later):
        raise Unsupported("undo_last_disbursement after other events")
    story.facts = [fact for fact in story.facts if fact.sequence < last.sequence]
    story.types = {sequence: name for sequence, name in story.types.items() if sequence < last.sequence}


def _pay_off(story: Story, event: dict[str, Any]) -> None:
    day = _day(event)
    if story.terms.is_interest_recalculated:
        amount = quote_foreclosure(terms=story.terms, facts=story.facts, on_date=day).total_paise
    else:
        state = replay(terms=story.terms, facts=story.facts, as_of=day)
        amount = sum(row.open.total for row in state.instalments) - state.excess_paise
    if amount > 0:
        story.types[story.next_sequence] = "repayment"
        story.facts.append(Receive(sequence=story.next_sequence, value_date=day, amount_paise=amount))


def _end_of_day(story: Story, event: dict[str, Any]) -> None:
    story.day = max(story.day, _day(event, "business_date"))


_MAKERS = {
    "disburse": _disburse,
    "repay": _repay,
    "rate_change": _rate_change,
    "interest_pause": _pause,
    "undo": _undo,
    "charge": _charge,
    "pay_off": _pay_off,
    "end_of_day": _end_of_day,
    "write_off": _write_off,
    "waive_charge": _waive_charge,
    "undo_waive_charge": _undo_waive_charge,
    "credit_balance_refund": _refund,
    "credit": _credit,
    "undo_last_disbursement": _undo_last_disbursement,
    "instalment_charge": _instalment_charge,
    "reschedule": _reschedule,
    "charge_off": _charge_off,
    "undo_charge_off": _undo_charge_off,
    "delinquency_pause": _nothing,
    "delinquency_resume": _nothing,
    "undo_disbursement": _undo_disbursement,
}
