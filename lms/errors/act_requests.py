"""Refusals of a request for an act, before its service is asked."""

from core.errors import KistError


class ActUnknown(KistError):
    """No act has this name."""

    code = "lms.act_unknown"
    http_status = 404
    template = "There is no act {act} on loans."
