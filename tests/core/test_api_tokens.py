"""Tokens of tools: issued for oneself, kept as a fingerprint, ended by time, by hand or with their owner."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.models import ApiToken, AuditEntry
from core.tokens.errors import TokenForbidden, TokenForOther, TokenRevoked, TokenTermsInvalid
from core.tokens.services import IssuedToken, token_issue, token_of, token_revoke
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)


def issue(role: str = "operations", **options: object) -> IssuedToken:
    """Issue a token of thirty days to a member of staff."""
    user = make_staff(role)
    return token_issue(**{"owner": user, "actor": user, "name": "Sheet", "days": 30, "now": NOW, **options})  # type: ignore[arg-type]


def test_token_is_found_by_its_text_and_not_stored_in_clear() -> None:
    issued = issue()

    assert token_of(text=issued.text, now=NOW) == issued.token
    assert issued.text.startswith("kist_")
    assert len(issued.text) == 48
    row = ApiToken.objects.values().get()
    assert issued.text not in str(row)
    assert row["expires_at"] == NOW + timedelta(days=30)
    entry = AuditEntry.objects.get(action="core.token_issue")
    assert (entry.actor, entry.detail["days"]) == (make_staff("operations"), 30)


def test_token_ends_with_its_time() -> None:
    text = issue().text

    assert token_of(text=text, now=NOW + timedelta(days=30, seconds=-1)) is not None
    assert token_of(text=text, now=NOW + timedelta(days=30)) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_token_ends_with_its_owner(change: dict[str, bool]) -> None:
    text = issue().text
    User.objects.filter(username="operations").update(**change)

    assert token_of(text=text, now=NOW) is None


def test_revoked_token_is_unknown_at_once() -> None:
    issued = issue()

    token_revoke(token_id=issued.token.pk, actor=make_staff("operations"), now=NOW)

    assert token_of(text=issued.text, now=NOW) is None
    with pytest.raises(TokenRevoked):
        token_revoke(token_id=issued.token.pk, actor=make_staff("operations"))
    assert AuditEntry.objects.filter(action="core.token_revoke").count() == 1


def test_manager_revokes_anybodys_token_and_others_their_own_alone() -> None:
    issued = issue()

    with pytest.raises(TokenForbidden):
        token_revoke(token_id=issued.token.pk, actor=make_staff("finance"))
    token_revoke(token_id=issued.token.pk, actor=make_staff("manager"))

    assert ApiToken.objects.get().revoked_by == make_staff("manager")


def test_nobody_issues_a_token_that_acts_as_another_person() -> None:
    with pytest.raises(TokenForOther):
        issue("operations", actor=make_staff("manager"))
    with pytest.raises(TokenForOther):
        issue("operations", actor=User.objects.create_superuser("root", password="x"))
    assert ApiToken.objects.count() == 0


def test_administrator_issues_tokens_for_a_program() -> None:
    root = User.objects.create_superuser("root", password="x")
    program = User.objects.create_user("nightly-file", is_staff=True)

    issued = token_issue(owner=program, actor=root, name="Nightly file", days=90, is_read_only=True, now=NOW)

    assert token_of(text=issued.text, now=NOW) == issued.token
    assert issued.token.is_read_only


def test_analyst_issues_none() -> None:
    with pytest.raises(TokenForbidden):
        issue("analyst")


@pytest.mark.parametrize("terms", [{"days": 0}, {"days": 367}, {"name": "  "}, {"name": "x" * 61}])
def test_token_without_a_name_or_an_end_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(TokenTermsInvalid):
        issue(**terms)
    assert ApiToken.objects.count() == 0


def test_use_is_noted_to_the_hour() -> None:
    text = issue().text

    for minutes in (0, 59, 61):
        token_of(text=text, now=NOW + timedelta(minutes=minutes))

    assert ApiToken.objects.get().last_used_at == NOW + timedelta(minutes=61)


@pytest.mark.parametrize("text", ["", "kist_", "kist_unknown", "Bearer", "नया"])
def test_other_texts_name_no_token(text: str) -> None:
    issue()

    assert token_of(text=text, now=NOW) is None
