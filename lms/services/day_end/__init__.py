"""The day-end: every loan brought to the end of a business date, and the proof that the books agree."""

from lms.services.day_end.inline import loan_close_upto
from lms.services.day_end.run import DayEndProgress, Stage, day_end_run

__all__ = ["DayEndProgress", "Stage", "day_end_run", "loan_close_upto"]
