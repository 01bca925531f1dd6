"""A second person for tests: a manager who decides on what others ask for, with the first limits of an installation."""

from django.contrib.auth.models import User

from core.approvals.authority import authority_seed
from core.approvals.models import ApprovalRequest
from core.approvals.services import approval_approve
from tests.factories.staff import make_staff


def make_head() -> User:
    """Return a manager who is not the one of `make_staff`, with authority up to a crore rupees."""
    authority_seed()
    head, is_new = User.objects.get_or_create(username="head", defaults={"is_staff": True})
    if is_new:
        head.groups.set(make_staff("manager").groups.all())
    return head


def last_request() -> ApprovalRequest:
    """Return the request that was made last."""
    return ApprovalRequest.objects.order_by("-pk")[0]


def approve(request: ApprovalRequest | None = None) -> ApprovalRequest:
    """Let the head approve a request, the last one if none is named, by the effect that it shows now."""
    found = ApprovalRequest.objects.get(pk=request.pk) if request else last_request()
    return approval_approve(request_id=found.pk, seen_effect_hash=found.effect_hash, actor=make_head())
