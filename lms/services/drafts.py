"""Loans with their histories, not booked yet: what makes one, and whether it can be booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import KistError
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Disburse, Fact, TakeOver
from lms.engine.replay import replay
from lms.engine.state import LoanState
from lms.engine.terms import Terms
from lms.errors import (
    BulkRefused,
    DisbursalAboveSanction,
    ProductInactive,
    SanctionInFuture,
    ValueDateBeforeDisbursal,
    ValueDateBeforeSanction,
    ValueDateInFuture,
    refusal_of,
)
from lms.errors.lines import LoanProductNeeded
from lms.models import ProductVersion
from lms.services.checks import amount_check, key_check
from lms.services.fact_rows import first_lent_on, undone_sequences
from lms.services.loans import limits_check
from lms.services.positions import day_before


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDraft:
    """One loan with its history, not booked yet.

    `key` names the loan for ever (its idempotency key; entries get `key:sequence`). `terms` come from
    `products.terms_for_loan`. `facts` have the sequences 1, 2, 3 in the order of recording; none: sanctioned only.
    `channel` is the rail of the references of its receipts. A draft without `number` gets one of the series.
    """

    key: str
    customer_id: int
    product_version: ProductVersion
    terms: Terms
    sanctioned_on: date
    facts: tuple[Fact, ...] = ()
    number: str | None = None
    external_reference: str | None = None
    channel: str = "BANK"


def loan_states(*, drafts: Sequence[LoanDraft], today: date) -> list[LoanState | None]:
    """Check drafts as `loans_book_many` does and replay them, without writing; None where a loan has no facts.

    Raises:
        BulkRefused: for the first draft that cannot be booked.
    """
    return [_state(draft, today) for draft in drafts]


def _state(draft: LoanDraft, today: date) -> LoanState | None:
    try:
        key_check(idempotency_key=f"{draft.key}:{len(draft.facts)}")
        _draft_check(draft, today)
        if not draft.facts:
            return None
        as_of = max(day_before(today), *(fact.value_date for fact in draft.facts))
        try:
            return replay(terms=draft.terms, facts=draft.facts, as_of=as_of)
        except EngineRefusal as error:
            raise refusal_of(error) from error
    except KistError as error:
        raise BulkRefused(loan=draft.external_reference or draft.number or draft.key, problem=error.message) from error


def _draft_check(draft: LoanDraft, today: date) -> None:
    """Apply the rules of sanction, disbursal and receipts that the engine does not know."""
    if not draft.product_version.product.is_active:
        raise ProductInactive(product=draft.product_version.product.code)
    if draft.product_version.product.is_line:
        raise LoanProductNeeded(product=draft.product_version.product.code)
    if draft.sanctioned_on > today:
        raise SanctionInFuture(sanctioned_on=draft.sanctioned_on, business_date=today)
    limits_check(version=draft.product_version, terms=draft.terms, sanctioned_on=draft.sanctioned_on)
    if [fact.sequence for fact in draft.facts] != list(range(1, len(draft.facts) + 1)):
        raise ValueError(f"The facts of {draft.key} are not numbered 1, 2, 3.")
    lent_on = first_lent_on(facts=draft.facts)
    for fact in draft.facts:
        if fact.value_date > today:
            raise ValueDateInFuture(value_date=fact.value_date, business_date=today)
        if lent_on is not None and fact.value_date < lent_on:
            raise ValueDateBeforeDisbursal(value_date=fact.value_date, disbursed_on=lent_on)
        if fact.amount_paise:
            amount_check(amount_paise=fact.amount_paise)
    if lent_on is not None and lent_on < draft.sanctioned_on:
        raise ValueDateBeforeSanction(value_date=lent_on, sanctioned_on=draft.sanctioned_on)
    _lent_check(draft)


def _lent_check(draft: LoanDraft) -> None:
    undone = undone_sequences(facts=draft.facts)
    undrawn = draft.terms.principal_paise
    for fact in draft.facts:
        if isinstance(fact, Disburse | TakeOver) and fact.sequence not in undone:
            if fact.amount_paise > undrawn:
                raise DisbursalAboveSanction(amount_paise=fact.amount_paise, undrawn_paise=undrawn)
            undrawn -= fact.amount_paise
