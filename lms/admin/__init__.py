"""Staff screens of the loan book."""

from lms.admin import addresses, customers, loans, products

__all__ = ["addresses", "customers", "loans", "products"]
