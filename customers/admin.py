"""Customers: the list, the page about one of them, and the acts on personal data."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from core.admin_base import AddedByPageAdmin, PageAdmin
from core.staff_pages import staff_response
from core.states import state_by_code
from customers.models import Address, BankAccount, Customer
from customers.selectors import customers_search, family_ids, survivor_of
from customers.values import mask_phone

# What apps above show on the page of a customer: each returns a template and its context. They register themselves,
# because this app knows nothing of them.
Panel = Callable[[HttpRequest, Customer], tuple[str, dict[str, Any]]]
CUSTOMER_PANELS: list[Panel] = []


@admin.register(Customer)
class CustomerAdmin(PageAdmin, AddedByPageAdmin):
    """Who borrows; names are shown, what identifies a person is masked."""

    add_permission, add_page = "customers.add_customer", "staff-customers:add"
    list_display = ("number", "full_name", "masked_phone", "state", "kind", "created_at")
    search_fields = ("number",)
    search_help_text = "Name, phone, PAN in full, or customer number"
    ordering = ("-id",)
    sortable_by = ("number",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave the encrypted columns closed: the list does not show them."""
        return super().get_queryset(request).defer("pan", "pan_index", "email")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search the way that the box on top of every page does."""
        if not search_term.strip():
            return queryset, False
        found = customers_search(text=search_term, limit=self.list_per_page)
        return queryset.filter(pk__in=[customer.pk for customer in found]), False

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the customer's page in place of a form."""
        customer = get_object_or_404(Customer, pk=pk)
        return customer_response(request, customer, is_clear=False)

    @admin.display(description="Phone")
    def masked_phone(self, customer: Customer) -> str:
        """Show the last digits."""
        return mask_phone(customer.phone)

    @admin.display(description="State")
    def state(self, customer: Customer) -> str:
        """Show the state's name."""
        found = state_by_code(customer.state_code)
        return found.name if found else customer.state_code


def customer_response(request: HttpRequest, customer: Customer, *, is_clear: bool, **context: Any) -> HttpResponse:
    """Render the page of a customer, with personal data masked or in clear."""
    state = state_by_code(customer.state_code)
    family = customer.family_keys = family_ids(customer_id=customer.pk)
    return staff_response(
        request,
        "customers/customer.html",
        title=customer.full_name,
        customer=customer,
        state_name=state.name if state else customer.state_code,
        survivor=None if customer.merged_into_id is None else survivor_of(customer=customer),
        addresses=list(Address.objects.filter(customer__in=family).select_related("customer").order_by("-id")),
        bank_accounts=list(
            BankAccount.objects.filter(customer__in=family).select_related("customer").order_by("-is_primary", "-id")
        ),
        panels=[panel(request, customer) for panel in CUSTOMER_PANELS],
        is_clear=is_clear,
        **context,
    )
