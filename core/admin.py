"""Screens of what every app shares: the audit trail, the business date, users and roles."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.admin_base import (
    AdminPasswordChangeForm,
    ModelAdmin,
    RangeDateFilter,
    ReadOnlyModelAdmin,
    UserChangeForm,
    UserCreationForm,
)
from core.models import ApiToken, AuditEntry, BusinessDate, InboxMessage, ReasonCode, Saga, SentEvent
from core.reasons.pages import ReasonCodeAdmin
from core.sagas.definitions import saga_kinds
from core.templatetags.kist import badge, instant, kind_of, object_link, tone
from core.tokens.pages import ApiTokenAdmin
from core.views.work import FILED_AT_ONCE

# The type checker knows Django's class as one of rows of a kind; at run time it is not.
if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
else:
    _UserAdmin = DjangoUserAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyModelAdmin):
    """Who did what to which object, and why."""

    list_display = ("when", "actor", "action", "about", "reason")
    list_select_related = ("actor",)
    fields = ("at", "actor", "action", "about", "reason", "what")
    readonly_fields = ("about", "what")
    list_filter = (("at", RangeDateFilter),)
    search_fields = ("object_type", "object_id")
    search_help_text = "Kind and key of an object, such as lms.loan 123"
    ordering = ("-id",)
    sortable_by = ("when",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Find the entries of one object, by the index that holds them together."""
        object_type, _, object_id = search_term.strip().partition(" ")
        if not object_type:
            return queryset, False
        return queryset.filter(object_type=object_type.lower(), object_id=object_id.strip()), False

    @admin.display(description="When", ordering="at")
    def when(self, entry: AuditEntry) -> SafeString:
        """Show the instant on one line."""
        return format_html('<span class="k-nowrap">{}</span>', instant(entry.at))

    @admin.display(description="About")
    def about(self, entry: AuditEntry) -> SafeString | str:
        """Link to the object that was acted on, where it has a screen."""
        shown = entry.object_id if len(entry.object_id) <= 12 else f"{entry.object_id[:12]}…"
        return object_link(entry.object_type, entry.object_id, f"{kind_of(entry.object_type)} {shown}")

    @admin.display(description="Details")
    def what(self, entry: AuditEntry) -> SafeString | str:
        """List what the act was about."""
        lines = ((name, str(value)) for name, value in entry.detail.items())
        return format_html_join("", "<div><b>{}</b> {}</div>", lines) or "–"


@admin.register(BusinessDate)
class BusinessDateAdmin(ReadOnlyModelAdmin):
    """The day that the books are on; the day-end moves it."""

    list_display = ("date",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep it out of menus: every page that needs the date shows it."""
        return False


@admin.register(User)
class UserAdmin(_UserAdmin, ModelAdmin):
    """Members of staff; who may do what follows from their roles."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: sets of permissions."""

    filter_horizontal = ()


@admin.register(Saga)
class SagaAdmin(ReadOnlyModelAdmin):
    """Work of several steps; a row leads to its page."""

    list_display = ("number", "what", "state_badge", "about", "problem", "started_at", "changed_at")
    list_filter = ("kind", "state", ("started_at", RangeDateFilter))
    search_fields = ("intent_key__exact", "subject_id__exact")
    search_help_text = "Intent key, or key of what the saga is for"
    ordering = ("-id",)
    sortable_by = ("started_at",)
    list_display_links = None

    @admin.display(description="Saga")
    def number(self, saga: Saga) -> SafeString:
        """Lead to the page of the saga."""
        return format_html('<a class="k-link" href="{}">{}</a>', reverse("staff-work:saga", args=[saga.pk]), saga.pk)

    @admin.display(description="What")
    def what(self, saga: Saga) -> str:
        """Name the sort of work."""
        return next((kind.title for kind in saga_kinds() if kind.code == saga.kind), saga.kind)

    @admin.display(description="State")
    def state_badge(self, saga: Saga) -> SafeString:
        """Show the state in its colour."""
        return badge(saga.state)

    @admin.display(description="For")
    def about(self, saga: Saga) -> SafeString | str:
        """Lead to what the saga is for."""
        return object_link(saga.subject_type, saga.subject_id) if saga.subject_type else ""


@admin.register(InboxMessage)
class InboxMessageAdmin(ReadOnlyModelAdmin):
    """Messages that reached us; a row leads to its page, and those that failed are filed together."""

    actions = ("file_chosen",)
    list_display = ("number", "source", "what", "state_badge", "attempts", "received_at", "outcome")
    list_filter = ("state", "source", ("received_at", RangeDateFilter))
    search_fields = ("event_id__exact", "entity__exact")
    search_help_text = "Id of the message, or of what it speaks of"
    ordering = ("-id",)
    sortable_by = ("received_at",)
    list_display_links = None
    exclude = ("raw", "headers")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxMessage]:
        """Leave the content in the database."""
        return super().get_queryset(request).defer("raw", "headers")

    def has_file_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may file messages."""
        return request.user.has_perm("core.file_message")

    @admin.action(description="File, because nobody can read them", permissions=["file"])
    def file_chosen(self, request: HttpRequest, rows: QuerySet[InboxMessage]) -> HttpResponse:
        """Lead to the page that asks why."""
        keys = rows.order_by("pk").values_list("pk", flat=True)[:FILED_AT_ONCE]
        return redirect(f"{reverse('staff-work:messages-file')}?{urlencode({'message': list(keys)}, doseq=True)}")

    @admin.display(description="Message")
    def number(self, message: InboxMessage) -> SafeString:
        """Lead to the page of the message."""
        address = reverse("staff-work:message", args=[message.pk])
        return format_html('<a class="k-link" href="{}">{}</a>', address, message.pk)

    @admin.display(description="What and about what")
    def what(self, message: InboxMessage) -> SafeString:
        """Tell the kind, and below it what the message speaks of."""
        return format_html('{}<div class="k-small k-muted">{}</div>', message.kind or "–", message.entity)

    @admin.display(description="State")
    def state_badge(self, message: InboxMessage) -> SafeString:
        """Show the state in its colour, in a word."""
        word = message.get_state_display().partition(":")[0].capitalize()
        return format_html('<span class="k-badge k-badge--{}">{}</span>', tone(message.state), word)

    @admin.display(description="What came of it", empty_value="–")
    def outcome(self, message: InboxMessage) -> str | None:
        """Tell what was done, or what stands in the way."""
        return message.error or None


@admin.register(SentEvent)
class SentEventAdmin(ReadOnlyModelAdmin):
    """Events that were handed to their subscribers."""

    list_display = ("event_id", "topic", "partition_key", "subscribers", "created_at", "sent_at")
    list_filter = ("topic", ("sent_at", RangeDateFilter))
    search_fields = ("event_id__exact", "partition_key__exact")
    ordering = ("-sent_at",)
    sortable_by = ("sent_at",)


admin.site.register(ApiToken, ApiTokenAdmin)
admin.site.register(ReasonCode, ReasonCodeAdmin)
