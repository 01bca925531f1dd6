"""Write down who did what to which object, and why."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from core.models import AuditEntry
from core.prepared import row_insert


def record(
    *,
    actor: AbstractBaseUser | AnonymousUser | None,
    action: str,
    obj: models.Model | None = None,
    object_type: str = "",
    object_id: int | str = "",
    reason: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Append one entry to the audit trail, in the caller's transaction.

    Args:
        actor: the user who acts; None for the system itself.
        action: `app.verb`, such as `lms.loan_disburse`.
        obj: the saved object acted on; or name it by `object_type` (`app.model`) and `object_id`.
        reason: what the person gave as reason.
        detail: ids, amounts and dates that JSON can carry; never personal data in clear.

    Raises:
        ValueError: neither a saved object nor its type and id are given, or the actor did not log in.
    """
    if isinstance(actor, AnonymousUser):
        raise ValueError("Somebody who did not log in cannot act.")
    if obj is not None:
        object_type, object_id = obj._meta.label_lower, obj.pk
    if not object_type or object_id in ("", None):
        raise ValueError("An audit entry names the object that was acted on.")
    entry = AuditEntry(
        actor_id=None if actor is None else actor.pk,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        reason=reason,
        detail=dict(detail or {}),
    )
    row_insert(entry)
    return entry
