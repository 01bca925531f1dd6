"""New thresholds of the asset classes: asked for by one person, agreed to by another."""

from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User

from core.approvals.registry import ApprovalKind, Payload, register
from core.business_date import business_date
from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from lms.dry_runs.linking import dry_run_effect
from lms.models import ClassificationParameters
from lms.services.classification_rules import Thresholds, classification_publish

CLASSIFICATION: Final = "lms.classification"


def classification_payload(*, effective_from: date, thresholds: Thresholds, source: str, reason: str) -> dict[str, Any]:
    """Write new thresholds as the data of a request."""
    return {
        "effective_from": effective_from.isoformat(),
        "thresholds": thresholds.as_columns(),
        "source": source,
        "reason": reason,
    }


def approvals_register() -> None:
    """Make new thresholds an act of two persons."""
    register(
        ApprovalKind(
            code=CLASSIFICATION,
            title="Thresholds of the asset classes",
            make_permission="lms.publish_classification",
            check_permission="lms.publish_classification",
            describe=lambda payload: f"New thresholds of the asset classes, from {payload['effective_from']}",
            subject=lambda _payload: (ClassificationParameters._meta.label_lower, 0),
            effect=_effect,
            version=_version,
            execute=lambda payload, maker, _key: thresholds_publish(payload=payload, actor=maker),
            template="lms/_dry_run_effect.html",
        )
    )


def thresholds_publish(*, payload: Payload, actor: User) -> ClassificationParameters:
    """Publish the thresholds of a request; the refusals are those of `classification_publish`."""
    return classification_publish(
        effective_from=date.fromisoformat(payload["effective_from"]),
        thresholds=Thresholds(**payload["thresholds"]),
        source=payload["source"],
        reason=payload["reason"],
        actor=actor,
    )


def _effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Publish the thresholds in a rehearsal, and set them beside those in force on their day."""
    on_date = date.fromisoformat(payload["effective_from"])
    earlier = ClassificationParameters.objects.filter(effective_from__lte=on_date).first()
    run_in_transaction(lambda: rehearse(lambda: thresholds_publish(payload=payload, actor=actor)))
    pairs: dict[str, Any] = {}
    for name, value in payload["thresholds"].items():
        pairs[f"{name}_before"], pairs[f"{name}_after"] = getattr(earlier, name, None), value
    return {"from": payload["effective_from"], "source": payload["source"], **pairs, **dry_run_effect(payload=payload)}


def _version(_payload: Payload) -> str:
    latest = ClassificationParameters.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{latest or 0}.{business_date().isoformat()}"
