"""Staff screens of the loan book."""

from lms.admin import customers, loans, products

__all__ = ["customers", "loans", "products"]
