"""Charges that a product levies by itself: on every instalment, or kept back from the disbursal."""

from __future__ import annotations

from lms.engine.plan import INDEX, PENAL, TAX, Item, Period, Plan
from lms.engine.rounding import round_ratio
from lms.engine.state import RowKind
from lms.engine.terms import ChargeBasis, ChargeTerm, RoundingMode, Terms


def charge_amount(*, term: ChargeTerm, principal_paise: int, interest_paise: int, mode: RoundingMode) -> int:
    """Give what one charge comes to on its basis, rounded to the paisa.

    Args:
        term: fixed amount, or per cent of its basis.
        principal_paise: principal of the basis: lent, or due with the instalment.
        interest_paise: interest of the basis: of the whole loan, or due with the instalment.
        mode: of the product.
    """
    if not term.percent:
        return term.amount_paise
    base = {
        ChargeBasis.PRINCIPAL: principal_paise,
        ChargeBasis.INTEREST: interest_paise,
        ChargeBasis.PRINCIPAL_AND_INTEREST: principal_paise + interest_paise,
    }[term.basis]
    numerator, denominator = term.percent.as_integer_ratio()
    return round_ratio(base * numerator, 100 * denominator, mode)


def charge_rows(*, plan: Plan) -> None:
    """Put the charges of every instalment on the rows, by what the rows now come to; paid ones stay as they were."""
    for term in plan.terms.charges:
        if term.is_each_instalment:
            for row in plan.periods:
                if row.kind is RowKind.REGULAR:
                    _charge_row(plan.terms, term, row)


def planned_charges(plan: Plan) -> list[tuple[Period, Item]]:
    """List the charges of every instalment with their rows."""
    return [(row, item) for row in plan.periods for item in row.items or () if item.code and item.component != PENAL]


def _charge_row(terms: Terms, term: ChargeTerm, row: Period) -> None:
    amount = charge_amount(
        term=term,
        principal_paise=row.due_principal,
        interest_paise=row.due_interest,
        mode=terms.interest_rounding,
    )
    numerator, denominator = term.tax_pct.as_integer_ratio()
    tax = round_ratio(amount * numerator, 100 * denominator)
    for component, part in ((INDEX[term.component], amount), (TAX, tax)):
        item = next((one for one in row.items or () if one.code == term.code and one.component == component), None)
        if item is not None:
            if item.settled < item.amount:
                item.amount, item.due = max(part, item.settled), row.due
        elif part:
            row.items = [*(row.items or ()), Item(component, row.due, part, code=term.code)]
