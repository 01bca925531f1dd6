"""Freezes of loans and customers: set with chosen effects, until a day or until they are lifted."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from customers.services import customer_locked
from lms.engine.facts import Pause
from lms.engine.state import LoanStatus
from lms.errors import IdempotencyKeyReused
from lms.errors.servicing import FreezeDatesInvalid, FreezeEmpty, FreezeLifted, FreezeUnknown
from lms.locks import freezes_for_update, loans_of_customer_for_update
from lms.models import Freeze, FreezeEffect, Loan, LoanFact
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.checks import key_check, reason_check
from lms.services.fact_rows import content_hash, fact_of, facts_of, undone_sequences
from lms.services.reschedules import interest_pause
from lms.services.reversals import fact_reverse

# A pause of a freeze without an end; lifting it gives the pause its last day.
NO_END: Final = date(2199, 12, 31)
# The effects that change what a loan bears, and whether it is the penal charges that rest.
_PAUSING: Final = {FreezeEffect.INTEREST: False, FreezeEffect.PENAL: True}


def loan_freeze(
    *,
    loan_id: int,
    effects: Sequence[str],
    reason: str,
    idempotency_key: str,
    from_date: date | None = None,
    until_date: date | None = None,
    actor: User | None = None,
) -> Freeze:
    """Forbid some acts on a loan from a day on; interest and penal charges rest by entries of the loan.

    Args:
        effects: codes of FreezeEffect, at least one.
        from_date: the business date when not given, or a later day.
        until_date: the last day; None until it is lifted.

    Returns:
        The freeze; that of the first call with the same key and content.

    Raises:
        FreezeEmpty, FreezeDatesInvalid: it forbids nothing, or never.
        ReasonMissing, IdempotencyKeyMissing, IdempotencyKeyReused, LoanUnknown: as for other acts.
        LoanNotDisbursed: interest or penal charges of a loan without a disbursal cannot rest.
    """
    freeze = _unsaved(
        effects=effects,
        from_date=from_date,
        until_date=until_date,
        reason=reason,
        key=idempotency_key,
        actor=actor,
        loan_id=loan_id,
    )

    def set_on_loan(customer_id: int) -> Freeze:
        loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
        freeze.customer_id = loan.customer_id
        return _set(freeze, [loan])

    return borrower_transaction(loan_id=loan_id, act=set_on_loan)


def customer_freeze(
    *,
    customer_id: int,
    effects: Sequence[str],
    reason: str,
    idempotency_key: str,
    from_date: date | None = None,
    until_date: date | None = None,
    actor: User | None = None,
) -> Freeze:
    """Forbid some acts on every loan of a customer, those to come too; see `loan_freeze`.

    Interest and penal charges rest on the loans that run now.

    Raises:
        CustomerUnknown, CustomerMerged: there is nobody to freeze.
        The refusals of `loan_freeze`.
    """
    freeze = _unsaved(
        effects=effects,
        from_date=from_date,
        until_date=until_date,
        reason=reason,
        key=idempotency_key,
        actor=actor,
        customer_id=customer_id,
    )

    def set_on_customer() -> Freeze:
        return _set(freeze, _loans_locked(customer_id))

    return run_in_transaction(set_on_customer)


def freeze_lift(*, freeze_id: int, reason: str, actor: User | None = None) -> Freeze:
    """End a freeze before today's acts; interest and penal charges run again from today.

    Raises:
        FreezeUnknown, FreezeLifted: there is nothing to lift.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)
    found = Freeze.objects.filter(pk=freeze_id).values_list("loan_id", "customer_id").first()
    if found is None:
        raise FreezeUnknown(freeze=freeze_id)
    loan_id, customer_id = found

    def lift(borrower_id: int) -> Freeze:
        if loan_id is not None:
            loan_lock(loan_id=loan_id, customer_id=borrower_id)
        else:
            _loans_locked(borrower_id)
        return _lift(freeze_id, reason, actor)

    if loan_id is not None:
        return borrower_transaction(loan_id=loan_id, act=lift)
    return run_in_transaction(partial(lift, customer_id))


def _loans_locked(customer_id: int) -> list[Loan]:
    """Lock the loans of a customer, then the customer, whom a sanction locks too, and return every loan there is."""
    list(loans_of_customer_for_update(customer_id=customer_id))
    customer_locked(customer_id=customer_id)
    return list(loans_of_customer_for_update(customer_id=customer_id))


def _unsaved(
    *,
    effects: Sequence[str],
    from_date: date | None,
    until_date: date | None,
    reason: str,
    key: str,
    actor: User | None,
    loan_id: int | None = None,
    customer_id: int | None = None,
) -> Freeze:
    key_check(idempotency_key=key)
    reason_check(reason=reason, is_required=True)
    if not effects or not set(effects) <= set(FreezeEffect.values):
        raise FreezeEmpty(effects=", ".join(FreezeEffect.values))
    today = business_date()
    first = from_date or today
    if first < today or (until_date is not None and until_date < first):
        raise FreezeDatesInvalid(business_date=today)
    chosen = [effect for effect in FreezeEffect.values if effect in effects]
    content = {"loan": loan_id, "customer": customer_id, "effects": chosen, "from": first, "until": until_date}
    freeze = Freeze(
        loan_id=loan_id,
        effects=chosen,
        from_date=first,
        until_date=until_date,
        reason=reason,
        idempotency_key=key,
        content_hash=content_hash(content=content),
        recorded_by=actor,
    )
    if customer_id is not None:
        freeze.customer_id = customer_id
    return freeze


def _set(freeze: Freeze, loans: Sequence[Loan]) -> Freeze:
    """Save the freeze, and let interest and penal charges rest; the caller holds the locks."""
    if earlier := Freeze.objects.filter(idempotency_key=freeze.idempotency_key).first():
        if earlier.content_hash != freeze.content_hash:
            raise IdempotencyKeyReused(key=freeze.idempotency_key)
        return earlier
    freeze.pk = None
    try:
        with transaction.atomic():
            freeze.save(force_insert=True)
    except IntegrityError:
        raise IdempotencyKeyReused(key=freeze.idempotency_key) from None
    # Before the entries: they find the loan as it is from now on.
    Loan.objects.filter(pk__in=[loan.pk for loan in loans]).update(is_watched=True)
    today = business_date()
    for loan in loans:
        for effect, is_penal in _PAUSING.items():
            if effect in freeze.effects and (loan.status == LoanStatus.ACTIVE or freeze.loan_id is not None):
                interest_pause(
                    loan_id=loan.pk,
                    value_date=today,
                    start_date=freeze.from_date,
                    end_date=freeze.until_date or NO_END,
                    is_penal=is_penal,
                    idempotency_key=_key(freeze, effect, loan.pk),
                    reason=freeze.reason,
                    actor=freeze.recorded_by,
                )
    audit.record(
        actor=freeze.recorded_by,
        action="lms.freeze_set",
        obj=freeze,
        reason=freeze.reason,
        detail={
            "loan": freeze.loan_id,
            "customer": freeze.customer_id,
            "effects": freeze.effects,
            "from": freeze.from_date.isoformat(),
            "until": freeze.until_date.isoformat() if freeze.until_date else None,
        },
    )
    return freeze


def _lift(freeze_id: int, reason: str, actor: User | None) -> Freeze:
    freeze = freezes_for_update().get(pk=freeze_id)
    if freeze.lifted_on is not None:
        raise FreezeLifted(freeze=freeze.pk, lifted_on=freeze.lifted_on)
    today = business_date()
    freeze.lifted_on, freeze.lift_reason, freeze.lifted_by = today, reason, actor
    freeze.save(update_fields=["lifted_on", "lift_reason", "lifted_by"])
    posted = LoanFact.objects.filter(idempotency_key__startswith=f"freeze:{freeze.pk}:").select_related("loan")
    for row in posted.order_by("loan_id", "sequence"):
        fact = fact_of(row=row)
        if isinstance(fact, Pause) and fact.end_date >= today and row.loan.status == LoanStatus.ACTIVE:
            _shorten(freeze, row, fact, today)
    audit.record(
        actor=actor,
        action="lms.freeze_lift",
        obj=freeze,
        reason=reason,
        detail={"loan": freeze.loan_id, "customer": freeze.customer_id, "lifted_on": today.isoformat()},
    )
    return freeze


def _shorten(freeze: Freeze, row: LoanFact, fact: Pause, today: date) -> None:
    """Let a pause end yesterday, as an entry of its own in the place of the first one."""
    if fact.sequence in undone_sequences(facts=facts_of(loan_id=row.loan_id)):
        return
    reason = freeze.lift_reason or ""
    fact_reverse(
        loan_id=row.loan_id,
        sequence=row.sequence,
        idempotency_key=f"freeze-lift:{freeze.pk}:{row.pk}",
        reason=reason,
        actor=freeze.lifted_by,
    )
    if fact.first_date < today:
        interest_pause(
            loan_id=row.loan_id,
            value_date=fact.value_date,
            start_date=fact.first_date,
            end_date=today - timedelta(days=1),
            is_penal=fact.is_penal,
            idempotency_key=f"freeze-end:{freeze.pk}:{row.pk}",
            reason=reason,
            actor=freeze.lifted_by,
        )


def _key(freeze: Freeze, effect: FreezeEffect, loan_id: int) -> str:
    return f"freeze:{freeze.pk}:{effect}:{loan_id}"
