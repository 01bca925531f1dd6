"""Refusals of changes that are tried on the live book, and of the holiday calendar."""

from core.errors import KistError


class DryRunEmpty(KistError):
    """No loan is concerned."""

    code = "lms.dry_run_empty"
    template = "No running loan is concerned by this change: there is nothing to try."


class DryRunUnknown(KistError):
    """There is no dry run of this key."""

    code = "lms.dry_run_unknown"
    http_status = 404
    template = "There is no dry run {run}. Look for it in the list of dry runs."


class DryRunNotRunning(KistError):
    """It is over, so it cannot be cancelled."""

    code = "lms.dry_run_not_running"
    http_status = 409
    template = "Dry run {run} is over already: {state}. Start another one."


class DryRunChangeInvalid(KistError):
    """What is to be tried cannot be read, or is no change."""

    code = "lms.dry_run_change_invalid"
    template = "This cannot be tried: {problem} Correct it and try again."


class LoanOutsideVersion(KistError):
    """A loan could not be sanctioned under the version that is tried."""

    code = "lms.loan_outside_version"
    template = "Its {figure} is {value}; the version allows {low} to {high}."


class HolidayNothingNew(KistError):
    """The calendar would stay as it is."""

    code = "lms.holiday_nothing_new"
    template = "The calendar says so already. Name a day that it does not have, or one to take out."


class HolidayInPast(KistError):
    """A day before the business date cannot become a holiday any more."""

    code = "lms.holiday_in_past"
    template = "{on_date} is before the business date {business_date}. Name a day from then on."


class RateNoticeRefused(KistError):
    """The campaign says already that the loan cannot have the new rate."""

    code = "lms.rate_notice_refused"
    template = "{refusal}"
