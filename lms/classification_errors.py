"""Refusals of the thresholds of asset classes."""

from core.errors import KistError


class ThresholdsInPast(KistError):
    """Thresholds would begin on a closed day."""

    code = "lms.thresholds_in_past"
    template = (
        "The books are on {business_date}; thresholds cannot begin on {effective_from}. Choose that day or later."
    )


class ThresholdsNotRising(KistError):
    """A worse class would begin before a better one."""

    code = "lms.thresholds_not_rising"
    template = "Each worse class has to begin later than the one before it. Put the numbers in rising order."


class ThresholdsDateTaken(KistError):
    """Another row begins on that day."""

    code = "lms.thresholds_date_taken"
    http_status = 409
    template = "Thresholds that begin on {effective_from} are published already. Choose another day."
