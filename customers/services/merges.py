"""Two customers found to be one person: the duplicate leads to the survivor, and back when that was wrong.

Nothing of the duplicate is moved or lost here: addresses, bank accounts and contacts stay with it and are shown with
the survivor's, marked with its number. The app that owns the loans moves those, in the same transaction.
"""

from collections.abc import Mapping
from datetime import date

from django.contrib.auth.models import AbstractBaseUser

from core import audit
from customers.errors import CustomerUnknown, MergeNotPossible, MergeUndone
from customers.locks import customers_for_update, merges_for_update
from customers.models import Customer, CustomerMerge
from customers.services.changes import customer_stands_check

__all__ = ["customer_stands_check", "merge_check", "merge_record", "merge_take_back", "pair_locked"]


def pair_locked(*, survivor_id: int, absorbed_id: int) -> tuple[Customer, Customer]:
    """Lock two customers in key order, and return the survivor and the duplicate; inside a transaction.

    Raises:
        CustomerUnknown: one of them does not exist.
    """
    rows = {row.pk: row for row in customers_for_update().filter(pk__in=[survivor_id, absorbed_id])}
    for customer_id in (survivor_id, absorbed_id):
        if customer_id not in rows:
            raise CustomerUnknown(customer=customer_id)
    return rows[survivor_id], rows[absorbed_id]


def merge_check(*, survivor: Customer, absorbed: Customer) -> None:
    """Refuse two customers who cannot be one person.

    Raises:
        MergeNotPossible: they are the same row, of different kinds, or have different PANs or birth dates.
        CustomerMerged: one of them was merged already.
    """
    problem = ""
    if survivor.pk == absorbed.pk:
        problem = "they are the same customer"
    elif survivor.kind != absorbed.kind:
        problem = "one is a person, the other a business"
    elif survivor.pan and absorbed.pan and survivor.pan != absorbed.pan:
        problem = "their PANs differ, so they are two taxpayers"
    elif survivor.birth_date and absorbed.birth_date and survivor.birth_date != absorbed.birth_date:
        problem = "their dates of birth differ"
    if problem:
        raise MergeNotPossible(survivor=survivor.number, absorbed=absorbed.number, problem=problem)
    for customer in (survivor, absorbed):
        customer_stands_check(customer=customer)


def merge_record(
    *,
    survivor: Customer,
    absorbed: Customer,
    moved: Mapping[str, object],
    merged_on: date,
    reason: str,
    idempotency_key: str,
    actor: AbstractBaseUser | None,
) -> CustomerMerge:
    """Let the duplicate lead to the survivor; the caller holds both locks and has checked them.

    Args:
        moved: what apps above moved, as JSON can carry it; `merge_take_back` gives it back.
    """
    merge = CustomerMerge.objects.create(
        survivor=survivor,
        absorbed=absorbed,
        merged_on=merged_on,
        reason=reason,
        moved=dict(moved),
        idempotency_key=idempotency_key,
        recorded_by_id=None if actor is None else actor.pk,
    )
    absorbed.merged_into = survivor
    absorbed.save(update_fields=["merged_into"])
    detail = {"survivor": survivor.number, "absorbed": absorbed.number}
    for customer in (survivor, absorbed):
        audit.record(actor=actor, action="customers.customer_merge", obj=customer, reason=reason, detail=detail)
    return merge


def merge_take_back(*, merge_id: int, undone_on: date, reason: str, actor: AbstractBaseUser | None) -> CustomerMerge:
    """Let the duplicate be a customer of its own again; the caller holds both locks.

    Raises:
        MergeUndone: that happened before.
        MergeNotPossible: the duplicate does not lead to this survivor.
    """
    merge = merges_for_update().get(pk=merge_id)
    if merge.undone_on is not None:
        raise MergeUndone(absorbed=merge.absorbed.number, undone_on=merge.undone_on)
    absorbed = Customer.objects.get(pk=merge.absorbed_id)
    merge.undone_on, merge.undo_reason = undone_on, reason
    merge.undone_by_id = None if actor is None else actor.pk
    merge.save(update_fields=["undone_on", "undo_reason", "undone_by"])
    absorbed.merged_into = None
    absorbed.save(update_fields=["merged_into"])
    detail = {"survivor": merge.survivor.number, "absorbed": absorbed.number}
    audit.record(actor=actor, action="customers.customer_unmerge", obj=absorbed, reason=reason, detail=detail)
    return merge
