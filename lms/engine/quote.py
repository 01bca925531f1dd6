"""What it costs to close a loan on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lms.engine.accruals import interest_of_night
from lms.engine.closing import all_dues, call_in
from lms.engine.dating import advance
from lms.engine.effective import effective_facts
from lms.engine.errors import EngineRefusal
from lms.engine.evaluation import evaluate
from lms.engine.facts import Fact
from lms.engine.plan import FEE, INTEREST, PENAL, PRINCIPAL, TAX
from lms.engine.replay import fold_facts
from lms.engine.rounding import round_ratio
from lms.engine.terms import ChargeTerm, Terms

FORECLOSURE_CODE = "FORECLOSURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeclosureQuote:
    """The price of closing on a day, in paise, with money received before; `total_paise` is what must still come in.

    `per_day_interest_paise` is what one more night would add, rounded half-up.
    """

    on_date: date
    principal_paise: int
    interest_paise: int
    fee_paise: int
    tax_paise: int
    penal_paise: int
    charge_paise: int
    charge_tax_paise: int
    excess_paise: int
    total_paise: int
    per_day_interest_paise: int


def quote_foreclosure(*, terms: Terms, facts: Sequence[Fact], on_date: date) -> ForeclosureQuote:
    """Price the closing of a loan on a day: nights before it bear interest, its own night does not.

    The charge is that of the terms with code FORECLOSURE: a fixed amount, or per cent of the principal closed early.
    Facts valued on the day count. A `Foreclose` fact of `total_paise` with this charge closes the loan exactly.

    Raises:
        EngineRefusal: nothing was disbursed by then, or the loan is closed.
    """
    account = fold_facts(terms=terms, facts=effective_facts(facts=facts, as_of=on_date))
    if account is None:
        raise EngineRefusal("engine.not_disbursed", "Nothing is disbursed by this day; there is nothing to close.")
    advance(account=account, day=on_date)
    if terms.is_interest_recalculated:
        account.plan.known_until = on_date
        evaluate(plan=account.plan)
    per_day = interest_of_night(account=account, night=on_date)
    call_in(account=account)
    by_component = [0] * (PENAL + 1)
    for due in all_dues(account=account):
        by_component[due.component] += due.amount
    charge, tax = _foreclosure_charge(terms, by_component[PRINCIPAL])
    return ForeclosureQuote(
        on_date=on_date,
        principal_paise=by_component[PRINCIPAL],
        interest_paise=by_component[INTEREST],
        fee_paise=by_component[FEE],
        tax_paise=by_component[TAX],
        penal_paise=by_component[PENAL],
        charge_paise=charge,
        charge_tax_paise=tax,
        excess_paise=account.excess,
        total_paise=max(sum(by_component) + charge + tax - account.excess, 0),
        per_day_interest_paise=per_day,
    )


def _foreclosure_charge(terms: Terms, principal: int) -> tuple[int, int]:
    term: ChargeTerm | None = next((term for term in terms.charges if term.code == FORECLOSURE_CODE), None)
    if term is None:
        return 0, 0
    amount = term.amount_paise or _percent_of(principal, term)
    numerator, denominator = term.tax_pct.as_integer_ratio()
    return amount, round_ratio(amount * numerator, 100 * denominator)


def _percent_of(principal: int, term: ChargeTerm) -> int:
    numerator, denominator = term.percent.as_integer_ratio()
    return round_ratio(principal * numerator, 100 * denominator)
