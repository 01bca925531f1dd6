"""A calendar of holidays, and two changes tried on the book of the demo lender: something to look at."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

from lms.acts.class_changes import classification_payload
from lms.acts.product_changes import version_payload
from lms.dry_runs.jobs import dry_run_create, dry_run_work
from lms.models import DryRunKind, Loan, Product
from lms.services.classification_rules import Thresholds
from lms.services.holidays import holidays_publish

_HOLIDAYS = (((1, 26), "Republic Day"), ((8, 15), "Independence Day"), ((10, 2), "Gandhi Jayanti"))
_PENAL = {
    "method": "PER_DAY",
    "annual_rate_pct": "36",
    "amount_paise": 0,
    "slabs": [],
    "grace_days": 0,
    "cap_paise": None,
}
_LIMITS = (
    *("principal_min_paise", "principal_max_paise", "rate_min_pct", "rate_max_pct"),
    *("instalment_count_min", "instalment_count_max"),
)


def dry_runs_make(*, maker: User, today: date, progress: Callable[[str], None]) -> None:
    """Publish the national holidays to come, then try a penal plan and earlier thresholds on the live book.

    Args:
        maker: who tries them.
        today: the business date.
        progress: called with a line for the reader after each dry run.
    """
    days = [(date(today.year + ahead, *day), name) for ahead in (0, 1) for day, name in _HOLIDAYS]
    holidays_publish(added={day: name for day, name in days if day >= today}, removed=[], reason="National holidays")
    thresholds = classification_payload(
        effective_from=today,
        thresholds=Thresholds(sma_1_from_days=16, sma_2_from_days=31, npa_from_days=61),
        source="What if the norm were sixty days",
        reason="Asked by the risk committee",
    )
    _try(DryRunKind.CLASSIFICATION, thresholds, maker, progress)
    _try(DryRunKind.PENAL_PLAN, _penal_change(today), maker, progress)


def _penal_change(today: date) -> dict[str, Any]:
    """Return the version of the product with most loans, with another penal charge."""
    code = Loan.objects.order_by().values_list("product_code").annotate(loans=Count("pk")).order_by("-loans")[0][0]
    product = Product.objects.get(code=code)
    latest = product.versions.order_by("-number")[0]
    return version_payload(
        product=product,
        terms_template={**latest.terms_template, "penal_plan": _PENAL},
        limits={name: getattr(latest, name) for name in _LIMITS},
        effective_from=today,
        reason="Asked by the risk committee",
    )


def _try(kind: DryRunKind, change: dict[str, Any], maker: User, progress: Callable[[str], None]) -> None:
    created = dry_run_create(kind=kind, change=change, idempotency_key=f"demo:{kind}", actor=maker)
    run = dry_run_work(run_id=created.pk)
    progress(f"tried on the book: {run.title}, {run.loans_moved:,} of {run.loans_done:,} loans move")
