"""Dry runs of the change that a request for approval asks for."""

from typing import Any

from django import template

from core.approvals.models import ApprovalRequest
from lms.dry_runs.linking import dry_runs_of
from lms.dry_runs.tables import class_chart
from lms.models import DryRun

register = template.Library()
_SHOWN = 5


@register.simple_tag
def dry_runs_of_request(request: ApprovalRequest) -> list[DryRun]:
    """Return the latest dry runs of the same change."""
    return list(dry_runs_of(change=request.payload).defer("assumption", "change")[:_SHOWN])


@register.simple_tag
def dry_run_chart(run: DryRun) -> dict[str, list[Any]]:
    """Return the bars of a dry run."""
    return class_chart(run=run)
