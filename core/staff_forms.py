"""Form parts of the staff screens: rupees in, paise out; dates; the key that makes a second submit harmless."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms

from core.errors import KistError
from core.money import format_rupees, parse_rupees
from core.reasons.services import reason_codes


class RupeesField(forms.Field):
    """An amount that staff write as 1,234.50 and services get as 123450 paise."""

    def __init__(self, *, label: str, required: bool = True, help_text: str = "", initial: str | None = None) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off", "placeholder": "1,234.50", "maxlength": 40}
        widget = forms.TextInput(attrs=attributes)
        super().__init__(label=label, required=required, help_text=help_text, initial=initial, widget=widget)
        self.is_money = True

    def to_python(self, value: object) -> int | None:
        """Turn the text into paise."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_rupees(text)
        except KistError as error:
            raise forms.ValidationError(error.message, code=error.code) from error

    def validate(self, value: int | None) -> None:
        """Ask for a value where one is required; zero is a value, and the service judges it."""
        if value is None and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")


class DayField(forms.DateField):
    """A day, picked from the browser's own calendar."""

    def __init__(self, *, label: str, required: bool = True, help_text: str = "") -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(
            label=label, required=required, help_text=help_text, widget=widget, input_formats=["%Y-%m-%d", "%d-%m-%Y"]
        )


class StaffForm(forms.Form):
    """A plain form in Kist's look."""

    required_css_class = "k-required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            money = " k-input--money" if getattr(field, "is_money", False) else ""
            field.widget.attrs["class"] = f"k-input{money}"

    def show_with(self, choice: str, *names: str) -> None:
        """Show fields on the page only while a choice, written as `field=value`, is taken; without scripts always."""
        for name in names:
            self.fields[name].widget.attrs["data-with"] = choice

    def refuse(self, error: KistError) -> None:
        """Show a service's refusal above the fields, which keep what was entered."""
        self.add_error(None, forms.ValidationError(error.message, code=error.code))


class OnceForm(StaffForm):
    """A form that writes: its key is minted when it is shown, so that sending it twice gives the first result."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["idempotency_key"].initial = uuid4().hex
        first = next((field for field in self.visible_fields()), None)
        if first is not None:
            first.field.widget.attrs["autofocus"] = True


def rupees_text(paise: int) -> str:
    """Write paise the way that a RupeesField shows an initial value: 12,345.00."""
    return format_rupees(paise).replace("₹", "")


def reason_field(*, required: bool) -> forms.CharField:
    """Ask why, for the next person who reads the account."""
    return forms.CharField(
        label="Reason",
        required=required,
        max_length=200,
        help_text="For the next person who reads the account.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReasonCodeField(forms.ChoiceField):
    """The reason codes that an act may be done for on a day; the person's own words stand beside the code."""

    def __init__(self, *, act: str, on_date: date, required: bool = True) -> None:
        rows = reason_codes(act=act, on_date=on_date).values_list("code", "text")
        super().__init__(
            label="Reason code", required=required, choices=[("", "Choose one" if required else "None"), *rows]
        )


def as_of_date(text: str | None, *, latest: date) -> date | None:
    """Read the as-of date of a page's address; nothing, nonsense or a later day means the latest."""
    if not text:
        return None
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        return None
    return wanted if wanted < latest else None
