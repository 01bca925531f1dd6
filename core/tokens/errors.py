"""Refusals of tokens."""

from core.errors import KistError


class TokenForOther(KistError):
    """Somebody wants a token that acts as another person."""

    code = "core.token_for_other"
    http_status = 403
    template = (
        "A token acts as its owner, so people issue tokens for themselves alone. "
        "For a program, name a user that cannot log in; an administrator issues its tokens."
    )


class TokenForbidden(KistError):
    """The user may not issue or revoke tokens."""

    code = "core.token_forbidden"
    http_status = 403
    template = "Your roles do not let you {verb} this token. Ask somebody whose role allows it."


class TokenTermsInvalid(KistError):
    """The token has no name, or an end that is past or too far away."""

    code = "core.token_terms_invalid"
    template = "A token must have a name of up to 60 characters, and be in force for 1 to {most} days."


class TokenRevoked(KistError):
    """The token was revoked before."""

    code = "core.token_revoked"
    http_status = 409
    template = "Token {token} was revoked before. Nothing is left to do."
