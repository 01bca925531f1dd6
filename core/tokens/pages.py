"""Screens of API tokens: the list, a new one shown once, the end of one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from core.admin_base import AddedByPageAdmin
from core.errors import KistError
from core.staff_forms import StaffForm
from core.staff_pages import acting_user, staff_page, staff_response
from core.templatetags.kist import badge
from core.tokens.models import ApiToken
from core.tokens.services import ISSUE, NAME_LENGTH, REVOKE, token_issue, token_revoke

_LIST = "admin:core_apitoken_changelist"
_SEE = "core.view_apitoken"


class TokenForm(StaffForm):
    """A token for a tool."""

    name = forms.CharField(label="What it is for", max_length=NAME_LENGTH)
    days = forms.IntegerField(label="Days in force", min_value=1, initial=90)
    is_read_only = forms.BooleanField(label="It only reads", required=False, initial=True)
    owner = forms.ModelChoiceField(
        label="For a program",
        queryset=User.objects.none(),
        required=False,
        help_text="A user who cannot log in; empty for yourself.",
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].widget.attrs["max"] = settings.API_TOKEN_MAX_DAYS
        if not actor.is_superuser:
            del self.fields["owner"]
            return
        programs: Any = self.fields["owner"]
        # Django marks the password of a user who cannot log in with a leading exclamation mark.
        programs.queryset = User.objects.filter(is_staff=True, is_active=True, password__startswith="!")  # noqa: S106  # the mark of an unusable password


class ApiTokenAdmin(AddedByPageAdmin):
    """What the tools of staff log in with; people see their own, those who may revoke them see all."""

    add_permission, add_page = ISSUE, "staff-control:token-issue"
    list_display = ("name", "hint", "owner", "is_read_only", "standing", "expires_at", "last_used_at", "end")
    list_select_related = ("owner",)
    fields = ("name", "hint", "owner", "is_read_only", "created_at", "created_by", "expires_at", "revoked_at")
    ordering = ("-id",)
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Show one's own tokens, or all of them."""
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        return rows if request.user.has_perm(REVOKE) else rows.filter(owner_id=request.user.pk)

    @admin.display(description="Standing")
    def standing(self, token: ApiToken) -> SafeString:
        """Show whether the token still opens anything."""
        if token.revoked_at is not None:
            return badge("REVOKED")
        return badge("EXPIRED" if token.expires_at <= timezone.now() else "ACTIVE")

    @admin.display(description="")
    def end(self, token: ApiToken) -> SafeString | str:
        """Lead to the page that revokes the token."""
        if token.revoked_at is not None:
            return ""
        return format_html('<a href="{}">Revoke</a>', reverse("staff-control:token", args=[token.pk]))


@staff_page(ISSUE)
def token_issue_page(request: HttpRequest) -> HttpResponse:
    """Issue a token, and show its text once."""
    actor = acting_user(request)
    form = TokenForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        owner = values.pop("owner", None) or actor
        try:
            issued = token_issue(owner=owner, actor=actor, **values)
        except KistError as refusal:
            form.refuse(refusal)
        else:
            # No page of the admin is kept by a browser, so the text is gone with it.
            title = f"Token {issued.token.name}"
            return staff_response(request, "core/token_issued.html", title=title, issued=issued, back=reverse(_LIST))
    return staff_response(
        request,
        "core/form.html",
        status=422 if form.errors else 200,
        title="New API token",
        form=form,
        button="Issue the token",
        back=reverse(_LIST),
        intro="A tool that sends the token acts as you, with your permissions. Keep it as you keep your password.",
    )


@staff_page(_SEE)
def token_page(request: HttpRequest, token_id: int) -> HttpResponse:
    """Show a token before it is revoked."""
    return staff_response(
        request, "core/token.html", title="API token", token=_token(request, token_id), back=reverse(_LIST)
    )


@staff_page(_SEE)
@require_POST
def token_revoke_page(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke a token at once."""
    try:
        token = token_revoke(token_id=_token(request, token_id).pk, actor=acting_user(request))
    except KistError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"The token {token.name} opens nothing any more.")
    return redirect(_LIST)


def _token(request: HttpRequest, token_id: int) -> ApiToken:
    token = get_object_or_404(ApiToken.objects.select_related("owner"), pk=token_id)
    if token.owner_id != request.user.pk and not request.user.has_perm(REVOKE):
        raise PermissionDenied
    return token
