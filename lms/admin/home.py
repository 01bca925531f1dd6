"""The home page: search in the middle, the standing of the book, and the way to today's work."""

from typing import Any

from django.http import HttpRequest

from core.business_date import BusinessDateMissing, business_date
from lms.buckets import BookStanding, book_standing
from lms.models import DayEnd, DayEndProblem

_BUCKET_TONES = ("--k-series-1", "--k-series-2", "--k-series-2", "--k-series-2", "--k-series-4")


def home_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the home page shows to users who may see loans."""
    context["title"] = "Home"
    if not request.user.has_perm("lms.view_loan"):
        return context
    standing = book_standing()
    return context | {
        "standing": standing,
        "bucket_chart": bucket_chart(standing),
        "business_date": _business_date(),
        "last_day_end": DayEnd.objects.defer("certificate").first(),
        "problem_count": DayEndProblem.objects.filter(resolved_at=None)[:1000].count(),
    }


def bucket_chart(standing: BookStanding) -> dict[str, list[Any]]:
    """Return the bars of principal by bucket; rupees, because a chart's axis needs no paise."""
    return {
        "labels": [bucket.label for bucket in standing.buckets],
        "amounts": [bucket.principal_paise // 100 for bucket in standing.buckets],
        "counts": [bucket.loan_count for bucket in standing.buckets],
        "tones": list(_BUCKET_TONES),
    }


def _business_date() -> object:
    try:
        return business_date()
    except BusinessDateMissing:
        return None
