"""Other dates, tenor or grace for running loans: reschedule, moratorium, interest pause."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User

from lms.engine.facts import Fact, Moratorium, Pause, Reschedule
from lms.errors import RangeEndsBeforeStart, RescheduleCountInvalid, RescheduleEmpty, RescheduleOfPast
from lms.models import LoanFact
from lms.services.checks import running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.products import rate_clean
from lms.services.rates import rate_limits_check

# Ten years of monthly instalments, and more than two years of weekly ones.
COUNT_MAX: Final = 120


def loan_reschedule(
    *,
    loan_id: int,
    value_date: date,
    idempotency_key: str,
    reason: str,
    from_due_date: date | None = None,
    new_due_date: date | None = None,
    extra_instalments: int = 0,
    annual_rate_pct: Decimal | None = None,
    grace_principal_count: int = 0,
    grace_interest_count: int = 0,
    is_restructure: bool = False,
    actor: User | None = None,
) -> LoanFact:
    """Give the rest of a loan other due dates, more instalments, another rate, or instalments of grace.

    Args:
        from_due_date: the first instalment that changes; the next one when not given.
        new_due_date: its new date, which the later ones follow.
        extra_instalments: how many more there are at the end.
        annual_rate_pct: the rate from then on, within the limits of the product version.
        grace_principal_count: so many instalments pay no principal.
        grace_interest_count: so many instalments put interest off.
        is_restructure: a concession for financial difficulty; the loan is non-performing at once.

    Raises:
        RescheduleEmpty, RescheduleCountInvalid, RescheduleOfPast, NoInstalmentLeft: nothing follows from the input.
        RateInvalid, RateOutsideProduct: the rate cannot be.
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 3, restructuring.
    """
    rate = None if annual_rate_pct is None else rate_clean(rate_pct=annual_rate_pct)
    unnumbered = Reschedule(
        sequence=0,
        value_date=value_date,
        new_due_date=new_due_date,
        from_due_date=from_due_date,
        extra_instalments=extra_instalments,
        annual_rate_pct=rate,
        grace_principal_count=grace_principal_count,
        grace_interest_count=grace_interest_count,
        is_restructure=is_restructure,
    )
    _asked_check(unnumbered)

    def decide(book: LoanBook) -> Fact:
        if rate is not None:
            rate_limits_check(loan=book.loan, rate_pct=rate)
        return _decided(book, replace(unnumbered, sequence=book.next_sequence))

    order = FactOrder(
        action="lms.loan_reschedule",
        loan_id=loan_id,
        content=_content(unnumbered),
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def moratorium_grant(
    *,
    loan_id: int,
    value_date: date,
    end_date: date,
    idempotency_key: str,
    reason: str,
    start_date: date | None = None,
    is_interest_capitalised: bool = False,
    is_restructure: bool = False,
    actor: User | None = None,
) -> LoanFact:
    """Let no instalment fall due in a range of days; as many follow at the end, and interest runs on.

    Args:
        value_date: the day of the decision, at most the business date.
        end_date: the last day; it may be to come.
        start_date: the first day, which may be to come; the value date when not given.
        is_interest_capitalised: interest of the range becomes principal; otherwise it waits for the next instalment.
        is_restructure: a concession for financial difficulty; the loan is non-performing at once.

    Raises:
        RangeEndsBeforeStart, MoratoriumWithoutDue: nothing would be put off.
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 3, restructuring.
    """
    _range_check(value_date, start_date, end_date)
    order = FactOrder(
        action="lms.moratorium_grant",
        loan_id=loan_id,
        content={
            "value_date": value_date.isoformat(),
            "end_date": end_date.isoformat(),
            "start_date": _text(start_date),
            "is_interest_capitalised": is_interest_capitalised,
            "is_restructure": is_restructure,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(
        order=order,
        decide=lambda book: _decided(
            book,
            Moratorium(
                sequence=book.next_sequence,
                value_date=value_date,
                end_date=end_date,
                is_interest_capitalised=is_interest_capitalised,
                is_restructure=is_restructure,
                start_date=start_date,
            ),
        ),
    )


def interest_pause(
    *,
    loan_id: int,
    value_date: date,
    end_date: date,
    idempotency_key: str,
    reason: str,
    start_date: date | None = None,
    is_penal: bool = False,
    actor: User | None = None,
) -> LoanFact:
    """Let no interest run in a range of days, both inclusive; instalments stay as they are.

    Args:
        value_date: the day of the decision, at most the business date.
        end_date: the last day; it may be to come.
        start_date: the first day, which may be to come; the value date when not given.
        is_penal: the planned penal charges rest instead, and interest runs on.

    Raises:
        RangeEndsBeforeStart: the range is empty.
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.
    """
    _range_check(value_date, start_date, end_date)
    order = FactOrder(
        action="lms.interest_pause",
        loan_id=loan_id,
        content={
            "value_date": value_date.isoformat(),
            "end_date": end_date.isoformat(),
            "start_date": _text(start_date),
            "is_penal": is_penal,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(
        order=order,
        decide=lambda book: _decided(
            book,
            Pause(
                sequence=book.next_sequence,
                value_date=value_date,
                end_date=end_date,
                start_date=start_date,
                is_penal=is_penal,
            ),
        ),
    )


def _decided(book: LoanBook, fact: Fact) -> Fact:
    """Return the fact after the checks that every act of this module shares."""
    running_check(loan=book.loan, act="reschedule")
    value_date_check(loan=book.loan, value_date=fact.value_date, business_date=book.business_date)
    return fact


def _asked_check(asked: Reschedule) -> None:
    """Refuse counts out of range, a request that changes nothing, and due dates of the past."""
    for name, count in (
        ("number of extra instalments", asked.extra_instalments),
        ("grace of principal", asked.grace_principal_count),
        ("grace of interest", asked.grace_interest_count),
    ):
        if not 0 <= count <= COUNT_MAX:
            raise RescheduleCountInvalid(figure=name, count=count, maximum=COUNT_MAX)
    if asked.new_due_date is None and asked.annual_rate_pct is None and not any(_counts(asked)):
        raise RescheduleEmpty()
    for due_date in (asked.from_due_date, asked.new_due_date):
        if due_date is not None and due_date < asked.value_date:
            raise RescheduleOfPast(due_date=due_date, value_date=asked.value_date)


def _counts(asked: Reschedule) -> list[int]:
    return [asked.extra_instalments, asked.grace_principal_count, asked.grace_interest_count]


def _content(asked: Reschedule) -> dict[str, object]:
    """Return what makes a repeat the same request."""
    return {
        "value_date": asked.value_date.isoformat(),
        "from_due_date": _text(asked.from_due_date),
        "new_due_date": _text(asked.new_due_date),
        "counts": _counts(asked),
        "annual_rate_pct": None if asked.annual_rate_pct is None else str(asked.annual_rate_pct),
        "is_restructure": asked.is_restructure,
    }


def _range_check(value_date: date, start_date: date | None, end_date: date) -> None:
    first = start_date or value_date
    for earlier, later in ((value_date, first), (first, end_date)):
        if later < earlier:
            raise RangeEndsBeforeStart(value_date=earlier, end_date=later)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
