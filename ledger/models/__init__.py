"""Tables of the ledger."""

from ledger.models.accounts import (
    NO_HASH,
    Account,
    AccountBalance,
    AccountKind,
    AccountMode,
    AccountRole,
    ProductAccount,
)
from ledger.models.gst import (
    GstDeadline,
    GstLimit,
    GstRegistration,
    SupplyKind,
    TaxDocument,
    TaxDocumentKind,
    TaxDocumentReason,
    TaxRule,
    TaxTreatment,
)
from ledger.models.holds import Hold, HoldState
from ledger.models.journals import DeferredEntry, Entry, Journal, Transfer
from ledger.models.periods import Period, PeriodState
from ledger.models.seals import LedgerCheck, Seal, SealTip
from ledger.models.sums import DaySum, DaySumReach

__all__ = [
    "NO_HASH",
    "Account",
    "AccountBalance",
    "AccountKind",
    "AccountMode",
    "AccountRole",
    "DaySum",
    "DaySumReach",
    "DeferredEntry",
    "Entry",
    "GstDeadline",
    "GstLimit",
    "GstRegistration",
    "Hold",
    "HoldState",
    "Journal",
    "LedgerCheck",
    "Period",
    "PeriodState",
    "ProductAccount",
    "Seal",
    "SealTip",
    "SupplyKind",
    "TaxDocument",
    "TaxDocumentKind",
    "TaxDocumentReason",
    "TaxRule",
    "TaxTreatment",
    "Transfer",
]
