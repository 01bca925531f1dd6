"""The chart of accounts of an NBFC, and the accounts that each product gets of its own."""

from dataclasses import dataclass
from typing import Final

from ledger.models import AccountKind as Kind
from ledger.models import AccountMode
from ledger.models import AccountRole as Role


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One account of the chart: 1xxx assets, 2xxx liabilities, 3xxx equity, 4xxx income, 5xxx expenses, 8xxx memo.

    An account with a least balance, in paise of debits less credits, gets its entries with the posting.
    """

    code: str
    name: str
    kind: Kind
    is_manual_allowed: bool = True
    min_paise: int | None = None

    @property
    def mode(self) -> AccountMode:
        """When the account's entries are written."""
        return AccountMode.DEFERRED if self.min_paise is None else AccountMode.SYNC


@dataclass(frozen=True, slots=True)
class ProductLine:
    """The account that plays a role: the product's own account under this code, or one that all products share."""

    role: Role
    code: str
    name: str
    kind: Kind
    is_shared: bool = False
    is_manual_allowed: bool = False


# What loans charged and no document has taken over yet, which is nothing at the end of a transaction; what the system
# that a loan came from has invoiced; tax of waived charges that a credit note gave back;
# tax of reversed charges that the law gives back no more.
GST_CHARGED: Final = "2310"
GST_ELSEWHERE: Final = "2315"
GST_GIVEN_BACK: Final = "5115"
GST_BORNE: Final = "5116"
# The accounts of CGST, SGST and IGST, 2311 to 2313, come with each registration.
GST_LINES: Final[tuple[ChartLine, ...]] = (
    ChartLine(GST_CHARGED, "GST charged, to be invoiced", Kind.LIABILITY, is_manual_allowed=False),
    ChartLine(GST_ELSEWHERE, "GST invoiced before loans came here", Kind.LIABILITY),
    ChartLine(GST_GIVEN_BACK, "GST of waived charges, given back", Kind.EXPENSE, is_manual_allowed=False),
    ChartLine(GST_BORNE, "GST of reversed charges, borne", Kind.EXPENSE, is_manual_allowed=False),
)

CHART: Final[tuple[ChartLine, ...]] = (
    ChartLine("1010", "Bank accounts", Kind.ASSET),
    ChartLine("1020", "Cash in hand", Kind.ASSET, min_paise=0),
    ChartLine("1030", "Investments", Kind.ASSET),
    ChartLine("1810", "GST input tax credit", Kind.ASSET),
    ChartLine("1820", "Tax deducted at source, receivable", Kind.ASSET),
    ChartLine("1830", "Deposits and prepaid expenses", Kind.ASSET),
    ChartLine("1910", "Property and equipment", Kind.ASSET),
    ChartLine("2010", "Borrowings from banks", Kind.LIABILITY),
    ChartLine("2020", "Debentures", Kind.LIABILITY),
    *GST_LINES,
    ChartLine("2320", "Tax deducted at source, payable", Kind.LIABILITY),
    ChartLine("2410", "Creditors and accrued expenses", Kind.LIABILITY),
    ChartLine("2510", "Provisions for loan losses", Kind.LIABILITY),
    ChartLine("3010", "Share capital", Kind.EQUITY),
    ChartLine("3020", "Reserve fund, section 45-IC", Kind.EQUITY),
    ChartLine("3030", "Impairment reserve", Kind.EQUITY),
    ChartLine("3040", "Retained earnings", Kind.EQUITY),
    ChartLine("4910", "Other income", Kind.INCOME),
    ChartLine("5010", "Interest on borrowings", Kind.EXPENSE),
    ChartLine("5310", "Provisions and impairment", Kind.EXPENSE),
    ChartLine("5410", "Staff", Kind.EXPENSE),
    ChartLine("5420", "Other operating expenses", Kind.EXPENSE),
)

PRODUCT_LINES: Final[tuple[ProductLine, ...]] = (
    ProductLine(Role.BANK, "1010", "Bank accounts", Kind.ASSET, is_shared=True, is_manual_allowed=True),
    ProductLine(Role.LOAN_PRINCIPAL, "1110", "Loan principal", Kind.ASSET),
    ProductLine(Role.INTEREST_RECEIVABLE, "1120", "Interest receivable", Kind.ASSET),
    ProductLine(Role.FEE_RECEIVABLE, "1130", "Fees and tax receivable", Kind.ASSET),
    ProductLine(Role.PENAL_RECEIVABLE, "1140", "Penal charges receivable", Kind.ASSET),
    ProductLine(Role.INTEREST_SUSPENSE, "1220", "Interest suspense of NPAs", Kind.ASSET),
    ProductLine(Role.FEE_SUSPENSE, "1230", "Fee suspense of NPAs", Kind.ASSET),
    ProductLine(Role.PENAL_SUSPENSE, "1240", "Penal charges suspense of NPAs", Kind.ASSET),
    ProductLine(Role.TAKEOVER_CLEARING, "1310", "Clearing of loans taken over", Kind.ASSET),
    ProductLine(Role.EXCESS, "2110", "Excess money of borrowers", Kind.LIABILITY),
    ProductLine(Role.PERFORMING_PROVISION, "2520", "Provision for performing loans", Kind.LIABILITY),
    ProductLine(Role.NPA_PROVISION, "2530", "Provision for non-performing loans", Kind.LIABILITY),
    ProductLine(Role.GST_PAYABLE, GST_CHARGED, "GST charged, to be invoiced", Kind.LIABILITY, is_shared=True),
    ProductLine(Role.INTEREST_INCOME, "4110", "Interest income", Kind.INCOME),
    ProductLine(Role.FEE_INCOME, "4120", "Fee income", Kind.INCOME),
    ProductLine(Role.PENAL_INCOME, "4130", "Penal charges income", Kind.INCOME),
    ProductLine(Role.RECOVERY_INCOME, "4140", "Recovery of written-off loans", Kind.INCOME),
    ProductLine(Role.WAIVER_EXPENSE, "5110", "Amounts waived", Kind.EXPENSE),
    ProductLine(Role.WRITE_OFF_EXPENSE, "5120", "Loans written off", Kind.EXPENSE),
    ProductLine(Role.PROVISION_EXPENSE, "5130", "Provisions made for loans", Kind.EXPENSE),
)

# What a product for credit lines has besides: the undrawn limits, a contingent liability off the balance sheet.
LINE_PRODUCT_LINES: Final[tuple[ProductLine, ...]] = (
    ProductLine(Role.LINE_COMMITMENT, "8110", "Undrawn credit lines", Kind.MEMO),
    ProductLine(Role.LINE_COMMITMENT_CONTRA, "8910", "Undrawn credit lines, contra", Kind.MEMO),
)
