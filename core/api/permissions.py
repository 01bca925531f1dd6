"""Who may use an endpoint: staff whose roles hold the permission that the view names for the method."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.api.errors import TokenReadOnly
from core.tokens.models import ApiToken


class StaffPermission(BasePermission):
    """Staff alone; with the permissions of the view, any one of which is enough.

    A view names them as `permissions`, or as `write_permissions` for what is sent to it. `is_question` marks one that
    takes its question in the body and writes nothing.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the user may do what the request asks for.

        Raises:
            TokenReadOnly: the request writes, and the token only reads.
        """
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return False
        wanted = permissions_of(view, request.method or "GET")
        if wanted and not any(user.has_perm(permission) for permission in wanted):
            return False
        is_writing = request.method not in SAFE_METHODS and not getattr(view, "is_question", False)
        if is_writing and isinstance(request.auth, ApiToken) and request.auth.is_read_only:
            raise TokenReadOnly()
        return True


def permissions_of(view: Any, method: str) -> tuple[str, ...]:
    """Return the permissions of which a view wants one for a method."""
    if method not in SAFE_METHODS and getattr(view, "write_permissions", None) is not None:
        return tuple(view.write_permissions)
    return tuple(getattr(view, "permissions", ()))
