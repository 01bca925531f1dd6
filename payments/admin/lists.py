"""Lists that are searched by index, and whose rows lead to pages of ours."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.admin_base import PageAdmin, ReadOnlyModelAdmin

# A name finds one row, or the rows of one loan.
_FOUND = 200


class FoundByName(ReadOnlyModelAdmin):
    """A list that is searched by names in full.

    Each field of `search_fields` is looked up by itself, by its own index: one condition over columns of several
    tables would read all of them.
    """

    search_fields: ClassVar[tuple[str, ...]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keep the rows that have the name in one of the fields."""
        name = search_term.strip()
        if not name:
            return queryset, False
        rows = self.model._default_manager.order_by()
        found = {
            key
            for field in self.search_fields
            for key in rows.filter(**{field: name}).values_list("pk", flat=True)[:_FOUND]
        }
        return queryset.filter(pk__in=found), False


class PagedAdmin(PageAdmin, FoundByName):
    """A list of facts, the latest first; `page_name` takes the row's key as `argument`."""

    ordering = ("-id",)
    sortable_by = ()
    page_name = ""
    argument = ""

    def row_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the page of the row."""
        return redirect(reverse(self.page_name, kwargs={self.argument: pk}))
