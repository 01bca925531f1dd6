"""Short ways for tests to act on the book and to read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from core.errors import KistError
from core.models import AuditEntry
from ledger.models import Journal, Transfer
from ledger.selectors import product_balances
from lms.models import Allocation, ClassificationEntry, Instalment, Loan, LoanAccrual, LoanFact
from lms.services.bounces import bounce_record
from lms.services.charges import charge_levy
from lms.services.receipts import receipt_post
from lms.services.reversals import fact_reverse
from lms.services.verification import control_accounts_verify, loan_verify
from tests.factories.lms import next_key

_TABLES = (Loan, LoanFact, Instalment, Allocation, LoanAccrual, ClassificationEntry, Journal, Transfer, AuditEntry)


def receive(loan: Loan, amount_paise: int, value_date: date, **options: Any) -> LoanFact:
    """Post a receipt under a new reference and key, and read the loan anew."""
    values = {"reference": next_key("UTR"), "idempotency_key": next_key("receipt"), **options}
    fact = receipt_post(loan_id=loan.pk, amount_paise=amount_paise, value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def reverse(loan: Loan, sequence: int, **options: Any) -> LoanFact:
    """Reverse an entry, and read the loan anew."""
    values = {"reason": "Posted to the wrong loan", "idempotency_key": next_key("reverse"), **options}
    fact = fact_reverse(loan_id=loan.pk, sequence=sequence, **values)
    loan.refresh_from_db()
    return fact


def levy(loan: Loan, code: str, value_date: date, **options: Any) -> LoanFact:
    """Levy a charge of the terms, and read the loan anew."""
    values = {"idempotency_key": next_key("charge"), **options}
    fact = charge_levy(loan_id=loan.pk, code=code, value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def bounce(loan: Loan, value_date: date, **options: Any) -> LoanFact:
    """Record a returned payment, and read the loan anew."""
    values = {"reference": next_key("NACH"), "idempotency_key": next_key("bounce"), **options}
    fact = bounce_record(loan_id=loan.pk, value_date=value_date, **values)
    loan.refresh_from_db()
    return fact


def balances(product_code: str = "PL") -> dict[str, int]:
    """Return debits less credits of a product's accounts in paise by role; accounts without a balance are left out."""
    return {
        role: item.balance_paise
        for item in product_balances()
        for role in item.roles
        if item.product_code == product_code and item.balance_paise
    }


def owed(loan: Loan) -> dict[str, int]:
    """Return what the loan's row says is outstanding, overdue and held, without zeros."""
    figures = {
        "principal": loan.principal_outstanding_paise,
        "interest": loan.interest_outstanding_paise,
        "fee": loan.fee_outstanding_paise,
        "tax": loan.tax_outstanding_paise,
        "penal": loan.penal_outstanding_paise,
        "overdue": loan.overdue_paise,
        "excess": loan.excess_paise,
    }
    return {name: amount for name, amount in figures.items() if amount}


def paid_parts(loan: Loan, sequence: int) -> list[tuple[str, int]]:
    """Return component and paise of an entry's allocations, in the order of application."""
    rows = Allocation.objects.filter(loan=loan, fact_sequence=sequence).order_by("position")
    return [(component or "EXCESS", amount) for component, amount in rows.values_list("component", "amount_paise")]


def legs(fact: LoanFact) -> dict[tuple[str, str], int]:
    """Return the amounts of a fact's journal in paise by the leading codes of the accounts debited and credited."""
    rows = Transfer.objects.filter(journal__idempotency_key=f"lms.fact:{fact.pk}").order_by("leg")
    return {
        (debit.split(".")[0], credit.split(".")[0]): amount
        for debit, credit, amount in rows.values_list("debit_account__code", "credit_account__code", "amount_paise")
    }


def assert_verified(loan: Loan) -> None:
    """Check that every cache of the loan is the fold of its facts, and that the ledger agrees with the loans."""
    loan.refresh_from_db()
    assert [str(difference) for difference in loan_verify(loan=loan).differences] == []
    assert [str(difference) for difference in control_accounts_verify()[1]] == []


@contextmanager
def refused(code: str) -> Iterator[Any]:
    """Expect a refusal with this code, and nothing in the book changed."""
    before = _everything()
    with pytest.raises(KistError) as caught:
        yield caught
    assert caught.value.code == code
    assert _everything() == before


def _everything() -> list[list[tuple[Any, ...]]]:
    return [list(model._default_manager.order_by("pk").values_list()) for model in _TABLES]
