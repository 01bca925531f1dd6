"""Changes of the holiday calendar: asked for by one person, agreed to by another."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import User

from core.approvals.registry import ApprovalKind, Payload, register
from core.business_date import business_date
from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from lms.dry_runs.linking import dry_run_effect
from lms.models import Holiday
from lms.services.holidays import holidays_known, holidays_publish

HOLIDAYS: Final = "lms.holidays"
_PERMISSION: Final = "lms.publish_holiday"


def holidays_payload(*, added: Mapping[date, str], removed: Sequence[date], reason: str) -> dict[str, Any]:
    """Write a change of the calendar as the data of a request."""
    return {
        "added": {day.isoformat(): name for day, name in sorted(added.items())},
        "removed": [day.isoformat() for day in sorted(removed)],
        "reason": reason,
    }


def approvals_register() -> None:
    """Make a change of the calendar an act of two persons."""
    register(
        ApprovalKind(
            code=HOLIDAYS,
            title="Holiday calendar",
            make_permission=_PERMISSION,
            check_permission=_PERMISSION,
            describe=lambda payload: f"Holidays: {len(payload['added'])} added, {len(payload['removed'])} taken out",
            subject=lambda _payload: (Holiday._meta.label_lower, 0),
            effect=_effect,
            version=_version,
            execute=lambda payload, maker, _key: payload_publish(payload=payload, actor=maker)[-1],
            template="lms/_dry_run_effect.html",
        )
    )


def payload_publish(*, payload: Payload, actor: User) -> tuple[Holiday, ...]:
    """Publish the days of a request; the refusals are those of `holidays_publish`."""
    return holidays_publish(
        added={date.fromisoformat(day): name for day, name in payload["added"].items()},
        removed=[date.fromisoformat(day) for day in payload["removed"]],
        reason=payload["reason"],
        actor=actor,
    )


def _effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Publish the days in a rehearsal, and name them with what they were before."""
    before = holidays_known()

    def publish() -> list[dict[str, str]]:
        rows = payload_publish(payload=payload, actor=actor)
        return [
            {
                "day": row.on_date.isoformat(),
                "now": before.get(row.on_date, "working day"),
                "then": row.name if row.is_holiday else "working day",
            }
            for row in rows
        ]

    days = run_in_transaction(lambda: rehearse(publish))
    return {"running_loans": "keep the calendar of their terms", "days": days, **dry_run_effect(payload=payload)}


def _version(_payload: Payload) -> str:
    latest = Holiday.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{latest or 0}.{business_date().isoformat()}"
