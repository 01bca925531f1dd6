"""Refusals of sagas."""

from core.errors import KistError


class IntentReused(KistError):
    """One intent key names two things."""

    code = "core.saga_intent_reused"
    http_status = 409
    template = "The intent {intent} was started before with other content. Give a new one its own key."


class SagaNotParked(KistError):
    """The act is for sagas that wait for a person."""

    code = "core.saga_not_parked"
    http_status = 409
    template = "Saga {saga} is {state}; only one that is parked can be tried again."


class SagaPastPivot(KistError):
    """What has left cannot be undone by us."""

    code = "core.saga_past_pivot"
    http_status = 409
    template = "Saga {saga} is past its point of no return ({step}): it can be tried again, not undone."


class SagaEnded(KistError):
    """The saga has ended."""

    code = "core.saga_ended"
    http_status = 409
    template = "Saga {saga} has ended: it is {state}."


class SagaNotKnown(KistError):
    """The saga was written by a newer release than the one that is asked to go on with it."""

    code = "core.saga_not_known"
    http_status = 409
    template = (
        "This release of Kist does not know {gap}: a newer one has written it."
        " Bring this installation to that release, then try it again."
    )
