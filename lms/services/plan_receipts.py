"""Money that comes while a settlement in parts is in force."""

from lms.engine.facts import Fact, Receive, Settle
from lms.errors.servicing import SettlementPlanOverpaid
from lms.services.facts import LoanBook
from lms.services.foreclosures import quote_of_book
from lms.services.plan_states import plan_in_force, plan_standing


def receipt_or_settlement(*, book: LoanBook, receipt: Receive) -> Fact:
    """Return the receipt, or the settlement where it brings the last of an agreement in force.

    Raises:
        SettlementPlanOverpaid: more comes than is left of the agreement.
    """
    plan = plan_in_force(loan=book.loan)
    if plan is None:
        return receipt
    standing = plan_standing(plan=plan, facts=(*book.facts, receipt), on_date=book.business_date)
    if standing.is_broken or standing.paid_paise < plan.amount_paise:
        return receipt
    if standing.paid_paise > plan.amount_paise:
        left = plan.amount_paise - standing.paid_paise + receipt.amount_paise
        raise SettlementPlanOverpaid(loan=book.loan.number, amount_paise=receipt.amount_paise, left_paise=max(left, 0))
    quote = quote_of_book(book=book, on_date=receipt.value_date)
    if receipt.amount_paise >= quote.total_paise - quote.charge_paise - quote.charge_tax_paise:
        # Waivers have brought the debt down meanwhile: nothing is left to give up.
        return receipt
    return Settle(
        sequence=receipt.sequence,
        value_date=receipt.value_date,
        amount_paise=receipt.amount_paise,
        reference=receipt.reference,
    )
