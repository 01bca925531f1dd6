"""Repair of one loan: its caches written anew from its facts."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.services import journal_post
from lms.models import Loan
from lms.services.borrowers import borrower_of, loan_lock
from lms.services.checks import reason_check
from lms.services.fact_rows import facts_of, first_lent_on, last_restructured_on
from lms.services.facts import REFERENCE_TYPE, as_of_after
from lms.services.position_rows import ROW_CACHES
from lms.services.positions import (
    day_before,
    loan_booked_totals,
    movements_between,
    position_of,
    position_save,
)
from lms.services.proof import account_codes, posted_and_booked
from lms.services.verification import POSITION, Difference, loan_verify


def loan_rebuild(*, loan_id: int, reason: str, actor: User | None = None) -> tuple[Difference, ...]:
    """Write the caches of one loan anew from its facts, and book what the ledger lacks or has too much of it.

    The agreed terms, the class and the day it is closed up to are not caches of the facts and stay.

    Args:
        reason: why; kept in the audit trail with every difference.

    Returns:
        What was wrong.

    Raises:
        LoanUnknown: there is no such loan.
        ReasonMissing: the reason is empty.
        EngineRefusal: the facts themselves contradict each other; nothing can be rebuilt from them.
    """
    reason_check(reason=reason, is_required=True)
    customer_id = borrower_of(loan_id=loan_id)
    return run_in_transaction(lambda: _rebuild(loan_id, customer_id, reason, actor))


def _rebuild(loan_id: int, customer_id: int, reason: str, actor: User | None) -> tuple[Difference, ...]:
    loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
    differences = loan_verify(loan=loan).differences
    entry = audit.record(
        actor=actor,
        action="lms.loan_rebuild",
        obj=loan,
        reason=reason,
        detail={"loan": loan.number, "differences": [str(difference) for difference in differences]},
    )
    facts = facts_of(loan_id=loan.pk)
    loan.product_code = loan.product_version.product.code
    loan.fact_count = len(facts)
    loan.disbursed_on = first_lent_on(facts=facts)
    loan.restructured_on = last_restructured_on(facts=facts)
    if not facts:
        _blank(loan)
        return differences
    if loan.closed_upto is None:
        loan.closed_upto = day_before(business_date())
    state = position_of(loan=loan, facts=facts, as_of=as_of_after(loan=loan, facts=facts))
    totals = loan_booked_totals(loan=loan, state=state)
    if loan.booked != totals and _is_posted_as_booked(loan):
        _post_correction(loan, totals, entry.pk)
    loan.booked = totals
    loan.save(update_fields=["product_code"])
    position_save(loan=loan, state=state)
    return differences


def _is_posted_as_booked(loan: Loan) -> bool:
    """Tell whether the ledger has what the loan says is booked.

    Then a loan whose booked totals are not those of its facts lacks a posting. Otherwise it is the loan's own note of
    what was booked that is damaged, and a posting would carry the damage into the ledger.
    """
    accounts = posted_and_booked(loans=[loan], accounts=account_codes())[loan.pk]
    return all(posted == expected for _, posted, expected in accounts)


def _post_correction(loan: Loan, totals: Mapping[str, int], entry_id: int) -> None:
    today = business_date()
    journal_post(
        idempotency_key=f"lms.rebuild:{entry_id}",
        event="REBUILD",
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=movements_between(before=loan.booked, after=totals),
        value_date=today,
        booked_on=today,
        narration=f"{loan.number} rebuilt",
    )


def _blank(loan: Loan) -> None:
    """Give a loan that was sanctioned and nothing more no position at all."""
    blank = Loan(undrawn_paise=loan.principal_paise, current_rate_pct=loan.annual_rate_pct)
    for name in POSITION:
        setattr(loan, name, getattr(blank, name))
    loan.save()
    for cache in ROW_CACHES:
        manager: Any = cache.model._default_manager
        manager.filter(loan=loan).delete()
