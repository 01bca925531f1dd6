"""Vendors as data: how they do, their contracts, what each is asked for from which day on."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin, ChoicesDropdownFilter, PageAdmin, ReadOnlyModelAdmin
from core.business_date import business_date
from core.clock import database_now
from core.staff_forms import DayField, RupeesField, StaffForm, reason_field
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import amount
from payments.admin.form_pages import form_page, number_field
from payments.health import clearing_accounts, vendors_health
from payments.models import Operation, Rail, Vendor, VendorKind, VendorRoute
from payments.models.vendor import look_seconds_standard
from payments.services.vendor_changes import (
    VENDOR_VALUES,
    RouteTerms,
    vendor_add,
    vendor_change,
    vendor_route_add,
    vendor_route_end,
    vendor_secrets_rotate,
)


class VendorForm(StaffForm):
    """What a contract says, without its secrets."""

    name = forms.CharField(max_length=80)
    base_url = forms.CharField(label="Address", max_length=200, help_text="https, without the path of a call.")
    key_id = forms.CharField(label="Key", max_length=80, required=False, help_text="The public half.")
    account_number = forms.CharField(label="Account at the vendor", max_length=30, required=False)
    priority_class = number_field("Priority", least=0, most=99, help_text="Lower is first.")
    calls_per_second = number_field("Calls a second by contract")
    answer_seconds = number_field("Answers within seconds", most=50)
    idempotency_hours = number_field("A key counts for hours", most=720)
    is_active = forms.BooleanField(label="In use", required=False, initial=True)
    reason = reason_field(required=True)


class NewVendorForm(VendorForm):
    """A new contract."""

    code = forms.SlugField(max_length=24, help_text="Names its accounts in the books, for good.")
    kind = forms.ChoiceField(label="Speaks like", choices=VendorKind.choices)
    field_order = ("code", "kind")


class SecretsForm(StaffForm):
    """New secrets: they are written, never shown."""

    key_secret = forms.CharField(
        label="New key secret",
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Empty: stays as it is.",
    )
    webhook_secret = forms.CharField(
        label="New webhook secret",
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Empty: stays as it is. The present one is still taken for webhooks on their way.",
    )
    reason = reason_field(required=True)


class RouteForm(StaffForm):
    """What the vendor is asked for, from a day on."""

    operation = forms.ChoiceField(choices=Operation.choices)
    rail = forms.ChoiceField(required=False, choices=[("", "none"), *Rail.choices], help_text="For payouts alone.")
    rank = number_field("Rank", help_text="The lowest is asked first; then the cheaper one.")
    cost_paise = RupeesField(label="Cost of a call in rupees")
    least_paise = RupeesField(label="From, in rupees")
    most_paise = RupeesField(label="Up to, in rupees")
    opens_at = forms.TimeField(label="Opens at", required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    closes_at = forms.TimeField(label="Closes at", required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    look_seconds = forms.CharField(
        label="Asked for after seconds",
        max_length=120,
        initial=look_seconds_standard,
        help_text="What became of a call; afterwards every six hours, and daily from the third working day on.",
    )
    looks_in_two_hours = number_field(
        "Looks in two hours at most", least=0, most=99, help_text="0: as many as one likes."
    )
    valid_from = DayField(label="From the day")
    reason = reason_field(required=True)


class EndForm(StaffForm):
    """Why a route ends."""

    reason = reason_field(required=True)


@admin.register(Vendor)
class VendorAdmin(PageAdmin, AddedByPageAdmin):
    """Contracts with vendors; secrets are never shown."""

    add_permission, add_page = "payments.add_vendor", "staff-payments:vendor-add"
    list_display = ("name", "code", "kind", "is_active", "calls_per_second", "answer_seconds", "idempotency_hours")
    ordering = ("code",)

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the contract, its routes and what may be done, in place of a form."""
        vendor = get_object_or_404(Vendor, pk=pk)
        return staff_response(
            request,
            "payments/vendor.html",
            title=vendor.name,
            vendor=vendor,
            routes=list(vendor.routes.order_by("operation", "rail", "-valid_from")),
            today=business_date(),
            has_previous=bool(vendor.previous_webhook_secret),
            has_key=bool(vendor.key_secret),
            has_webhook_secret=bool(vendor.webhook_secret),
        )


@admin.register(VendorRoute)
class VendorRouteAdmin(ReadOnlyModelAdmin):
    """What each vendor is asked for, with rank, cost, amounts and hours, from a day to a day."""

    list_display = ("operation", "rail", "rank", "vendor", "cost", "least", "most", "valid_from", "valid_to")
    list_select_related = ("vendor",)
    list_filter = (("operation", ChoicesDropdownFilter), ("rail", ChoicesDropdownFilter))
    sortable_by = ()

    @admin.display(description="Cost")
    def cost(self, route: VendorRoute) -> SafeString:
        """Show the cost of a call."""
        return amount(route.cost_paise)

    @admin.display(description="From")
    def least(self, route: VendorRoute) -> SafeString:
        """Show the least amount."""
        return amount(route.least_paise)

    @admin.display(description="Up to")
    def most(self, route: VendorRoute) -> SafeString:
        """Show the most."""
        return amount(route.most_paise)


@staff_page("payments.view_vendor")
def dashboard_page(request: HttpRequest) -> HttpResponse:
    """Show how vendors do and what waits on the accounts that their money passes through."""
    return staff_response(
        request,
        "payments/dashboard.html",
        title="Vendors and clearing",
        health=vendors_health(),
        clearing=clearing_accounts(),
        now=database_now(),
    )


@staff_page("payments.add_vendor")
def vendor_add_page(request: HttpRequest) -> HttpResponse:
    """Enter a contract."""
    form = NewVendorForm(request.POST or None, initial={"calls_per_second": 5, "answer_seconds": 30, "is_active": True})

    def act(entered: dict[str, Any]) -> str:
        reason, code, kind = entered.pop("reason"), entered.pop("code"), entered.pop("kind")
        vendor = vendor_add(code=code, kind=kind, values=entered, reason=reason, actor=acting_user(request))
        return reverse("admin:payments_vendor_change", args=[vendor.pk])

    back = reverse("admin:payments_vendor_changelist")
    return form_page(request, form, act, title="New vendor", button="Enter", back=back, intro=_NEW_VENDOR)


@staff_page("payments.change_vendor")
def vendor_change_page(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """Change what a contract says."""
    vendor = get_object_or_404(Vendor, pk=vendor_id)
    form = VendorForm(request.POST or None, initial={name: getattr(vendor, name) for name in VENDOR_VALUES})
    back = reverse("admin:payments_vendor_change", args=[vendor.pk])

    def act(entered: dict[str, Any]) -> str:
        reason = entered.pop("reason")
        vendor_change(vendor_id=vendor.pk, values=entered, reason=reason, actor=acting_user(request))
        return back

    return form_page(request, form, act, title=f"Contract with {vendor.name}", button="Save", back=back)


@staff_page("payments.change_secret")
def vendor_secrets_page(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """Replace secrets; none is ever shown."""
    vendor = get_object_or_404(Vendor, pk=vendor_id)
    form = SecretsForm(request.POST or None)
    back = reverse("admin:payments_vendor_change", args=[vendor.pk])

    def act(entered: dict[str, Any]) -> str:
        vendor_secrets_rotate(vendor_id=vendor.pk, actor=acting_user(request), **entered)
        return back

    title = f"New secrets of {vendor.name}"
    return form_page(request, form, act, title=title, button="Replace", back=back, intro=_SECRETS)


@staff_page("payments.add_vendorroute")
def route_add_page(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """Let a vendor be asked for something from a day on."""
    vendor = get_object_or_404(Vendor, pk=vendor_id)
    form = RouteForm(request.POST or None, initial={"valid_from": business_date(), "rank": 10, "looks_in_two_hours": 3})
    back = reverse("admin:payments_vendor_change", args=[vendor.pk])

    def act(entered: dict[str, Any]) -> str:
        reason = entered.pop("reason")
        terms = RouteTerms(operation=Operation(entered.pop("operation")), **entered)
        vendor_route_add(vendor_id=vendor.pk, terms=terms, reason=reason, actor=acting_user(request))
        return back

    title = f"New route to {vendor.name}"
    return form_page(request, form, act, title=title, button="Add", back=back, intro=_ROUTE)


@staff_page("payments.change_vendorroute")
def route_end_page(request: HttpRequest, route_id: int) -> HttpResponse:
    """End a route with today."""
    route = get_object_or_404(VendorRoute.objects.select_related("vendor"), pk=route_id)
    form = EndForm(request.POST or None)
    back = reverse("admin:payments_vendor_change", args=[route.vendor_id])

    def act(entered: dict[str, Any]) -> str:
        vendor_route_end(route_id=route.pk, actor=acting_user(request), **entered)
        return back

    title = f"End {route.get_operation_display()} {route.rail} by {route.vendor.name}"
    return form_page(request, form, act, title=title, button="End it today", back=back)


_NEW_VENDOR: Final = (
    "The accounts that its money passes through are opened with it. Secrets and routes come afterwards."
)
_SECRETS: Final = "Secrets are kept encrypted and are never shown again, to nobody."
_ROUTE: Final = "An earlier row for the same operation and rail ends the day before. Without hours it is always open."
