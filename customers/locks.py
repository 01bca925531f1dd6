"""The only place where this app locks rows."""

from django.db.models import QuerySet

from customers.models import Customer, CustomerMerge


def customers_for_update() -> QuerySet[Customer]:
    """Return customers in key order, locked when the queryset runs; after any lock on their loans."""
    return Customer.objects.select_for_update().order_by("pk")


def merges_for_update() -> QuerySet[CustomerMerge]:
    """Return merges in key order, locked when the queryset runs."""
    return CustomerMerge.objects.select_for_update().order_by("pk")
