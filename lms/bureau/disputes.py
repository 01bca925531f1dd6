"""Disputes of what was reported: the clock of thirty days, whose share it is, and what lateness costs.

Source: RBI/2023-24/72 of 26 October 2023.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import QuerySet

from core import audit
from core.business_date import business_date
from core.reasons.services import reason_code_check
from core.transactions import run_in_transaction
from lms.bureau.rows import bureau_parameters_on
from lms.errors import IdempotencyKeyReused
from lms.errors.bureau import BureauDayInvalid, BureauDisputeKnown, BureauDisputeNotWaiting
from lms.locks import bureau_disputes_for_update
from lms.models import Bureau, BureauDispute, Loan
from lms.services.checks import key_check, reason_check, reference_check
from lms.services.fact_rows import content_hash

REFUSE_ACT: Final = "bureau-refuse"
_SATURDAY: Final = 5
State = BureauDispute.State
Outcome = BureauDispute.Outcome
Payer = BureauDispute.Payer


def dispute_record(
    *,
    loan_id: int,
    bureau: Bureau,
    reference: str,
    received_on: date,
    idempotency_key: str,
    note: str = "",
    actor: User | None = None,
) -> BureauDispute:
    """Write a complaint down, and start its clock on the day on which the borrower made it.

    Args:
        reference: the bureau's number of the complaint.
        received_on: when the borrower complained, to us or to the bureau.
        note: what is disputed, without anything personal.

    Returns:
        The dispute; that of the first call with the same key and content.

    Raises:
        BureauDayInvalid: the day is in the future, or before the loan.
        BureauDisputeKnown: the bureau's number is recorded with another key.
        ReferenceMissing, ReasonTooLong, IdempotencyKeyMissing, IdempotencyKeyReused: the request cannot be.
        BureauRowsMissing: no rules are in force.
    """
    key_check(idempotency_key=idempotency_key)
    reason_check(reason=note)
    kept = reference_check(reference=reference)
    content = {"loan": loan_id, "bureau": bureau, "reference": kept, "received_on": received_on, "note": note}
    fingerprint = content_hash(content=content)
    rules = bureau_parameters_on(on_date=received_on)

    def record() -> BureauDispute:
        if earlier := _earlier(idempotency_key, fingerprint):
            return earlier
        loan = Loan.objects.only("number", "sanctioned_on").get(pk=loan_id)
        _day_check(received_on, loan.sanctioned_on)
        if BureauDispute.objects.filter(bureau=bureau, reference=kept).exists():
            raise BureauDisputeKnown(reference=kept, bureau=bureau.label)
        lender_due_on = received_on + timedelta(days=rules.dispute_lender_days)
        dispute = BureauDispute.objects.create(
            loan=loan,
            bureau=bureau,
            reference=kept,
            parameters=rules,
            received_on=received_on,
            lender_due_on=lender_due_on,
            due_on=received_on + timedelta(days=rules.dispute_days),
            next_due_on=lender_due_on,
            note=note,
            idempotency_key=idempotency_key,
            content_hash=fingerprint,
            recorded_by=actor,
        )
        _audit(dispute, "lms.bureau_dispute_record", actor, {"received_on": received_on.isoformat()})
        return dispute

    try:
        return run_in_transaction(record)
    except IntegrityError:
        return run_in_transaction(record)


def dispute_answer(
    *,
    dispute_id: int,
    answered_on: date,
    outcome: BureauDispute.Outcome,
    reason_code: str = "",
    note: str = "",
    actor: User | None = None,
) -> BureauDispute:
    """Record that the lender's look is over and the bureau has its answer; the rest of the days is the bureau's.

    Args:
        outcome: corrected, or refused for one of the listed reasons.
        reason_code: of the list `bureau-refuse`; needed for a refusal alone.

    Raises:
        BureauDisputeNotWaiting: the dispute is not with the lender.
        BureauDayInvalid: the day cannot be.
        ReasonCodeMissing, ReasonCodeUnknown: a refusal without a listed reason.
    """
    reason_check(reason=note)
    code = ""
    if outcome is Outcome.REFUSED:
        code = reason_code_check(act=REFUSE_ACT, code=reason_code, on_date=business_date())

    def answer() -> BureauDispute:
        dispute = _locked(dispute_id, State.WITH_LENDER, "answered")
        _day_check(answered_on, dispute.received_on)
        dispute.state, dispute.answered_on = State.WITH_BUREAU, answered_on
        dispute.outcome, dispute.reason_code = outcome, code
        dispute.next_due_on = dispute.due_on
        dispute.note = note or dispute.note
        dispute.save()
        detail = {"answered_on": answered_on.isoformat(), "outcome": outcome.value, "reason_code": code}
        _audit(dispute, "lms.bureau_dispute_answer", actor, detail, note)
        return dispute

    return run_in_transaction(answer)


def dispute_resolve(*, dispute_id: int, resolved_on: date, actor: User | None = None) -> BureauDispute:
    """Record the day on which the borrower had the result; what lateness costs, and who pays, follows from it.

    Raises:
        BureauDisputeNotWaiting: the lender has not answered, or the dispute is resolved.
        BureauDayInvalid: the day cannot be.
    """

    def resolve() -> BureauDispute:
        dispute = _locked(dispute_id, State.WITH_BUREAU, "resolved")
        assert dispute.answered_on is not None  # noqa: S101  # the state says so
        _day_check(resolved_on, dispute.answered_on)
        dispute.state, dispute.resolved_on = State.RESOLVED, resolved_on
        dispute.compensation_paise = compensation_paise(dispute=dispute, on_date=resolved_on)
        if dispute.compensation_paise:
            is_lenders = dispute.answered_on > dispute.lender_due_on
            dispute.payer = Payer.LENDER if is_lenders else Payer.BUREAU
            days = dispute.parameters.dispute_credit_working_days
            dispute.credit_due_on = _working_days_after(resolved_on, days)
        dispute.save()
        detail = {"resolved_on": resolved_on.isoformat(), "compensation_paise": dispute.compensation_paise}
        _audit(dispute, "lms.bureau_dispute_resolve", actor, detail)
        return dispute

    return run_in_transaction(resolve)


def dispute_credit(*, dispute_id: int, credited_on: date, reference: str, actor: User | None = None) -> BureauDispute:
    """Record that the lender paid the complainant for the days that it was late.

    Raises:
        BureauDisputeNotWaiting: the lender owes nothing, or it is paid.
        BureauDayInvalid: the day cannot be.
        ReferenceMissing, ReferenceTooLong: the reference cannot be kept.
    """
    kept = reference_check(reference=reference)

    def credit() -> BureauDispute:
        dispute = _locked(dispute_id, State.RESOLVED, "paid for")
        if dispute.payer != Payer.LENDER or dispute.credited_on is not None or dispute.resolved_on is None:
            raise BureauDisputeNotWaiting(state="not one that we owe money for", act="paid for")
        _day_check(credited_on, dispute.resolved_on)
        dispute.credited_on, dispute.credit_reference = credited_on, kept
        dispute.save()
        detail = {"credited_on": credited_on.isoformat(), "reference": kept}
        _audit(dispute, "lms.bureau_dispute_credit", actor, detail)
        return dispute

    return run_in_transaction(credit)


def compensation_paise(*, dispute: BureauDispute, on_date: date) -> int:
    """Return what is owed to a complainant whose dispute is resolved on a day: for each day after the last one."""
    days_late = (on_date - dispute.due_on).days
    return max(days_late, 0) * dispute.parameters.dispute_paise_per_day


def days_left(*, dispute: BureauDispute, on_date: date) -> int:
    """Return the days that are left of the present share; below zero it is late."""
    return (dispute.next_due_on - on_date).days


def disputes_waiting() -> QuerySet[BureauDispute]:
    """Return disputes that are not resolved, the one with the fewest days left first."""
    waiting = BureauDispute.objects.filter(state__in=(State.WITH_LENDER, State.WITH_BUREAU))
    return waiting.select_related("loan__customer", "parameters").order_by("next_due_on", "pk")


def disputes_to_credit() -> QuerySet[BureauDispute]:
    """Return disputes for which the lender owes money, the first due first."""
    owed = BureauDispute.objects.filter(state=State.RESOLVED, payer=Payer.LENDER, credited_on=None)
    return owed.select_related("loan__customer").order_by("credit_due_on", "pk")


def _locked(dispute_id: int, state: BureauDispute.State, act: str) -> BureauDispute:
    dispute = bureau_disputes_for_update().get(pk=dispute_id)
    if dispute.state != state:
        raise BureauDisputeNotWaiting(state=dispute.get_state_display().lower(), act=act)
    return dispute


def _working_days_after(day: date, count: int) -> date:
    """Return the day so many days from Monday to Friday after a day; without holidays, it is never too late."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day


def _day_check(day: date, first: date) -> None:
    today = business_date()
    if not first <= day <= today:
        raise BureauDayInvalid(day=day, first=first, last=today)


def _earlier(idempotency_key: str, fingerprint: str) -> BureauDispute | None:
    dispute = BureauDispute.objects.filter(idempotency_key=idempotency_key).first()
    if dispute is not None and dispute.content_hash != fingerprint:
        raise IdempotencyKeyReused(key=idempotency_key)
    return dispute


def _audit(
    dispute: BureauDispute, action: str, actor: User | None, detail: Mapping[str, object], reason: str = ""
) -> None:
    known = {"loan": dispute.loan_id, "bureau": dispute.bureau}
    audit.record(actor=actor, action=action, obj=dispute, reason=reason, detail={**known, **detail})
