"""What payments announce."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutEnded(Event):
    """A payout was paid, failed, or was sent back by the bank."""

    topic: ClassVar[str] = "payments.payout_ended"
    payout_id: int
    loan_id: int
    state: str
    amount_paise: int
    on_date: date

    @property
    def partition_key(self) -> str:
        """Name the loan."""
        return f"loan:{self.loan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(Event):
    """Money of a borrower came in and was applied, or waits in suspense."""

    topic: ClassVar[str] = "payments.payment_received"
    payment_id: int
    loan_id: int | None
    amount_paise: int
    on_date: date

    @property
    def partition_key(self) -> str:
        """Name the payment."""
        return f"payment:{self.payment_id}"
