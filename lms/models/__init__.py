"""Tables of the loan book, one file per aggregate."""

from lms.models.classification import ClassificationParameters
from lms.models.day_end import DayEnd, DayEndChunk, DayEndProblem
from lms.models.imports import ImportBatch, ImportRow
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

__all__ = [
    "Allocation",
    "ClassificationEntry",
    "ClassificationParameters",
    "DayEnd",
    "DayEndChunk",
    "DayEndProblem",
    "FactKind",
    "ImportBatch",
    "ImportRow",
    "Instalment",
    "Loan",
    "LoanAccrual",
    "LoanCharge",
    "LoanFact",
    "Product",
    "ProductVersion",
]
