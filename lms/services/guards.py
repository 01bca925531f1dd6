"""What keeps an act from happening whoever does it: freezes, and the time after a settlement or a write-off."""

from datetime import date

from django.db.models import Q, QuerySet

from core.business_date import business_date
from customers.locks import customers_for_update
from customers.services import customer_stands_check
from lms.engine.day_count import add_months
from lms.engine.state import LoanStatus
from lms.errors.servicing import CustomerCoolingOff, CustomerFrozen, LoanFrozen, LoanFrozenBeyondDues
from lms.models import Freeze, FreezeEffect, Loan
from lms.services.servicing_rules import servicing_rules


def freeze_check(*, loan: Loan, effect: FreezeEffect) -> None:
    """Refuse an act that a freeze of the loan or of its customer forbids today.

    Raises:
        LoanFrozen: a freeze with this effect is in force.
    """
    if freeze := freeze_with(loan=loan, effect=effect):
        raise LoanFrozen(loan=loan.number, freeze=freeze.pk, until=until_words(freeze=freeze), effect=effect.label)


def beyond_dues_check(*, loan: Loan, freeze: Freeze, amount_paise: int, due_paise: int) -> None:
    """Refuse money above what is due.

    Raises:
        LoanFrozenBeyondDues: there is more of it.
    """
    if amount_paise > due_paise:
        raise LoanFrozenBeyondDues(
            loan=loan.number,
            freeze=freeze.pk,
            until=until_words(freeze=freeze),
            due_paise=due_paise,
            amount_paise=amount_paise,
        )


def freeze_with(*, loan: Loan, effect: FreezeEffect) -> Freeze | None:
    """Return a freeze in force today that has the effect on a loan; the loan is locked, so none begins meanwhile."""
    if not loan.is_watched:
        return None
    rows = freezes_in_force(on_date=business_date()).filter(
        Q(loan=loan) | Q(loan__isnull=True, customer_id=loan.customer_id)
    )
    return next((freeze for freeze in rows if effect in freeze.effects), None)


def freezes_in_force(*, on_date: date) -> QuerySet[Freeze]:
    """Return the freezes that hold on a day, oldest first."""
    return Freeze.objects.filter(
        Q(until_date__isnull=True) | Q(until_date__gte=on_date),
        Q(lifted_on__isnull=True) | Q(lifted_on__gt=on_date),
        from_date__lte=on_date,
    ).order_by("pk")


def is_contact_frozen(*, customer_id: int, on_date: date) -> bool:
    """Tell whether a customer may not be contacted: by a freeze of his own or of one of his loans."""
    rows = freezes_in_force(on_date=on_date).filter(
        Q(loan__isnull=True, customer_id=customer_id) | Q(loan__customer_id=customer_id)
    )
    return any(FreezeEffect.CONTACT in freeze.effects for freeze in rows)


def until_words(*, freeze: Freeze) -> str:
    """Say how long a freeze holds."""
    return f"until {freeze.until_date}" if freeze.until_date else "until it is lifted"


def fresh_money_check(*, customer_id: int, on_date: date) -> None:
    """Refuse a sanction to a customer who is a duplicate, frozen, or in the time after a settlement or a write-off.

    The customer's row stays locked, so that no merge takes the customer away before the loan is there.

    Raises:
        CustomerMerged: the customer leads to another one.
        CustomerFrozen: a freeze of the customer forbids fresh money.
        CustomerCoolingOff: a settlement or a write-off is too near.

    Source: regulation 3, fresh exposure after a compromise settlement.
    """
    customer = customers_for_update().get(pk=customer_id)
    customer_stands_check(customer=customer)
    for freeze in freezes_in_force(on_date=on_date).filter(loan__isnull=True, customer_id=customer_id):
        if FreezeEffect.DISBURSAL in freeze.effects:
            raise CustomerFrozen(
                customer=customer.number,
                freeze=freeze.pk,
                until=until_words(freeze=freeze),
                effect=FreezeEffect.DISBURSAL.label,
            )
    if found := cooling_of(customer_id=customer_id, on_date=on_date):
        loan, until_date = found
        raise CustomerCoolingOff(
            customer=customer.number,
            until_date=until_date,
            loan=loan.number,
            status=loan.get_status_display().lower(),
            ended_on=loan.closed_on,
        )


def cooling_of(*, customer_id: int, on_date: date) -> tuple[Loan, date] | None:
    """Return the loan that keeps fresh money from a customer longest, and the last day of it; None when nothing does.

    It follows from the loans: a settlement that is reversed leaves no mark, and a merge takes the mark along.
    """
    held: list[tuple[date, Loan]] = []
    ended = Loan.objects.filter(
        customer_id=customer_id, status__in=[LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF], closed_on__isnull=False
    ).order_by("pk")
    for loan in ended.defer("terms", "accrual_lines", "booked"):
        assert loan.closed_on is not None  # noqa: S101  # the condition says so
        rules = servicing_rules(on_date=loan.closed_on)
        is_settled = loan.status == LoanStatus.SETTLED
        months = rules.settlement_cooling_months if is_settled else rules.write_off_cooling_months
        until_date = add_months(loan.closed_on, months)
        if until_date > on_date:
            held.append((until_date, loan))
    if not held:
        return None
    until_date, loan = max(held, key=lambda pair: (pair[0], pair[1].pk))
    return loan, until_date


def is_customer_watched(*, customer_id: int) -> bool:
    """Tell whether a freeze of the customer was ever set: a new loan then looks for freezes in force."""
    return Freeze.objects.filter(loan__isnull=True, customer_id=customer_id).exists()
