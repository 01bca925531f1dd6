"""Rows of provisions, and a month-end that is worked out."""

from datetime import date

from lms.engine.provisions import Category, Layer
from lms.models import ProvisionRun, ProvisionSegment
from lms.services.provisions.runs import provision_run_compute, provision_run_create
from lms.services.provisions.seeding import FIRST_DAY, provision_seed


def provisions_fill(month_end: date = date(2026, 2, 28)) -> ProvisionRun:
    """Publish the first rows and a segment of the product PL, and work a month-end out."""
    provision_seed(layer=Layer.MIDDLE)
    ProvisionSegment.objects.create(
        product_code="PL", effective_from=FIRST_DAY, segment="PERSONAL", category=Category.GENERAL, source="Policy"
    )
    return provision_run_compute(run_id=provision_run_create(month_end=month_end).pk)
