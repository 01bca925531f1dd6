"""The class of a borrower's loans set in between two day-ends, where who the borrower is was put right."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from ledger.services import journal_post
from lms.engine.arrears import arrears_in_spans
from lms.engine.class_history import Facility, classes_in_spans
from lms.engine.classification import LoanClass, classify_borrower, rule_on
from lms.engine.state import LoanStatus
from lms.locks import loans_of_customer_for_update
from lms.models import ClassificationEntry, Loan
from lms.services.classification_rules import classification_rules
from lms.services.day_end.chunks import classified_loans
from lms.services.day_end.classification import standing_of
from lms.services.fact_rows import facts_of_many, standing_restructurings
from lms.services.positions import (
    SUSPENDED,
    is_income_suspended,
    loans_update_many,
    movements_between,
    state_hash,
    suspended_added,
    terms_of,
)
from lms.services.told_classes import told_classes

REFERENCE_TYPE: Final = "lms.loan"
_EVENT: Final = "CLASS_MOVED"
_ONE_DAY: Final = timedelta(days=1)


def borrower_classes_join(*, customer_id: int, today: date, reason: str, key: str) -> list[ClassificationEntry]:
    """Classify the loans that are one borrower's from now on, as the last day-end would have.

    One non-performing loan makes all of them so at once, and their income is suspended. The caller holds the locks and
    has closed every loan up to yesterday.

    Args:
        today: the business date, on which the diary says it.
        reason: why, for the diary.
        key: names the occasion, for the journals.

    Returns:
        The entries of the diary; none where no class moved.

    Source: regulation 3 (the class is the borrower's); decision 0035.
    """
    loans = _loans(customer_id)
    yesterday = today - _ONE_DAY
    standings = [standing_of(loan=loan) for loan in loans]
    rule = rule_on(as_of=yesterday, rules=classification_rules())
    graded = classify_borrower(as_of=yesterday, loans=standings, rule=rule).loans
    return _take(loans, {given.loan_id: given for given in graded}, today, reason, key)


def borrower_classes_part(
    *, customer_id: int, joined_on: date, today: date, reason: str, key: str
) -> list[ClassificationEntry]:
    """Give the loans of a borrower the class of their own history, as if they never had been joined with others.

    Arrears of these loans alone count, from the class that they had before the day on which they were joined. The
    caller holds the locks and has closed every loan up to yesterday.

    Source: regulation 3; decision 0035.
    """
    loans = _loans(customer_id)
    if not loans:
        return []
    told = told_classes(loan_ids=[loan.pk for loan in loans])
    day_before = joined_on - _ONE_DAY
    start = min(classes.last_day_without_npa(day_before) for classes in told.values()) + _ONE_DAY
    yesterday = today - _ONE_DAY
    if start > yesterday:
        return []
    facts = facts_of_many(loan_ids=[loan.pk for loan in loans])
    facilities = [
        Facility(
            loan_id=loan.pk,
            spans=arrears_in_spans(terms=terms_of(loan=loan), facts=facts[loan.pk], from_date=start, to_date=yesterday),
            carried=told[loan.pk].on(start - _ONE_DAY),
            restructured_dates=standing_restructurings(facts=facts[loan.pk]),
        )
        for loan in loans
    ]
    classes = classes_in_spans(facilities=facilities, rules=classification_rules())
    return _take(loans, {key_: spans[-1].on(yesterday) for key_, spans in classes.items()}, today, reason, key)


def _loans(customer_id: int) -> list[Loan]:
    return list(loans_of_customer_for_update(customer_id=customer_id).filter(classified_loans()))


def _take(
    loans: Sequence[Loan], given: Mapping[int, LoanClass], today: date, reason: str, key: str
) -> list[ClassificationEntry]:
    """Set class and NPA date of the loans that run, with diary, suspense and fingerprint."""
    moved, entries = [], []
    for loan in loans:
        result = given[loan.pk]
        if loan.status != LoanStatus.ACTIVE:
            continue
        if (loan.asset_class, loan.npa_since) == (result.asset_class.value, result.npa_since):
            continue
        previous = loan.asset_class
        loan.asset_class, loan.npa_since = result.asset_class.value, result.npa_since
        if previous != loan.asset_class:
            entries.append(_entry(loan, previous, result, today, reason))
        _suspense_post(loan, today, key)
        loan.state_hash = state_hash(loan=loan)
        moved.append(loan)
    ClassificationEntry.objects.bulk_create(entries)
    if moved:
        loans_update_many(loans=moved)
    return entries


def _entry(loan: Loan, previous: str, result: LoanClass, today: date, reason: str) -> ClassificationEntry:
    return ClassificationEntry(
        loan=loan,
        on_date=today,
        previous_class=previous,
        asset_class=loan.asset_class,
        days_past_due=result.days_past_due,
        oldest_unpaid_due_date=loan.oldest_unpaid_due_date,
        caused_by_id=result.cause_loan_id,
        cause_due_date=result.cause_due_date,
        reason=reason,
    )


def _suspense_post(loan: Loan, today: date, key: str) -> None:
    """Book what the class moves between income and suspense."""
    plain = {name: amount for name, amount in loan.booked.items() if not name.startswith(f"{SUSPENDED}:")}
    totals = suspended_added(totals=plain) if is_income_suspended(loan=loan) else plain
    movements = movements_between(before=loan.booked, after=totals)
    if not movements:
        return
    journal_post(
        idempotency_key=f"{key}:{loan.pk}",
        event=_EVENT,
        reference_type=REFERENCE_TYPE,
        reference_id=loan.pk,
        product_code=loan.product_code,
        movements=movements,
        value_date=today,
        booked_on=today,
        narration=f"{loan.number} class moved",
    )
    loan.booked = totals
