"""Pages for staff that are no list or form of one model: log-in, permission and frame in one place."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

P = ParamSpec("P")
# Objects whose screen is a page of its own.
_PAGE_OF = {"core.approvalrequest": "staff-approvals:request"}
StaffView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_page(*permissions: str) -> Callable[[StaffView[P]], StaffView[P]]:
    """Open a view to staff who hold one of the permissions; without any, to every member of staff.

    People who are not logged in are led to the log-in page; the others get 403.
    """

    def decorate(view: StaffView[P]) -> StaffView[P]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if permissions and not any(request.user.has_perm(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(checked)

    return decorate


def staff_response(
    request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any
) -> TemplateResponse:
    """Render a page of its own inside the frame of the admin: navigation, search box and messages."""
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, **context}, status=status
    )


def acting_user(request: HttpRequest) -> User:
    """Return who is logged in, for the audit trail; staff pages are opened to nobody else."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # `staff_page` and the admin let no one else through
    return user


def object_address(*, object_type: str, object_id: int | str) -> str | None:
    """Return the address of an object's screen; None where it has none.

    Args:
        object_type: `app.model`, as journals and audit entries name it.
    """
    name = _PAGE_OF.get(object_type) or f"admin:{object_type.replace('.', '_')}_change"
    try:
        return reverse(name, args=[object_id])
    except NoReverseMatch:
        return None
