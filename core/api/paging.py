"""Pages of long lists: by a cursor, so that the last page costs what the first one does."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

_LARGEST_KEY = 2**63 - 1


class KeyCursorPagination(CursorPagination):
    """Newest first, by the primary key; `limit` rows a page, `next` and `previous` are whole addresses."""

    ordering = "-pk"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    cursor_query_description = "Where the page begins: copied from `next` or `previous`, never made up."
    page_size_query_description = "Rows of a page, 1 to 200."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Find the keys of a page in the table alone, then its rows with what is joined to them.

        In one statement the database may begin at a joined table, and read and sort all of it for one page.
        """
        bare = queryset.select_related(None).prefetch_related(None).defer(None).only("pk")
        page: list[Any] = super().paginate_queryset(bare, request, view) or []
        keys = [row.pk for row in page]
        rows = {row.pk: row for row in queryset.filter(pk__in=keys)}
        self.page = [rows[key] for key in keys if key in rows]
        return self.page

    def get_page_size(self, request: Request) -> int:
        """Return how many rows a page has.

        Raises:
            ValidationError: the caller wants none, too many, or no number of them.
        """
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= self.max_page_size):
            raise ValidationError({self.page_size_query_param: [f"A page has 1 to {self.max_page_size} rows."]})
        return int(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters, with the limits of a page."""
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in described:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return described

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page; the first one has no `previous` and the last one no `next`, said as OpenAPI 3.1 does."""
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        for name in ("next", "previous"):
            link = described["properties"][name]
            link.pop("nullable", None)
            link["type"] = ["string", "null"]
        return described

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Refuse a cursor that no page gave out."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        if not (str(cursor.position).isdecimal() and int(cursor.position) <= _LARGEST_KEY):
            raise NotFound
        return cursor
