"""Objects whose screen is part of another page: journals and audit entries link to them by their kind and key."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from core.admin_base import PageAdmin, ReadOnlyModelAdmin
from lms.models import (
    BureauCycle,
    BureauDispute,
    BureauRejection,
    BureauSubmission,
    DayEnd,
    DryRun,
    Holiday,
    ImportBatch,
    LoanFact,
    ProductVersion,
    ProvisionRun,
)


class _Elsewhere(PageAdmin, ReadOnlyModelAdmin):
    """A model without a list; the screen of one object is at `address`."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep it out of menus."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Offer no list."""
        raise PermissionDenied

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the page that shows the object."""
        shown = get_object_or_404(self.model, pk=pk)
        return HttpResponseRedirect(self.address(shown))

    def address(self, shown: Any) -> str:
        """Return where the object is shown."""
        raise Http404


@admin.register(LoanFact)
class LoanFactAdmin(_Elsewhere):
    """An entry is a row on the page of its loan."""

    def address(self, shown: LoanFact) -> str:
        """Return the row's place on the page."""
        return f"{reverse('admin:lms_loan_change', args=[shown.loan_id])}#fact-{shown.sequence}"


@admin.register(ProductVersion)
class ProductVersionAdmin(_Elsewhere):
    """A version is a part of its product's page."""

    def address(self, shown: ProductVersion) -> str:
        """Return the product's page."""
        return reverse("admin:lms_product_change", args=[shown.product_id])


@admin.register(ImportBatch)
class ImportBatchAdmin(_Elsewhere):
    """A batch has a page of its own."""

    def address(self, shown: ImportBatch) -> str:
        """Return the batch's page."""
        return reverse("staff:import", args=[shown.pk])


@admin.register(DayEnd)
class DayEndAdmin(_Elsewhere):
    """A closed day has a page of its own."""

    def address(self, shown: DayEnd) -> str:
        """Return the day's page."""
        return reverse("staff:day-end-day", args=[shown.pk])


@admin.register(DryRun)
class DryRunAdmin(_Elsewhere):
    """A dry run has a page of its own."""

    def address(self, shown: DryRun) -> str:
        """Return the run's page."""
        return reverse("staff:dry-run", args=[shown.pk])


@admin.register(Holiday)
class HolidayAdmin(_Elsewhere):
    """A holiday is a day of the calendar."""

    def address(self, shown: Holiday) -> str:
        """Return the calendar's page."""
        return reverse("staff:holidays")


@admin.register(ProvisionRun)
class ProvisionRunAdmin(_Elsewhere):
    """Provisions of a month-end have a page of their own."""

    def address(self, shown: ProvisionRun) -> str:
        """Return the run's page."""
        return reverse("staff:provision-run", args=[shown.pk])


@admin.register(BureauCycle)
class BureauCycleAdmin(_Elsewhere):
    """A cycle of bureau files has a page of its own."""

    def address(self, shown: BureauCycle) -> str:
        """Return the cycle's page."""
        return reverse("staff-bureau:cycle", args=[shown.pk])


@admin.register(BureauSubmission)
class BureauSubmissionAdmin(_Elsewhere):
    """The file for one bureau is a row on the page of its cycle."""

    def address(self, shown: BureauSubmission) -> str:
        """Return the cycle's page."""
        return reverse("staff-bureau:cycle", args=[shown.cycle_id])


@admin.register(BureauRejection)
class BureauRejectionAdmin(_Elsewhere):
    """A rejected record is a row of the worklist."""

    def address(self, shown: BureauRejection) -> str:
        """Return the worklist."""
        return reverse("staff-bureau:rejections")


@admin.register(BureauDispute)
class BureauDisputeAdmin(_Elsewhere):
    """A dispute has a page of its own."""

    def address(self, shown: BureauDispute) -> str:
        """Return the dispute's page."""
        return reverse("staff-bureau:dispute", args=[shown.pk])
