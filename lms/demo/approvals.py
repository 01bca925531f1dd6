"""Requests that wait for a second person, so that the inbox of the demo lender has something to decide on."""

from datetime import date
from typing import Any

from django.contrib.auth.models import User

from core.business_date import business_date
from core.errors import KistError
from lms.acts import act_of, act_submit
from lms.engine.state import LoanStatus
from lms.models import Loan

_EACH = 3


def requests_ask(*, maker: User) -> int:
    """Ask for some waivers, refunds and a moratorium, as staff would; return how many wait.

    Args:
        maker: may ask for them, and is not who decides.
    """
    today = business_date()
    running = Loan.objects.filter(status=LoanStatus.ACTIVE).order_by("pk")
    asked = 0
    for loan in running.filter(penal_outstanding_paise__gt=0, days_past_due__gt=0)[:_EACH]:
        amount_paise = min(loan.penal_outstanding_paise, 500_00)
        asked += _ask(loan, maker, "waive", "HARDSHIP", component="PENAL", amount_paise=amount_paise, value_date=today)
    for loan in Loan.objects.filter(excess_paise__gt=0).order_by("pk")[:_EACH]:
        asked += _ask(
            loan,
            maker,
            "refund",
            "OVERPAID",
            amount_paise=loan.excess_paise,
            value_date=today,
            reference=f"REFUND-{loan.number}",
        )
    for loan in running.filter(days_past_due__range=(1, 60))[:1]:
        end_date = date.fromordinal(today.toordinal() + 60)
        asked += _ask(loan, maker, "moratorium", "CALAMITY", value_date=today, end_date=end_date)
    return asked


def _ask(loan: Loan, maker: User, slug: str, reason_code: str, **values: Any) -> bool:
    try:
        act_submit(
            act=act_of(slug=slug),
            loan_id=loan.pk,
            values=values,
            reason="Asked for by letter",
            reason_code=reason_code,
            actor=maker,
            idempotency_key=f"demo-{slug}-{loan.pk}",
        )
    except KistError:
        # The loan does not take it as it stands: the demo asks for one less.
        return False
    return True
