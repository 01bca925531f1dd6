"""The class that an act gives at once, whatever the days past due say, and what takes it back."""

from datetime import date

from lms.engine.classification import AssetClass
from lms.engine.facts import Fact, Reverse, WriteOff
from lms.models import ClassificationEntry, Loan
from lms.services.fact_rows import is_restructuring


def class_set_by_act(*, loan: Loan, fact: Fact, on_date: date) -> None:
    """Set class and NPA date of a loan by an act, and write the diary; most acts leave the class to the day-end.

    A restructured loan stays non-performing while `Loan.restructured_on` is set, whatever is paid.
    The other loans of the borrower follow at the next day-end, as they do when days past due are the cause. The caller
    holds the lock, saves the loan afterwards, and books with the new class.

    Args:
        fact: the new entry; the reversal of an act that gave a class gives back the one before it.
        on_date: the business date.

    Source: regulation 3.
    """
    if isinstance(fact, Reverse):
        _take_back(loan, fact, on_date)
    elif isinstance(fact, WriteOff) and not fact.amount_paise:
        _give(loan, fact, AssetClass.LOSS, "Written off, the claim stays", on_date)
    elif is_restructuring(fact=fact):
        _give(loan, fact, AssetClass.SUB_STANDARD, "Restructured for financial difficulty", on_date)


def _give(loan: Loan, fact: Fact, asset_class: AssetClass, reason: str, on_date: date) -> None:
    previous = AssetClass(loan.asset_class)
    if previous.severity >= asset_class.severity:
        return
    loan.asset_class = asset_class.value
    loan.npa_since = loan.npa_since or fact.value_date
    _diary_write(loan, previous, fact.sequence, reason, on_date)


def _take_back(loan: Loan, fact: Reverse, on_date: date) -> None:
    """Give back the class before the act; tonight's day-end looks at the loan anew."""
    given = loan.classification_entries.filter(fact_sequence=fact.reversed_sequence).first()
    if given is None:
        return
    if given.asset_class == AssetClass.SUB_STANDARD and loan.restructured_on is not None:
        # Another restructuring stands, which found the class as low as it would have made it.
        return
    previous = AssetClass(loan.asset_class)
    loan.asset_class = given.previous_class
    if not AssetClass(given.previous_class).is_npa:
        loan.npa_since = None
    _diary_write(loan, previous, fact.sequence, f"Entry {fact.reversed_sequence} was reversed", on_date)


def _diary_write(loan: Loan, previous: AssetClass, sequence: int, reason: str, on_date: date) -> None:
    ClassificationEntry.objects.create(
        loan=loan,
        on_date=on_date,
        previous_class=previous,
        asset_class=loan.asset_class,
        days_past_due=loan.days_past_due,
        oldest_unpaid_due_date=loan.oldest_unpaid_due_date,
        caused_by=loan,
        fact_sequence=sequence,
        reason=reason,
    )
