"""What every form of an act has in common: it reads what staff enter and hands it to the registry of acts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.auth.models import User

from core.approvals.papers import PaperField
from core.approvals.services import Attachment
from core.money import format_rupees
from core.reasons.services import reason_codes
from core.staff_forms import DayField, OnceForm, RupeesField, reason_field
from lms.acts import ACT_BY_SLUG, ActDone, ActWaiting, LoanAct, act_preview, act_submit
from lms.engine.state import LoanStatus
from lms.models import Loan, LoanFact
from lms.models.loan import FactKind
from lms.services.effects import Effect
from lms.services.fact_rows import facts_of, undone_sequences

# Cash and cheques are taken at the counter, which knows the limit of the day, the drawers and the slips.
CHANNELS: Final = (
    ("BANK", "Bank transfer (NEFT, RTGS, IMPS)"),
    ("UPI", "UPI"),
    ("NACH", "NACH mandate"),
    ("GATEWAY", "Payment gateway"),
)
REFERENCE_HELP: Final = "The bank's reference; it is credited once. Cash and cheques are taken at the counter."
# Fields of every form, which are no values of the act.
_SHARED: Final = ("idempotency_key", "reason", "reason_code", "paper")


class ActForm(OnceForm):
    """An act on one loan: the fields of its values, and the words around them."""

    slug: ClassVar[str]
    act: ClassVar[LoanAct]
    title: ClassVar[str]
    permission: ClassVar[str]
    button: ClassVar[str]
    done: ClassVar[str]
    icon: ClassVar[str] = "edit"
    intro: ClassVar[str] = ""
    statuses: ClassVar[tuple[LoanStatus, ...]] = (LoanStatus.ACTIVE,)
    is_danger: ClassVar[bool] = False
    # Templates show the class itself; they would call it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take what the registry knows of the act."""
        super().__init_subclass__(**kwargs)
        if "slug" in cls.__dict__:
            cls.act = ACT_BY_SLUG[cls.slug]
            cls.title, cls.permission = cls.act.title, cls.act.permission

    def __init__(self, *args: Any, loan: Loan, today: date, is_for_approval: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loan = loan
        self._reasons_add(today)
        if is_for_approval or self.is_bound:
            self.fields["paper"] = PaperField()
        for name in ("reason_code", "reason", "paper"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "k-input"
        if "value_date" in self.fields:
            self.fields["value_date"].initial = today
            self.fields["value_date"].widget.attrs["max"] = today.isoformat()

    @classmethod
    def is_open(cls, loan: Loan) -> bool:
        """Tell whether the act makes sense on the loan as it stands; the service has the last word."""
        return loan.status in cls.statuses

    def values(self) -> dict[str, Any]:
        """Return what was entered, as the act takes it; what was left empty is the act's to fill."""
        return {
            name: value for name, value in self.cleaned_data.items() if name not in _SHARED and value not in (None, "")
        }

    def submit(self, *, actor: User) -> ActDone | ActWaiting:
        """Do the act, or ask for it, with what was entered and the form's key.

        Raises:
            KistError: the act is refused.
        """
        entered = self.cleaned_data
        paper = entered.get("paper")
        return act_submit(
            act=self.act,
            loan_id=self.loan.pk,
            values=self.values(),
            reason=entered["reason"],
            reason_code=entered["reason_code"],
            actor=actor,
            idempotency_key=entered["idempotency_key"],
            attachments=(Attachment(name=paper.name, content=paper.read()),) if paper else (),
        )

    def preview(self, *, actor: User) -> Effect:
        """Tell what the act would do with what was entered.

        Raises:
            KistError: the act is refused.
        """
        return act_preview(
            act=self.act,
            loan_id=self.loan.pk,
            values=self.values(),
            reason=self.cleaned_data["reason"],
            actor=actor,
            idempotency_key=self.cleaned_data["idempotency_key"],
        )

    def _reasons_add(self, today: date) -> None:
        is_required = self.act.is_reason_required
        codes = {row.code: row.text for row in reason_codes(act=self.act.reason_group, on_date=today)}
        self.fields["reason_code"] = forms.ChoiceField(
            label="Reason code",
            required=is_required,
            choices=[("", "Choose" if is_required else "None"), *codes.items()],
        )
        self.fields["reason"] = reason_field(required=is_required)


class DatedForm(ActForm):
    """An act on a day."""

    value_date = DayField(label="Value date")


class AmountForm(DatedForm):
    """An amount on a day."""

    amount_paise = RupeesField(label="Amount in rupees")
    field_order: tuple[str, ...] = ("amount_paise", "value_date")


class CreditForm(AmountForm):
    """Money from the borrower."""

    value_date = DayField(label="Value date", help_text="The day of the credit in the bank.")
    channel = forms.ChoiceField(label="Channel", choices=CHANNELS)
    reference = forms.CharField(label="Bank reference", max_length=64, help_text=REFERENCE_HELP)


class PayoutForm(AmountForm):
    """Money to the borrower."""

    reference = forms.CharField(label="Bank reference of the payout", max_length=64)


def standing_facts(loan: Loan) -> Sequence[LoanFact]:
    """Return the entries of a loan that nothing has undone, latest first."""
    undone = undone_sequences(facts=facts_of(loan_id=loan.pk))
    return [row for row in loan.facts.order_by("-sequence") if row.sequence not in undone]


def choices_of(form: forms.Form, name: str) -> forms.ChoiceField:
    """Return a field of a form that has choices."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101  # each form names its own fields
    return field


def fact_choice(row: LoanFact) -> tuple[int, str]:
    """Describe an entry well enough to be chosen from a list."""
    parts = [f"Entry {row.sequence}", str(FactKind(row.kind).label), f"{row.value_date:%d %b %Y}"]
    if row.amount_paise:
        parts.append(format_rupees(row.amount_paise))
    return row.sequence, ", ".join([*parts, row.reference] if row.reference else parts)
