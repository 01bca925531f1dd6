"""Named places where a fault test makes this process die, fail or stall; nothing happens unless one is armed."""

import itertools
import os
import signal
import time
from typing import Final

from django.conf import settings

FAILPOINTS: Final = {
    "outbox.before_publish_commit": "the business transaction has written its event and not committed",
    "outbox.before_relay_commit": "the relay has handed events over and not committed",
    "outbox.after_relay_commit": "the relay has committed and not yet told the workers",
    "inbox.before_apply_commit": "a message has had its effect and the transaction is open",
    "inbox.after_apply_commit": "a message was applied and not yet acknowledged to the stream",
    "saga.after_claim": "a step is claimed and has not begun",
    "saga.before_intent_commit": "the intent of an outside call is written and not committed",
    "saga.after_intent_commit": "the intent is committed and nothing was sent",
    "saga.during_call": "the request is on its way",
    "saga.after_call": "the answer is here and nothing of it is written",
    "saga.before_drop_commit": "a call that did not leave is given up, its money not yet back, nothing committed",
    "saga.after_step_commit": "the result is committed and the next step not yet announced",
    "saga.in_compensation": "a step is being undone",
    "poll.before_commit": "a status was fetched and not written",
    "proof.before_intent_commit": "questions about accounts are written and not committed",
    "proof.after_intent_commit": "the questions are committed and none was sent",
    "proof.after_call": "answers about accounts are here and none is written",
    "request.before_commit": "what a request asks for is done and not committed",
    "request.before_answer": "it is committed and nothing was answered",
    "webhook.before_commit": "a webhook was read and not stored",
    "roller.before_commit": "deferred legs are folded and not committed",
}
_passes = itertools.count(1)


class FailpointReached(RuntimeError):
    """An armed failpoint that raises."""


def failpoint(name: str) -> None:
    """Do what is armed for this place: `name:kill9`, `name:raise` or `name:sleep=SECONDS`, from the Nth pass with `@N`.

    Raises:
        ValueError: the table has no such place, or the armed action is unknown.
        FailpointReached: the armed action is to raise.
    """
    if name not in FAILPOINTS:
        raise ValueError(f"{name} is not in the table of failpoints.")
    armed: str = getattr(settings, "FAILPOINT", "")
    if not armed:
        return
    place, _, action = armed.partition(":")
    action, _, nth = action.partition("@")
    if place != name or next(_passes) < int(nth or 1):
        return
    if action == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "raise":
        raise FailpointReached(name)
    elif action.startswith("sleep="):
        time.sleep(float(action.removeprefix("sleep=")))
    else:
        raise ValueError(f"{action} is no action of a failpoint: kill9, raise or sleep=SECONDS.")
