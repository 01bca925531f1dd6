"""Acts on customers: new values, a move, another account to pay into; a second person where it matters who it is."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.db import models
from rest_framework import serializers

from core.acts.approval import act_register
from core.acts.registry import Act, ActCall, ApprovalRule, Values
from core.approvals.registry import Lock
from core.states import STATES
from customers.locks import customers_for_update
from customers.models import Address, AddressKind, BankAccount, Customer, CustomerChange, CustomerField
from customers.services import CustomerValues, bank_account_change, customer_change, customer_move
from customers.values import clean_state_code, mask_account, mask_pan, mask_phone

_CHANGE: Final = "customers.change_customer"
_APPROVE: Final = "customers.approve_customer"
# Who the customer is: a wrong value gives somebody else's loans, money and taxes.
_IDENTITY: Final = {"full_name": "the name", "pan": "the PAN", "birth_date": "the date of birth"}
_MASKS: Final[dict[str, Callable[[str], str]]] = {
    "phone": mask_phone,
    "pan": mask_pan,
    "email": lambda text: f"…@{text.partition('@')[2]}",
    "birth_date": lambda text: f"{text[:4]}-…",
}
_STATES: Final = [(state.code, state.name) for state in sorted(STATES, key=lambda state: state.name)]


def _optional(**options: Any) -> dict[str, Any]:
    return {"required": False, "allow_null": True, "default": None, **options}


class ValuesInput(serializers.Serializer[Any]):
    """New values of a customer; what is left out stays."""

    full_name = serializers.CharField(**_optional(max_length=160))
    phone = serializers.CharField(**_optional(max_length=20, help_text="Ten digits."))
    email = serializers.CharField(**_optional(max_length=254))
    pan = serializers.CharField(**_optional(max_length=10))
    birth_date = serializers.DateField(**_optional())
    is_phone_shared = serializers.BooleanField(default=False, help_text="Another customer has the number too.")
    effective_from = serializers.DateField(**_optional(help_text="The business date when empty."))


class MoveInput(serializers.Serializer[Any]):
    """Another address."""

    kind = serializers.ChoiceField(choices=AddressKind.choices, default=AddressKind.CURRENT.value)
    line_1 = serializers.CharField(max_length=160)
    line_2 = serializers.CharField(max_length=160, allow_blank=True, default="")
    city = serializers.CharField(max_length=80)
    state_code = serializers.ChoiceField(choices=_STATES)
    pin_code = serializers.CharField(max_length=6)
    effective_from = serializers.DateField(**_optional(help_text="The business date when empty."))


class AccountInput(serializers.Serializer[Any]):
    """Another account to pay into."""

    account_number = serializers.CharField(max_length=24)
    ifsc = serializers.CharField(max_length=11)
    holder_name = serializers.CharField(max_length=160, allow_blank=True, default="", help_text="Empty: the customer.")
    is_joint = serializers.BooleanField(default=False, help_text="Another customer has the account too.")


def _common(call: ActCall) -> dict[str, Any]:
    return {"customer_id": call.subject_id, "reason": call.reason, "actor": call.actor}


def _change(call: ActCall) -> models.Model:
    _changes(call)
    return Customer.objects.get(pk=call.subject_id)


def _changes(call: ActCall) -> tuple[CustomerChange, ...]:
    entered = dict(call.values)
    values = CustomerValues(**{name: entered.pop(name) or None for name in CustomerValues.__slots__})
    return customer_change(values=values, idempotency_key=call.idempotency_key, **entered, **_common(call))


def _change_effect(call: ActCall) -> dict[str, Any]:
    rows = _changes(call)
    return {
        "customer": _name(call.subject_id),
        "counts_from": rows[0].effective_from.isoformat(),
        "changes": [
            {
                "what": str(CustomerField(row.field).label),
                "now": _masked(row.field, row.old_value),
                "then": _masked(row.field, row.new_value),
            }
            for row in rows
        ],
    }


def _masked(field: str, value: str) -> str:
    mask = _MASKS.get(field)
    return mask(value) if mask and value else value or "–"


def _change_cause(_customer_id: int, values: Values, _on_date: date) -> str:
    changed = [words for name, words in _IDENTITY.items() if values.get(name)]
    return f"{', '.join(changed)} says who the customer is" if changed else ""


def _move(call: ActCall) -> Address:
    return customer_move(idempotency_key=call.idempotency_key, **call.values, **_common(call))


def _move_effect(call: ActCall) -> dict[str, Any]:
    before = Customer.objects.get(pk=call.subject_id)
    address = _move(call)
    after = Customer.objects.get(pk=call.subject_id)
    return {
        "customer": before.number,
        "address": f"{address.get_kind_display()}, {address.city} {address.pin_code}",
        "there_since": address.effective_from.isoformat() if address.effective_from else "",
        "state_for_taxes_before": before.state_code,
        "state_for_taxes_after": after.state_code,
    }


def _move_cause(customer_id: int, values: Values, _on_date: date) -> str:
    before = Customer.objects.values_list("state_code", flat=True).filter(pk=customer_id).first()
    is_current = values.get("kind", AddressKind.CURRENT) == AddressKind.CURRENT
    is_other = is_current and before is not None and clean_state_code(values["state_code"]) != before
    return "the state changes, and with it the taxes" if is_other else ""


def _account(call: ActCall) -> BankAccount:
    return bank_account_change(**call.values, **_common(call))


def _account_effect(call: ActCall) -> dict[str, Any]:
    before = BankAccount.objects.filter(primary_of=call.subject_id).first()
    account = _account(call)
    return {
        "customer": _name(call.subject_id),
        "account_before": _account_text(before) if before else "–",
        "account_after": _account_text(account),
        "holder_before": before.holder_name if before else "–",
        "holder_after": account.holder_name,
    }


def _account_text(account: BankAccount) -> str:
    return f"{mask_account(account.account_number)}, {account.ifsc}"


def _account_cause(customer_id: int, _values: Values, _on_date: date) -> str:
    is_second = BankAccount.objects.filter(primary_of=customer_id).exists()
    return "money would go to another account than before" if is_second else ""


def _name(customer_id: int) -> str:
    return Customer.objects.values_list("number", flat=True).filter(pk=customer_id).first() or ""


def _lock(customer_id: int, _values: Values) -> Lock:
    return lambda: list(customers_for_update().filter(pk=customer_id))


def _version(customer_id: int, _values: Values) -> str:
    """Name what the history and the accounts of a customer are; both only grow."""
    changes = CustomerChange.objects.filter(customer_id=customer_id).order_by("-pk").values_list("pk", flat=True)
    primary = BankAccount.objects.filter(primary_of=customer_id).values_list("pk", flat=True)
    merged = Customer.objects.filter(pk=customer_id).values_list("merged_into_id", flat=True)
    return f"{changes.first()}|{primary.first()}|{merged.first()}"


def _act(slug: str, title: str, **described: Any) -> Act:
    return Act(
        slug=f"customer-{slug}",
        code=f"customers.customer-{slug}",
        title=title,
        permission=_CHANGE,
        approve_permission=_APPROVE,
        subject=Customer,
        name=_name,
        version=_version,
        lock=_lock,
        rule=ApprovalRule(),
        **described,
    )


CUSTOMER_CHANGE_ACT: Final = _act(
    "change",
    "Change personal data",
    input=ValuesInput,
    run=_change,
    effect=_change_effect,
    cause=_change_cause,
    was_done=lambda key: CustomerChange.objects.filter(idempotency_key=key).exists(),
    sealed=("full_name", "phone", "email", "pan", "birth_date"),
)
CUSTOMER_MOVE_ACT: Final = _act(
    "move",
    "Record a move",
    input=MoveInput,
    run=_move,
    effect=_move_effect,
    cause=_move_cause,
    was_done=lambda key: Address.objects.filter(idempotency_key=key).exists(),
    sealed=("line_1", "line_2", "city", "pin_code"),
)
CUSTOMER_ACCOUNT_ACT: Final = _act(
    "account",
    "Change the bank account",
    input=AccountInput,
    run=_account,
    effect=_account_effect,
    cause=_account_cause,
    sealed=("account_number", "holder_name"),
)
CUSTOMER_ACTS: Final = (CUSTOMER_CHANGE_ACT, CUSTOMER_MOVE_ACT, CUSTOMER_ACCOUNT_ACT)


def acts_register() -> None:
    """Make the acts on customers known to the rules and to maker and checker."""
    for act in CUSTOMER_ACTS:
        act_register(act)
