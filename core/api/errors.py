"""Refusals of requests as such, before any act looks at them."""

from core.errors import KistError


class InputInvalid(KistError):
    """A field of the request is missing, unknown or not of its form; `fields` says which."""

    code = "core.input_invalid"
    template = "The request is not of the form that this address takes. Read what is said of each field and correct it."


class BodyUnreadable(KistError):
    """The body is no JSON."""

    code = "core.body_unreadable"
    template = "The body cannot be read. Send one JSON object in UTF-8."


class MediaTypeUnsupported(KistError):
    """The body is of a kind that is not taken."""

    code = "core.media_type_unsupported"
    http_status = 415
    template = "This address takes JSON alone. Send the body with Content-Type: application/json."


class AnswerNotAcceptable(KistError):
    """The caller wants an answer of a kind that is not given."""

    code = "core.answer_not_acceptable"
    http_status = 406
    template = "This address answers with JSON alone. Send Accept: application/json, or leave the header out."


class NotLoggedIn(KistError):
    """Nobody is named by the request, or the token is unknown, expired or revoked."""

    code = "core.not_logged_in"
    http_status = 401
    template = "Nobody is logged in. Send Authorization: Bearer with a token that is in force, or log in."


class PermissionMissing(KistError):
    """The user's roles do not allow it."""

    code = "core.permission_missing"
    http_status = 403
    template = "Your roles do not allow this. Ask somebody whose role has the permission."


class CsrfFailed(KistError):
    """A write came with a session but without the session's token against forgery."""

    code = "core.csrf_failed"
    http_status = 403
    template = "The request could have been forged. Send the X-CSRFToken header of your session, or use a token."


class NotFound(KistError):
    """The address, or the object that it names, does not exist."""

    code = "core.not_found"
    http_status = 404
    template = "There is nothing at this address. Check the number or key in it."


class MethodNotAllowed(KistError):
    """The address takes other methods."""

    code = "core.method_not_allowed"
    http_status = 405
    template = "This address does not take {method}. Use one of the methods that the Allow header names."


class TooManyRequests(KistError):
    """The installation limits how many requests a user sends, and this one is above it."""

    code = "core.too_many_requests"
    http_status = 429
    template = "You sent too many requests. Wait for the time that the Retry-After header names."


class Busy(KistError):
    """The database had more work at once than it could put in an order."""

    code = "core.busy"
    http_status = 503
    template = "The books are busy. Nothing was done: try again in a few seconds, with the same key."


class WorkersUnreachable(KistError):
    """The request is kept, but no worker could be told of its job."""

    code = "core.workers_unreachable"
    http_status = 503
    template = "No worker can be reached now. Send the same request again with the same key: what is kept is kept once."


class TokenReadOnly(KistError):
    """The token was issued for reading."""

    code = "core.token_read_only"
    http_status = 403
    template = "This token may only read. Use one that was issued for writing."
