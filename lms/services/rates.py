"""New rates for running loans."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User

from lms.engine.errors import EngineRefusal
from lms.engine.facts import PrepaymentEffect, RateChange
from lms.engine.replay import replay
from lms.errors import RateOutsideProduct, RateUnchanged, refusal_of
from lms.models import Loan, LoanFact
from lms.services.checks import running_check, value_date_check
from lms.services.facts import FactOrder, LoanBook, fact_record
from lms.services.products import rate_clean


def rate_change(
    *,
    loan_id: int,
    annual_rate_pct: Decimal,
    value_date: date,
    idempotency_key: str,
    reason: str,
    effect: PrepaymentEffect = PrepaymentEffect.CUT_INSTALMENT,
    actor: User | None = None,
) -> LoanFact:
    """Let a new yearly rate hold from a day on; the borrower is told rate, instalment and tenor at once.

    Args:
        annual_rate_pct: within the limits of the product version, at most four decimals.
        effect: whether the instalments are worked out anew (CUT_INSTALMENT), or stay and their number changes.

    Raises:
        RateInvalid, RateOutsideProduct, RateUnchanged: it is no new rate for this loan.
        ReasonMissing: the reason is empty.
        LoanClosed, LoanNotDisbursed, ValueDateInFuture, ValueDateBeforeDisbursal: the loan does not take it.
        The refusals of `fact_record`.

    Source: regulation 5.
    """
    rate = rate_clean(rate_pct=annual_rate_pct)

    def decide(book: LoanBook) -> RateChange:
        running_check(loan=book.loan, act="rate change")
        value_date_check(loan=book.loan, value_date=value_date, business_date=book.business_date)
        rate_limits_check(loan=book.loan, rate_pct=rate)
        if rate == _rate_on(book, value_date):
            raise RateUnchanged(loan=book.loan.number, rate=rate, value_date=value_date)
        return RateChange(
            sequence=book.next_sequence,
            value_date=value_date,
            annual_rate_pct=rate,
            effect=PrepaymentEffect(effect),
        )

    order = FactOrder(
        action="lms.rate_change",
        loan_id=loan_id,
        content={
            "annual_rate_pct": str(rate),
            "value_date": value_date.isoformat(),
            "effect": PrepaymentEffect(effect).value,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return fact_record(order=order, decide=decide)


def rate_limits_check(*, loan: Loan, rate_pct: Decimal) -> None:
    """Refuse a rate that the loan's product version does not allow."""
    version = loan.product_version
    if not version.rate_min_pct <= rate_pct <= version.rate_max_pct:
        raise RateOutsideProduct(
            rate=rate_pct, low=version.rate_min_pct, high=version.rate_max_pct, product=loan.product_code
        )


def _rate_on(book: LoanBook, day: date) -> Decimal:
    try:
        return replay(terms=book.terms, facts=book.facts, as_of=day).annual_rate_pct
    except EngineRefusal as error:
        raise refusal_of(error) from error
