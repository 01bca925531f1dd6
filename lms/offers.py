"""What terms would mean for a borrower: the schedule, the instalment, the APR; nothing is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from lms.engine.errors import EngineRefusal
from lms.engine.rates import DatedFlow, NoSolutionError, apr_pct, effective_apr_pct, nominal_rate
from lms.engine.schedule import build_schedule
from lms.engine.state import Instalment, RowKind
from lms.engine.terms import PeriodUnit, Terms
from lms.errors import TermsInvalid
from lms.services.charges import agreed_tax, charge_amount

_PERIODS_A_YEAR: Final = {PeriodUnit.DAY: 365, PeriodUnit.WEEK: 52, PeriodUnit.MONTH: 12, PeriodUnit.YEAR: 1}


@dataclass(frozen=True, slots=True)
class UpfrontCharge:
    """A charge taken from the money lent, in paise."""

    code: str
    amount_paise: int
    tax_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A schedule with what it costs; amounts in paise, rates in per cent a year.

    `is_apr_by_dates`: the periods are not of one length, so the APR follows from the days between the payments.
    """

    terms: Terms
    start_date: date
    rows: tuple[Instalment, ...]
    charges: tuple[UpfrontCharge, ...]
    instalment_paise: int
    total_principal_paise: int
    total_interest_paise: int
    total_charges_paise: int
    net_disbursed_paise: int
    apr_pct: Decimal | None
    is_apr_by_dates: bool

    @property
    def last_due_date(self) -> date:
        """Due date of the last payment."""
        return self.rows[-1].due_date

    @property
    def total_paid_paise(self) -> int:
        """All that the borrower pays after the disbursal."""
        return self.total_principal_paise + self.total_interest_paise


def offer_of(*, terms: Terms, start_date: date) -> Offer:
    """Work out the offer that terms make when the whole principal is lent on one day.

    Raises:
        TermsInvalid: no schedule follows from the terms.

    Source: regulation 1 (APR is the yearly rate at which the instalments are worth the amount that the borrower gets).
    """
    try:
        rows = build_schedule(terms=terms, start_date=start_date)
    except EngineRefusal as error:
        raise TermsInvalid(problem=error.message) from error
    charges = _upfront_charges(terms)
    total_charges = sum(charge.amount_paise + charge.tax_paise for charge in charges)
    net = terms.principal_paise - total_charges
    regular = [row for row in rows if row.kind is RowKind.REGULAR]
    is_by_dates = not _is_even(rows=rows, start_date=start_date, terms=terms)
    return Offer(
        terms=terms,
        start_date=start_date,
        rows=rows,
        charges=charges,
        instalment_paise=regular[0].due.total if regular else 0,
        total_principal_paise=sum(row.due.principal for row in rows),
        total_interest_paise=sum(row.due.interest for row in rows),
        total_charges_paise=total_charges,
        net_disbursed_paise=net,
        apr_pct=_apr(rows, start_date, net, terms, is_by_dates=is_by_dates),
        is_apr_by_dates=is_by_dates,
    )


def _upfront_charges(terms: Terms) -> tuple[UpfrontCharge, ...]:
    charges = []
    for agreed in terms.charges:
        if agreed.is_upfront:
            amount = charge_amount(agreed=agreed, base_paise=terms.principal_paise)
            charges.append(UpfrontCharge(agreed.code, amount, agreed_tax(agreed=agreed, amount_paise=amount)))
    return tuple(charges)


def _is_even(*, rows: tuple[Instalment, ...], start_date: date, terms: Terms) -> bool:
    """Tell whether every payment follows the one before after the same period, the first one after the disbursal."""
    if any(row.kind is not RowKind.REGULAR for row in rows):
        return False
    days = [start_date, *(row.due_date for row in rows)]
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return max(gaps) - min(gaps) <= (3 * terms.every if terms.unit in (PeriodUnit.MONTH, PeriodUnit.YEAR) else 0)


def _apr(
    rows: tuple[Instalment, ...], start_date: date, net_paise: int, terms: Terms, *, is_by_dates: bool
) -> Decimal | None:
    """Return the APR; None where no rate makes the payments worth the money lent."""
    payments = [row.due.total for row in rows]
    periods = max(_PERIODS_A_YEAR[terms.unit] // terms.every, 1)
    if net_paise <= 0 or sum(payments) < net_paise:
        return None
    try:
        if not is_by_dates:
            return apr_pct(net_disbursed=net_paise, instalments=payments, periods_per_year=periods)
        flows = [DatedFlow(start_date, -net_paise)]
        flows += [DatedFlow(row.due_date, row.due.total) for row in rows]
        effective = effective_apr_pct(flows=flows)
        return nominal_rate(effective=effective / 100, periods=periods) * 100
    except NoSolutionError:
        return None
