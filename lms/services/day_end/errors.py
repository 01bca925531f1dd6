"""Refusals of the day-end."""

from core.errors import KistError


class DayEndAlreadyRunning(KistError):
    """Another process is closing the day."""

    code = "lms.day_end_already_running"
    http_status = 409
    template = (
        "The day-end of {business_date} is already running ({owner}). Wait for it; if its process died on another "
        "machine, start again after {lease_until}."
    )


class DayEndTakenOver(KistError):
    """This run was silent for longer than its lease, and another one went on with the day."""

    code = "lms.day_end_taken_over"
    http_status = 409
    template = (
        "Another run took over the day-end of {business_date} because this one was silent for too long. "
        "Nothing is lost; watch the other run."
    )


class DayEndDateUnknown(KistError):
    """The date lies before the first day-end of this book."""

    code = "lms.day_end_date_unknown"
    http_status = 409
    template = (
        "The books are on {business_date} and no day-end of {to_date} exists. Give {business_date} or a later date."
    )


class DayEndTooFarAhead(KistError):
    """So many days at once are a slip of the keyboard."""

    code = "lms.day_end_too_far_ahead"
    template = (
        "From {business_date} to {to_date} are {days} days, at most {maximum} are closed at once. "
        "Check the year; if it is right, close a part first."
    )


class DayEndNotSealed(KistError):
    """Every loan was dealt with, but the proof of the day does not hold."""

    code = "lms.day_end_not_sealed"
    http_status = 409
    template = (
        "The day-end of {business_date} is not sealed: {problem} "
        "Repair that (see verify_loans and the certificate) and run the day-end again; it goes on from here."
    )


class DayEndInterrupted(KistError):
    """The database stopped answering."""

    code = "lms.day_end_interrupted"
    http_status = 503
    template = (
        "The database did not answer during the day-end ({problem}). Nothing is half-booked. "
        "When it is well again, run the same command again; it goes on where it stopped."
    )


class LoanNotClosable(KistError):
    """The loan is behind the books and its own facts stand in the way."""

    code = "lms.loan_not_closable"
    http_status = 409
    template = (
        "Loan {loan} cannot be closed to {to_date}: {problem} Nothing can be posted to it until that is put right; "
        "then try it again on the day-end page."
    )
