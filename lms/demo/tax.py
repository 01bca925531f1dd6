"""The demo lender's registrations for GST, and charges of its last day."""

from datetime import date
from typing import Final

from core.states import state_by_code
from ledger.gst.gstin import gstin_check_character
from ledger.gst.registrations import RegistrationTerms, registration_publish
from lms.engine.state import LoanStatus
from lms.engine.terms import Component
from lms.models import Loan
from lms.services.charges import charge_levy
from lms.services.reversals import fact_reverse
from lms.services.waivers import waiver_grant

_NAME: Final = "Kist Demo Finance Private Limited"
_OFFICES: Final = (
    ("MH", "12 Demo Road, Pune 411001, Maharashtra"),
    ("KA", "2 Demo Street, Bengaluru 560001, Karnataka"),
)
_BEGIN: Final = date(2017, 7, 1)
_PAN: Final = "AAACK0000A"


def lender_register() -> None:
    """Register the lender at its head office and at a branch in another state."""
    for state_code, address in _OFFICES:
        state = state_by_code(state_code)
        assert state is not None  # noqa: S101  # the table above
        body = f"{state.gst_code}{_PAN}1Z"
        terms = RegistrationTerms(
            state_code=state_code,
            gstin=body + gstin_check_character(body=body),
            legal_name=_NAME,
            address=address,
            effective_from=_BEGIN,
            is_principal=state_code == _OFFICES[0][0],
        )
        registration_publish(terms=terms, reason="Opening of the demo lender")


def charges_fill(*, today: date, count: int = 20) -> int:
    """Charge some borrowers for a statement, give a part of every fifth up, and take every tenth back.

    Returns:
        How many charges were levied.
    """
    loans = Loan.objects.filter(status=LoanStatus.ACTIVE).order_by("pk")[:count]
    for number, loan in enumerate(loans):
        fact = charge_levy(
            loan_id=loan.pk, code="STATEMENT", value_date=today, idempotency_key=f"demo:{loan.pk}:statement"
        )
        if number % 10 == 0:
            fact_reverse(
                loan_id=loan.pk,
                sequence=fact.sequence,
                reason="Charged twice",
                idempotency_key=f"demo:{loan.pk}:statement:back",
            )
        elif number % 5 == 0:
            waiver_grant(
                loan_id=loan.pk,
                component=Component.FEE,
                amount_paise=fact.amount_paise // 2,
                value_date=today,
                reason="Half of it, goodwill",
                idempotency_key=f"demo:{loan.pk}:statement:waived",
            )
    return len(loans)
