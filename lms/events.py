"""What the loan book announces to other apps."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauDefaultReported(Event):
    """A default was reported to the credit information companies: the customer has to be told.

    `is_first`: the report before, if there was one, had the account in order.
    """

    topic: ClassVar[str] = "lms.bureau_default_reported"

    loan_id: int
    customer_id: int
    cycle_id: int
    reference_date: date
    days_past_due: int
    overdue_rupees: int
    is_first: bool

    @property
    def partition_key(self) -> str:
        """Name the customer."""
        return f"customer:{self.customer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPastMoved(Event):
    """An entry counts from a day before the one it was recorded on, or undid one: documents may say something else."""

    topic: ClassVar[str] = "lms.loan_past_moved"

    loan_id: int
    sequence: int

    @property
    def partition_key(self) -> str:
        """Name the loan."""
        return f"loan:{self.loan_id}"
