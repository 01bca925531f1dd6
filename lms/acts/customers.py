"""Acts on customers that reach their loans: freeze, lift a freeze, merge a duplicate, undo a merge."""

from typing import Any, Final

from django.db import models
from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from core.approvals.registry import Lock
from customers.errors import MergeUnknown
from customers.models import Customer, CustomerMerge
from lms.acts.first_rules import ALWAYS, CONCESSION
from lms.acts.servicing import FreezeInput, FreezeLiftInput
from lms.acts.subjects import borrower_lock, borrower_version, customer_name, loan_ids_of
from lms.errors.servicing import FreezeUnknown
from lms.models import Freeze, Loan
from lms.services.customer_merges import customers_merge, customers_unmerge
from lms.services.effect_totals import effect_totals
from lms.services.effects import effect_of
from lms.services.freezes import customer_freeze, freeze_lift

_MERGE: Final = "customers.merge_customer"
_APPROVE_MERGE: Final = "customers.approve_customer"


class MergeInput(serializers.Serializer[Any]):
    """A duplicate of the customer."""

    absorbed: serializers.SlugRelatedField[Customer] = serializers.SlugRelatedField(
        slug_field="number", queryset=Customer.objects.all(), help_text="Number of the duplicate."
    )


class UnmergeInput(serializers.Serializer[Any]):
    """A merge to be undone."""

    merge_id = serializers.IntegerField(help_text="Key of the merge.")


def _freeze(call: ActCall) -> models.Model:
    return customer_freeze(
        customer_id=call.subject_id,
        reason=call.reason,
        idempotency_key=call.idempotency_key,
        actor=call.actor,
        **call.values,
    )


def _freeze_effect(call: ActCall) -> dict[str, Any]:
    made: list[Freeze] = []
    totals = _totals(lambda: made.append(_of(Freeze, _freeze(call))), call.subject_id)
    freeze = made[0]
    return {
        "customer": customer_name(call.subject_id),
        "what_is_forbidden": freeze.effect_labels,
        "first_day": freeze.from_date.isoformat(),
        "last_day": freeze.until_date.isoformat() if freeze.until_date else "until it is lifted",
        **totals,
    }


def _lift(call: ActCall) -> models.Model:
    return freeze_lift(freeze_id=_freeze_of(call).pk, reason=call.reason, actor=call.actor)


def _lift_effect(call: ActCall) -> dict[str, Any]:
    freeze = _freeze_of(call)
    return {
        "customer": customer_name(call.subject_id),
        "what_is_allowed_again": freeze.effect_labels,
        **_totals(lambda: _lift(call), call.subject_id),
    }


def _freeze_of(call: ActCall) -> Freeze:
    """Return a freeze of the customer; one of a single loan is lifted on the loan."""
    freeze_id = call.values["freeze_id"]
    freeze = Freeze.objects.filter(pk=freeze_id, customer_id=call.subject_id, loan__isnull=True).first()
    if freeze is None:
        raise FreezeUnknown(freeze=freeze_id)
    return freeze


def _merge(call: ActCall) -> models.Model:
    return customers_merge(
        survivor_id=call.subject_id,
        absorbed_id=call.values["absorbed"].pk,
        reason=call.reason,
        idempotency_key=call.idempotency_key,
        actor=call.actor,
    )


def _merge_effect(call: ActCall) -> dict[str, Any]:
    absorbed = call.values["absorbed"]
    return {
        "customer": customer_name(call.subject_id),
        "duplicate": absorbed.number,
        "loans_that_move": _numbers(absorbed.pk),
        **_totals(lambda: _merge(call), call.subject_id, absorbed.pk),
    }


def _unmerge(call: ActCall) -> models.Model:
    return customers_unmerge(merge_id=_merge_of(call.subject_id, call.values).pk, reason=call.reason, actor=call.actor)


def _unmerge_effect(call: ActCall) -> dict[str, Any]:
    merge = _merge_of(call.subject_id, call.values)
    keys = [pk for pk, _ in merge.moved.get(Loan._meta.label_lower, [])]
    back = Loan.objects.filter(pk__in=keys).order_by("pk").values_list("number", flat=True)
    return {
        "customer": merge.survivor.number,
        "duplicate": merge.absorbed.number,
        "loans_that_go_back": list(back),
        **_totals(lambda: _unmerge(call), merge.survivor_id, merge.absorbed_id),
    }


def _merge_of(customer_id: int, values: Values) -> CustomerMerge:
    merges = CustomerMerge.objects.select_related("survivor", "absorbed")
    merge = merges.filter(pk=values["merge_id"], survivor_id=customer_id).first()
    if merge is None:
        raise MergeUnknown(merge=values["merge_id"])
    return merge


def _pair(customer_id: int, values: Values) -> tuple[int, int]:
    return customer_id, values["absorbed"].pk


def _merged_pair(customer_id: int, values: Values) -> tuple[int, int]:
    return customer_id, _merge_of(customer_id, values).absorbed_id


def _totals(act: Any, *customer_ids: int) -> dict[str, object]:
    """Tell what an act does to the loans of customers, as sums."""
    return effect_totals(effect=effect_of(loan_ids=loan_ids_of(*customer_ids), act=act))


def _numbers(customer_id: int) -> list[str]:
    return list(Loan.objects.filter(customer_id=customer_id).order_by("pk").values_list("number", flat=True))


def _of(model: type[Any], row: models.Model) -> Any:
    assert isinstance(row, model)  # noqa: S101  # the service gives nothing else
    return row


def _own_lock(customer_id: int, _values: Values) -> Lock:
    return borrower_lock(customer_id)


def _own_version(customer_id: int, _values: Values) -> str:
    freezes = Freeze.objects.filter(customer_id=customer_id).order_by("pk").values_list("pk", "lifted_on")
    return f"{borrower_version(customer_id)}|{[str(row) for row in freezes]}"


CUSTOMER_ACTS: Final[tuple[Act, ...]] = (
    Act(
        slug="customer-freeze",
        code="lms.customer-freeze",
        title="Freeze a customer",
        permission="lms.freeze_loan",
        approve_permission=CONCESSION,
        subject=Customer,
        name=customer_name,
        input=FreezeInput,
        run=_freeze,
        effect=_freeze_effect,
        version=_own_version,
        lock=_own_lock,
        rule=ALWAYS,
        was_done=lambda key: Freeze.objects.filter(idempotency_key=key).exists(),
    ),
    Act(
        slug="customer-unfreeze",
        code="lms.customer-unfreeze",
        title="Lift a freeze of a customer",
        permission="lms.freeze_loan",
        approve_permission=CONCESSION,
        subject=Customer,
        name=customer_name,
        input=FreezeLiftInput,
        run=_lift,
        effect=_lift_effect,
        version=_own_version,
        lock=_own_lock,
        rule=ALWAYS,
    ),
    Act(
        slug="customer-merge",
        code="lms.customer-merge",
        title="Merge a duplicate into a customer",
        permission=_MERGE,
        approve_permission=_APPROVE_MERGE,
        subject=Customer,
        name=customer_name,
        input=MergeInput,
        run=_merge,
        effect=_merge_effect,
        version=lambda customer_id, values: borrower_version(*_pair(customer_id, values)),
        lock=lambda customer_id, values: borrower_lock(*_pair(customer_id, values)),
        rule=ALWAYS,
        was_done=lambda key: CustomerMerge.objects.filter(idempotency_key=key).exists(),
    ),
    Act(
        slug="customer-unmerge",
        code="lms.customer-unmerge",
        title="Undo the merge of a duplicate",
        permission=_MERGE,
        approve_permission=_APPROVE_MERGE,
        subject=Customer,
        name=customer_name,
        input=UnmergeInput,
        run=_unmerge,
        effect=_unmerge_effect,
        version=lambda customer_id, values: borrower_version(*_merged_pair(customer_id, values)),
        lock=lambda customer_id, values: borrower_lock(*_merged_pair(customer_id, values)),
        rule=ALWAYS,
    ),
)
