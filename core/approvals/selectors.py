"""Questions about requests: what waits for whom, and what keeps a person from deciding."""

from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from core.approvals.authority import authority_paise
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.registry import approval_kind, approval_kinds
from core.errors import KistError
from core.money import format_rupees

# A number beside a menu entry says "many" beyond this.
COUNTED_UP_TO: Final = 99


def kinds_to_decide(*, user: User | AnonymousUser) -> list[str]:
    """Return the codes of the acts that a user may decide on."""
    return [kind.code for kind in approval_kinds() if user.has_perm(kind.check_permission)]


def requests_waiting_for(*, user: User | AnonymousUser) -> QuerySet[ApprovalRequest]:
    """Return the requests that wait for a decision that this user may make."""
    waiting = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, kind__in=kinds_to_decide(user=user))
    return waiting.exclude(made_by_id=user.pk)


def requests_of(*, user: User) -> QuerySet[ApprovalRequest]:
    """Return what a user asked for."""
    return ApprovalRequest.objects.filter(made_by=user)


def requests_decided(*, user: User) -> QuerySet[ApprovalRequest]:
    """Return what was decided of the acts that a user may decide on, and of what he asked for himself."""
    mine = Q(made_by=user) | Q(kind__in=kinds_to_decide(user=user))
    return ApprovalRequest.objects.exclude(state=ApprovalState.PENDING).filter(mine)


def requests_about(*, subject_type: str, subject_id: int) -> QuerySet[ApprovalRequest]:
    """Return the requests that wait on an object, latest first."""
    about = ApprovalRequest.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return about.filter(state=ApprovalState.PENDING)


def waiting_count(*, user: User | AnonymousUser) -> int:
    """Count what waits for a user, up to one more than is shown."""
    return requests_waiting_for(user=user).order_by()[: COUNTED_UP_TO + 1].count()


def hindrance(*, request: ApprovalRequest, user: User) -> str:
    """Tell why a user cannot approve a waiting request; nothing when he can."""
    kind = approval_kind(request.kind)
    if request.made_by_id == user.pk:
        return "You asked for it yourself: another person decides."
    if not user.has_perm(kind.check_permission):
        return "Your role does not decide on this."
    if request.amount_paise is not None:
        up_to_paise = authority_paise(user=user, kind=request.kind)
        if request.amount_paise > up_to_paise:
            amount, end = format_rupees(request.amount_paise), format_rupees(up_to_paise)
            return f"It is over {amount}; your authority ends at {end}."
    return ""


def is_stale(*, request: ApprovalRequest) -> bool:
    """Tell whether what the shown effect follows from has changed since it was worked out."""
    kind = approval_kind(request.kind)
    try:
        return kind.version(request.payload) != request.subject_version
    except KistError:
        return True
