"""Up to which amount a role may approve an act: dated rows, and the act that adds one."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from core import audit
from core.approvals.errors import (
    ApprovalAboveAuthority,
    AuthorityDateTaken,
    AuthorityInPast,
    AuthorityKindUnknown,
)
from core.approvals.models import ApprovalRequest, AuthorityLimit
from core.approvals.registry import ApprovalKind, Payload, approval_kinds, register
from core.business_date import business_date
from core.money import format_rupees

AUTHORITY_LIMIT: Final = "core.authority_limit"
_FIRST_DAY: Final = date(2000, 1, 1)


def authority_paise(*, user: User, kind: str) -> int:
    """Return up to which amount a user may approve an act on the business date; zero without a limit row.

    A role's latest row that is in force counts, the highest of the user's roles decides.
    """
    rows = AuthorityLimit.objects.filter(
        kind=kind, effective_from__lte=business_date(), role__in=user.groups.values_list("name", flat=True)
    ).order_by("effective_from")
    latest = {row.role: row.up_to_paise for row in rows}
    return max(latest.values(), default=0)


def authority_check(*, request: ApprovalRequest, actor: User) -> None:
    """Refuse an approver whose authority ends below the amount of a request.

    Raises:
        ApprovalAboveAuthority: it does.
    """
    if request.amount_paise is None:
        return
    up_to_paise = authority_paise(user=actor, kind=request.kind)
    if request.amount_paise > up_to_paise:
        raise ApprovalAboveAuthority(request=request.pk, amount_paise=request.amount_paise, up_to_paise=up_to_paise)


def authority_seed() -> int:
    """Create the first limits of every act that has none yet; return how many rows were created.

    Rows that exist stay as they are: a lender replaces the first limits by dated rows of his own.
    """
    known = set(AuthorityLimit.objects.order_by().values_list("kind", flat=True).distinct())
    rows = [
        AuthorityLimit(role=role, kind=kind.code, up_to_paise=limit, effective_from=_FIRST_DAY)
        for kind in approval_kinds()
        if kind.code not in known
        for role, limit in kind.limits_paise.items()
    ]
    return len(AuthorityLimit.objects.bulk_create(rows))


def limit_payload(*, role: str, kind: str, up_to_paise: int, effective_from: date, reason: str) -> dict[str, object]:
    """Write a new limit as the data of a request."""
    return {
        "role": role,
        "kind": kind,
        "up_to_paise": up_to_paise,
        "effective_from": effective_from.isoformat(),
        "reason": reason,
    }


def approvals_register() -> None:
    """Make a new limit an act of two persons itself: nobody raises an authority alone."""
    register(
        ApprovalKind(
            code=AUTHORITY_LIMIT,
            title="Authority limit",
            make_permission="core.add_authoritylimit",
            check_permission="core.change_authoritylimit",
            describe=_describe,
            subject=lambda _payload: (AuthorityLimit._meta.label_lower, 0),
            effect=_effect,
            version=_version,
            execute=_execute,
        )
    )


def _describe(payload: Payload) -> str:
    return f"{payload['role']} may approve {payload['kind']} up to {format_rupees(payload['up_to_paise'])}"


def _effect(payload: Payload, _actor: User) -> dict[str, Any]:
    _limit_check(payload)
    before = _latest(payload)
    return {
        "role": payload["role"],
        "act": payload["kind"],
        "from": payload["effective_from"],
        "up_to_paise_before": before.up_to_paise if before else None,
        "up_to_paise_after": payload["up_to_paise"],
    }


def _version(payload: Payload) -> str:
    before = _latest(payload)
    return f"{before.pk if before else 0}.{business_date().isoformat()}"


def _latest(payload: Payload) -> AuthorityLimit | None:
    rows = AuthorityLimit.objects.filter(role=payload["role"], kind=payload["kind"])
    return rows.filter(effective_from__lte=payload["effective_from"]).order_by("-effective_from").first()


def _limit_check(payload: Payload) -> None:
    kinds = {kind.code for kind in approval_kinds() if kind.amount_paise is not None}
    role, kind, effective_from = payload["role"], payload["kind"], date.fromisoformat(payload["effective_from"])
    if kind not in kinds or payload["up_to_paise"] < 0 or not Group.objects.filter(name=role).exists():
        raise AuthorityKindUnknown(role=role, kind=kind)
    if effective_from < (today := business_date()):
        raise AuthorityInPast(effective_from=effective_from, business_date=today)
    if AuthorityLimit.objects.filter(role=role, kind=kind, effective_from=effective_from).exists():
        raise AuthorityDateTaken(role=role, kind=kind, effective_from=effective_from)


def _execute(payload: Mapping[str, Any], maker: User, key: str) -> AuthorityLimit:
    _limit_check(payload)
    row = AuthorityLimit(
        role=payload["role"],
        kind=payload["kind"],
        up_to_paise=payload["up_to_paise"],
        effective_from=date.fromisoformat(payload["effective_from"]),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AuthorityDateTaken(role=row.role, kind=row.kind, effective_from=row.effective_from) from error
    audit.record(
        actor=maker,
        action="core.authority_limit",
        obj=row,
        reason=payload["reason"],
        detail={"role": row.role, "kind": row.kind, "up_to_paise": row.up_to_paise, "request": key},
    )
    return row
