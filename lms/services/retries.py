"""Another attempt at loans that a day-end set aside."""

from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.models import Loan
from lms.services.borrowers import loan_lock
from lms.services.day_end import loan_close_upto


def set_aside_retry(*, loan_id: int, actor: AbstractBaseUser | None = None) -> Loan:
    """Close a loan that a day-end set aside up to the day before the business date, after its facts were put right.

    Returns:
        The loan as it stands afterwards; a loan that is not behind is left as it is.

    Raises:
        LoanUnknown: there is no such loan.
        LoanNotClosable: its facts still cannot be replayed.
    """

    def attempt() -> Loan:
        loan = loan_lock(loan_id=loan_id)
        yesterday = business_date() - timedelta(days=1)
        loan_close_upto(loan=loan, to_date=yesterday)
        audit.record(actor=actor, action="lms.set_aside_retry", obj=loan, detail={"to_date": yesterday.isoformat()})
        loan.refresh_from_db()
        return loan

    return run_in_transaction(attempt)
