"""What may be tried: each asking is checked by the code that would do the change, and completed for the workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User

from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from lms.acts.class_changes import thresholds_publish
from lms.acts.holiday_changes import payload_publish
from lms.acts.product_changes import version_publish
from lms.errors.dry_runs import DryRunChangeInvalid
from lms.models import DryRunKind, RateCampaign

_ADDED_LIMITS: Final = ("principal_min_paise", "principal_max_paise", "instalment_count_min", "instalment_count_max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change that can be tried: its name, and what the workers assume."""

    title: str
    assumption: dict[str, Any]


def asked_check(*, kind: DryRunKind, change: Mapping[str, Any], actor: User) -> Asked:
    """Check a change and complete it.

    Args:
        kind: what is tried.
        change: the data of the request for approval of the same change; of a rate change, `{"campaign_id"}`.

    Raises:
        DryRunChangeInvalid: it is no change of this kind.
        KistError: what the change itself would be refused for.
    """
    try:
        if kind is DryRunKind.RATE:
            return _rate(change)
        if kind is DryRunKind.HOLIDAYS:
            return _holidays(change, actor)
        if kind is DryRunKind.CLASSIFICATION:
            return _classification(change, actor)
        return _version(kind, change, actor)
    except (KeyError, TypeError, ValueError) as error:
        raise DryRunChangeInvalid(problem=f"{type(error).__name__} in what was asked.") from error


def _version(kind: DryRunKind, change: Mapping[str, Any], actor: User) -> Asked:
    def publish() -> tuple[str, dict[str, Any], dict[str, Any]]:
        version = version_publish(payload=change, actor=actor)
        limits = {name: getattr(version, name) for name in _ADDED_LIMITS}
        rates = {name: str(getattr(version, name)) for name in ("rate_min_pct", "rate_max_pct")}
        return version.product.code, version.terms_template, {**limits, **rates}

    code, template, limits = run_in_transaction(lambda: rehearse(publish))
    return Asked(
        title=f"{kind.label}: {code}",
        assumption={"product_code": code, "terms_template": template, "limits": limits},
    )


def _classification(change: Mapping[str, Any], actor: User) -> Asked:
    run_in_transaction(lambda: rehearse(lambda: thresholds_publish(payload=change, actor=actor)))
    return Asked(
        title=f"Asset classes from {change['effective_from']}", assumption={"thresholds": dict(change["thresholds"])}
    )


def _holidays(change: Mapping[str, Any], actor: User) -> Asked:
    run_in_transaction(lambda: rehearse(lambda: payload_publish(payload=change, actor=actor)))
    added, removed = sorted(change["added"]), sorted(change["removed"])
    return Asked(
        title=f"Holidays: {len(added)} added, {len(removed)} taken out",
        assumption={"added": added, "removed": removed},
    )


def _rate(change: Mapping[str, Any]) -> Asked:
    campaign = RateCampaign.objects.filter(pk=change["campaign_id"]).first()
    if campaign is None or campaign.state not in (RateCampaign.State.PREPARED, RateCampaign.State.ANNOUNCED):
        raise DryRunChangeInvalid(problem="the rate change is not worked out, or over.")
    return Asked(title=f"{campaign}: {campaign.reason}"[:200], assumption={"campaign_id": campaign.pk})
