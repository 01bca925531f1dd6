"""The protocol keeps its promises in every order of events, and every mutant of it is found."""

import pytest

from payments.protocol import State, Told, state_after
from tests.payments.simulation.model import Broken, Policy, Run

BRIEF, WHOLE = 3_000, 100_000
SEEDS_FOR_A_MUTANT = 4_000
PROPOSED = Policy()


def timeout_is_failure(state: State, told: Told) -> State:
    """Take no answer for a refusal."""
    return State.FAILED if told == Told.UNSURE else state_after(state=state, told=told)


def deaf_after_the_end(state: State, told: Told) -> State:
    """Believe that a final state is final."""
    return state if state in (State.PROCESSED, State.FAILED) else state_after(state=state, told=told)


def last_arrival_wins(state: State, told: Told) -> State:
    """Believe whatever came last."""
    return state if told in (Told.UNSURE, Told.NOT_FOUND) else State(told.value)


def unknown_is_failure(state: State, told: Told) -> State:
    """Take a reference that the vendor does not know for a payout that failed."""
    return State.FAILED if told == Told.NOT_FOUND else state_after(state=state, told=told)


def refusal_is_final(told: Told, state: State, sends: int) -> Told:
    """Believe that a refused repeat says something about the first request."""
    return Told.FAILED if told == Told.REFUSED else told


MUTANTS = {
    "a new key for each try": Policy(has_key_per_intent=False),
    "a timeout is a failure": Policy(state_after=timeout_is_failure),
    "not found, so a new key": Policy(keeps_key_when_unknown=False),
    "not found, so failed": Policy(takes_unknown_for_failed=True, state_after=unknown_is_failure),
    "deaf after the end": Policy(state_after=deaf_after_the_end),
    "the last arrival wins": Policy(state_after=last_arrival_wins),
    "each message counts": Policy(counts_each_message_once=False),
    "the call before the intent": Policy(commits_intent_first=False),
    "a refused repeat is a failure": Policy(heard_as=refusal_is_final),
    "no look of its own": Policy(looks_by_itself=False),
}


def first_break(policy: Policy, seeds: int) -> str:
    """Return what breaks first; empty when nothing does."""
    for seed in range(seeds):
        try:
            Run(seed, policy).play()
        except Broken as broken:
            return str(broken)
    return ""


@pytest.mark.guarantee("G24")
def test_no_promise_is_broken() -> None:
    assert first_break(PROPOSED, BRIEF) == ""


@pytest.mark.guarantee("G24")
@pytest.mark.long
def test_no_promise_is_broken_in_many_lives() -> None:
    assert first_break(PROPOSED, WHOLE) == ""


@pytest.mark.guarantee("G24")
@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_found(name: str) -> None:
    assert first_break(MUTANTS[name], SEEDS_FOR_A_MUTANT) != ""


def test_broken_promise_names_its_seed_and_every_event() -> None:
    found = first_break(MUTANTS["a new key for each try"], SEEDS_FOR_A_MUTANT)

    assert found.startswith("seed ")
    assert "worker" in found
