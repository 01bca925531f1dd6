"""Products with accounts, and journals on them."""

from collections.abc import Sequence
from datetime import date
from itertools import count

from django.db import transaction

from ledger.models import Journal
from ledger.services import MovementAmount, chart_seed, journal_post, product_accounts_create

PRODUCT = "PL"
VALUE_DATE = date(2026, 4, 10)

_KEYS = count(1)


def ledger_ready(product_code: str = PRODUCT) -> str:
    """Create the chart and the accounts of a product, and return its code."""
    chart_seed()
    product_accounts_create(product_code=product_code, name=f"Product {product_code}")
    return product_code


def post(
    *movements: MovementAmount,
    key: str | None = None,
    product_code: str = PRODUCT,
    value_date: date = VALUE_DATE,
    booked_on: date | None = None,
    reference_id: int = 1,
) -> Journal | None:
    """Post movements in a transaction of their own, under a new key unless one is given."""
    with transaction.atomic():
        return journal_post(
            idempotency_key=key or f"test:{next(_KEYS)}",
            event="TEST",
            reference_type="tests.loan",
            reference_id=reference_id,
            product_code=product_code,
            movements=movements,
            value_date=value_date,
            booked_on=booked_on or value_date,
        )


def moved(movement: str, head: str, amount_paise: int) -> MovementAmount:
    """Shorten the writing of a movement."""
    return MovementAmount(movement, head, amount_paise)


def legs_of(journal: Journal) -> Sequence[tuple[str, str, int]]:
    """Return debit code, credit code and paise of a journal's transfers."""
    rows = journal.transfers.order_by("leg")
    return list(rows.values_list("debit_account__code", "credit_account__code", "amount_paise"))
