"""Staff screens of the loan book."""

from lms.admin import loans, products

__all__ = ["loans", "products"]
