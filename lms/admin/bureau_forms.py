"""Forms of bureau files, their answers and disputes."""

from datetime import date
from typing import Any

from django import forms

from core.staff_forms import DayField, OnceForm, ReasonCodeField, StaffForm, reason_field
from lms.bureau.disputes import REFUSE_ACT
from lms.bureau.layouts import LAYOUTS
from lms.bureau.rows import BureauRules
from lms.models import Bureau, BureauDispute, Product

_LIST_MAX_BYTES = 10 * 1024 * 1024


class CycleForm(StaffForm):
    """Which reference date to build."""

    reference_date = DayField(label="Reference date", help_text="A day that the books have closed.")


class SendForm(StaffForm):
    """When a file was sent, and what the bureau gave for it."""

    sent_on = DayField(label="Sent on")
    reference = forms.CharField(max_length=64, help_text="What the bureau gave when it took the file.")


class AnswerForm(StaffForm):
    """What the bureau says of the file as a whole."""

    answered_on = DayField(label="Answered on")
    answer = forms.ChoiceField(choices=[("ACCEPTED", "Accepted"), ("REJECTED", "Rejected as a whole")])
    reason = reason_field(required=False)


class RejectionsForm(StaffForm):
    """The bureau's list of records that it did not take."""

    answered_on = DayField(label="Answered on")
    file = forms.FileField(
        label="List", help_text="CSV with the columns account_number and reason_code; all lines are taken, or none."
    )

    def clean_file(self) -> Any:
        """Refuse a file that is no list of this size."""
        file = self.cleaned_data["file"]
        if file.size > _LIST_MAX_BYTES:
            raise forms.ValidationError("A list has at most 10 MB.")
        return file


class FixForm(StaffForm):
    """What was put right."""

    note = forms.CharField(
        max_length=200, widget=forms.Textarea(attrs={"rows": 2}), help_text="What was put right, without personal data."
    )


class DisputeForm(OnceForm):
    """A borrower's complaint."""

    loan_number = forms.CharField(label="Loan number", max_length=30)
    bureau = forms.ChoiceField(choices=Bureau.choices)
    reference = forms.CharField(label="Number of the complaint", max_length=64)
    received_on = DayField(label="Complained on", help_text="To us or to the bureau: the thirty days start here.")
    note = forms.CharField(
        label="What is disputed",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Without personal data.",
    )


class DisputeAnswerForm(StaffForm):
    """What our look at it gave."""

    answered_on = DayField(label="Answered on")
    outcome = forms.ChoiceField(choices=BureauDispute.Outcome.choices)
    note = forms.CharField(required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = ReasonCodeField(act=REFUSE_ACT, on_date=today, required=False)
        field.help_text = "Needed where a correction is refused."
        field.widget.attrs["class"] = "k-input"
        self.fields["reason_code"] = field
        self.order_fields(["answered_on", "outcome", "reason_code", "note"])


class DisputeResolveForm(StaffForm):
    """When the borrower had the result."""

    resolved_on = DayField(label="Resolved on")


class DisputeCreditForm(StaffForm):
    """When the complainant was paid."""

    credited_on = DayField(label="Paid on")
    reference = forms.CharField(label="Bank reference", max_length=64)


def _days_field(*, label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=366)


class _RowForm(StaffForm):
    """What every dated row has."""

    effective_from = DayField(label="Effective from", help_text="A day after the last reference date with files.")
    reason = reason_field(required=True)

    field_order = ("effective_from",)

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        return dict(self.cleaned_data)


class ParametersForm(_RowForm):
    """Reference dates, deadlines and the clock of disputes."""

    full_days = forms.CharField(
        required=False, label="Full on", help_text="Days of the month, such as 15; the month-end always is one."
    )
    incremental_days = forms.CharField(required=False, label="Incremental on", help_text="Such as 9, 16, 23.")
    full_within_days = _days_field(label="Full within days")
    incremental_within_days = _days_field(label="Incremental within days")
    layout = forms.ChoiceField(choices=[(layout.code, layout.title) for layout in LAYOUTS.values()])
    alert_from_days = _days_field(label="Tell customers from day past due")
    dispute_days = _days_field(label="Days of a dispute")
    dispute_lender_days = _days_field(label="Our share of them")
    dispute_rupees_per_day = forms.IntegerField(label="Rupees for each day late", min_value=0, max_value=100_000)
    dispute_credit_working_days = _days_field(label="Paid within working days")
    source = forms.CharField(max_length=200, help_text="The circular.")

    def clean_full_days(self) -> tuple[int, ...]:
        """Read the days."""
        return _days(self.cleaned_data["full_days"])

    def clean_incremental_days(self) -> tuple[int, ...]:
        """Read the days."""
        return _days(self.cleaned_data["incremental_days"])

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        entered = dict(self.cleaned_data)
        outside = {name: entered.pop(name) for name in ("effective_from", "reason", "source")}
        paise = entered.pop("dispute_rupees_per_day") * 100
        return {**outside, "rules": BureauRules(**entered, dispute_paise_per_day=paise)}


class MembershipForm(_RowForm):
    """How a bureau knows the lender."""

    bureau = forms.ChoiceField(choices=Bureau.choices)
    member_code = forms.CharField(max_length=30)
    member_name = forms.CharField(max_length=16, label="Short name")

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        return {**self.cleaned_data, "bureau": Bureau(self.cleaned_data["bureau"])}


class AccountTypeForm(_RowForm):
    """What a product's loans are called."""

    product_code = forms.ChoiceField(label="Product")
    account_type = forms.ChoiceField(
        choices=sorted({item for layout in LAYOUTS.values() for item in layout.account_types.items()})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.order_by("code").values_list("code", "name")
        self.fields["product_code"].choices = list(products)  # type: ignore[attr-defined]  # a field of choices


def _days(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and len(part) <= 2 for part in parts):
        raise forms.ValidationError("Write days of the month with commas between them, such as 9, 16, 23.")
    return tuple(int(part) for part in parts)
