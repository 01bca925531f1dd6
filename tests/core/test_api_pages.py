"""Screens of API tokens and reason codes."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from core.models import ApiToken, ReasonCode
from core.reasons.services import reason_codes_seed
from core.staff_forms import ReasonCodeField
from core.tokens.services import token_issue
from tests.factories.lms import set_business_date
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _books() -> None:
    set_business_date(TODAY)
    reason_codes_seed()


def test_new_token_is_shown_once_and_opens_the_api() -> None:
    client = client_of("operations")

    page = client.post(reverse("staff-control:token-issue"), {"name": "Sheet", "days": 30, "is_read_only": "on"})

    token = ApiToken.objects.get()
    text = page.content.decode().partition('<code id="token">')[2].partition("<")[0]
    assert "no-store" in page["Cache-Control"]
    assert (token.owner, token.is_read_only) == (make_staff("operations"), True)
    assert Client().get("/api/v1/loans/", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    listed = client.get(reverse("admin:core_apitoken_changelist")).content.decode()
    assert token.hint in listed
    assert text not in listed


def test_token_for_too_long_is_refused_in_words() -> None:
    page = client_of("operations").post(reverse("staff-control:token-issue"), {"name": "Sheet", "days": 4000})

    assert page.status_code == 422
    assert "1 to 366 days" in page.content.decode()
    assert ApiToken.objects.count() == 0


def test_people_see_their_own_tokens_and_managers_all() -> None:
    for role in ("operations", "finance"):
        token_issue(owner=make_staff(role), actor=make_staff(role), name=f"Tool of {role}", days=30)
    address = reverse("admin:core_apitoken_changelist")

    of_finance, of_manager = (client_of(role).get(address).content.decode() for role in ("finance", "manager"))

    assert ("Tool of operations" in of_finance, "Tool of finance" in of_finance) == (False, True)
    assert ("Tool of operations" in of_manager, "Tool of finance" in of_manager) == (True, True)


def test_revoked_token_is_refused_from_the_next_request_on() -> None:
    issued = token_issue(owner=make_staff("finance"), actor=make_staff("finance"), name="Sheet", days=30)
    headers = {"Authorization": f"Bearer {issued.text}"}
    assert Client().get("/api/v1/loans/", headers=headers).status_code == 200

    client_of("manager").post(reverse("staff-control:token-revoke", args=[issued.token.pk]))

    assert Client().get("/api/v1/loans/", headers=headers).status_code == 401


def test_administrator_chooses_among_programs_alone() -> None:
    root = User.objects.create_superuser("root", password="x")
    program = User.objects.create_user("nightly-file", is_staff=True)
    make_staff("operations")
    client = Client()
    client.force_login(root)
    address = reverse("staff-control:token-issue")

    page = client.get(address).content.decode()
    client.post(address, {"name": "Nightly file", "days": 30, "owner": program.pk})
    refused = client.post(address, {"name": "Person", "days": 30, "owner": make_staff("operations").pk})

    assert ("nightly-file" in page, ">operations<" in page) == (True, False)
    assert list(ApiToken.objects.values_list("owner__username", "created_by__username")) == [("nightly-file", "root")]
    assert refused.status_code == 422


def test_manager_adds_a_code_and_ends_it() -> None:
    client = client_of("manager")
    values = {"act": "waive", "code": "FLOOD", "text": "Flood relief", "active_from": "2026-04-01"}

    added = client.post(reverse("staff-control:reason-code-add"), values)
    again = client.post(reverse("staff-control:reason-code-add"), values)
    row = ReasonCode.objects.get(code="FLOOD")
    ended = client.post(reverse("staff-control:reason-code-end", args=[row.pk]), {"active_until": "2026-04-30"})

    assert (added.status_code, again.status_code, ended.status_code) == (302, 422, 302)
    assert "has a reason code FLOOD already" in again.content.decode()
    row.refresh_from_db()
    assert (row.act_group, row.active_until) == ("waive", date(2026, 4, 30))


def test_field_offers_what_is_in_force() -> None:
    choices: list[Any] = list(ReasonCodeField(act="rate", on_date=TODAY).choices)  # type: ignore[arg-type]

    assert choices[0] == ("", "Choose one")
    assert [code for code, _ in choices][-2:] == ["BENCHMARK", "RETENTION"]
    assert "GOODWILL" not in [code for code, _ in choices]
