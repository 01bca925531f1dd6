"""Staff screens of the loan book."""

from lms.admin import addresses, classification, customers, loans, products

__all__ = ["addresses", "classification", "customers", "loans", "products"]
