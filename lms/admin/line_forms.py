"""Forms of credit lines: the sanction, and the acts on a line; each reads what staff enter and calls one service."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms

from core.acts.forms import ActForm
from core.money import format_rupees
from core.staff_forms import DayField, RupeesField
from customers.models import Customer
from customers.selectors import customer_by_number
from lms.acts.line_inputs import BLOCK_REASONS
from lms.acts.lines import LINE_SANCTION_ACT
from lms.acts.others import OTHER_ACT_BY_SLUG
from lms.acts.publications import LINE_GUARDS_ACT
from lms.engine.lines import LineHold
from lms.lines import LineAsOf
from lms.models import CreditLine, ProductVersion
from lms.services.lines.standing import Hindrance

_REQUEST_HELP = "There is no automatic increase: name the borrower's own letter or message."


def _version_label(version: ProductVersion) -> str:
    return (
        f"{version.product.code} {version.product.name}, version {version.number}: "
        f"{format_rupees(version.principal_min_paise)} to {format_rupees(version.principal_max_paise)}, "
        f"{version.rate_min_pct.normalize():f} to {version.rate_max_pct.normalize():f} %"
    )


class _VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # the class takes no argument when it runs
    def label_from_instance(self, obj: Any) -> str:
        """Show what the version allows."""
        return _version_label(obj)


class LineSanctionForm(ActForm):
    """A credit line to be sanctioned."""

    act = LINE_SANCTION_ACT
    button = "Sanction the line"
    done = "Credit line {number} is open. It can be drawn on now."
    icon = "account_balance_wallet"
    intro = "Nothing is lent yet: each drawdown will be a loan with its own schedule at the rate of the line."

    customer = forms.CharField(label="Customer number", max_length=32, help_text="Such as C0000001; search finds it.")
    version = _VersionChoice(
        label="Product version",
        queryset=ProductVersion.objects.filter(product__is_line=True, product__is_active=True)
        .select_related("product")
        .order_by("product__code", "-number"),
    )
    limit_paise = RupeesField(label="Limit in rupees")
    annual_rate_pct = forms.DecimalField(label="Rate, % a year", max_digits=9, decimal_places=4)
    valid_until = DayField(label="Valid until", help_text="The last day on which money can be drawn.")
    kyc_reference = forms.CharField(
        label="Full KYC by", max_length=100, help_text="What identified the customer, such as the V-CIP recording."
    )
    is_kyc_full = forms.BooleanField(
        label="The customer was fully identified; OTP e-KYC alone allows no line", required=False
    )

    def clean_customer(self) -> Customer:
        """Find the customer."""
        customer = customer_by_number(number=self.cleaned_data["customer"])
        if customer is None:
            raise forms.ValidationError("There is no customer with this number. Search for the name to find it.")
        return customer

    def values(self) -> dict[str, Any]:
        """Return what was entered, but for whom the line is."""
        return {name: value for name, value in super().values().items() if name != "customer"}


class LineActForm(ActForm):
    """An act on one line."""

    slug: ClassVar[str]
    title: ClassVar[str]
    permission: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take what the registry knows of the act."""
        super().__init_subclass__(**kwargs)
        if "slug" in cls.__dict__:
            cls.act = OTHER_ACT_BY_SLUG[f"line-{cls.slug}"]
            cls.title, cls.permission = cls.act.title, cls.act.permission

    def __init__(self, *args: Any, line: CreditLine, found: LineAsOf, today: date, **kwargs: Any) -> None:
        super().__init__(*args, today=today, **kwargs)
        self.line = line
        self.found = found

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Tell whether the act makes sense on the line as it stands; the service has the last word."""
        return found.state.closed_on is None


class DrawForm(LineActForm):
    """Money drawn, as a loan of its own."""

    slug = "draw"
    button = "Draw"
    done = "{amount} drawn"
    icon = "send_money"
    intro = "The drawdown is a loan with its own schedule at the rate of the line. It is paid out whole."

    hold_sequence = forms.TypedChoiceField(label="Money set aside", required=False, coerce=int, empty_value=None)
    amount_paise = RupeesField(label="Amount in rupees")
    instalment_count = forms.IntegerField(label="Instalments", min_value=1, max_value=2000)
    value_date = DayField(label="Value date", help_text="The day of the payout.")
    first_due_date = DayField(label="First due date", required=False, help_text="Empty: as the product says.")
    reference = forms.CharField(label="Bank reference of the payout", max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value_date"].initial = self.today
        self.fields["instalment_count"].initial = self.line.product_version.instalment_count_min
        field = self.fields["hold_sequence"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = [("", "None: take what is available"), *map(_hold_choice, self.found.state.holds)]

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open while anything can be drawn, or was set aside."""
        return super().is_open(found) and (found.standing.available_paise > 0 or bool(found.state.holds))


class HoldForm(LineActForm):
    """Money set aside."""

    slug = "hold"
    button = "Set aside"
    done = "{amount} set aside"
    icon = "front_hand"
    intro = "For a payout that is on its way: the money is not available meanwhile, and comes back by itself."

    amount_paise = RupeesField(label="Amount in rupees")
    until = DayField(label="Until", help_text="The last day on which it may be drawn.")
    reference = forms.CharField(label="Reference of the payout", max_length=64, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = self.today + timedelta(days=3)

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open while anything is available."""
        return super().is_open(found) and found.standing.available_paise > 0


class ReleaseForm(LineActForm):
    """Money set aside no more."""

    slug = "release"
    button = "Give back"
    done = "{amount} available again"
    icon = "undo"

    hold_sequence = forms.TypedChoiceField(label="Money set aside", coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hold_sequence"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = list(map(_hold_choice, self.found.state.holds))

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open while anything is set aside."""
        return bool(found.state.holds)


class RaiseForm(LineActForm):
    """A higher limit, on the borrower's request."""

    slug = "raise"
    button = "Raise the limit"
    done = "Limit is {amount} now"
    icon = "trending_up"
    intro = "Only on the borrower's explicit request, at most to what was asked for; request and evaluation are kept."

    limit_paise = RupeesField(label="New limit in rupees")
    request_reference = forms.CharField(label="The borrower's request", max_length=64, help_text=_REQUEST_HELP)
    requested_on = DayField(label="Requested on")
    requested_paise = RupeesField(label="Limit asked for, in rupees")
    evaluation = forms.CharField(
        label="How it was evaluated", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class LowerForm(LineActForm):
    """A lower limit."""

    slug = "lower"
    button = "Lower the limit"
    done = "Limit is {amount} now"
    icon = "trending_down"
    intro = "A limit below what is drawn is allowed: nothing is available then until enough is repaid."

    limit_paise = RupeesField(label="New limit in rupees")


class BlockForm(LineActForm):
    """Nothing to be drawn for now."""

    slug = "block"
    button = "Block the line"
    done = "Line blocked"
    icon = "block"
    intro = "Nothing can be drawn until the line is unblocked; what is drawn goes on."
    is_danger = True

    block_reason = forms.ChoiceField(label="Why", choices=BLOCK_REASONS)

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open while the line is not blocked."""
        return super().is_open(found) and not found.state.is_blocked


class UnblockForm(LineActForm):
    """To be drawn on again."""

    slug = "unblock"
    button = "Unblock the line"
    done = "Line unblocked"
    icon = "lock_open"

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open while the line is blocked."""
        return super().is_open(found) and found.state.is_blocked


class RenewForm(LineActForm):
    """A later last day."""

    slug = "renew"
    button = "Renew the line"
    done = "Line renewed"
    icon = "event_repeat"

    valid_until = DayField(label="Valid until")


class CloseForm(LineActForm):
    """The end of a line."""

    slug = "close"
    button = "Close the line"
    done = "Line closed"
    icon = "lock"
    intro = "A closed line is never opened again."
    is_danger = True

    @classmethod
    def is_open(cls, found: LineAsOf) -> bool:
        """Open when nothing is drawn or set aside."""
        return found.standing.hindrance is not Hindrance.CLOSED and not (
            found.standing.drawn_paise or found.standing.held_paise
        )


LINE_ACTS: tuple[type[LineActForm], ...] = (
    DrawForm,
    HoldForm,
    ReleaseForm,
    RaiseForm,
    LowerForm,
    BlockForm,
    UnblockForm,
    RenewForm,
    CloseForm,
)
LINE_ACT_BY_SLUG = {form.slug: form for form in LINE_ACTS}


class LineParametersForm(ActForm):
    """The next row of guards; it starts from the latest one."""

    act = LINE_GUARDS_ACT
    button = "Publish the guards"
    done = "The guards count from {day}."
    icon = "policy"
    intro = "What is published is never changed; the latest row that is in force counts."

    effective_from = DayField(label="Effective from", help_text="The business date or later.")
    refuse_from_days_past_due = forms.IntegerField(label="No drawdown from days past due", min_value=1, max_value=9999)
    own_dues_days = forms.IntegerField(
        label="Days for which excess of a drawdown stays on it", min_value=0, max_value=9999
    )
    source = forms.CharField(max_length=200, help_text="The circular or the decision of the board.")


def _hold_choice(hold: LineHold) -> tuple[int, str]:
    return hold.sequence, f"Entry {hold.sequence}: {format_rupees(hold.amount_paise)} until {hold.until:%d %b %Y}"
