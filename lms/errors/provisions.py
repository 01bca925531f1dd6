"""Refusals of provisions: their dated rows, their month-ends and their posting."""

from core.errors import KistError


class ProvisionDayNotMonthEnd(KistError):
    """Provisions are asked for on a day that ends no month."""

    code = "lms.provision_day_not_month_end"
    template = "{month_end} is not the last day of a month. Provisions are worked out for month-ends."


class ProvisionMonthOpen(KistError):
    """The month is not over in the books."""

    code = "lms.provision_month_open"
    http_status = 409
    template = "The books are on {business_date}; {month_end} is not closed yet. Close the day first."


class ProvisionRowsMissing(KistError):
    """No dated row covers a question of the month-end."""

    code = "lms.provision_rows_missing"
    template = "No published row says {what} on {month_end}. Publish one that is in force by then."


class ProvisionRowInvalid(KistError):
    """A row cannot be meant as it is written."""

    code = "lms.provision_row_invalid"
    template = "{problem} Correct that and publish again."


class ProvisionRowDateTaken(KistError):
    """Another row for the same begins on that day."""

    code = "lms.provision_row_date_taken"
    http_status = 409
    template = "A row for the same that begins on {effective_from} is published already. Choose another day."


class ProvisionRowInPostedMonth(KistError):
    """A row would change what was posted already."""

    code = "lms.provision_row_in_posted_month"
    http_status = 409
    template = "Provisions of {month_end} are posted; a row cannot begin on {effective_from}. Choose a later day."


class ProvisionRunTaken(KistError):
    """Another worker goes on with the run."""

    code = "lms.provision_run_taken"
    http_status = 409
    template = "Another worker is working out run {run}. Wait until it is done."


class ProvisionRunNotReady(KistError):
    """The run is in a state in which it cannot be posted or reversed."""

    code = "lms.provision_run_not_ready"
    http_status = 409
    template = "Run {run} is {state} and cannot be {act}. Look at the latest run of the month."


class ProvisionRunOutdated(KistError):
    """A later run exists, so that this one is not the last word any more."""

    code = "lms.provision_run_outdated"
    http_status = 409
    template = "Run {run} is followed by run {later} of {month_end}. {hint}"


class ProvisionMarkRepeated(KistError):
    """The loan is marked so already."""

    code = "lms.provision_mark_repeated"
    http_status = 409
    template = "Loan {loan} is {standing} already."
