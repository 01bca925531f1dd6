"""Refusals of reason codes."""

from core.errors import KistError


class ReasonCodeMissing(KistError):
    """An act that needs a reason code came without one."""

    code = "core.reason_code_missing"
    template = "The act {act} needs a reason code. Give one of those in force: {codes}."


class ReasonCodeUnknown(KistError):
    """The code does not exist, belongs to another act or is not in force on the day."""

    code = "core.reason_code_unknown"
    template = "The act {act} has no reason code {reason_code} on {on_date}. Give one of those in force: {codes}."


class ReasonCodeTaken(KistError):
    """The act has such a code already."""

    code = "core.reason_code_taken"
    http_status = 409
    template = "The act {act} has a reason code {reason_code} already, and what was done for it keeps it. Use another."


class ReasonCodeInvalid(KistError):
    """A new code is not written as codes are, has no text, or would begin or end in the past."""

    code = "core.reason_code_invalid"
    template = (
        "A code must be written in capitals, digits and underscores, have a text of up to {most} characters, "
        "and begin and end on {business_date} or later."
    )
