"""Papers that come with a request: which ones staff may upload."""

from typing import Any, Final

from django import forms

_MAX_BYTES: Final = 5 * 1024 * 1024
_ENDINGS: Final = (".pdf", ".png", ".jpg", ".jpeg", ".csv", ".xlsx")


class PaperField(forms.FileField):
    """A paper for the approver; what is too large, or of a kind that nobody can look at, is refused."""

    def __init__(self, *, help_text: str = "PDF, picture or table of up to 5 MB.") -> None:
        super().__init__(label="Paper", required=False, help_text=help_text)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Check size and kind."""
        paper = super().clean(data, initial)
        if paper and paper.size > _MAX_BYTES:
            raise forms.ValidationError("The paper is larger than 5 MB. Make it smaller.")
        if paper and not paper.name.lower().endswith(_ENDINGS):
            raise forms.ValidationError(f"Use one of {', '.join(_ENDINGS)}.")
        return paper
