"""Dry runs and the requests for approval of the same change: found by the change itself, whichever came first."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from lms.models import DryRun
from lms.services.fact_rows import content_hash

# What two askings of the same change may differ in.
_NOT_THE_CHANGE: Final = ("reason", "source", "dry_run_id")
_SHOWN: Final = 5


def change_hash(*, change: Mapping[str, Any]) -> str:
    """Return the fingerprint of a change: of a request's data, or of what a dry run was asked to try."""
    return content_hash(content={name: value for name, value in change.items() if name not in _NOT_THE_CHANGE})


def dry_runs_of(*, change: Mapping[str, Any]) -> QuerySet[DryRun]:
    """Return the dry runs of a change, latest first."""
    return DryRun.objects.filter(change_hash=change_hash(change=change)).order_by("-pk")


def dry_run_add(*, payload: dict[str, Any]) -> dict[str, Any]:
    """Name in the data of a request the latest finished dry run of its change, where there is one."""
    run = dry_runs_of(change=payload).filter(state=DryRun.State.DONE).first()
    return payload if run is None else {**payload, "dry_run_id": run.pk}


def dry_run_effect(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the dry run that a request names came to, as a part of the effect that the approver decides on."""
    run = DryRun.objects.filter(pk=payload.get("dry_run_id", 0), state=DryRun.State.DONE).first()
    if run is None:
        return {}
    return {
        "tried_on": run.on_date.isoformat(),
        "tried_as": run.get_kind_display(),
        "loans_tried": run.loans_done,
        "loans_moved": run.loans_moved,
        "loans_refused": run.loans_refused,
        "moved_amounts": [
            {
                "product": line["product"],
                "figure": line["figure"].removesuffix("_paise").replace("_", " "),
                "now_paise": line["before_paise"],
                "then_paise": line["after_paise"],
            }
            for line in run.result["figures"]
            if line["before_paise"] != line["after_paise"]
        ],
        "class_moves": [line for line in run.result["classes"] if line["before"] != line["after"]],
        "postings": run.result["postings"],
    }
