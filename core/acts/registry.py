"""What an act is: data that screens, endpoints and approvals share.

How a service becomes an act: describe it by an `Act` beside the app's other acts and call `act_register` from the
app's `ready`. `core.acts.submitting` then does it or asks for it, `core.acts.pages` shows its form, and
`core.api.acts` gives it addresses. docs/architecture.md has an example.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import models
from rest_framework.serializers import Serializer

from core.acts.errors import ActInputInvalid
from core.approvals.models import ApprovalRequest
from core.approvals.registry import Lock

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActCall:
    """One call of an act: `values` are typed as the act's input describes them."""

    subject_id: int
    values: Values
    reason: str
    reason_code: str
    actor: User
    idempotency_key: str


class ReasonedCall(Protocol):
    """What every call of an act says about itself, whatever it is about."""

    @property
    def reason(self) -> str:
        """Why, in words."""

    @property
    def reason_code(self) -> str:
        """Why, as one of the codes of the act; may be empty."""

    @property
    def actor(self) -> User:
        """Who acts."""

    @property
    def idempotency_key(self) -> str:
        """Name of the intent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDone:
    """The act was done; `result` is what came of it."""

    result: models.Model


@dataclass(frozen=True, slots=True, kw_only=True)
class ActWaiting:
    """A second person has to let the act happen; the request says why, and what would happen."""

    request: ApprovalRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """When an act needs a second person.

    Any one is enough: always; an amount above `above_paise`; a value date more than `backdated_over_days` before the
    business date. None leaves the cause out.
    """

    is_always: bool = False
    above_paise: int | None = None
    backdated_over_days: int | None = None


def no_amount(_subject_id: int, _values: Values) -> int | None:
    """Return that an act is not measured in money."""
    return None


def no_value_date(_subject_id: int, _values: Values) -> date | None:
    """Return that an act counts on no day but its own."""
    return None


def no_cause(_subject_id: int, _values: Values, _on_date: date) -> str:
    """Return that an act has no cause of its own to need a second person."""
    return ""


def _no_lock(_subject_id: int, _values: Values) -> Lock:
    return lambda: None


def _never_before(_key: str) -> bool:
    return False


class Ruled(Protocol):
    """What the rules for a second person look at."""

    @property
    def slug(self) -> str:
        """Name of the act."""

    @property
    def title(self) -> str:
        """The act in words."""

    @property
    def rule(self) -> ApprovalRule:
        """What counts while no dated row says otherwise."""

    @property
    def amount_paise(self) -> Callable[[int, Values], int | None]:
        """What rule and authority are held against."""

    @property
    def value_date(self) -> Callable[[int, Values], date | None]:
        """The day on which the act counts."""

    @property
    def cause(self) -> Callable[[int, Values, date], str]:
        """A further reason to need a second person, "" for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of staff on one subject.

    `subject` is the kind of row that it is about, `name` what people call one; `subject_id` is 0 where it is about
    none. `input` is the serializer of the act's own values. `run` calls the service, in a transaction that `lock` has
    begun: `lock` reads what there is to lock before, and returns what locks it within. `effect` tells what a call
    would do, as JSON can carry it; `version` names what that follows from. `was_done` tells whether a key was used up
    by the service. `is_code_required`: a required reason has a code beside its words. `is_paper_required`: the paper
    that it speaks of comes with it. `sealed` names the values that lie in a request encrypted. `limits_paise` are the
    first authority limits by role.
    """

    slug: str
    code: str
    title: str
    permission: str
    approve_permission: str
    subject: type[models.Model]
    name: Callable[[int], str]
    input: type[Serializer[Any]]
    run: Callable[[ActCall], models.Model]
    effect: Callable[[ActCall], dict[str, Any]]
    version: Callable[[int, Values], str]
    rule: ApprovalRule
    is_reason_required: bool = True
    is_code_required: bool = True
    is_paper_required: bool = False
    lock: Callable[[int, Values], Lock] = _no_lock
    amount_paise: Callable[[int, Values], int | None] = no_amount
    value_date: Callable[[int, Values], date | None] = no_value_date
    cause: Callable[[int, Values, date], str] = no_cause
    was_done: Callable[[str], bool] = _never_before
    sealed: tuple[str, ...] = ()
    limits_paise: Mapping[str, int] = field(default_factory=dict)

    def to_json(self, values: Values) -> dict[str, Any]:
        """Write values as JSON can carry them.

        Raises:
            ActInputInvalid: the act takes no value of a name.
        """
        return values_to_json(slug=self.slug, form=self.input, values=values)

    def from_json(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Read values back, typed and with every default in its place.

        Raises:
            ActInputInvalid: a value is missing or wrong.
        """
        return values_from_json(slug=self.slug, form=self.input, data=data)


def values_to_json(*, slug: str, form: type[Serializer[Any]], values: Values) -> dict[str, Any]:
    """Write the values of an act as JSON can carry them.

    Raises:
        ActInputInvalid: the act takes no value of a name.
    """
    fields = form().fields
    if strange := sorted(values.keys() - fields.keys()):
        raise ActInputInvalid(act=slug, field=strange[0], problem="this act takes no such value.")
    return {
        name: None if value is None else fields[name].to_representation(value) for name, value in sorted(values.items())
    }


def values_from_json(*, slug: str, form: type[Serializer[Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    """Read the values of an act back, typed and with every default in its place.

    Raises:
        ActInputInvalid: a value is missing or wrong.
    """
    serializer = form(data=dict(data))
    if not serializer.is_valid():
        name, problems = next(iter(serializer.errors.items()))
        raise ActInputInvalid(act=slug, field=name, problem=str(problems[0]))
    return dict(serializer.validated_data)


_RULED: dict[str, Ruled] = {}


def ruled_add(act: Ruled) -> None:
    """Make an act known to the rules for a second person.

    Raises:
        ValueError: another act has the name.
    """
    if _RULED.get(act.slug, act) != act:
        raise ValueError(f"Two acts are called {act.slug}.")
    _RULED[act.slug] = act


def ruled_acts() -> tuple[Ruled, ...]:
    """Return every act that rules are published for, by title."""
    return tuple(sorted(_RULED.values(), key=lambda act: act.title))
