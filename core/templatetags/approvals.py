"""What waits for the user, for the header of every page."""

from django import template
from django.template.context import Context

from core.approvals.selectors import COUNTED_UP_TO, waiting_count

register = template.Library()


@register.simple_tag(takes_context=True)
def approvals_waiting(context: Context) -> str:
    """Count the requests that wait for the user; nothing when none does or nobody is logged in."""
    request = context.get("request")
    if request is None or not request.user.has_perm("core.view_approvalrequest"):
        return ""
    count = waiting_count(user=request.user)
    if count > COUNTED_UP_TO:
        return f"{COUNTED_UP_TO}+"
    return str(count) if count else ""
