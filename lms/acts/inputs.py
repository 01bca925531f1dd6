"""What each act takes beyond loan, reason, actor and key; rules on values belong to the services."""

from typing import Any

from rest_framework import serializers

from lms.engine.facts import PrepaymentEffect
from lms.engine.terms import Component

# Cash and cheques are taken at the counter, which knows the limit of the day, the drawers and the slips.
_CHANNELS = ("BANK", "UPI", "NACH", "GATEWAY")
_REFERENCE_MAX = 64


def _paise(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=options.pop("help_text", "In paise."), **options)


def _reference(help_text: str) -> serializers.CharField:
    return serializers.CharField(max_length=_REFERENCE_MAX, help_text=help_text, trim_whitespace=False)


def _rate(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=9, decimal_places=4, help_text="Yearly, in per cent; at most four decimals.", **options
    )


class NothingInput(serializers.Serializer[Any]):
    """An act that takes no value of its own."""


class DatedInput(serializers.Serializer[Any]):
    """An act on a day."""

    value_date = serializers.DateField(help_text="The day on which it counts, at most the business date.")


class AmountInput(DatedInput):
    """An amount on a day."""

    amount_paise = _paise()


class CreditInput(AmountInput):
    """Money from the borrower."""

    channel = serializers.ChoiceField(choices=_CHANNELS, default="BANK", help_text="The rail of the reference.")
    reference = _reference("The bank's reference. It is credited once per channel.")


class PayoutInput(AmountInput):
    """Money to the borrower."""

    reference = _reference("The bank's reference of the payout.")


class ReceiptInput(CreditInput):
    """A receipt."""

    transaction_kind = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Picks the waterfall where the terms have several."
    )


class PrepaymentInput(CreditInput):
    """Principal ahead of its time."""

    effect = serializers.ChoiceField(
        choices=[effect.value for effect in PrepaymentEffect],
        default=PrepaymentEffect.CUT_TENOR.value,
        help_text="What becomes smaller.",
    )


class ChargeInput(DatedInput):
    """A charge of the terms."""

    code = serializers.CharField(max_length=40, help_text="The charge, as the terms name it.")
    amount_paise = _paise(
        required=False, allow_null=True, default=None, help_text="In paise without tax; what was agreed when empty."
    )
    due_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="The value date when empty."
    )
    reference = serializers.CharField(max_length=_REFERENCE_MAX, allow_blank=True, default="")


class WaiverInput(AmountInput):
    """Part of what is due given up."""

    component = serializers.ChoiceField(choices=[component.value for component in Component])


class BounceInput(DatedInput):
    """A payment that came back."""

    reference = _reference("The bank's reference of the return.")
    receipt_sequence = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Entry of the receipt, where one was posted."
    )
    return_code = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="The bank's code of the return."
    )
    is_charged = serializers.BooleanField(default=True, help_text="Whether the agreed bounce charge is levied.")


class ReversalInput(serializers.Serializer[Any]):
    """An entry undone."""

    sequence = serializers.IntegerField(help_text="The entry, by its number within the loan.")


class WriteOffInput(DatedInput):
    """The claim off the books."""

    is_technical = serializers.BooleanField(
        default=True, help_text="Recovery goes on as before; false when it was tried in vain."
    )


class TransferInput(AmountInput):
    """Excess used for another loan."""

    to_loan_id = serializers.IntegerField(help_text="Key of the other loan of the customer.")


class RateInput(DatedInput):
    """A new rate."""

    annual_rate_pct = _rate()
    effect = serializers.ChoiceField(
        choices=[effect.value for effect in PrepaymentEffect],
        default=PrepaymentEffect.CUT_INSTALMENT.value,
        help_text="Whether the instalment changes, or the number of instalments.",
    )


class RescheduleInput(DatedInput):
    """The rest of a loan on other dates, tenor, rate or grace."""

    from_due_date = serializers.DateField(required=False, allow_null=True, default=None)
    new_due_date = serializers.DateField(required=False, allow_null=True, default=None)
    extra_instalments = serializers.IntegerField(default=0)
    annual_rate_pct = _rate(required=False, allow_null=True, default=None)
    grace_principal_count = serializers.IntegerField(default=0)
    grace_interest_count = serializers.IntegerField(default=0)
    is_restructure = serializers.BooleanField(default=False, help_text="A concession for financial difficulty.")


class RangeInput(DatedInput):
    """A range of days that begins on the value date or later."""

    start_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="The first day; the value date when empty."
    )
    end_date = serializers.DateField(help_text="The last day; it may be to come.")


class PauseInput(RangeInput):
    """A range of days without interest, or without penal charges."""

    is_penal = serializers.BooleanField(default=False, help_text="The planned penal charges rest instead of interest.")


class MoratoriumInput(RangeInput):
    """A range of days without instalments."""

    is_interest_capitalised = serializers.BooleanField(default=False)
    is_restructure = serializers.BooleanField(default=False, help_text="A concession for financial difficulty.")
