"""What a column of a loan tape may mean: our fields, their types, and the closed list of transforms."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ValueType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    MONEY = "amount of money"
    RATE = "yearly rate"
    COUNT = "number"
    DATE = "date"
    STATUS = "status"


class TapeStatus(StrEnum):
    """Standing of a loan in the book that it comes from."""

    CURRENT = "CURRENT"
    LATE = "LATE"
    CLOSED = "CLOSED"
    WRITTEN_OFF = "WRITTEN_OFF"


@dataclass(frozen=True, slots=True)
class LoanField:
    """One field of ours; `max_length` counts for text."""

    name: str
    type: ValueType
    is_required: bool
    meaning: str
    max_length: int = 0


_FIELDS: Final = (
    LoanField("reference", ValueType.TEXT, True, "the loan's name in the other book; one line per loan", 64),
    LoanField("principal", ValueType.MONEY, True, "amount lent"),
    LoanField("annual_rate", ValueType.RATE, True, "yearly rate agreed, in per cent"),
    LoanField("instalment_count", ValueType.COUNT, True, "number of instalments agreed"),
    LoanField("instalment", ValueType.MONEY, True, "amount of one instalment, as agreed"),
    LoanField("disbursal_date", ValueType.DATE, True, "day on which the money was lent"),
    LoanField("status", ValueType.STATUS, True, "standing in the other book"),
    LoanField("balance", ValueType.MONEY, True, "principal outstanding at the snapshot"),
    LoanField("first_due_date", ValueType.DATE, False, "without it, one step after the disbursal"),
    LoanField("instalments_paid", ValueType.COUNT, False, "without it, implied by paid_total"),
    LoanField("paid_total", ValueType.MONEY, False, "all money received so far"),
    LoanField("paid_principal", ValueType.MONEY, False, "its part that paid principal"),
    LoanField("paid_interest", ValueType.MONEY, False, "its part that paid interest"),
    LoanField("paid_fees", ValueType.MONEY, False, "its part that paid fees and charges"),
    LoanField("customer_number", ValueType.TEXT, False, "without it, the loan's reference", 20),
    LoanField("customer_name", ValueType.TEXT, False, "without it, the name prefix and the reference", 160),
    LoanField("customer_phone", ValueType.TEXT, False, "ten digits; or generated, if the map says so", 10),
    LoanField("customer_state", ValueType.TEXT, False, "two-letter or GST code of the state", 2),
)
FIELDS: Final[dict[str, LoanField]] = {field.name: field for field in _FIELDS}

TRANSFORMS: Final[dict[str, ValueType]] = {
    "text": ValueType.TEXT,
    "money": ValueType.MONEY,
    "percent": ValueType.RATE,
    "count": ValueType.COUNT,
    "months": ValueType.COUNT,
    "date": ValueType.DATE,
    "month": ValueType.DATE,
    "status": ValueType.STATUS,
}
DEFAULT_TRANSFORMS: Final[dict[ValueType, str]] = {
    ValueType.TEXT: "text",
    ValueType.MONEY: "money",
    ValueType.RATE: "percent",
    ValueType.COUNT: "count",
    ValueType.DATE: "date",
    ValueType.STATUS: "status",
}
DATE_FORMATS: Final = ("YYYY-MM-DD", "DD-MM-YYYY", "DD/MM/YYYY", "MM/DD/YYYY")
MONTH_FORMATS: Final = ("Mon-YYYY", "YYYY-MM", "MM/YYYY")
