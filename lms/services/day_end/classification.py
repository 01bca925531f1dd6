"""Class of every loan at a day-end: the borrower's loans together, and the diary of every change."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Final

from lms.engine.classification import (
    AssetClass,
    ClassificationRule,
    ClassReason,
    LoanClass,
    LoanStanding,
    classify_borrower,
    rule_on,
)
from lms.engine.state import LoanStatus
from lms.models import ClassificationEntry, Instalment, Loan
from lms.services.classification_rules import classification_rules

_REASONS: Final = {
    ClassReason.NOTHING_OVERDUE: "Nothing is overdue",
    ClassReason.OWN_ARREARS: "Its own arrears: {days} days past due",
    ClassReason.MARKED: "Restructured for financial difficulty",
    ClassReason.OTHER_LOAN: "Another loan of the borrower is non-performing",
    ClassReason.ARREARS_LEFT: "Non-performing until every arrear of the borrower is paid",
    ClassReason.UPGRADED: "Every arrear of the borrower is paid",
}


def loans_classify(
    *,
    loans: Sequence[Loan],
    changing: Iterable[Loan],
    on_date: date,
    rules: Sequence[ClassificationRule] | None = None,
) -> list[ClassificationEntry]:
    """Set class and NPA date of loans at a day-end, borrower by borrower.

    Args:
        loans: every loan of the borrowers that runs or was written off, in the order of the customer, with the figures
            of that day-end.
        changing: those among them that this day-end closes; only they are changed.
        rules: the published ones when not given.

    Returns:
        Diary entries, not saved, of the loans whose class changed.

    Source: regulation 3.
    """
    rule: ClassificationRule | None = None
    chosen = {loan.pk for loan in changing}
    entries = []
    for _, group in groupby(loans, key=attrgetter("customer_id")):
        borrower = list(group)
        if all(_is_plainly_standard(loan) for loan in borrower):
            continue
        # Most borrowers are plainly standard: the thresholds are read for the first who is not.
        rule = rule or rule_on(as_of=on_date, rules=rules or classification_rules())
        standings = [standing_of(loan=loan) for loan in borrower]
        graded = classify_borrower(as_of=on_date, loans=standings, rule=rule)
        for loan, result in zip(borrower, graded.loans, strict=True):
            if loan.pk in chosen:
                entries += _apply(loan, result, on_date)
    _causes_number(entries)
    return entries


def _is_plainly_standard(loan: Loan) -> bool:
    return (
        loan.oldest_unpaid_due_date is None
        and loan.npa_since is None
        and loan.restructured_on is None
        and loan.asset_class == AssetClass.STANDARD
        and loan.status == LoanStatus.ACTIVE
    )


def standing_of(*, loan: Loan) -> LoanStanding:
    """Return how a loan stands for its class, by its row."""
    if loan.status == LoanStatus.WRITTEN_OFF:
        claim = _claim_left(loan)
        return LoanStanding(
            loan_id=loan.pk,
            oldest_unpaid_due_date=None,
            arrears_paise=claim,
            npa_since=loan.npa_since or loan.closed_on,
            marked_class=AssetClass.LOSS if claim else None,
        )
    # Arrears of interest and principal decide; unpaid fees and penal charges alone do not hold a borrower back.
    return LoanStanding(
        loan_id=loan.pk,
        oldest_unpaid_due_date=loan.oldest_unpaid_due_date,
        arrears_paise=loan.overdue_paise if loan.oldest_unpaid_due_date is not None else 0,
        npa_since=loan.npa_since,
        marked_class=AssetClass.SUB_STANDARD if loan.restructured_on is not None else None,
    )


def _claim_left(loan: Loan) -> int:
    """Return what was written off and not recovered since: a book entry does not end the borrower's debt."""
    amounts = {"WRITTEN_OFF": 0, "RELEASED": 0, "RECOVERED": 0}
    for key, amount in loan.booked.items():
        movement, _ = key.split(":")
        if movement in amounts:
            amounts[movement] += amount
    return max(amounts["WRITTEN_OFF"] + amounts["RELEASED"] - amounts["RECOVERED"], 0)


def _apply(loan: Loan, result: LoanClass, on_date: date) -> list[ClassificationEntry]:
    previous = loan.asset_class
    loan.asset_class, loan.npa_since = result.asset_class.value, result.npa_since
    if previous == loan.asset_class:
        return []
    return [
        ClassificationEntry(
            loan_id=loan.pk,
            on_date=on_date,
            previous_class=previous,
            asset_class=loan.asset_class,
            days_past_due=result.days_past_due,
            oldest_unpaid_due_date=loan.oldest_unpaid_due_date,
            caused_by_id=result.cause_loan_id,
            cause_due_date=result.cause_due_date,
            reason=_REASONS[result.reason].format(days=result.days_past_due),
        )
    ]


def _causes_number(entries: Sequence[ClassificationEntry]) -> None:
    """Write the number of the causing instalment into each entry that has one."""
    due_dates = {(entry.caused_by_id, entry.cause_due_date) for entry in entries if entry.cause_due_date}
    if not due_dates:
        return
    rows = Instalment.objects.filter(
        loan_id__in={loan_id for loan_id, _ in due_dates}, due_date__in={str(due) for _, due in due_dates}
    ).order_by("-number")
    numbers = {(loan_id, due): number for loan_id, due, number in rows.values_list("loan_id", "due_date", "number")}
    for entry in entries:
        if entry.cause_due_date is not None:
            entry.cause_instalment = numbers.get((entry.caused_by_id, entry.cause_due_date))
