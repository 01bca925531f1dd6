"""The database itself refuses to change or delete facts."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from lms.models import Loan, LoanFact
from tests.factories.book import receive


@pytest.mark.parametrize(
    "change",
    [{"amount_paise": 1}, {"value_date": date(2026, 1, 2)}, {"kind": "PENAL"}, {"details": {}}, {"reason": "x"}],
)
def test_a_fact_cannot_be_changed(loan: Loan, change: dict[str, Any]) -> None:
    fact = receive(loan, 100_00, date(2026, 1, 1))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LoanFact.objects.filter(pk=fact.pk).update(**change)

    assert LoanFact.objects.get(pk=fact.pk).amount_paise == 100_00


def test_a_fact_cannot_be_deleted(loan: Loan) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LoanFact.objects.all()._raw_delete("default")

    assert LoanFact.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount_paise": -1},
        {"sequence": 1},
        {"value_date": date(2026, 1, 2)},
        {"idempotency_key": "taken"},
        {"credit_reference": "BANK:TAKEN"},
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_by_the_schema(loan: Loan, change: dict[str, Any]) -> None:
    receive(loan, 100_00, date(2026, 1, 1), idempotency_key="taken", reference="TAKEN")
    values: dict[str, Any] = {
        "sequence": 3,
        "kind": "RECEIVE",
        "value_date": date(2026, 1, 1),
        "amount_paise": 1,
        "idempotency_key": "new",
        "recorded_on": date(2026, 1, 1),
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        LoanFact.objects.create(loan=loan, **{**values, **change})
