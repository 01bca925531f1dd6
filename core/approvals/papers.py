"""Papers that come with a request: which ones staff may bring, and who may read them."""

from typing import Any, Final

from django import forms
from django.contrib.auth.models import User

from core.approvals.models import ApprovalAttachment
from core.approvals.registry import approval_kind

MAX_BYTES: Final = 5 * 1024 * 1024
ENDINGS: Final = (".pdf", ".png", ".jpg", ".jpeg", ".csv", ".xlsx")


class PaperField(forms.FileField):
    """A paper for the approver; what is too large, or of a kind that nobody can look at, is refused."""

    def __init__(self, *, help_text: str = "PDF, picture or table of up to 5 MB.") -> None:
        super().__init__(label="Paper", required=False, help_text=help_text)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Check size and kind."""
        paper = super().clean(data, initial)
        if paper and (problem := paper_problem(name=paper.name, size=paper.size)):
            raise forms.ValidationError(problem)
        return paper


def paper_problem(*, name: str, size: int) -> str:
    """Return why a paper of so many bytes is not taken; "" for one that is."""
    if size > MAX_BYTES:
        return "The paper is larger than 5 MB. Make it smaller."
    return "" if name.lower().endswith(ENDINGS) else f"Use one of {', '.join(ENDINGS)}."


def may_read_paper(*, paper: ApprovalAttachment, user: User) -> bool:
    """Tell whether a user may read a paper: who made its request may, and who may decide on it."""
    request = paper.request
    return request.made_by_id == user.pk or user.has_perm(approval_kind(request.kind).check_permission)
