"""Products: the list, a page with all versions of one, and the form that publishes the next."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString

from core.admin_base import AddedByPageAdmin, PageAdmin
from core.approvals.models import ApprovalRequest
from core.business_date import business_date
from core.errors import KistError
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import badge
from lms.acts.product_changes import PRODUCT_VERSION, version_payload
from lms.admin.dry_runs import RUN, ask_with_dry_run, dry_run_start
from lms.admin.product_forms import ProductForm, StandingForm, VersionForm
from lms.engine.codec import terms_from_dict
from lms.models import DryRunKind, Product, ProductVersion
from lms.services.products import product_create, product_set_active

# What of a version can be tried: all of it, or a part alone.
_TRIED = (DryRunKind.PRODUCT, DryRunKind.WATERFALL, DryRunKind.PENAL_PLAN)


@admin.register(Product)
class ProductAdmin(PageAdmin, AddedByPageAdmin):
    """What the lender sells. Versions are published, never edited."""

    add_permission, add_page = "lms.add_product", "staff:product-add"
    list_display = ("code", "name", "standing")
    search_fields = ("code__startswith", "name__icontains")
    ordering = ("code",)

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the product's page in place of a form."""
        product = get_object_or_404(Product, pk=pk)
        versions = list(product.versions.select_related("published_by").order_by("-number"))
        return staff_response(
            request,
            "lms/product.html",
            title=product.name,
            product=product,
            versions=[(version, _example_terms(version)) for version in versions],
            today=business_date(),
        )

    @admin.display(description="Standing", ordering="is_active")
    def standing(self, product: Product) -> SafeString:
        """Say whether loans are sanctioned under it."""
        return badge("ACTIVE" if product.is_active else "CLOSED")


@staff_page("lms.add_product")
def product_add_page(request: HttpRequest) -> HttpResponse:
    """Create a product together with its accounts in the ledger."""
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            product = product_create(**form.cleaned_data, actor=acting_user(request))
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Product {product.code} and its accounts exist. Publish its first version now.")
            return redirect("staff:product-publish", product.pk)
    return staff_response(
        request,
        "lms/product_form.html",
        status=422 if form.errors else 200,
        title="New product",
        form=form,
        product=None,
    )


@staff_page("lms.add_productversion")
def version_publish_page(request: HttpRequest, product_id: int) -> HttpResponse:
    """Ask for the next version of a product; what the form does not show stays as it was."""
    product = get_object_or_404(Product, pk=product_id)
    previous = product.versions.order_by("-number").first()
    initial = {"effective_from": business_date()}
    form = VersionForm(request.POST or None, previous=previous, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if (kind := request.POST.get("try", "")) in _TRIED:
                return _try(request, product, form, DryRunKind(kind))
            asked = _ask(request, product, form)
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{asked.description}: request {asked.pk} waits for a second person.")
            return redirect("staff-approvals:request", asked.pk)
    return staff_response(
        request,
        "lms/product_form.html",
        status=422 if form.errors else 200,
        title=f"New version of {product.code}",
        form=form,
        product=product,
        previous=previous,
    )


@staff_page("lms.change_product")
def product_standing_page(request: HttpRequest, product_id: int) -> HttpResponse:
    """Close a product for new loans, or open it again, for a reason."""
    product = get_object_or_404(Product, pk=product_id)
    form = StandingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            product_set_active(
                code=product.code,
                is_active=not product.is_active,
                reason=form.cleaned_data["reason"],
                actor=acting_user(request),
            )
        except KistError as error:
            form.refuse(error)
        else:
            messages.success(
                request, f"Product {product.code} is {'closed' if product.is_active else 'open'} for new loans."
            )
            return redirect("admin:lms_product_change", product.pk)
    title = f"{'Close' if product.is_active else 'Open'} {product.code} for new loans"
    return staff_response(
        request,
        "lms/product_standing.html",
        status=422 if form.errors else 200,
        title=title,
        form=form,
        product=product,
    )


def _ask(request: HttpRequest, product: Product, form: VersionForm) -> ApprovalRequest:
    entered = form.cleaned_data
    return ask_with_dry_run(
        request,
        kind=PRODUCT_VERSION,
        payload=_payload(product, form),
        reason=entered["reason"] or f"Version of {product.code}",
        idempotency_key=entered["idempotency_key"],
    )


def _try(request: HttpRequest, product: Product, form: VersionForm, kind: DryRunKind) -> HttpResponse:
    if not request.user.has_perm(RUN):
        raise PermissionDenied
    return dry_run_start(request, kind=kind, change=_payload(product, form))


def _payload(product: Product, form: VersionForm) -> dict[str, Any]:
    return version_payload(
        product=product,
        terms_template=form.terms_template(),
        limits=form.limits(),
        effective_from=form.cleaned_data["effective_from"],
        reason=form.cleaned_data["reason"],
    )


def _example_terms(version: ProductVersion) -> Any:
    """Return the version's terms with its largest loan, to be shown in words."""
    return terms_from_dict(
        {
            **version.terms_template,
            "principal_paise": version.principal_max_paise,
            "annual_rate_pct": str(version.rate_max_pct),
            "instalment_count": version.instalment_count_max,
        }
    )
