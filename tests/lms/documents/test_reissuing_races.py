"""Two workers that issue documents of two loans again at the same moment, each in one transaction."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from lms.documents.reissuing import documents_outdated, documents_reissue
from lms.models import Document, Loan
from lms.models.document import DocumentKind as Kind
from tests.callers import at_once
from tests.factories.book import receive
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.lms.documents.book import issue, publish_lender

TODAY = date(2026, 3, 10)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_documents_of_two_loans_issued_in_opposite_orders_never_wait_for_each_other() -> None:
    set_business_date(date(2026, 1, 1))
    loans = [make_loan(customer=make_customer()) for _ in range(2)]
    set_business_date(TODAY)
    publish_lender(TODAY)
    orders: tuple[tuple[Kind, ...], ...] = ((Kind.STATEMENT, Kind.FORECLOSURE), (Kind.FORECLOSURE, Kind.STATEMENT))
    for loan, kinds in zip(loans, orders, strict=True):
        receive(loan, 11_348_00, date(2026, 2, 1))
        for kind in kinds:
            issue(loan, kind)
        receive(loan, 6_465_50, date(2026, 3, 6))
    assert len(documents_outdated()) == 4
    pause = threading.Barrier(2)

    def reissue(loan: Loan) -> list[str]:
        with connection.execute_wrapper(FirstWaits(pause)), transaction.atomic():
            issued = documents_reissue(loan_id=loan.pk, reason="Receipt found later", is_file_made=False)
        return [document.kind for document in issued]

    told = at_once(*(partial(reissue, loan) for loan in loans))

    assert told == [list(kinds) for kinds in orders]
    assert documents_outdated() == ()
    assert sorted(Document.objects.values_list("serial", flat=True)) == [1, 1, 2, 2, 3, 3, 4, 4]


class FirstWaits:
    """Hold the first series until the other worker holds one, too, or waits for this one."""

    def __init__(self, pause: threading.Barrier) -> None:
        self.pause = pause

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
        """Send a statement, and wait after one that inserts a document."""
        result = execute(sql, params, many, context)
        if sql.startswith("INSERT INTO `lms_document`"):
            with suppress(threading.BrokenBarrierError):
                self.pause.wait(timeout=2)
        return result
