"""Tables of the loan book, one file per aggregate."""

from lms.models.bureau import (
    Bureau,
    BureauAccountType,
    BureauChunk,
    BureauCycle,
    BureauMembership,
    BureauParameters,
    BureauProblem,
    BureauRecord,
    FileKind,
    RecordCause,
)
from lms.models.bureau_answers import BureauDispute, BureauRejection, BureauSubmission
from lms.models.classification import ClassificationParameters
from lms.models.correction import ClassificationCorrection
from lms.models.day_end import DayEnd, DayEndChunk, DayEndProblem
from lms.models.document import (
    Document,
    DocumentJob,
    DocumentJobChunk,
    DocumentKind,
    DocumentLanguage,
    LenderProfile,
)
from lms.models.dry_run import DryRun, DryRunChunk, DryRunKind, DryRunLoan
from lms.models.freeze import Freeze, FreezeEffect
from lms.models.holiday import Holiday
from lms.models.imports import ImportBatch, ImportRow
from lms.models.line import CreditLine, LineFact, LineFactKind, LineParameters
from lms.models.loan import (
    Allocation,
    ClassificationEntry,
    FactKind,
    Instalment,
    Loan,
    LoanAccrual,
    LoanCharge,
    LoanFact,
)
from lms.models.product import Product, ProductVersion
from lms.models.provision import (
    EclParameters,
    ProvisionMark,
    ProvisionParameters,
    ProvisionPosting,
    ProvisionRate,
    ProvisionResult,
    ProvisionRun,
    ProvisionSegment,
)
from lms.models.quote import StoredQuote
from lms.models.rate_campaign import Benchmark, BenchmarkRate, ProductBenchmark, RateCampaign, RateChoice, RateNotice
from lms.models.servicing import NilChargeRule, RateKind, ServicingParameters
from lms.models.settlement import SettlementPart, SettlementPlan
from lms.models.standing import BookSnapshot

__all__ = [
    "Allocation",
    "Benchmark",
    "BenchmarkRate",
    "BookSnapshot",
    "Bureau",
    "BureauAccountType",
    "BureauChunk",
    "BureauCycle",
    "BureauDispute",
    "BureauMembership",
    "BureauParameters",
    "BureauProblem",
    "BureauRecord",
    "BureauRejection",
    "BureauSubmission",
    "ClassificationCorrection",
    "ClassificationEntry",
    "ClassificationParameters",
    "CreditLine",
    "DayEnd",
    "DayEndChunk",
    "DayEndProblem",
    "Document",
    "DocumentJob",
    "DocumentJobChunk",
    "DocumentKind",
    "DocumentLanguage",
    "DryRun",
    "DryRunChunk",
    "DryRunKind",
    "DryRunLoan",
    "EclParameters",
    "FactKind",
    "FileKind",
    "Freeze",
    "FreezeEffect",
    "Holiday",
    "ImportBatch",
    "ImportRow",
    "Instalment",
    "LenderProfile",
    "LineFact",
    "LineFactKind",
    "LineParameters",
    "Loan",
    "LoanAccrual",
    "LoanCharge",
    "LoanFact",
    "NilChargeRule",
    "Product",
    "ProductBenchmark",
    "ProductVersion",
    "ProvisionMark",
    "ProvisionParameters",
    "ProvisionPosting",
    "ProvisionRate",
    "ProvisionResult",
    "ProvisionRun",
    "ProvisionSegment",
    "RateCampaign",
    "RateChoice",
    "RateKind",
    "RateNotice",
    "RecordCause",
    "ServicingParameters",
    "SettlementPart",
    "SettlementPlan",
    "StoredQuote",
]
