"""Two customers found to be one person: their loans under one borrower, and back when that was wrong."""

from datetime import date, timedelta
from typing import Final

from django.contrib.auth.models import User

from core.business_date import business_date
from core.transactions import run_in_transaction
from customers.models import Customer, CustomerMerge
from customers.services.merges import merge_check, merge_record, merge_take_back, pair_locked
from lms.engine.state import LoanStatus
from lms.errors import IdempotencyKeyReused
from lms.errors.servicing import CustomersNotMergeable, MergeNotUndoable
from lms.locks import lines_of_borrowers_for_update, loans_of_borrowers_for_update
from lms.models import CreditLine, Freeze, Loan, ProvisionRun
from lms.services.borrower_classes import borrower_classes_join, borrower_classes_part
from lms.services.checks import key_check, reason_check
from lms.services.day_end import loan_close_upto

# What a customer has, in the order of the locks.
_OWNED: Final = (CreditLine, Loan)


def customers_merge(
    *,
    survivor_id: int,
    absorbed_id: int,
    reason: str,
    idempotency_key: str,
    actor: User | None = None,
) -> CustomerMerge:
    """Put the loans of a duplicate under the customer who stays; what was known of the duplicate is kept and marked.

    Both borrowers are closed up to yesterday first, so that a day-end that is under way misses no loan; then the loans
    are classified together, and freezes of either customer count for all of them. Acts that wait for the duplicate's
    loans find them with the survivor.

    Returns:
        The merge; that of the first call with the same key and customers.

    Raises:
        MergeNotPossible: the two cannot be one person.
        CustomerUnknown, CustomerMerged: one of them is not there, or was merged already.
        LoanNotClosable: a loan of either cannot be replayed.
        ReasonMissing, IdempotencyKeyMissing, IdempotencyKeyReused: the request cannot be.
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=reason, is_required=True)

    def merge() -> CustomerMerge:
        survivor, absorbed, loans = _locked(survivor_id, absorbed_id)
        if earlier := CustomerMerge.objects.filter(idempotency_key=idempotency_key).first():
            if (earlier.survivor_id, earlier.absorbed_id) != (survivor_id, absorbed_id):
                raise IdempotencyKeyReused(key=idempotency_key)
            return earlier
        merge_check(survivor=survivor, absorbed=absorbed)
        if ProvisionRun.objects.filter(state=ProvisionRun.State.RUNNING).exists():
            raise CustomersNotMergeable(
                survivor=survivor.number,
                absorbed=absorbed.number,
                problem="a run of provisions goes over the customers",
            )
        _close_up(loans)
        moved = {model._meta.label_lower: _moved(model, absorbed_id) for model in _OWNED}
        for model in _OWNED:
            model.objects.filter(customer_id=absorbed_id).update(customer_id=survivor_id)
        is_frozen = Freeze.objects.filter(loan__isnull=True, customer_id__in=(survivor_id, absorbed_id)).exists()
        if is_frozen:
            Loan.objects.filter(customer_id=survivor_id).update(is_watched=True)
        today = business_date()
        recorded = merge_record(
            survivor=survivor,
            absorbed=absorbed,
            moved=moved,
            merged_on=today,
            reason=reason,
            idempotency_key=idempotency_key,
            actor=actor,
        )
        borrower_classes_join(
            customer_id=survivor_id,
            today=today,
            reason=f"{absorbed.number} was merged into {survivor.number}",
            key=f"lms.merge:{recorded.pk}",
        )
        return recorded

    return run_in_transaction(merge)


def customers_unmerge(*, merge_id: int, reason: str, actor: User | None = None) -> CustomerMerge:
    """Give a duplicate its loans back, while nothing happened to them since.

    Each borrower gets the class of the own loans alone: who was non-performing only through the merge never was.

    Raises:
        MergeNotUndoable: a loan has a new entry, is with another customer by now, or the survivor was merged on.
        MergeUndone: that happened before.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    merge = CustomerMerge.objects.get(pk=merge_id)

    def undo() -> CustomerMerge:
        survivor, absorbed, loans = _locked(merge.survivor_id, merge.absorbed_id)
        taken_back = merge_take_back(merge_id=merge.pk, undone_on=business_date(), reason=reason, actor=actor)
        _undo_check(merge, survivor, absorbed)
        _close_up(loans)
        for model in _OWNED:
            keys = [pk for pk, _ in merge.moved.get(model._meta.label_lower, [])]
            model.objects.filter(pk__in=keys).update(customer_id=absorbed.pk)
        for customer in (survivor, absorbed):
            borrower_classes_part(
                customer_id=customer.pk,
                joined_on=merge.merged_on,
                today=business_date(),
                reason=f"{absorbed.number} is not {survivor.number}: the merge was undone",
                key=f"lms.unmerge:{merge.pk}",
            )
        return taken_back

    return run_in_transaction(undo)


def _locked(survivor_id: int, absorbed_id: int) -> tuple[Customer, Customer, list[Loan]]:
    """Lock lines, loans and customers of both, in the one order; loans that came before the last lock are there."""
    pair = (survivor_id, absorbed_id)
    list(lines_of_borrowers_for_update(customer_ids=pair))
    list(loans_of_borrowers_for_update(customer_ids=pair))
    survivor, absorbed = pair_locked(survivor_id=survivor_id, absorbed_id=absorbed_id)
    return survivor, absorbed, list(loans_of_borrowers_for_update(customer_ids=pair))


def _moved(model: type[Loan] | type[CreditLine], customer_id: int) -> list[list[int]]:
    """List what a customer has, with the number of entries of each."""
    rows = model.objects.filter(customer_id=customer_id).order_by("pk").values_list("pk", "fact_count")
    return [list(row) for row in rows]


def _undo_check(merge: CustomerMerge, survivor: Customer, absorbed: Customer) -> None:
    """Refuse to give back what has changed since; the refusal takes back what was written before it."""
    problem = ""
    if survivor.merged_into_id is not None:
        problem = f"{survivor.number} was merged on into another customer. Undo that merge first."
    for model in _OWNED:
        now = dict(model.objects.filter(customer_id=survivor.pk).values_list("pk", "fact_count"))
        for pk, fact_count in merge.moved.get(model._meta.label_lower, []):
            if now.get(pk) != fact_count:
                number = model.objects.values_list("number", flat=True).get(pk=pk)
                problem = f"{number} has new entries, or another borrower. Keep the merge, and correct the customer."
    if problem:
        raise MergeNotUndoable(survivor=survivor.number, absorbed=absorbed.number, problem=problem)


def _close_up(loans: list[Loan]) -> None:
    """Close both borrowers up to yesterday, each as the day-end would: from then on no chunk has to find them."""
    yesterday = business_date() - timedelta(days=1)
    behind = {loan.customer_id: loan for loan in loans if _is_behind(loan, yesterday)}
    for loan in behind.values():
        loan_close_upto(loan=loan, to_date=yesterday)


def _is_behind(loan: Loan, day: date) -> bool:
    return loan.status == LoanStatus.ACTIVE and loan.closed_upto is not None and loan.closed_upto < day
