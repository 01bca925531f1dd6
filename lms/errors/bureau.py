"""Refusals of bureau files: cycles, answers, disputes and their dated rows."""

from core.errors import KistError


class BureauRowsMissing(KistError):
    """No dated row covers a question of the reference date."""

    code = "lms.bureau_rows_missing"
    template = "No published row says {what} on {on_date}. Publish one that is in force by then."


class BureauRowInvalid(KistError):
    """A row cannot be meant as it is written."""

    code = "lms.bureau_row_invalid"
    template = "{problem} Correct that and publish again."


class BureauRowDateTaken(KistError):
    """Another row for the same begins on that day."""

    code = "lms.bureau_row_date_taken"
    http_status = 409
    template = "A row for the same that begins on {effective_from} is published already. Choose another day."


class BureauRowInBuiltCycle(KistError):
    """A row would change what was reported already."""

    code = "lms.bureau_row_in_built_cycle"
    http_status = 409
    template = "Files of {reference_date} are made; a row cannot begin on {effective_from}. Choose a later day."


class BureauDateNotReference(KistError):
    """Files are asked for on a day that is no reference date."""

    code = "lms.bureau_date_not_reference"
    template = "{reference_date} is not a reference date. The one before it is {nearest}."


class BureauDayOpen(KistError):
    """The reference date is not over in the books."""

    code = "lms.bureau_day_open"
    http_status = 409
    template = "The books have not closed {reference_date} yet. Close the day first."


class BureauCycleUnknown(KistError):
    """There is no such cycle."""

    code = "lms.bureau_cycle_unknown"
    http_status = 404
    template = "There is no bureau cycle {cycle}."


class BureauCyclePassed(KistError):
    """A later cycle exists."""

    code = "lms.bureau_cycle_passed"
    http_status = 409
    template = "Files of {later} are made already; those of {reference_date} would say less. Send the later ones."


class BureauCycleUnfinished(KistError):
    """An earlier cycle is still being built."""

    code = "lms.bureau_cycle_unfinished"
    http_status = 409
    template = "The files of {reference_date} are not built yet. Wait for them, or go on with that cycle."


class BureauFileChanged(KistError):
    """Building the file again gives other bytes."""

    code = "lms.bureau_file_changed"
    http_status = 500
    template = "The file of {bureau} for {reference_date}, made again, is not what was made first. Compare the two."


class BureauSubmissionNotReady(KistError):
    """The file is in a state that the act does not take."""

    code = "lms.bureau_submission_not_ready"
    http_status = 409
    template = "The file for {bureau} is {state} and cannot be {act}."


class BureauRejectionsInvalid(KistError):
    """The file of rejections cannot be read, or does not belong to the submission; nothing of it was taken."""

    code = "lms.bureau_rejections_invalid"
    template = "Line {line}: {problem} Nothing was taken; correct the file and send it again."


class BureauRejectionNotOpen(KistError):
    """The rejection is past the act."""

    code = "lms.bureau_rejection_not_open"
    http_status = 409
    template = "The rejection is {state} already."


class BureauDisputeKnown(KistError):
    """The bureau's reference is known with other content."""

    code = "lms.bureau_dispute_known"
    http_status = 409
    template = "Dispute {reference} of {bureau} is recorded already. Go on with that one."


class BureauDayInvalid(KistError):
    """A day of a file or a dispute cannot be."""

    code = "lms.bureau_day_invalid"
    template = "{day} cannot be: it has to lie between {first} and {last}."


class BureauDisputeNotWaiting(KistError):
    """The dispute is past the act, or has not come to it."""

    code = "lms.bureau_dispute_not_waiting"
    http_status = 409
    template = "The dispute is {state} and cannot be {act}."
