"""Changes of a customer, and the history of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core import audit
from core.acts.pages import act_page
from core.staff_pages import acting_user, staff_page, staff_response
from customers.change_forms import CHANGES
from customers.models import Customer

_SHOWN = 100


@staff_page("customers.change_customer")
def customer_change_page(request: HttpRequest, customer_id: int, what: str) -> HttpResponse:
    """Change values, record a move, or change the account that is paid into."""
    if what not in CHANGES:
        raise Http404
    customer = get_object_or_404(Customer, pk=customer_id)
    form_class = CHANGES[what]
    return act_page(
        request,
        form_class,
        subject_id=customer.pk,
        title=form_class.act.title,
        back=reverse("admin:customers_customer_change", args=[customer.pk]),
        back_words=f"Back to {customer.full_name}",
        told=lambda form, _row: form.done,
    )


@staff_page("customers.unmask_customer")
def customer_history_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show former values of a customer in clear; that somebody looked is in the audit trail."""
    customer = get_object_or_404(Customer, pk=customer_id)
    audit.record(actor=acting_user(request), action="customers.history_view", obj=customer)
    return staff_response(
        request,
        "customers/history.html",
        title=f"History of {customer.number}",
        customer=customer,
        changes=list(customer.changes.select_related("recorded_by")[:_SHOWN]),
    )
