"""Where a settlement in parts stands: worked out from the loan's entries, and kept in the agreement's row.

No entry is posted here: `fact_record` calls `plan_follow` after every entry of a loan that has, or had, an agreement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.models import User

from core import audit
from lms.engine.facts import Fact, Prepay, Receive, Reverse, Settle
from lms.engine.state import LoanStatus
from lms.models import Loan, LoanFact, SettlementPart, SettlementPlan
from lms.services.fact_rows import undone_sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStanding:
    """What came under an agreement, in paise, and the first part that did not come in time."""

    paid_paise: int
    missed: SettlementPart | None
    missed_due_paise: int = 0
    missed_paid_paise: int = 0

    @property
    def is_broken(self) -> bool:
        """Tell whether a part did not come in time."""
        return self.missed is not None


def plan_in_force(*, loan: Loan) -> SettlementPlan | None:
    """Return the agreement that is in force on a locked loan."""
    if not loan.is_watched:
        return None
    return SettlementPlan.objects.filter(active_of=loan).first()


def plan_standing(*, plan: SettlementPlan, facts: Sequence[Fact], on_date: date) -> PlanStanding:
    """Work out what an agreement has come to by the start of a day.

    Money counts that was recorded after the agreement and valued on its day or later; a reversed entry does not.

    Args:
        facts: every entry of the loan.
        on_date: parts whose last day is before it are looked at.
    """
    undone = undone_sequences(facts=facts)
    money = [
        (fact.value_date, fact.amount_paise)
        for fact in facts
        if isinstance(fact, Receive | Prepay | Settle)
        and fact.sequence > plan.after_sequence
        and fact.value_date >= plan.agreed_on
        and fact.sequence not in undone
    ]
    paid = sum(amount for _, amount in money)
    due = 0
    for part in plan.parts.all():
        due += part.amount_paise
        last_day = part.due_date + timedelta(days=plan.grace_days)
        in_time = sum(amount for day, amount in money if day <= last_day)
        if last_day < on_date and in_time < due:
            return PlanStanding(paid_paise=paid, missed=part, missed_due_paise=due, missed_paid_paise=in_time)
    return PlanStanding(paid_paise=paid, missed=None)


def plan_follow(*, loan: Loan, row: LoanFact, facts: Sequence[Fact], today: date) -> None:
    """Let the agreements of a locked loan follow a new entry.

    Args:
        row: the new entry, the last of `facts`.
        today: the business date.
    """
    fact = facts[-1]
    if isinstance(fact, Reverse):
        _settle_undone(loan, fact, today)
    plan = plan_in_force(loan=loan)
    if plan is None:
        return
    if loan.status == LoanStatus.SETTLED:
        plan_end(plan=plan, state=SettlementPlan.State.KEPT, on_date=today, settle_fact=row)
    elif loan.status != LoanStatus.ACTIVE:
        plan_end(plan=plan, state=SettlementPlan.State.ENDED, on_date=today)
    elif plan_standing(plan=plan, facts=facts, on_date=today).is_broken:
        plan_end(plan=plan, state=SettlementPlan.State.BROKEN, on_date=today)


def plan_end(
    *,
    plan: SettlementPlan,
    state: SettlementPlan.State,
    on_date: date,
    settle_fact: LoanFact | None = None,
    reason: str = "",
    actor: User | None = None,
) -> None:
    """Write that an agreement is no more in force; the caller holds the lock on the loan."""
    plan.state, plan.active_of, plan.ended_on, plan.settle_fact = state, None, on_date, settle_fact
    plan.save(update_fields=["state", "active_of", "ended_on", "settle_fact"])
    audit.record(
        actor=actor,
        action=f"lms.settlement_plan_{state.value.lower()}",
        obj=plan,
        reason=reason,
        detail={"loan": plan.loan.number},
    )


def plan_revive(*, plan: SettlementPlan, loan: Loan, reason: str = "", actor: User | None = None) -> None:
    """Write that an agreement is in force again; the caller holds the lock and knows that no other one is."""
    plan.state, plan.active_of, plan.ended_on, plan.settle_fact = SettlementPlan.State.ACTIVE, loan, None, None
    plan.save(update_fields=["state", "active_of", "ended_on", "settle_fact"])
    audit.record(
        actor=actor, action="lms.settlement_plan_revive", obj=plan, reason=reason, detail={"loan": loan.number}
    )


def _settle_undone(loan: Loan, fact: Reverse, today: date) -> None:
    """Put the agreement whose last payment was reversed into force again, unless another one is by now."""
    plan = SettlementPlan.objects.filter(
        loan=loan, state=SettlementPlan.State.KEPT, settle_fact__sequence=fact.reversed_sequence
    ).first()
    if plan is not None and plan_in_force(loan=loan) is None:
        plan_revive(plan=plan, loan=loan)
