"""Refusals of a request for an act, before its service is asked."""

from core.errors import KistError


class ActForbidden(KistError):
    """The user's roles do not allow the act."""

    code = "core.act_forbidden"
    http_status = 403
    template = "You may not do this: {act}. Ask somebody whose role allows it."


class ActInputInvalid(KistError):
    """What was sent is not what the act takes."""

    code = "core.act_input_invalid"
    http_status = 422
    template = "{field}: {problem}"


class ActKeyInvalid(KistError):
    """The key of an act is missing or too long."""

    code = "core.act_key_invalid"
    template = "An act needs a key of at most {maximum} characters. Open the form again, or send one."


class ActReasonMissing(KistError):
    """The act needs a reason in words, and one was not given."""

    code = "core.act_reason_missing"
    template = "Give a reason of at most {maximum} characters: the next person who reads the account looks for it."


class ActPaperMissing(KistError):
    """The act speaks of a paper, and none came with it."""

    code = "core.act_paper_missing"
    template = "Attach the paper that this is about: nobody agrees to it without having seen the paper."


class ActRuleUnknown(KistError):
    """No act has this name."""

    code = "core.act_rule_unknown"
    http_status = 404
    template = "There is no act {act}. Choose one of the list."


class ActRuleInPast(KistError):
    """A rule would count on days that are over."""

    code = "core.act_rule_in_past"
    template = "The rule would begin on {effective_from}; the books are on {business_date} already. Choose a later day."


class ActRuleDateTaken(KistError):
    """Another rule of the act begins on that day."""

    code = "core.act_rule_date_taken"
    http_status = 409
    template = "A rule for {act} begins on {effective_from} already. Choose another day."
