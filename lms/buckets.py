"""Standing of the book in one query: loans and principal by days past due."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, Q, Sum, Value, When

from lms.engine.state import LoanStatus
from lms.models import Loan

# Upper end of each bucket in days past due; the last one is open.
_BUCKETS: tuple[tuple[str, int | None], ...] = (
    ("Current", 0),
    ("1 to 30", 30),
    ("31 to 60", 60),
    ("61 to 90", 90),
    ("Over 90", None),
)
_CACHE_KEY = "lms.book_standing"
_CACHE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Bucket:
    """Active loans of a range of days past due."""

    label: str
    loan_count: int
    principal_paise: int
    overdue_paise: int


@dataclass(frozen=True, slots=True)
class BookStanding:
    """The active book by bucket; amounts in paise."""

    buckets: tuple[Bucket, ...]
    sanctioned_count: int
    npa_count: int
    npa_principal_paise: int

    @property
    def loan_count(self) -> int:
        """Active loans."""
        return sum(bucket.loan_count for bucket in self.buckets)

    @property
    def overdue_count(self) -> int:
        """Active loans with a due that is not paid."""
        return sum(bucket.loan_count for bucket in self.buckets[1:])

    @property
    def principal_paise(self) -> int:
        """Principal outstanding of active loans."""
        return sum(bucket.principal_paise for bucket in self.buckets)

    @property
    def overdue_paise(self) -> int:
        """Unpaid dues of active loans."""
        return sum(bucket.overdue_paise for bucket in self.buckets)


def book_standing() -> BookStanding:
    """Sum the book by bucket.

    The answer is kept for half a minute: it reads every active loan, and a home page is opened more often than the
    book changes visibly.
    """
    found: BookStanding | None = cache.get(_CACHE_KEY)
    if found is None:
        found = _read()
        cache.set(_CACHE_KEY, found, _CACHE_SECONDS)
    return found


def _read() -> BookStanding:
    steps = [
        When(days_past_due__lte=upper, then=Value(index))
        for index, (_, upper) in enumerate(_BUCKETS)
        if upper is not None
    ]
    rows = (
        Loan.objects.filter(status__in=[LoanStatus.ACTIVE, LoanStatus.SANCTIONED])
        .order_by()
        .values("status", bucket=Case(*steps, default=Value(len(_BUCKETS) - 1), output_field=IntegerField()))
        .annotate(
            loans=Count("pk"),
            principal=Sum("principal_outstanding_paise"),
            overdue=Sum("overdue_paise"),
            npa=Count("pk", filter=Q(npa_since__isnull=False)),
            npa_principal=Sum("principal_outstanding_paise", filter=Q(npa_since__isnull=False), default=0),
        )
    )
    active = {row["bucket"]: row for row in rows if row["status"] == LoanStatus.ACTIVE}
    return BookStanding(
        buckets=tuple(
            Bucket(
                label=label,
                loan_count=active[index]["loans"] if index in active else 0,
                principal_paise=int(active[index]["principal"]) if index in active else 0,
                overdue_paise=int(active[index]["overdue"]) if index in active else 0,
            )
            for index, (label, _) in enumerate(_BUCKETS)
        ),
        sanctioned_count=sum(row["loans"] for row in rows if row["status"] == LoanStatus.SANCTIONED),
        npa_count=sum(row["npa"] for row in active.values()),
        npa_principal_paise=sum(int(row["npa_principal"]) for row in active.values()),
    )
