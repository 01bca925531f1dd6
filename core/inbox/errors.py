"""Refusals of the inbox."""

from core.errors import KistError


class EntityUnknown(KistError):
    """A message speaks of something that is not here yet; it waits and is tried again."""

    code = "core.message_entity_unknown"
    http_status = 409
    template = "The message speaks of {entity}, which is not known yet."


class MessageNotReplayable(KistError):
    """Only a message that is to have an effect, or that a person has filed, can be tried again."""

    code = "core.message_not_replayable"
    http_status = 409
    template = (
        "Message {message} is {state}:"
        " only one that waits, is parked, failed or was filed by a person can be tried again."
    )


class MessageNotFilable(KistError):
    """Only a message that has failed for good is filed by a person."""

    code = "core.message_not_filable"
    http_status = 409
    template = "Message {message} is {state}: only one that failed can be filed."
