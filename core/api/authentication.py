"""Log-in of the tools of staff by a token."""

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core.tokens.models import ApiToken
from core.tokens.services import token_of

_SCHEME = b"bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer kist_…` acts as the owner of the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the owner and the token; None when the request names no token.

        Raises:
            AuthenticationFailed: the token is unknown, expired or revoked, or its owner is no active member of staff.
        """
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != _SCHEME:
            return None
        token = token_of(text=text.strip().decode("ascii", "replace"), now=timezone.now())
        if token is None:
            raise AuthenticationFailed
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """Tell how to log in."""
        return 'Bearer realm="Kist"'
