"""Refusals of the inbox."""

from core.errors import KistError


class EntityUnknown(KistError):
    """A message speaks of something that is not here yet; it waits and is tried again."""

    code = "core.message_entity_unknown"
    http_status = 409
    template = "The message speaks of {entity}, which is not known yet."


class MessageNotReplayable(KistError):
    """Only a message without effect can be tried again."""

    code = "core.message_not_replayable"
    http_status = 409
    template = "Message {message} is {state}: only one that is waiting, parked or failed can be tried again."
