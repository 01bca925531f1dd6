"""Issue, look up and revoke tokens."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core import audit
from core.tokens.errors import TokenForbidden, TokenForOther, TokenRevoked, TokenTermsInvalid
from core.tokens.models import ApiToken

PREFIX: Final = "kist_"
NAME_LENGTH: Final = 60
ISSUE, REVOKE = "core.issue_apitoken", "core.revoke_apitoken"
_HINT_LENGTH = 10
_BYTES = 32
_USED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token with its text, which nobody can read again."""

    token: ApiToken
    text: str


@transaction.atomic
def token_issue(
    *, owner: User, name: str, days: int, actor: User, is_read_only: bool = False, now: datetime | None = None
) -> IssuedToken:
    """Issue a token that acts as its owner until it expires or is revoked.

    Args:
        owner: the actor, or, for an administrator, a user who cannot log in: the user of a program.
        name: what it is for, shown in lists.
        days: how long it is in force.
        is_read_only: it writes nothing, whatever the owner may do.

    Raises:
        TokenForbidden: the actor may not issue tokens.
        TokenForOther: the owner is another person; his tokens would let one person act as maker and as checker.
        TokenTermsInvalid: name or days are not as they have to be.
    """
    if not actor.has_perm(ISSUE):
        raise TokenForbidden(verb="issue")
    if owner.pk != actor.pk and not (actor.is_superuser and not owner.has_usable_password()):
        raise TokenForOther()
    if not 0 < len(name.strip()) <= NAME_LENGTH or not 0 < days <= settings.API_TOKEN_MAX_DAYS:
        raise TokenTermsInvalid(most=settings.API_TOKEN_MAX_DAYS)
    instant = now or timezone.now()
    text = PREFIX + secrets.token_urlsafe(_BYTES)
    token = ApiToken.objects.create(
        name=name.strip(),
        owner=owner,
        digest=_digest(text),
        hint=text[:_HINT_LENGTH],
        is_read_only=is_read_only,
        created_at=instant,
        created_by=actor,
        expires_at=instant + timedelta(days=days),
    )
    audit.record(
        actor=actor, action="core.token_issue", obj=token, detail={"owner": owner.pk, "days": days, "name": token.name}
    )
    return IssuedToken(token=token, text=text)


@transaction.atomic
def token_revoke(*, token_id: int, actor: User, now: datetime | None = None) -> ApiToken:
    """End a token at once: one's own, or anybody's with the permission.

    Raises:
        TokenForbidden: it is somebody else's.
        TokenRevoked: it was revoked before.
    """
    token = ApiToken.objects.select_for_update().get(pk=token_id)
    if token.owner_id != actor.pk and not actor.has_perm(REVOKE):
        raise TokenForbidden(verb="revoke")
    if token.revoked_at is not None:
        raise TokenRevoked(token=token.pk)
    token.revoked_at, token.revoked_by = now or timezone.now(), actor
    token.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(actor=actor, action="core.token_revoke", obj=token)
    return token


def token_of(*, text: str, now: datetime) -> ApiToken | None:
    """Return the token with this text when it is in force and its owner is an active member of staff; else None."""
    if not text.startswith(PREFIX):
        return None
    found = ApiToken.objects.select_related("owner").filter(
        digest=_digest(text), revoked_at__isnull=True, expires_at__gt=now
    )
    token = found.first()
    if token is None or not (token.owner.is_active and token.owner.is_staff):
        return None
    if token.last_used_at is None or now - token.last_used_at >= _USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
