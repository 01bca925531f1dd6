"""What borrowers do: the facts of one loan from disbursal to today, by temperament."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from lms.engine.facts import (
    Bounce,
    Charge,
    Disburse,
    Fact,
    Foreclose,
    Prepay,
    PrepaymentEffect,
    Receive,
    Recover,
    Refund,
    Reverse,
    Settle,
    Waive,
    WriteOff,
)
from lms.engine.quote import quote_foreclosure
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.state import Instalment, LoanState, LoanStatus
from lms.engine.terms import ChargeTerm, Component, Terms


class Temperament(StrEnum):
    """How a borrower pays."""

    PROMPT = "PROMPT"
    LATE = "LATE"
    PART_PAYER = "PART_PAYER"
    BOUNCER = "BOUNCER"
    PREPAYER = "PREPAYER"
    FORECLOSER = "FORECLOSER"
    STRESSED = "STRESSED"
    DEFAULTER = "DEFAULTER"
    WRITTEN_OFF = "WRITTEN_OFF"
    SETTLER = "SETTLER"
    OVERPAYER = "OVERPAYER"
    MISPOSTED = "MISPOSTED"


# In a hundred borrowers, so many of each.
MIX: dict[Temperament, int] = {
    Temperament.PROMPT: 56,
    Temperament.LATE: 14,
    Temperament.PART_PAYER: 4,
    Temperament.BOUNCER: 6,
    Temperament.PREPAYER: 4,
    Temperament.FORECLOSER: 4,
    Temperament.STRESSED: 4,
    Temperament.DEFAULTER: 3,
    Temperament.WRITTEN_OFF: 1,
    Temperament.SETTLER: 1,
    Temperament.OVERPAYER: 2,
    Temperament.MISPOSTED: 1,
}
_DEFAULTING = (Temperament.DEFAULTER, Temperament.WRITTEN_OFF, Temperament.SETTLER)


def draw_temperament(rng: Random) -> Temperament:
    """Draw a temperament by the mix."""
    return rng.choices(list(MIX), weights=list(MIX.values()))[0]


def tell_history(
    *, terms: Terms, disbursed_on: date, until: date, temperament: Temperament, rng: Random
) -> tuple[Fact, ...]:
    """Tell what happened to one loan.

    Args:
        terms: as sanctioned; `first_due_date` set.
        disbursed_on: day of the only tranche.
        until: the last day that is told.
        temperament: how this borrower pays.
        rng: source of every choice.

    Returns:
        Facts in the order of recording, sequences from 1, each possible on its day.
    """
    story = _Story(terms=terms, until=until, rng=rng)
    story.disburse(disbursed_on)
    rows = build_schedule(terms=terms, start_date=disbursed_on)
    stops_at = rng.randrange(1, max(2, len(rows) - 1)) if temperament in _DEFAULTING else len(rows)
    for row in rows[:stops_at]:
        if row.due_date > until or story.is_over:
            break
        _pay_row(story=story, row=row, temperament=temperament)
    if temperament in _DEFAULTING and stops_at < len(rows):
        _end_of_default(story=story, stopped_on=rows[stops_at].due_date, temperament=temperament)
    return tuple(story.facts)


@dataclass(slots=True)
class _Story:
    """The facts so far; nothing is told after `until`, and days never run backwards."""

    terms: Terms
    until: date
    rng: Random
    facts: list[Fact] = field(default_factory=list)
    day: date = date.min
    is_over: bool = False

    @property
    def sequence(self) -> int:
        return len(self.facts) + 1

    def tell(self, fact: Fact) -> bool:
        """Append a fact unless it lies beyond the end of the story; say whether it was told."""
        if fact.value_date > self.until:
            self.is_over = True
            return False
        self.facts.append(fact)
        self.day = max(self.day, fact.value_date)
        return True

    def state(self, day: date) -> LoanState:
        return replay(terms=self.terms, facts=self.facts, as_of=day)

    def reference(self) -> str:
        return f"{self.rng.randrange(10**12):012d}"

    def charge_term(self, code: str) -> ChargeTerm:
        return next(term for term in self.terms.charges if term.code == code)

    def disburse(self, day: date) -> None:
        amount = self.terms.principal_paise
        self.tell(Disburse(sequence=1, value_date=day, amount_paise=amount, reference=self.reference()))
        term = self.charge_term("PROCESSING")
        fee = int(amount * term.percent / 100)
        tax = int(fee * term.tax_pct / 100)
        self.tell(Charge(sequence=2, value_date=day, amount_paise=fee, tax_paise=tax, code=term.code))
        self.receive(day=day, amount=fee + tax)

    def receive(self, *, day: date, amount: int) -> bool:
        if amount <= 0:
            return False
        return self.tell(
            Receive(
                sequence=self.sequence,
                value_date=max(day, self.day),
                amount_paise=amount,
                reference=self.reference(),
            )
        )

    def receive_overdue(self, day: date) -> bool:
        """Pay all that is overdue on a day, charges included."""
        day = max(day, self.day)
        if day > self.until:
            self.is_over = True
            return False
        return self.receive(day=day, amount=self.payable(day))

    def payable(self, day: date) -> int:
        """What a borrower is asked for on a day: its own night has not earned a penal charge yet."""
        overdue = self.state(day).overdue
        return overdue.total - overdue.penal + self.penal(day)

    def penal(self, day: date) -> int:
        """Penal charges open when a day begins and still open at its end."""
        return min(self.state(day - timedelta(days=1)).overdue.penal, self.state(day).overdue.penal)


def _pay_row(*, story: _Story, row: Instalment, temperament: Temperament) -> None:
    """Let one due date pass in the borrower's manner."""
    rng = story.rng
    match temperament:
        case Temperament.LATE if rng.random() < 0.5:
            story.receive_overdue(row.due_date + timedelta(days=rng.randrange(1, 20)))
        case Temperament.PART_PAYER:
            story.receive(day=row.due_date, amount=row.due.total * rng.randrange(30, 80) // 100)
            story.receive_overdue(row.due_date + timedelta(days=rng.randrange(4, 15)))
        case Temperament.BOUNCER if rng.random() < 0.25:
            _bounce(story=story, row=row)
        case Temperament.STRESSED if rng.random() < 0.3:
            _miss_and_catch_up(story=story, row=row)
        case Temperament.PREPAYER if row.number == 5:
            story.receive(day=row.due_date, amount=row.due.total)
            _prepay(story=story, row=row)
        case Temperament.FORECLOSER if row.number >= 4 and rng.random() < 0.2:
            _foreclose(story=story, day=row.due_date + timedelta(days=rng.randrange(1, 6)))
        case Temperament.OVERPAYER if rng.random() < 0.2:
            _overpay(story=story, row=row)
        case Temperament.MISPOSTED if rng.random() < 0.25:
            _mispost(story=story, row=row)
        case _:
            _pay_in_time(story=story, row=row)


def _pay_in_time(*, story: _Story, row: Instalment) -> None:
    """Pay on the due date what is due by then; after a change of plan that may differ from the first schedule."""
    day = max(row.due_date, story.day)
    if day > story.until:
        story.is_over = True
        return
    state = story.state(day)
    if state.status is not LoanStatus.ACTIVE:
        story.is_over = True
        return
    story.receive(day=day, amount=story.payable(day) if state.overdue.penal else state.overdue.total)


def _bounce(*, story: _Story, row: Instalment) -> None:
    """Present the mandate, see it returned two days later, collect with the charge a week after."""
    receipt = story.sequence
    term = story.charge_term("BOUNCE")
    returned_on = row.due_date + timedelta(days=2)
    if returned_on > story.until or not story.receive(day=row.due_date, amount=row.due.total):
        return
    story.tell(
        Bounce(
            sequence=story.sequence,
            value_date=max(returned_on, story.day),
            receipt_sequence=receipt,
            charge_paise=term.amount_paise,
            tax_paise=int(term.amount_paise * term.tax_pct / 100),
            reason_code=story.rng.choice(("04", "05", "58")),
            reference=story.reference(),
        )
    )
    story.receive_overdue(returned_on + timedelta(days=story.rng.randrange(4, 12)))


def _miss_and_catch_up(*, story: _Story, row: Instalment) -> None:
    """Miss some weeks, get the penal charge waived, pay the arrears."""
    day = max(row.due_date + timedelta(days=story.rng.randrange(25, 75)), story.day)
    if day > story.until:
        story.is_over = True
        return
    if penal := story.penal(day):
        story.tell(Waive(sequence=story.sequence, value_date=day, amount_paise=penal, component=Component.PENAL))
    story.receive_overdue(day)


def _prepay(*, story: _Story, row: Instalment) -> None:
    """Pay a part of the principal three days after an instalment."""
    day = max(row.due_date + timedelta(days=3), story.day)
    if day > story.until:
        return
    outstanding = story.state(day).outstanding.principal
    effect = story.rng.choice(tuple(PrepaymentEffect))
    amount = outstanding * story.rng.randrange(10, 40) // 100
    if amount:
        story.tell(
            Prepay(
                sequence=story.sequence, value_date=day, amount_paise=amount, effect=effect, reference=story.reference()
            )
        )


def _foreclose(*, story: _Story, day: date) -> None:
    """Close the loan before its time at the quoted price."""
    day = max(day, story.day)
    if day > story.until:
        story.is_over = True
        return
    quote = quote_foreclosure(terms=story.terms, facts=story.facts, on_date=day)
    story.tell(
        Foreclose(
            sequence=story.sequence,
            value_date=day,
            amount_paise=quote.total_paise,
            charge_paise=quote.charge_paise,
            tax_paise=quote.charge_tax_paise,
            reference=story.reference(),
        )
    )
    story.is_over = True


def _overpay(*, story: _Story, row: Instalment) -> None:
    """Pay the instalment twice by mistake and ask for the second one back."""
    if not story.receive(day=row.due_date, amount=row.due.total * 2):
        return
    day = max(row.due_date + timedelta(days=2), story.day)
    if day > story.until:
        return
    excess = story.state(day).excess_paise
    if excess:
        story.tell(Refund(sequence=story.sequence, value_date=day, amount_paise=excess, reference=story.reference()))


def _mispost(*, story: _Story, row: Instalment) -> None:
    """Book somebody else's money here, reverse it later, and book the right receipt with its true date."""
    wrong = story.sequence
    noticed_on = row.due_date + timedelta(days=6)
    if noticed_on > story.until or not story.receive(day=row.due_date, amount=row.due.total + 1_000_00):
        return
    story.tell(Reverse(sequence=story.sequence, value_date=row.due_date, reversed_sequence=wrong))
    story.facts.append(
        Receive(
            sequence=story.sequence, value_date=row.due_date, amount_paise=row.due.total, reference=story.reference()
        )
    )
    story.day = max(story.day, noticed_on)


def _end_of_default(*, story: _Story, stopped_on: date, temperament: Temperament) -> None:
    """Write a defaulted loan off, or settle it, where the story is old enough; else leave it unpaid."""
    rng = story.rng
    day = max(stopped_on + timedelta(days=rng.randrange(120, 200)), story.day)
    if day > story.until or temperament is Temperament.DEFAULTER or story.is_over:
        return
    outstanding = story.state(day).outstanding.total
    if temperament is Temperament.SETTLER:
        amount = outstanding * rng.randrange(40, 70) // 100
        story.tell(Settle(sequence=story.sequence, value_date=day, amount_paise=amount, reference=story.reference()))
        return
    story.tell(WriteOff(sequence=story.sequence, value_date=day))
    recovered_on = day + timedelta(days=rng.randrange(20, 60))
    if recovered_on <= story.until:
        amount = outstanding * rng.randrange(5, 25) // 100
        story.tell(
            Recover(sequence=story.sequence, value_date=recovered_on, amount_paise=amount, reference=story.reference())
        )
