"""Acts on a customer that reach the loans: freeze, lift a freeze, merge a duplicate, undo a merge."""

from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core.acts.forms import ActForm
from core.acts.pages import act_page
from core.staff_forms import DayField
from core.staff_pages import staff_page
from customers.models import Customer, CustomerMerge
from customers.selectors import customer_by_number
from lms.acts.others import OTHER_ACT_BY_SLUG
from lms.models import Freeze, FreezeEffect


class CustomerFreezeForm(ActForm):
    """A freeze of every loan of a customer."""

    act = OTHER_ACT_BY_SLUG["customer-freeze"]
    button = "Freeze"
    done = "Freeze {pk} is set."
    icon = "ac_unit"
    intro = "What is chosen is refused from the first day on, on every loan of the customer, those to come too."

    effects = forms.MultipleChoiceField(
        label="What is forbidden", choices=FreezeEffect.choices, widget=forms.CheckboxSelectMultiple
    )
    from_date = DayField(label="First day", required=False, help_text="Empty: today.")
    until_date = DayField(label="Last day", required=False, help_text="Empty: until it is lifted.")


class CustomerUnfreezeForm(ActForm):
    """A freeze to be lifted."""

    act = OTHER_ACT_BY_SLUG["customer-unfreeze"]
    button = "Lift the freeze"
    done = "Freeze {pk} is lifted."
    icon = "sunny"

    def __init__(self, *args: Any, freeze_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.freeze_id = freeze_id

    def values(self) -> dict[str, Any]:
        """Name the freeze that the page is about."""
        return {"freeze_id": self.freeze_id}


class MergeForm(ActForm):
    """A duplicate of the customer."""

    act = OTHER_ACT_BY_SLUG["customer-merge"]
    button = "Merge"
    done = "{absorbed} now leads to {survivor}."
    icon = "merge"
    intro = (
        "The duplicate's loans come to this customer, and their classes are judged together from tonight on; "
        "its contacts, addresses and accounts are kept and marked. It can be undone while no loan has a new entry."
    )

    absorbed = forms.CharField(label="Number of the duplicate", max_length=32, help_text="Such as C0000012.")

    def clean_absorbed(self) -> Customer:
        """Find the duplicate."""
        duplicate = customer_by_number(number=self.cleaned_data["absorbed"].upper())
        if duplicate is None:
            raise ValidationError("There is no customer with this number. Search for the name to find it.")
        return duplicate


class UnmergeForm(ActForm):
    """A merge to be undone."""

    act = OTHER_ACT_BY_SLUG["customer-unmerge"]
    button = "Undo the merge"
    done = "{absorbed} has its loans back."
    icon = "call_split"
    intro = "The loans go back to the duplicate, unless something happened to one of them since."

    def __init__(self, *args: Any, merge_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merge_id = merge_id

    def values(self) -> dict[str, Any]:
        """Name the merge that the page is about."""
        return {"merge_id": self.merge_id}


@staff_page("lms.freeze_loan")
def customer_freeze_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Freeze every loan of a customer, those to come too."""
    customer = get_object_or_404(Customer, pk=customer_id)
    return _page(request, customer, CustomerFreezeForm, title=f"Freeze {customer.number}")


@staff_page("lms.freeze_loan")
def customer_unfreeze_page(request: HttpRequest, customer_id: int, freeze_id: int) -> HttpResponse:
    """Lift a freeze of a customer."""
    freeze = get_object_or_404(Freeze, pk=freeze_id, customer_id=customer_id, loan__isnull=True)
    return _page(
        request,
        get_object_or_404(Customer, pk=customer_id),
        partial(CustomerUnfreezeForm, freeze_id=freeze.pk),
        title=f"Lift freeze {freeze.pk}",
        intro=freeze.effect_labels,
    )


@staff_page("customers.merge_customer")
def customer_merge_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Merge a duplicate into a customer."""
    customer = get_object_or_404(Customer, pk=customer_id)
    return _page(request, customer, MergeForm, title=f"Merge a duplicate into {customer.number}")


@staff_page("customers.merge_customer")
def customer_unmerge_page(request: HttpRequest, customer_id: int, merge_id: int) -> HttpResponse:
    """Undo a merge."""
    merge = get_object_or_404(CustomerMerge, pk=merge_id, survivor_id=customer_id)
    return _page(
        request,
        get_object_or_404(Customer, pk=customer_id),
        partial(UnmergeForm, merge_id=merge.pk),
        title=f"Undo the merge of {merge.absorbed.number}",
    )


def _page(request: HttpRequest, customer: Customer, form_class: Any, **context: Any) -> HttpResponse:
    """Show a form; on submit do the act, or ask for it, and go back to the customer."""
    return act_page(
        request,
        form_class,
        subject_id=customer.pk,
        back=reverse("admin:customers_customer_change", args=[customer.pk]),
        back_words=f"Back to {customer.full_name}",
        told=_told,
        **context,
    )


def _told(form: ActForm, result: models.Model) -> str:
    """Say what an act on a customer did."""
    merge = {"absorbed": result.absorbed, "survivor": result.survivor} if isinstance(result, CustomerMerge) else {}
    return form.done.format(pk=result.pk, **merge)
