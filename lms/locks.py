"""The only place where this app locks rows."""

from django.db.models import QuerySet

from core.prepared import PreparedQuery
from lms.models import (
    BureauCycle,
    BureauDispute,
    BureauRejection,
    BureauSubmission,
    CreditLine,
    DayEnd,
    Freeze,
    ImportBatch,
    LineFact,
    Loan,
    LoanFact,
    Product,
    ProvisionRun,
    RateCampaign,
    RateNotice,
    StoredQuote,
)


def lines_of_customer_for_update(*, customer_id: int) -> QuerySet[CreditLine]:
    """Return a borrower's credit lines in key order, locked when the queryset runs; before the borrower's loans."""
    return CreditLine.objects.select_for_update().filter(customer_id=customer_id).order_by("pk")


def lines_for_update() -> QuerySet[CreditLine]:
    """Return credit lines in key order, locked when the queryset runs; a locking read sees what was committed last."""
    return CreditLine.objects.select_for_update().order_by("pk")


def line_facts_for_update() -> QuerySet[LineFact]:
    """Return entries of lines in key order, locked when the queryset runs; a locking read sees what was committed."""
    return LineFact.objects.select_for_update().order_by("pk")


def loans_of_customer_for_update(*, customer_id: int) -> QuerySet[Loan]:
    """Return a borrower's loans in key order, locked when the queryset runs.

    The borrower is what one writer works on: the asset class is shared by all loans of a borrower.
    """
    return Loan.objects.select_for_update().filter(customer_id=customer_id).order_by("pk")


_LOANS_OF_CUSTOMER = PreparedQuery(lambda customer_id: loans_of_customer_for_update(customer_id=customer_id))


def loans_of_customer_lock(*, customer_id: int) -> list[Loan]:
    """Lock a borrower's loans in key order, and return them; `loans_of_customer_for_update`, only faster."""
    return _LOANS_OF_CUSTOMER.rows(customer_id)


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


def provision_runs_for_update() -> QuerySet[ProvisionRun]:
    """Return runs of provisions in key order, locked when the queryset runs."""
    return ProvisionRun.objects.select_for_update().order_by("pk")


def quotes_for_update() -> QuerySet[StoredQuote]:
    """Return foreclosure quotes in key order, locked when the queryset runs; after the loan's borrower."""
    return StoredQuote.objects.select_for_update().order_by("pk")


def freezes_for_update() -> QuerySet[Freeze]:
    """Return freezes in key order, locked when the queryset runs; after the borrower's loans."""
    return Freeze.objects.select_for_update().order_by("pk")


def rate_campaigns_for_update() -> QuerySet[RateCampaign]:
    """Return changes of rates in key order, locked when the queryset runs; never together with loans."""
    return RateCampaign.objects.select_for_update().order_by("pk")


def rate_notices_for_update() -> QuerySet[RateNotice]:
    """Return notices of new rates in key order, locked when the queryset runs; after the loan's borrower."""
    return RateNotice.objects.select_for_update().order_by("pk")


def loans_of_borrowers_for_update(*, customer_ids: tuple[int, ...]) -> QuerySet[Loan]:
    """Return the loans of some borrowers, locked in the order of customer and key when the queryset runs."""
    return Loan.objects.select_for_update().filter(customer_id__in=customer_ids).order_by("customer_id", "pk")


def lines_of_borrowers_for_update(*, customer_ids: tuple[int, ...]) -> QuerySet[CreditLine]:
    """Return the credit lines of some customers, locked in the order of customer and key when the queryset runs."""
    return CreditLine.objects.select_for_update().filter(customer_id__in=customer_ids).order_by("customer_id", "pk")


def bureau_cycles_for_update() -> QuerySet[BureauCycle]:
    """Return bureau cycles in key order, locked when the queryset runs; before their submissions, never with loans."""
    return BureauCycle.objects.select_for_update().order_by("pk")


def bureau_submissions_for_update() -> QuerySet[BureauSubmission]:
    """Return files for bureaus in key order, locked when the queryset runs; after their cycle."""
    return BureauSubmission.objects.select_for_update().order_by("pk")


def bureau_rejections_for_update() -> QuerySet[BureauRejection]:
    """Return rejected records in key order, locked when the queryset runs; after their submission."""
    return BureauRejection.objects.select_for_update().order_by("pk")


def bureau_disputes_for_update() -> QuerySet[BureauDispute]:
    """Return disputes in key order, locked when the queryset runs; never together with loans."""
    return BureauDispute.objects.select_for_update().order_by("pk")
