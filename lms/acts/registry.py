"""What an act on a loan is: data that screens, endpoints and approvals share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from rest_framework.serializers import Serializer

from core.acts.registry import ApprovalRule, Values, no_cause, values_from_json, values_to_json
from lms.models import FactKind, LoanFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ActCall:
    """One call of an act: `values` are typed as the act's input describes them."""

    loan_id: int
    values: Values
    reason: str
    reason_code: str
    actor: User
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDone:
    """The act was done; `result` is what came of it, for most acts the new entry of the loan."""

    result: models.Model

    @property
    def fact(self) -> LoanFact:
        """The new entry of the loan.

        Raises:
            TypeError: the act appends none to this loan.
        """
        if not isinstance(self.result, LoanFact):
            raise TypeError(f"This act gives {self.result._meta.label}, no entry.")
        return self.result


def own_amount(_loan_id: int, values: Values) -> int | None:
    """Return the amount that was entered."""
    amount: int | None = values.get("amount_paise")
    return amount


def own_value_date(_loan_id: int, values: Values) -> date | None:
    """Return the value date that was entered."""
    day: date | None = values.get("value_date")
    return day


def own_loan(loan_id: int, _values: Values) -> tuple[int, ...]:
    """Return the loan itself."""
    return (loan_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAct:
    """One act on a loan.

    `input` is the serializer of the act's own values: what the service takes beyond loan, reason, actor and key. `run`
    calls the service. `loans` names every loan that the act touches; `amount_paise` is what rule and authority are
    held against; `rule` is what counts while no dated row says otherwise; `cause` is a further reason to need a second
    person, "" for none. `limits_paise` are the first authority limits by role.
    """

    slug: str
    title: str
    permission: str
    approve_permission: str
    input: type[Serializer[Any]]
    run: Callable[[ActCall], models.Model]
    is_reason_required: bool
    rule: ApprovalRule
    kind: FactKind | None = None
    loans: Callable[[int, Values], tuple[int, ...]] = own_loan
    amount_paise: Callable[[int, Values], int | None] = own_amount
    value_date: Callable[[int, Values], date | None] = own_value_date
    cause: Callable[[int, Values, date], str] = no_cause
    limits_paise: Mapping[str, int] = field(default_factory=dict)

    @property
    def approval_code(self) -> str:
        """Name of the act among the kinds of approval."""
        return f"lms.{self.slug}"

    @property
    def reason_group(self) -> str:
        """Group of reason codes that the act takes."""
        return self.slug

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
