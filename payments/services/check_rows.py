"""Checks of payees as hundreds of them are read and written at once."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(slots=True)
class CheckNow:
    """What a locked check says, in the columns that decide how its account goes on and what it has cost."""

    COLUMNS: ClassVar = (
        *("pk", "state", "bank_account_id", "account_index", "ifsc", "vendor_id", "operation"),
        *("vendor_reference", "utr", "reason", "taken_from_id", "fee_paise", "moved_paise", "booked_on"),
    )
    pk: int
    state: str
    bank_account_id: int
    account_index: str
    ifsc: str
    vendor_id: int | None
    operation: str
    vendor_reference: str
    utr: str
    reason: str
    taken_from_id: int | None
    fee_paise: int
    moved_paise: int
    booked_on: date | None
