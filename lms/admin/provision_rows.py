"""Dated rows of provisions: every one that was published, and the forms that publish the next."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from core.admin_base import AddedByPageAdmin
from core.staff_pages import staff_page
from lms.admin.provision_forms import ModelForm, ParametersForm, RateForm, SegmentForm
from lms.admin.published_rows import RowKind, publish_response
from lms.models import (
    EclParameters,
    ProvisionParameters,
    ProvisionRate,
    ProvisionSegment,
)
from lms.services.provisions.publishing import (
    ecl_parameters_publish,
    provision_parameters_publish,
    provision_rate_publish,
    provision_segment_publish,
)

_PERMISSION = "lms.publish_provision_rows"

KINDS: dict[str, RowKind] = {
    "parameters": RowKind(
        title="New parameters of provisions",
        form=ParametersForm,
        publish=provision_parameters_publish,
        model=ProvisionParameters,
    ),
    "rate": RowKind(title="New prudential rate", form=RateForm, publish=provision_rate_publish, model=ProvisionRate),
    "model": RowKind(title="New ECL parameters", form=ModelForm, publish=ecl_parameters_publish, model=EclParameters),
    "segment": RowKind(
        title="New segment of a product",
        form=SegmentForm,
        publish=provision_segment_publish,
        model=ProvisionSegment,
    ),
}


@staff_page(_PERMISSION)
def provision_publish_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Publish a row that counts from a day on."""
    if kind not in KINDS:
        raise Http404
    return publish_response(request, KINDS[kind], initial=_latest(kind), template="lms/provision_publish.html")


class _PublishedRows(AddedByPageAdmin):
    """Rows that are added by the form of their kind and never changed."""

    add_permission, add_page = _PERMISSION, "staff:provision-publish"


@admin.register(ProvisionParameters)
class ProvisionParametersAdmin(_PublishedRows):
    """Layer, basis, stages and scenarios, by the day from which they count."""

    add_page_args = ("parameters",)
    list_display = ("effective_from", "layer", "basis", "stage_2_from_days", "stage_3_from_days", "source")


@admin.register(ProvisionRate)
class ProvisionRateAdmin(_PublishedRows):
    """Prudential rates, by kind, layer and category."""

    add_page_args = ("rate",)
    list_display = ("kind", "layer", "category", "secured", "unsecured", "effective_from", "source")
    list_filter = ("kind", "layer")

    @admin.display(description="Secured")
    def secured(self, row: ProvisionRate) -> str:
        """Show the rate in per cent."""
        return _shown(row.secured_bps)

    @admin.display(description="Unsecured")
    def unsecured(self, row: ProvisionRate) -> str:
        """Show the rate in per cent."""
        return _shown(row.unsecured_bps)


@admin.register(EclParameters)
class EclParametersAdmin(_PublishedRows):
    """Chances of default and losses, by segment."""

    add_page_args = ("model",)
    list_display = ("__str__", "effective_from", "lgd_secured", "lgd_unsecured", "ccf", "profile", "source")

    @admin.display(description="Lost of secured")
    def lgd_secured(self, row: EclParameters) -> str:
        """Show the share in per cent."""
        return _shown(row.lgd_secured_bps)

    @admin.display(description="Lost of unsecured")
    def lgd_unsecured(self, row: EclParameters) -> str:
        """Show the share in per cent."""
        return _shown(row.lgd_unsecured_bps)

    @admin.display(description="Drawn of undrawn")
    def ccf(self, row: EclParameters) -> str:
        """Show the share in per cent."""
        return _shown(row.ccf_bps)


@admin.register(ProvisionSegment)
class ProvisionSegmentAdmin(_PublishedRows):
    """Segments of products."""

    add_page_args = ("segment",)
    list_display = ("product_code", "segment", "category", "secured", "effective_from", "source")

    @admin.display(description="Secured")
    def secured(self, row: ProvisionSegment) -> str:
        """Show the share in per cent."""
        return _shown(row.secured_bps)


def _shown(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"


def _latest(kind: str) -> dict[str, Any]:
    """Return what a form starts from: the latest parameters, nothing for rows of which there are many."""
    row = ProvisionParameters.objects.first() if kind == "parameters" else None
    if row is None:
        return {}
    lines = [
        f"{item['name']}; {Decimal(item['weight_bps']) / 100:f}; {Decimal(item['pd_factor_bps']) / 10_000:f}; "
        f"{Decimal(item['lgd_factor_bps']) / 10_000:f}"
        for item in row.scenarios
    ]
    return {
        "layer": row.layer,
        "basis": row.basis,
        "stage_2_from_days": row.stage_2_from_days,
        "stage_3_from_days": row.stage_3_from_days,
        "scenarios": "\n".join(lines),
    }
