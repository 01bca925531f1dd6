"""Lists look their rows up by keys, so that a joined table cannot become the one that is read and sorted."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from core.admin_base import ModelAdmin
from core.api.paging import KeyCursorPagination
from core.models import AuditEntry
from core.selectors import backlogs

pytestmark = pytest.mark.django_db


def test_page_of_a_list_is_found_without_a_join(admin_client: Client, admin_user: User) -> None:
    for number in range(3):
        AuditEntry.objects.create(actor=admin_user, action="test", object_type="tests.row", object_id=str(number))

    with CaptureQueriesContext(connection) as captured:
        answer = admin_client.get(reverse("admin:core_auditentry_changelist"))

    of_rows = [query["sql"] for query in captured.captured_queries if "core_auditentry" in query["sql"]]
    assert [row.object_id for row in answer.context["cl"].result_list] == ["2", "1", "0"]
    assert [sql for sql in of_rows if "JOIN" in sql and " IN (" not in sql] == []


def test_every_list_of_ours_is_found_this_way() -> None:
    screens = [screen for screen in admin.site._registry.values() if screen.list_select_related]

    assert screens
    assert [screen for screen in screens if not isinstance(screen, ModelAdmin)] == []


def test_page_of_the_api_is_found_without_a_join(admin_user: User) -> None:
    for number in range(3):
        AuditEntry.objects.create(actor=admin_user, action="test", object_type="tests.row", object_id=str(number))
    pages = KeyCursorPagination()
    pages.page_size = 2
    request = Request(RequestFactory().get("/"))

    with CaptureQueriesContext(connection) as captured:
        first = pages.paginate_queryset(AuditEntry.objects.select_related("actor"), request)

    found, read = [query["sql"] for query in captured.captured_queries]
    assert [row.object_id for row in first or ()] == ["2", "1"]
    assert ("JOIN" in found, "JOIN" in read) == (False, True)
    assert pages.get_next_link() is not None


def test_work_under_way_counts_each_sort_once(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    # MariaDB is asked for the instant as well.
    with django_assert_max_num_queries(9):
        backlogs()
