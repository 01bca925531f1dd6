"""Short ways for tests to fill in the forms of acts."""

from typing import Any

from django.test import Client
from django.urls import reverse

from lms.models import Loan, LoanFact

RECEIPT = {"amount_paise": "1,234.50", "channel": "UPI", "reference": "UTR-1"}


def send(client: Client, loan: Loan, slug: str, **entered: Any) -> Any:
    """Send the form of an act on 10 March 2026 with the key that a page would have minted, and read the loan anew."""
    values = {"idempotency_key": f"{slug}-key", "value_date": "2026-03-10", "reason_code": "OTHER", **entered}
    response = client.post(reverse("staff:loan-act", args=[loan.pk, slug]), values)
    loan.refresh_from_db()
    return response


def last_fact(loan: Loan) -> LoanFact:
    """Return the latest entry."""
    return loan.facts.order_by("-sequence")[0]
