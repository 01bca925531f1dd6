"""Screens of facts change nothing, and no list counts a large table."""

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from core import audit
from core.admin_base import EstimatedPaginator, ReadOnlyModelAdmin, ReadOnlyTabularInline
from core.models import AuditEntry
from tests.factories.core import make_user

pytestmark = pytest.mark.django_db


class _SmallPaginator(EstimatedPaginator):
    exact_count_limit = 3


class _EntryInline(ReadOnlyTabularInline):
    model = AuditEntry


def _entries(count: int) -> None:
    for number in range(count):
        audit.record(actor=None, action=f"core.act_{number % 2}", object_type="core.thing", object_id=number + 1)


def test_short_list_is_counted_exactly() -> None:
    _entries(3)

    assert _SmallPaginator(AuditEntry.objects.order_by("pk"), per_page=2).count == 3
    assert _SmallPaginator(AuditEntry.objects.filter(action="core.act_0").order_by("pk"), per_page=2).count == 2
    assert _SmallPaginator(AuditEntry.objects.filter(pk=0).order_by("pk"), per_page=2).count == 0


def test_count_of_a_filtered_list_stops_one_above_the_limit() -> None:
    _entries(12)

    assert _SmallPaginator(AuditEntry.objects.filter(action="core.act_0").order_by("pk"), per_page=2).count == 4


def test_long_list_is_estimated_and_never_counted() -> None:
    _entries(12)

    with CaptureQueriesContext(connection) as queries:
        count = _SmallPaginator(AuditEntry.objects.order_by("pk"), per_page=2).count

    assert count >= 4
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert [sql for sql in counting if "LIMIT 4" not in sql] == []
    assert len(queries) == 2


def test_facts_can_be_seen_and_nothing_else_even_by_a_superuser() -> None:
    request = RequestFactory().get("/")
    request.user = make_user(is_superuser=True)
    screen = ReadOnlyModelAdmin(AuditEntry, site)
    inline = _EntryInline(AuditEntry, site)

    assert screen.has_view_permission(request)
    for part in (screen, inline):
        assert not part.has_add_permission(request)
        assert not part.has_change_permission(request)
        assert not part.has_delete_permission(request)
    assert screen.get_actions(request) == {}
