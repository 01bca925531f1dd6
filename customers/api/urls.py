"""Addresses about customers."""

from django.urls import path, reverse

from core.api.acts import Subject, act_paths
from customers.acts import CUSTOMER_ACTS
from customers.api import views
from customers.models import Customer

# Every app puts its acts on a customer below this; what came of them is read on the customer.
ACTS_WHERE = "customers/<str:number>/acts/"


def address_of(row: object) -> str:
    """Return where the customer of a row, or the customer itself, is read."""
    customer = row if isinstance(row, Customer) else getattr(row, "survivor", None) or getattr(row, "customer", None)
    assert isinstance(customer, Customer)  # noqa: S101  # acts on customers give nothing else
    return reverse("api-customer", args=[customer.number])


CUSTOMER_SUBJECT = Subject(where=ACTS_WHERE, find=views.customer_id_of, address=address_of, prefix="customer-")

urlpatterns = [
    path("customers/", views.CustomersView.as_view(), name="api-customers"),
    path("customers/create/", views.CustomerCreateView.as_view(), name="api-customer-create"),
    path("customers/search/", views.CustomerSearchView.as_view(), name="api-customer-search"),
    path("customers/<str:number>/", views.CustomerView.as_view(), name="api-customer"),
    *act_paths(CUSTOMER_ACTS, subject=CUSTOMER_SUBJECT),
]
