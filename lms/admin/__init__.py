"""Staff screens of the loan book."""

from lms.admin import (
    addresses,
    bureau_rows,
    classification,
    customers,
    documents,
    lender,
    lines,
    loans,
    products,
    provision_rows,
    servicing_rules,
)

__all__ = [
    "addresses",
    "bureau_rows",
    "classification",
    "customers",
    "documents",
    "lender",
    "lines",
    "loans",
    "products",
    "provision_rows",
    "servicing_rules",
]
