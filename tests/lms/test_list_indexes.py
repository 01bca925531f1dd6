"""What the list of loans is narrowed down to and sorted by is found in an index, not by reading the book."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import QuerySet

from lms.models import Loan

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor == "mysql", reason="with a handful of rows MariaDB reads them all"),
]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Loan.objects.filter(disbursed_on__range=(date(2026, 3, 1), date(2026, 3, 2))).order_by(), "loan_disbursed_on"),
        (Loan.objects.filter(asset_class="STANDARD").order_by("-days_past_due"), "loan_class_by_days"),
        (Loan.objects.order_by("-asset_class", "-pk"), "loan_asset_class"),
    ],
)
def test_rows_are_found_in_the_index(rows: QuerySet[Loan], index: str) -> None:
    plan = rows.values_list("pk").explain()

    assert index in plan
    assert "TEMP B-TREE" not in plan
