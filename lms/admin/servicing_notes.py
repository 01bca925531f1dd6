"""What a reader of a loan or a customer has to know first: freezes, settlements in parts, quotes, cooling times."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from core.templatetags.kist import day, rupees
from customers.admin import CUSTOMER_PANELS
from customers.models import Customer, CustomerMerge
from lms.admin.moments import today_of
from lms.models import Freeze, Loan, SettlementPlan, StoredQuote
from lms.services.fact_rows import facts_of
from lms.services.guards import cooling_of, freezes_in_force, until_words
from lms.services.plan_states import plan_standing

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line in a banner; `tone` is a class of the look."""

    text: str
    tone: str = "warn"


def loan_notes(*, loan: Loan, today: date) -> list[Note]:
    """Return what stands out on a loan today."""
    if not loan.is_watched:
        return []
    notes = [_freeze_note(freeze) for freeze in _freezes_of(loan, today)]
    plans = loan.settlement_plans.filter(state=SettlementPlan.State.ACTIVE)
    notes += [_plan_note(plan, loan, today) for plan in plans]
    # Only a quote that knows every entry still closes the loan.
    for quote in StoredQuote.objects.filter(loan=loan, fact_count=loan.fact_count, valid_until__gte=today)[:1]:
        if loan.closed_on is None:
            until = day(quote.valid_until)
            text = f"Foreclosure quote {quote.number} of {rupees(quote.total_paise)} holds until {until}."
            notes.append(Note(text=text, tone="plain"))
    return notes


def servicing_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show freezes, the cooling time and merges of a customer, with what can be done."""
    if not request.user.has_perm("lms.view_loan"):
        return "", {}
    today = today_of(request)
    freezes = list(freezes_in_force(on_date=today).filter(loan__isnull=True, customer=customer))
    cooling = cooling_of(customer_id=customer.pk, on_date=today)
    notes = [_freeze_note(freeze) for freeze in freezes]
    if cooling:
        loan, until_date = cooling
        status = loan.get_status_display().lower()
        notes.append(Note(text=f"No fresh money before {day(until_date)}: loan {loan.number} was {status}."))
    is_alone = customer.family_keys == (customer.pk,)
    merges = CustomerMerge.objects.filter(survivor=customer, undone_on__isnull=True).select_related("absorbed")
    return "lms/_customer_servicing.html", {
        "notes": notes,
        "freezes": freezes,
        "merges": [] if is_alone else list(merges[:_SHOWN]),
        "customer": customer,
    }


def _freezes_of(loan: Loan, today: date) -> list[Freeze]:
    of_loan = Q(loan=loan) | Q(loan__isnull=True, customer_id=loan.customer_id)
    return list(freezes_in_force(on_date=today).filter(of_loan)[:_SHOWN])


def _freeze_note(freeze: Freeze) -> Note:
    whose = "" if freeze.loan_id else " of the customer"
    return Note(
        text=f"Freeze {freeze.pk}{whose}, {until_words(freeze=freeze)}: {freeze.effect_labels}. “{freeze.reason}”"
    )


def _plan_note(plan: SettlementPlan, loan: Loan, today: date) -> Note:
    standing = plan_standing(plan=plan, facts=facts_of(loan_id=loan.pk), on_date=today)
    parts = list(plan.parts.all())
    due = 0
    for part in parts:
        due += part.amount_paise
        if standing.paid_paise < due:
            upcoming = f" Next {rupees(due - standing.paid_paise)} by {day(part.due_date)}."
            break
    else:
        upcoming = ""
    text = (
        f"Settlement of {rupees(plan.amount_paise)} in {len(parts)} parts, agreed on {day(plan.agreed_on)}: "
        f"{rupees(standing.paid_paise)} has come.{upcoming}"
    )
    return Note(text=text)


CUSTOMER_PANELS.append(servicing_panel)
