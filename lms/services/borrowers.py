"""The borrower of a loan: who it is, and acts that begin with the lock on all of the loans."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from django.db import connection

from core.prepared import PreparedQuery
from core.transactions import run_in_transaction
from lms.errors import LoanUnknown
from lms.errors.servicing import BorrowerMoved
from lms.locks import loans_of_customer_lock
from lms.models import Loan

Result = TypeVar("Result")
# Nobody is merged more often while one act waits.
_MOVES_AT_MOST: Final = 3


_BORROWER: Final = PreparedQuery(
    lambda loan_id: Loan.objects.filter(pk=loan_id).order_by().values_list("customer_id", flat=True)
)


def borrower_transaction(*, loan_id: int, act: Callable[[int], Result]) -> Result:
    """Run an act in a transaction that begins with the lock on a loan's borrower.

    The borrower is read before the transaction begins: under repeatable read its first read fixes what it sees, and
    that has to be after the lock was got. A merge may give the loan to another customer in between; the act then runs
    again from the start. Inside a transaction that is already open, the outermost caller repeats it.

    Args:
        act: gets the key of the borrower, and locks the loan with `loan_lock`.

    Raises:
        LoanUnknown: there is no such loan.
        BorrowerMoved: merges followed each other faster than the act came in between.
    """
    return owner_transaction(owner=lambda: borrower_of(loan_id=loan_id), act=act)


def owner_transaction(*, owner: Callable[[], int], act: Callable[[int], Result]) -> Result:
    """Run an act on a loan or a credit line in a transaction, and again when a merge gave it to another customer.

    Args:
        owner: reads the key of the customer who has it, before the transaction.
        act: gets that key, locks, and raises BorrowerMoved when the customer has it no more.
    """
    for _ in range(0 if connection.in_atomic_block else _MOVES_AT_MOST):
        try:
            return run_in_transaction(partial(act, owner()))
        except BorrowerMoved:
            continue
    return run_in_transaction(partial(act, owner()))


def borrower_of(*, loan_id: int) -> int:
    """Return the key of the customer who has the loan.

    Raises:
        LoanUnknown: there is no such loan.
    """
    found = _BORROWER.rows(loan_id)
    if not found:
        raise LoanUnknown(loan=loan_id)
    return found[0]


def loan_lock(*, loan_id: int, customer_id: int | None = None) -> Loan:
    """Lock the loans of a loan's borrower in key order and return the loan; inside a transaction.

    Args:
        customer_id: the borrower, where it was read before the transaction.

    Raises:
        LoanUnknown: there is no such loan.
        BorrowerMoved: it was given to another customer since the borrower was read.
    """
    borrower = borrower_of(loan_id=loan_id) if customer_id is None else customer_id
    return loan_of_borrower(loans=loans_of_customer_lock(customer_id=borrower), loan_id=loan_id)


def loan_of_borrower(*, loans: Sequence[Loan], loan_id: int) -> Loan:
    """Return one of a borrower's locked loans.

    Raises:
        BorrowerMoved: a merge gave it to another customer before the lock was got.
    """
    for loan in loans:
        if loan.pk == loan_id:
            return loan
    raise BorrowerMoved(account=f"Loan {loan_id}")
