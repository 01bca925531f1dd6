"""The journals of a day-end: one for each product, class, movement and head, summed from the accrual rows."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from ledger.services import MovementAmount, journal_post
from lms.models import DayEnd, LoanAccrual

REFERENCE_TYPE = "lms.dayend"
EVENT = "DAY_END"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualSum:
    """What a day-end books of one movement and head on all loans of a product and class; signed paise."""

    product_code: str
    asset_class: str
    movement: str
    head: str
    amount_paise: int

    def journal_key(self, *, on_date: date) -> str:
        """Return the idempotency key of its journal."""
        parts = (on_date.isoformat(), self.product_code, self.asset_class, self.movement, self.head)
        return "day-end:" + ":".join(parts)


def accrual_sums(*, on_date: date) -> tuple[AccrualSum, ...]:
    """Sum the accrual rows of a day, in the order of product, class, movement and head; sums of zero are left out."""
    columns = ("product_code", "asset_class", "movement", "head")
    rows = (
        LoanAccrual.objects.filter(booked_on=on_date)
        .order_by(*columns)
        .values_list(*columns)
        .annotate(amount_paise=Sum("amount_paise"))
    )
    return tuple(
        AccrualSum(product_code=product, asset_class=grade, movement=movement, head=head, amount_paise=int(amount))
        for product, grade, movement, head, amount in rows
        if amount
    )


def accrual_post(*, day_end: DayEnd, item: AccrualSum) -> None:
    """Post one journal of a day-end whose chunks are all done, in the caller's transaction; again changes nothing.

    Raises:
        ProductAccountMissing and the other refusals of `journal_post`: the product's accounts do not allow the posting.
    """
    on_date = day_end.business_date
    journal_post(
        idempotency_key=item.journal_key(on_date=on_date),
        event=EVENT,
        reference_type=REFERENCE_TYPE,
        reference_id=day_end.pk,
        product_code=item.product_code,
        movements=[MovementAmount(item.movement, item.head, item.amount_paise)],
        value_date=on_date,
        booked_on=on_date,
        narration=f"Day-end {on_date.isoformat()}, {item.asset_class}",
    )
