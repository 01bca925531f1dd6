"""The tables of the register, as values: what a month of a registration adds up to."""

from dataclasses import dataclass, field
from datetime import date

from ledger.models import TaxDocument


@dataclass(frozen=True, slots=True)
class TaxSums:
    """Value and the three taxes in paise; notes that give back count as negative."""

    taxable_paise: int = 0
    cgst_paise: int = 0
    sgst_paise: int = 0
    igst_paise: int = 0

    @property
    def tax_paise(self) -> int:
        """Sum of the taxes."""
        return self.cgst_paise + self.sgst_paise + self.igst_paise

    def __add__(self, other: "TaxSums") -> "TaxSums":
        return TaxSums(
            self.taxable_paise + other.taxable_paise,
            self.cgst_paise + other.cgst_paise,
            self.sgst_paise + other.sgst_paise,
            self.igst_paise + other.igst_paise,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One line of a table: place and rate, or service code and rate, with the net sums of its documents."""

    place: str = ""
    place_name: str = ""
    sac: str = ""
    rate_bps: int
    documents: int
    sums: TaxSums

    @property
    def rate_pct(self) -> str:
        """The rate in per cent with two places."""
        return f"{self.rate_bps // 100}.{self.rate_bps % 100:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptSupplies:
    """Table 8: what is supplied without tax, in paise; reported with the principal place of business."""

    interest_paise: int = 0
    fees_paise: int = 0
    penal_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRange:
    """Table 13: the documents of one series that were issued in the month."""

    kind: str
    series: str
    first_number: str
    last_number: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One tax account in the month, credits positive: where it stood, what was booked by documents and by others."""

    account_id: int
    code: str
    name: str
    opening_paise: int
    register_paise: int
    documents_paise: int
    others_paise: int

    @property
    def closing_paise(self) -> int:
        """Balance at the end of the month."""
        return self.opening_paise + self.documents_paise + self.others_paise

    @property
    def is_equal(self) -> bool:
        """Whether the register says what the ledger booked."""
        return self.register_paise == self.documents_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A month of a registration; tables are numbered as in GSTR-1."""

    state_code: str
    first_day: date
    last_day: date
    large_above_paise: int
    large: tuple[TaxDocument, ...]
    small: tuple[RegisterRow, ...]
    large_notes: tuple[TaxDocument, ...]
    exempt: ExemptSupplies
    by_sac: tuple[RegisterRow, ...]
    issued: tuple[IssuedRange, ...]
    by_kind: tuple[tuple[str, int, TaxSums], ...]
    total: TaxSums
    ledger: tuple[LedgerLine, ...] = field(default=())

    @property
    def is_equal(self) -> bool:
        """Whether the register equals the ledger to the paisa."""
        return all(line.is_equal for line in self.ledger)
