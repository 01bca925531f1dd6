"""Settlements that are paid in parts: agreed, paid, broken, cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from lms.engine.day_count import add_months
from lms.engine.facts import Restructure
from lms.errors import IdempotencyKeyReused, SettlementNotBelowDebt
from lms.errors.servicing import (
    SettlementPlanInForce,
    SettlementPlanInvalid,
    SettlementPlanNotActive,
    SettlementPlanNotBroken,
    SettlementPlanNotKept,
)
from lms.models import Loan, LoanFact, SettlementPart, SettlementPlan
from lms.services.borrowers import borrower_transaction, loan_lock
from lms.services.checks import amount_check, key_check, reason_check, running_check, value_date_check
from lms.services.fact_rows import content_hash, facts_of
from lms.services.facts import FactOrder, fact_record
from lms.services.foreclosures import foreclosure_quote
from lms.services.plan_states import plan_end, plan_in_force, plan_revive, plan_standing
from lms.services.servicing_rules import servicing_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTerm:
    """One part of a settlement: so many paise by that day."""

    due_date: date
    amount_paise: int


def settlement_plan_agree(
    *,
    loan_id: int,
    parts: Sequence[PartTerm],
    value_date: date,
    idempotency_key: str,
    reason: str,
    actor: User | None = None,
) -> SettlementPlan:
    """Agree to take an amount in parts for the whole debt; nothing is given up before the last part is there.

    Parts that reach further than the parameter of the day allows make the loan non-performing at once, by an entry of
    its own. Every receipt from then on counts; a part that does not come in time ends the agreement, and what came
    stays as the receipts that it was.

    Args:
        parts: in the order of their days, none before the value date; together less than is owed.
        value_date: the day of the agreement, at most the business date.

    Returns:
        The agreement; that of the first call with the same key and content.

    Raises:
        SettlementPlanInvalid, SettlementNotBelowDebt: the parts make no settlement.
        SettlementPlanInForce: another settlement is agreed on already.
        ReasonMissing, IdempotencyKeyMissing, IdempotencyKeyReused, LoanClosed, LoanNotDisbursed, ValueDateInFuture,
        ValueDateBeforeDisbursal, LoanUnknown: as for other acts.

    Source: regulation 3, compromise settlements (RBI/2023-24/40).
    """
    key_check(idempotency_key=f"{idempotency_key}:mark" if idempotency_key.strip() else "")
    reason_check(reason=reason, is_required=True)
    _parts_check(parts, value_date)
    plan = SettlementPlan(
        loan_id=loan_id,
        agreed_on=value_date,
        amount_paise=sum(part.amount_paise for part in parts),
        reason=reason,
        idempotency_key=idempotency_key,
        content_hash=content_hash(
            content={
                "loan": loan_id,
                "value_date": value_date,
                "parts": [[part.due_date.isoformat(), part.amount_paise] for part in parts],
            }
        ),
        recorded_by=actor,
    )
    return borrower_transaction(loan_id=loan_id, act=lambda customer_id: _agree(plan, parts, customer_id))


def settlement_plan_cancel(*, loan_id: int, reason: str, actor: User | None = None) -> SettlementPlan:
    """End the agreement in force: the claim is whole again, and what came stays as receipts.

    The entry that made the loan non-performing stays too; who cancels an agreement made by mistake reverses it.

    Raises:
        SettlementPlanNotActive: no agreement is in force.
        ReasonMissing, LoanUnknown: the request cannot be.
    """
    reason_check(reason=reason, is_required=True)

    def cancel(customer_id: int) -> SettlementPlan:
        loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
        plan = plan_in_force(loan=loan)
        if plan is None:
            latest = loan.settlement_plans.first()
            raise SettlementPlanNotActive(
                agreed_on=latest.agreed_on if latest else "the loan",
                state=latest.get_state_display().lower() if latest else "none",
            )
        plan_end(plan=plan, state=SettlementPlan.State.CANCELLED, on_date=business_date(), reason=reason, actor=actor)
        return plan

    return borrower_transaction(loan_id=loan_id, act=cancel)


def settlement_plan_restore(*, loan_id: int, reason: str, actor: User | None = None) -> SettlementPlan:
    """Put the last agreement into force again when money that came in time was posted late.

    Raises:
        SettlementPlanNotBroken: it is not broken.
        SettlementPlanNotKept: by the entries as they are now, a part did not come in time.
        SettlementPlanInForce, ReasonMissing, LoanUnknown, LoanClosed: the request cannot be.
    """
    reason_check(reason=reason, is_required=True)

    def restore(customer_id: int) -> SettlementPlan:
        loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
        running_check(loan=loan, act="settlement")
        plan = loan.settlement_plans.first()
        if plan is None or plan.state != SettlementPlan.State.BROKEN:
            raise SettlementPlanNotBroken(
                agreed_on=plan.agreed_on if plan else "the loan",
                state=plan.get_state_display().lower() if plan else "none",
            )
        standing = plan_standing(plan=plan, facts=facts_of(loan_id=loan.pk), on_date=business_date())
        if standing.missed is not None:
            raise SettlementPlanNotKept(
                due_date=standing.missed.due_date,
                due_paise=standing.missed_due_paise,
                paid_paise=standing.missed_paid_paise,
            )
        plan_revive(plan=plan, loan=loan, reason=reason, actor=actor)
        return plan

    return borrower_transaction(loan_id=loan_id, act=restore)


def settlement_plans_break(*, on_date: date) -> int:
    """End the agreements of which a part did not come by its last day before a date; return how many.

    Each in a transaction of its own, so that a run that is stopped goes on where it was.
    """
    waiting = SettlementPlan.objects.filter(state=SettlementPlan.State.ACTIVE, parts__due_date__lt=on_date)
    return sum(_break(plan.loan_id, on_date) for plan in list(waiting.distinct().order_by("pk")))


def _agree(plan: SettlementPlan, parts: Sequence[PartTerm], customer_id: int) -> SettlementPlan:
    loan = loan_lock(loan_id=plan.loan_id, customer_id=customer_id)
    if earlier := SettlementPlan.objects.filter(idempotency_key=plan.idempotency_key).first():
        if earlier.content_hash != plan.content_hash:
            raise IdempotencyKeyReused(key=plan.idempotency_key)
        return earlier
    today = business_date()
    running_check(loan=loan, act="settlement")
    value_date_check(loan=loan, value_date=plan.agreed_on, business_date=today)
    if other := plan_in_force(loan=loan):
        raise SettlementPlanInForce(loan=loan.number, agreed_on=other.agreed_on)
    quote = foreclosure_quote(loan=loan, on_date=plan.agreed_on)
    debt = quote.total_paise - quote.charge_paise - quote.charge_tax_paise
    if plan.amount_paise >= debt:
        raise SettlementNotBelowDebt(value_date=plan.agreed_on, debt_paise=max(debt, 0), amount_paise=plan.amount_paise)
    rules = servicing_rules(on_date=plan.agreed_on)
    plan.pk = None
    plan.debt_paise, plan.grace_days = debt, rules.settlement_grace_days
    plan.after_sequence, plan.active_of = loan.fact_count, loan
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError:
        raise IdempotencyKeyReused(key=plan.idempotency_key) from None
    SettlementPart.objects.bulk_create(
        SettlementPart(plan=plan, number=number, due_date=part.due_date, amount_paise=part.amount_paise)
        for number, part in enumerate(parts, 1)
    )
    Loan.objects.filter(pk=loan.pk).update(is_watched=True)
    if parts[-1].due_date > add_months(plan.agreed_on, rules.settlement_restructure_months):
        plan.restructure_fact = _mark(plan)
        plan.save(update_fields=["restructure_fact"])
    audit.record(
        actor=plan.recorded_by,
        action="lms.settlement_plan_agree",
        obj=plan,
        reason=plan.reason,
        detail={"loan": loan.number, "amount_paise": plan.amount_paise, "debt_paise": debt, "parts": len(parts)},
    )
    return plan


def _mark(plan: SettlementPlan) -> LoanFact:
    """Make the loan non-performing: the parts take longer than a settlement may."""
    order = FactOrder(
        action="lms.settlement_plan_mark",
        loan_id=plan.loan_id,
        content={"plan": plan.pk},
        idempotency_key=f"{plan.idempotency_key}:mark",
        reason=plan.reason,
        actor=plan.recorded_by,
    )
    return fact_record(
        order=order, decide=lambda book: Restructure(sequence=book.next_sequence, value_date=plan.agreed_on)
    )


def _break(loan_id: int, on_date: date) -> bool:
    def end(customer_id: int) -> bool:
        loan = loan_lock(loan_id=loan_id, customer_id=customer_id)
        plan = plan_in_force(loan=loan)
        if plan is None:
            return False
        if not plan_standing(plan=plan, facts=facts_of(loan_id=loan_id), on_date=on_date).is_broken:
            return False
        plan_end(plan=plan, state=SettlementPlan.State.BROKEN, on_date=business_date())
        return True

    return borrower_transaction(loan_id=loan_id, act=end)


def _parts_check(parts: Sequence[PartTerm], value_date: date) -> None:
    for part in parts:
        amount_check(amount_paise=part.amount_paise)
    problem = ""
    if len(parts) < 2:
        problem = "there is only one. Settle the loan at once instead." if parts else "there is none."
    elif parts[0].due_date < value_date:
        problem = f"the first is due on {parts[0].due_date}, before the agreement."
    elif any(later.due_date <= earlier.due_date for earlier, later in pairwise(parts)):
        problem = "each has to be due after the one before it."
    if problem:
        raise SettlementPlanInvalid(problem=problem)
