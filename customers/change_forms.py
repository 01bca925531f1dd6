"""Forms of changes of a customer: each one reads what staff enter; the acts judge it."""

from django import forms

from core.acts.forms import ActForm
from core.staff_forms import DayField
from core.states import STATES
from customers.acts import CUSTOMER_ACCOUNT_ACT, CUSTOMER_CHANGE_ACT, CUSTOMER_MOVE_ACT
from customers.models import AddressKind

_STATES = [(state.code, state.name) for state in sorted(STATES, key=lambda state: state.name)]


class ValuesForm(ActForm):
    """New values; an empty field leaves the value as it is."""

    act = CUSTOMER_CHANGE_ACT
    button = "Save"
    done = "Saved, and the former value is kept in the history."
    icon = "edit"

    full_name = forms.CharField(label="Full name", max_length=160, required=False)
    phone = forms.CharField(label="Mobile number", max_length=10, required=False, help_text="Ten digits.")
    is_phone_shared = forms.BooleanField(label="Another customer has this number too", required=False)
    email = forms.CharField(label="E-mail", max_length=254, required=False)
    pan = forms.CharField(label="PAN", max_length=10, required=False)
    birth_date = DayField(label="Date of birth", required=False)
    effective_from = DayField(label="Counts from", required=False, help_text="Empty: today.")


class MoveForm(ActForm):
    """Another address, and with a current one another state."""

    act = CUSTOMER_MOVE_ACT
    button = "Save"
    done = "Saved, and the former value is kept in the history."
    icon = "home"

    kind = forms.ChoiceField(label="Kind", choices=AddressKind.choices)
    line_1 = forms.CharField(label="Address", max_length=160)
    line_2 = forms.CharField(label="Second line", max_length=160, required=False)
    city = forms.CharField(label="City", max_length=80)
    state_code = forms.ChoiceField(label="State", choices=_STATES)
    pin_code = forms.CharField(label="PIN code", max_length=6)
    effective_from = DayField(label="There since", required=False, help_text="Empty: today.")


class AccountForm(ActForm):
    """Another account to pay into."""

    act = CUSTOMER_ACCOUNT_ACT
    button = "Save"
    done = "Saved, and the former value is kept in the history."
    icon = "account_balance"

    account_number = forms.CharField(label="Account number", max_length=24)
    ifsc = forms.CharField(label="IFSC", max_length=11)
    holder_name = forms.CharField(
        label="Account holder", max_length=160, required=False, help_text="Empty: the customer."
    )
    is_joint = forms.BooleanField(label="Another customer has this account too", required=False)


CHANGES: dict[str, type[ActForm]] = {"values": ValuesForm, "move": MoveForm, "account": AccountForm}
