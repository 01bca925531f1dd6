"""Base classes of the admin screens; the one module that knows the theme."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.functional import cached_property
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

# The theme carries no types: the type checker reads Django's classes, which the theme's extend.
if TYPE_CHECKING:
    from django.contrib import admin
    from django.contrib.admin.views.main import ChangeList as _ChangeList

    _Paginator = Paginator[Any]
    UnfoldModelAdmin = admin.ModelAdmin[Any]
    UnfoldStackedInline = admin.StackedInline[Any, Any]
    UnfoldTabularInline = admin.TabularInline[Any, Any]
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.admin import StackedInline as UnfoldStackedInline
    from unfold.admin import TabularInline as UnfoldTabularInline
    from unfold.views import ChangeList as _ChangeList

    _Paginator = Paginator

__all__ = [
    "AddedByPageAdmin",
    "AdminPasswordChangeForm",
    "ChoicesDropdownFilter",
    "EstimatedPaginator",
    "ModelAdmin",
    "PageAdmin",
    "RangeDateFilter",
    "ReadOnlyModelAdmin",
    "ReadOnlyTabularInline",
    "RelatedDropdownFilter",
    "StackedInline",
    "TabularInline",
    "UserChangeForm",
    "UserCreationForm",
]


class EstimatedPaginator(_Paginator):
    """Pages without COUNT(*) over a large table.

    Counts exactly up to a limit, because that stops early; beyond it the whole table's size comes from the database's
    own estimate, and a filtered list says that it has at least the limit.
    """

    # Below this many rows an exact count costs nothing that anyone can feel.
    exact_count_limit = 10_000

    @cached_property
    def count(self) -> int:
        """Return the exact number of rows up to the limit, an estimate beyond it."""
        queryset: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # a changelist pages a queryset
        counted = queryset.order_by()[: self.exact_count_limit + 1].count()
        if counted <= self.exact_count_limit or queryset.query.where:
            return counted
        return max(counted, _estimated_rows(queryset))


class _KeysFirst(_ChangeList):
    """Rows of a list in two steps: the keys of the page from the table alone, then these rows and more.

    In one statement the database is free to begin at a joined table: with a million loans beside a million payments
    it reads and sorts all of them, for fifty rows.
    """

    def get_results(self, request: HttpRequest) -> None:
        """Find the page's keys, and then its rows."""
        super().get_results(request)
        keys = list(self.result_list.values_list("pk", flat=True))
        self.result_list = self.queryset.filter(pk__in=keys)
        if isinstance(self.model_admin, ModelAdmin):
            self.model_admin.rows_prepare(self.result_list)


class ModelAdmin(UnfoldModelAdmin):
    """A screen for rows that staff may change."""

    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    # Each count beside a filter would read the whole table.
    show_facets = ShowFacets.NEVER

    def rows_prepare(self, rows: Iterable[Any]) -> None:
        """Give the rows of a page what all of them are shown with, such as the day, read once."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[_ChangeList]:
        """Give the list that looks its rows up by their keys."""
        return _KeysFirst


class ReadOnlyModelAdmin(ModelAdmin):
    """A screen for facts: no add, no change, no delete, and no bulk action that deletes."""

    actions: tuple[str, ...] | None = None

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to delete."""
        return False


class AddedByPageAdmin(ReadOnlyModelAdmin):
    """A screen for facts that are added through a page of ours, whose form hands them to a service."""

    add_permission = ""
    add_page = ""
    add_page_args: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Let those add rows who may."""
        return request.user.has_perm(self.add_permission)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect(self.add_page, *self.add_page_args)


class PageAdmin(ModelAdmin):
    """A screen whose rows each have a page of ours in place of a form; it stands before the other base classes."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page, which takes nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self.row_page(request, int(object_id) if object_id.isdecimal() else 0)

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a row by its key; a screen that has not said how has no page."""
        raise Http404


class TabularInline(UnfoldTabularInline):
    """Rows of another model in a table on the page of their parent."""

    extra = 0


class ReadOnlyTabularInline(TabularInline):
    """Facts in a table on the page of their parent."""

    can_delete = False
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Refuse to delete."""
        return False


class StackedInline(UnfoldStackedInline):
    """Rows of another model in boxes on the page of their parent."""

    extra = 0


def _estimated_rows(queryset: QuerySet[Any]) -> int:
    """Return the database's own idea of how many rows a table has."""
    connection = connections[queryset.db]
    table = queryset.model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute(
                "SELECT table_rows FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
                [table],
            )
        else:
            # Rows are numbered upwards and seldom deleted, so the largest number is close and costs one look-up.
            column = connection.ops.quote_name(queryset.model._meta.pk.column)
            cursor.execute(f"SELECT MAX({column}) FROM {connection.ops.quote_name(table)}")  # noqa: S608  # only our own names and numbers stand in it
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0
