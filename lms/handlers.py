"""What the loan book does when something was announced."""

from typing import Final

from core.events import subscribe
from lms.documents.reissuing import documents_reissue
from lms.events import LoanPastMoved

DOCUMENTS_FOLLOW: Final = "lms.documents_follow"


def handlers_register() -> None:
    """Listen; safe to call again."""
    subscribe(LoanPastMoved, subscriber=DOCUMENTS_FOLLOW, handler=documents_follow)


def documents_follow(event: LoanPastMoved) -> None:
    """Issue the documents of a loan again that an entry moved, or withdraw them; those that stand are left alone.

    The rows and their numbers come at once, a file with the first one who asks for it.
    """
    reason = f"Entry {event.sequence} was recorded after it was issued"
    documents_reissue(loan_id=event.loan_id, reason=reason, is_file_made=False)
