"""Addresses of the acts on customers."""

from django.urls import path

from customers.change_views import customer_change_page, customer_history_page
from customers.views import customer_add_page, customer_addition_page, customer_unmask_page

app_name = "staff-customers"

urlpatterns = [
    path("customers/new/", customer_add_page, name="add"),
    path("customers/<int:customer_id>/add/<slug:what>/", customer_addition_page, name="addition"),
    path("customers/<int:customer_id>/change/<slug:what>/", customer_change_page, name="change"),
    path("customers/<int:customer_id>/history/", customer_history_page, name="history"),
    path("customers/<int:customer_id>/unmask/", customer_unmask_page, name="unmask"),
]
