"""The only place where this app locks rows."""

from django.db.models import QuerySet

from lms.models import DayEnd, ImportBatch, Loan, LoanFact, Product


def loans_of_customer_for_update(*, customer_id: int) -> QuerySet[Loan]:
    """Return a borrower's loans in key order, locked when the queryset runs.

    The borrower is what one writer works on: the asset class is shared by all loans of a borrower.
    """
    return Loan.objects.select_for_update().filter(customer_id=customer_id).order_by("pk")


def loans_of_customers_for_update(*, first_customer_id: int, last_customer_id: int) -> QuerySet[Loan]:
    """Return the loans of a range of customers, locked in the order of customer and key when the queryset runs."""
    return (
        Loan.objects.select_for_update()
        .filter(customer_id__gte=first_customer_id, customer_id__lte=last_customer_id)
        .order_by("customer_id", "pk")
    )


def loans_for_update() -> QuerySet[Loan]:
    """Return loans in key order, locked when the queryset runs; a locking read sees what was committed last."""
    return Loan.objects.select_for_update().order_by("pk")


def facts_for_update() -> QuerySet[LoanFact]:
    """Return facts in key order, locked when the queryset runs; a locking read sees what was committed last."""
    return LoanFact.objects.select_for_update().order_by("pk")


def products_for_update() -> QuerySet[Product]:
    """Return products in key order, locked when the queryset runs."""
    return Product.objects.select_for_update().order_by("pk")


def day_ends_for_update() -> QuerySet[DayEnd]:
    """Return day-ends in the order of their dates, locked when the queryset runs."""
    return DayEnd.objects.select_for_update().order_by("business_date")


def import_batches_for_update() -> QuerySet[ImportBatch]:
    """Return imports in key order, locked when the queryset runs."""
    return ImportBatch.objects.select_for_update().order_by("pk")
