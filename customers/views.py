"""Acts on customers: create, add an address or an account, and look at personal data for a reason."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from core import audit
from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from customers.admin import customer_response
from customers.models import Customer
from customers.staff_forms import AddressForm, BankAccountForm, CustomerForm, UnmaskForm, UpiAddressForm

_ADDITIONS: dict[str, tuple[type[AddressForm] | type[BankAccountForm] | type[UpiAddressForm], str]] = {
    "address": (AddressForm, "Add an address"),
    "account": (BankAccountForm, "Add a bank account"),
    "upi": (UpiAddressForm, "Add a UPI address"),
}


@staff_page("customers.add_customer")
def customer_add_page(request: HttpRequest) -> HttpResponse:
    """Create a customer."""
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            customer = form.submit(actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Customer {customer.number} is created.")
            return redirect("admin:customers_customer_change", customer.pk)
    return _form_response(request, form, "New customer", None)


@staff_page("customers.change_customer")
def customer_addition_page(request: HttpRequest, customer_id: int, what: str) -> HttpResponse:
    """Add an address or a bank account."""
    if what not in _ADDITIONS:
        raise Http404
    form_class, title = _ADDITIONS[what]
    customer = get_object_or_404(Customer, pk=customer_id)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            form.submit(customer=customer, actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("admin:customers_customer_change", customer.pk)
    return _form_response(request, form, title, customer)


@staff_page("customers.unmask_customer")
@require_POST
def customer_unmask_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show one customer's personal data in clear, once, after the reason is in the audit trail."""
    customer = get_object_or_404(Customer, pk=customer_id)
    form = UnmaskForm(request.POST)
    if not form.is_valid():
        return customer_response(request, customer, is_clear=False, unmask_form=form)
    reason = form.cleaned_data["reason"]
    audit.record(actor=acting_user(request), action="customers.customer_unmask", obj=customer, reason=reason)
    return customer_response(request, customer, is_clear=True, unmask_reason=reason)


def _form_response(request: HttpRequest, form: StaffForm, title: str, customer: Customer | None) -> HttpResponse:
    return staff_response(
        request,
        "customers/form.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        customer=customer,
    )
