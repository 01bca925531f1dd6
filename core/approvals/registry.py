"""The acts that need a second person; each app registers its own when it is ready.

How a service is marked: write an `ApprovalKind` beside it and call `register` from the app's `ready`. The payload is
all that the service takes, as JSON; `effect` runs the service in `core.rehearsal.rehearse` and tells what it changed;
`execute` calls the same service with the key that it is given; `version` names what the effect follows from, so that a
change in between is noticed; `prepare` locks it, so that nothing changes between that look and the act. Screens,
expiry, limits and bulk approval follow by themselves. docs/architecture.md has an example.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

Payload = Mapping[str, Any]
Lock = Callable[[], object]


def _prepare_nothing(_payload: Payload) -> Lock:
    """Prepare no lock: the act's service takes its own."""
    return lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalKind:
    """One act that needs a second person.

    `code` is `app.act`. `effect` tells what the act would do, as JSON can carry it: it runs the act in a rehearsal.
    `version` names the state that the effect was computed from; it changes whenever the subject changes. `execute`
    does the act in the maker's name, with an idempotency key, and returns the object that came of it. `amount_paise`
    is what the authority limit is held against; None for an act without money. `prepare` reads what there is to lock
    before the transaction of an approval begins, and returns what locks it within. `template` shows the effect on the
    screen; `limits_paise` are the authority limits by role of the first day.
    """

    code: str
    title: str
    make_permission: str
    check_permission: str
    describe: Callable[[Payload], str]
    subject: Callable[[Payload], tuple[str, int]]
    effect: Callable[[Payload, User], dict[str, Any]]
    version: Callable[[Payload], str]
    execute: Callable[[Payload, User, str], object]
    amount_paise: Callable[[Payload], int | None] | None = None
    prepare: Callable[[Payload], Lock] = _prepare_nothing
    template: str = "approvals/_effect.html"
    limits_paise: Mapping[str, int] = field(default_factory=dict)
    expires_after_days: int = 7


_KINDS: dict[str, ApprovalKind] = {}


def register(kind: ApprovalKind) -> None:
    """Make an act known; called once for each from its app's `ready`.

    Raises:
        ValueError: another act has the code.
    """
    if _KINDS.get(kind.code, kind) != kind:
        raise ValueError(f"Two acts are registered as {kind.code}.")
    _KINDS[kind.code] = kind


def approval_kind(code: str) -> ApprovalKind:
    """Return an act by its code.

    Raises:
        ValueError: no app registered it.
    """
    if code not in _KINDS:
        raise ValueError(f"No act is registered as {code}.")
    return _KINDS[code]


def approval_kinds() -> tuple[ApprovalKind, ...]:
    """Return every act, sorted by its title."""
    return tuple(sorted(_KINDS.values(), key=lambda kind: kind.title))
