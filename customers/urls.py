"""Addresses of the acts on customers."""

from django.urls import path

from customers.views import customer_add_page, customer_addition_page, customer_unmask_page

app_name = "staff-customers"

urlpatterns = [
    path("customers/new/", customer_add_page, name="add"),
    path("customers/<int:customer_id>/add/<slug:what>/", customer_addition_page, name="addition"),
    path("customers/<int:customer_id>/unmask/", customer_unmask_page, name="unmask"),
]
