"""Refusals of maker and checker."""

from core.errors import KistError


class ApprovalForbidden(KistError):
    """The user has no permission to ask for, or to decide on, this act."""

    code = "core.approval_forbidden"
    http_status = 403
    template = "You may not {verb} requests of the kind {kind}. Ask somebody whose role allows it."


class ApprovalByMaker(KistError):
    """The person who asked wants to approve."""

    code = "core.approval_by_maker"
    http_status = 403
    template = "You made request {request} yourself. Another person has to decide on it; you may withdraw it."


class ApprovalByOther(KistError):
    """Somebody wants to withdraw another person's request."""

    code = "core.approval_by_other"
    http_status = 403
    template = "Request {request} is somebody else's. Only the person who made it may withdraw it; you may reject it."


class ApprovalNotPending(KistError):
    """The request was decided already."""

    code = "core.approval_not_pending"
    http_status = 409
    template = "Request {request} is {state} and cannot be decided again. Make a new one if the act is still needed."


class ApprovalExpired(KistError):
    """The request waited too long."""

    code = "core.approval_expired"
    http_status = 409
    template = "Request {request} expired on {expired_on}. Make a new one if the act is still needed."


class ApprovalChanged(KistError):
    """What the approver looked at is not what would happen now."""

    code = "core.approval_changed"
    http_status = 409
    template = (
        "The effect of request {request} has changed since you looked at it. Read the new effect and decide again."
    )


class ApprovalAboveAuthority(KistError):
    """The amount is above what the approver's roles may approve."""

    code = "core.approval_above_authority"
    http_status = 403
    template = (
        "Request {request} is over {amount_paise} paise; your authority ends at {up_to_paise} paise. "
        "Ask somebody with a higher limit."
    )


class ApprovalReasonMissing(KistError):
    """No reason was given."""

    code = "core.approval_reason_missing"
    template = "Say why: a reason is kept with every request and every rejection."


class ApprovalKeyReused(KistError):
    """The idempotency key belongs to another request."""

    code = "core.approval_key_reused"
    http_status = 409
    template = "The idempotency key {key} was used for another request. Use a new key for a new request."


class ApprovalEdited(KistError):
    """What is asked for is not what was asked for."""

    code = "core.approval_edited"
    http_status = 409
    template = (
        "Request {request} was changed after it was made, so it cannot be approved. "
        "Tell the people who look after the database, and make a new request."
    )


class ApprovalUnknown(KistError):
    """No request has this number."""

    code = "core.approval_unknown"
    http_status = 404
    template = "There is no request {request}."


class AuthorityKindUnknown(KistError):
    """A limit names an act or a role that does not exist, or an act without an amount."""

    code = "core.authority_kind_unknown"
    template = "There is no role {role}, or no act {kind} that is measured in money. Choose both from the lists."


class AuthorityInPast(KistError):
    """A limit would hold on days that are over."""

    code = "core.authority_in_past"
    template = (
        "The limit would begin on {effective_from}, before the business date {business_date}. Choose a later day."
    )


class AuthorityDateTaken(KistError):
    """Another limit of the role and the act begins on that day."""

    code = "core.authority_date_taken"
    http_status = 409
    template = "A limit of {role} for {kind} begins on {effective_from} already. Choose another day."
