"""What every form of an act has in common: it reads what staff enter and hands it to the act."""

from datetime import date
from typing import Any, ClassVar, Final

from django.contrib.auth.models import User

from core.acts.registry import Act, ActDone, ActWaiting
from core.acts.submitting import act_preview, act_submit
from core.approvals.papers import PaperField
from core.approvals.services import Attachment
from core.business_date import business_date
from core.staff_forms import OnceForm, ReasonCodeField, reason_field

# Fields of every form, which are no values of the act.
_SHARED: Final = ("idempotency_key", "reason", "reason_code", "paper")


class ActForm(OnceForm):
    """An act on one subject: the fields of its values, and the words around them."""

    act: ClassVar[Act]
    button: ClassVar[str]
    done: ClassVar[str]
    icon: ClassVar[str] = "edit"
    intro: ClassVar[str] = ""
    is_danger: ClassVar[bool] = False
    # Templates show the class itself; they would call it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __init__(self, *args: Any, is_for_approval: bool = False, today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today or business_date()
        if self.act.is_code_required:
            self.fields["reason_code"] = ReasonCodeField(
                act=self.act.slug, on_date=self.today, required=self.act.is_reason_required
            )
        self.fields["reason"] = reason_field(required=self.act.is_reason_required)
        if is_for_approval or self.is_bound:
            self.fields["paper"] = PaperField()
        for name in ("reason_code", "reason", "paper"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "k-input"

    def values(self) -> dict[str, Any]:
        """Return what was entered, as the act takes it; what was left empty is the act's to fill."""
        return {
            name: value for name, value in self.cleaned_data.items() if name not in _SHARED and value not in (None, "")
        }

    def submit(self, *, subject_id: int, actor: User) -> ActDone | ActWaiting:
        """Do the act, or ask for it, with what was entered and the form's key.

        Raises:
            KistError: the act is refused.
        """
        entered = self.cleaned_data
        paper = entered.get("paper")
        return act_submit(
            act=self.act,
            subject_id=subject_id,
            values=self.values(),
            reason=entered["reason"],
            reason_code=entered.get("reason_code", ""),
            actor=actor,
            idempotency_key=entered["idempotency_key"],
            attachments=(Attachment(name=paper.name, content=paper.read()),) if paper else (),
        )

    def preview(self, *, subject_id: int, actor: User) -> dict[str, Any]:
        """Tell what the act would do with what was entered.

        Raises:
            KistError: the act is refused.
        """
        return act_preview(
            act=self.act,
            subject_id=subject_id,
            values=self.values(),
            reason=self.cleaned_data["reason"],
            actor=actor,
            idempotency_key=self.cleaned_data["idempotency_key"],
        )
