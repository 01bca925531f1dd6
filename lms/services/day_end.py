"""The day-end: what one night earns and what one day finds due."""

from datetime import date

from ledger.services import journal_post
from lms.models import Loan, LoanAccrual
from lms.services.positions import booked_totals, is_income_suspended, movements_between, position_of, position_save


def loan_close_upto(*, loan: Loan, to_date: date) -> None:
    """Close the days of one loan up to and including `to_date`, in the caller's transaction and under its lock.

    Args:
        loan: locked; its caches are written.
        to_date: before the business date.
    """
    state = position_of(loan=loan, as_of=to_date)
    totals = booked_totals(state=state, is_income_suspended=is_income_suspended(loan=loan))
    movements = movements_between(before=loan.booked, after=totals)
    journal_post(
        idempotency_key=f"lms.close:{loan.pk}:{to_date.isoformat()}",
        event="DAY_END",
        reference_type="lms.loan",
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=movements,
        value_date=to_date,
        booked_on=to_date,
        narration=f"{loan.number} closed to {to_date.isoformat()}",
    )
    LoanAccrual.objects.bulk_create(
        [
            LoanAccrual(
                loan=loan,
                booked_on=to_date,
                movement=item.movement,
                head=item.head,
                amount_paise=item.amount_paise,
                product_code=loan.product_code,
                asset_class=loan.asset_class,
            )
            for item in movements
        ]
    )
    loan.booked = totals
    loan.closed_upto = to_date
    position_save(loan=loan, state=state)
