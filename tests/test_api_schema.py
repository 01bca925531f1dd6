"""The description of the API is complete, and the API is what it describes."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from core.api.schema import refusal_codes
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The description as the server gives it."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def test_description_is_valid_and_written_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yml"), stdout=StringIO())


def test_every_refusal_is_in_the_description(description: dict[str, Any]) -> None:
    assert description["components"]["schemas"]["CodeEnum"]["enum"] == list(refusal_codes())


def test_every_write_needs_a_key_but_questions(description: dict[str, Any]) -> None:
    keyless = {
        path
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method not in ("get", "parameters")
        and "Idempotency-Key" not in [parameter["name"] for parameter in operation.get("parameters", [])]
    }

    assert {path for path in keyless if not path.endswith("/preview/")} == {"/api/v1/customers/search/"}


def test_page_of_the_description_loads_nothing_from_elsewhere() -> None:
    client = Client()
    client.force_login(make_staff("analyst"))

    page = client.get("/api/v1/docs/").content.decode()

    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    assert "https://" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
