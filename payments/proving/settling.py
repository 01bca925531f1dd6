"""What the ends of calls mean for the accounts in hand: proven, asked again, asked otherwise, or looked for later."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from payments.models import CheckState
from payments.proving.asking import Meaning, never_arrived
from payments.proving.doors import Call
from payments.proving.jobs import Item, PutOff, jobs_put_off
from payments.proving.pauses import RepeatBudget, pause_before_look, pause_before_repeat
from payments.services.check_rows import CheckNow
from payments.services.payees import Answered, checks_answered
from payments.vendors.answers import ProofNews

_MOST_TRIES: Final = 4
_TOO_MANY_TRIES_SECONDS: Final = 60.0


@dataclass(slots=True)
class Settled:
    """Accounts that are out of hand, those that go on at once, and how many were proven or refused."""

    gone: list[Item] = field(default_factory=list)
    back: list[Item] = field(default_factory=list)
    decided: int = 0
    put_off: list[PutOff] = field(default_factory=list)

    def later(self, item: Item, seconds: float, problem: str, *, looks: int = 0) -> None:
        """Let an account out of hand until later."""
        self.gone.append(item)
        self.put_off.append(PutOff(item.job_id, seconds, problem, looks))


def calls_settle(
    *, ends: Sequence[tuple[Call, Meaning]], items: Mapping[int, Item], budget: RepeatBudget, today: date
) -> Settled:
    """Write answers down, many at once, and decide how each account goes on.

    Args:
        ends: calls that ended and what that means; probes and accounts out of hand are left out by the caller.
        items: the accounts in hand by job.
        budget: of repeats.
        today: the business date from which proofs count.
    """
    settled = Settled()
    answers: list[Answered] = []
    silent: list[tuple[Call, Meaning]] = []
    for call, meaning in ends:
        item = items[call.job_id]
        if news := _news(call, meaning, item, budget):
            answers.append(Answered(check_id=call.check_id, news=news, customer_name=item.customer_name))
        else:
            silent.append((call, meaning))
    lost = never_arrived(check_ids=[call.check_id for call, _ in silent], today=today) if silent else []
    never = {answer.check_id for answer in lost}
    for call, meaning in silent:
        if call.check_id not in never:
            item = items[call.job_id]
            looks = item.looks + (call.kind == "find" and meaning.is_sent)
            settled.later(item, pause_before_look(looks=looks), meaning.problem, looks=looks)
    calls = {call.check_id: call for call, _ in ends}
    for check in checks_answered(answers=[*answers, *lost], today=today) if answers or lost else ():
        _go_on(settled, items[calls[check.pk].job_id], check)
    jobs_put_off(put_off=settled.put_off)
    return settled


def _news(call: Call, meaning: Meaning, item: Item, budget: RepeatBudget) -> ProofNews | None:
    """Return what to write down; None where the question stays open and has to be looked for."""
    if meaning.answer is not None or call.kind == "find":
        return meaning.answer
    if not meaning.is_sent:
        item.not_before = time.monotonic() + max(meaning.pause_seconds, pause_before_repeat(tries=item.tries))
        return ProofNews(state=CheckState.DROPPED, reason=meaning.problem[:120])
    if call.is_paid:
        return None
    # A free question is asked again where repeats are affordable, or else the next way is taken.
    if item.tries < _MOST_TRIES and budget.may_repeat():
        item.not_before = time.monotonic() + pause_before_repeat(tries=item.tries)
        return ProofNews(state=CheckState.DROPPED, reason=meaning.problem[:120])
    return ProofNews(state=CheckState.UNPROVEN, reason=meaning.problem[:120])


def _go_on(settled: Settled, item: Item, check: CheckNow) -> None:
    if check.state in (CheckState.VALID, CheckState.INVALID):
        settled.gone.append(item)
        settled.decided += 1
    elif check.state == CheckState.WAITING:
        problem = check.reason or "The vendor is still proving the account"
        settled.later(item, pause_before_look(looks=item.looks), problem, looks=item.looks + 1)
    elif check.state == CheckState.DROPPED and item.tries >= _MOST_TRIES:
        settled.later(item, _TOO_MANY_TRIES_SECONDS, check.reason)
    else:
        if check.state == CheckState.UNPROVEN:
            item.tried.add((check.vendor_id or 0, check.operation))
        item.tries += 1
        item.open_check = None
        settled.back.append(item)
