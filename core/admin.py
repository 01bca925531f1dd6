"""Screens of what every app shares: the audit trail, the business date, users and roles."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from core.admin_base import (
    AdminPasswordChangeForm,
    ModelAdmin,
    RangeDateFilter,
    ReadOnlyModelAdmin,
    UserChangeForm,
    UserCreationForm,
)
from core.models import AuditEntry, BusinessDate

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

    list_display = ("at", "actor", "action", "object_type", "object_id", "reason")
    list_select_related = ("actor",)
    list_filter = (("at", RangeDateFilter),)
    search_fields = ("object_id__exact", "action__startswith")
    search_help_text = "Id of an object, or the start of an act such as lms.receipt"
    ordering = ("-id",)


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
