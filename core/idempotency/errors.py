"""Refusals of requests that come with a key."""

from core.errors import KistError


class IdempotencyKeyMissing(KistError):
    """A request that writes came without a key, or with one that cannot be kept."""

    code = "core.idempotency_key_missing"
    template = (
        "Send an Idempotency-Key header of 1 to {most} letters, digits, dots, colons, hyphens or underscores. "
        "Use a new one for each thing that is to happen once, and the same one when you try again."
    )


class RequestKeyReused(KistError):
    """The key belongs to a request with other content."""

    code = "core.request_key_reused"
    http_status = 422
    template = (
        "The key {key} was used for another request. "
        "Send the first request again unchanged, or use a new key for a new one."
    )


class RequestInProgress(KistError):
    """The first request with the key has not ended yet."""

    code = "core.request_in_progress"
    http_status = 409
    template = "A request with the key {key} is being worked on. Try again with the same key in a few seconds."
