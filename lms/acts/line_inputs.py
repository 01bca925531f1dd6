"""What each act on a credit line takes beyond reason, actor and key; rules on values belong to the services."""

from typing import Any, Final

from rest_framework import serializers

from lms.models import ProductVersion
from lms.services.lines.acts import BlockReason

BLOCK_REASONS: Final = tuple((code.value, code.value.replace("_", " ").capitalize()) for code in BlockReason)
_PAISE: Final = "In paise."


class LineSanctionInput(serializers.Serializer[Any]):
    """A credit line to be opened."""

    version: serializers.PrimaryKeyRelatedField[ProductVersion] = serializers.PrimaryKeyRelatedField(
        queryset=ProductVersion.objects.select_related("product"), help_text="Key of a version of a product for lines."
    )
    limit_paise = serializers.IntegerField(help_text=_PAISE)
    annual_rate_pct = serializers.DecimalField(max_digits=9, decimal_places=4, help_text="Yearly, in per cent.")
    valid_until = serializers.DateField(help_text="The last day on which money can be drawn.")
    kyc_reference = serializers.CharField(max_length=100, help_text="What identified the customer.")
    is_kyc_full = serializers.BooleanField(default=False, help_text="Fully identified: OTP e-KYC alone allows no line.")


class DrawInput(serializers.Serializer[Any]):
    """Money drawn."""

    amount_paise = serializers.IntegerField(help_text=_PAISE)
    instalment_count = serializers.IntegerField(min_value=1, max_value=2000)
    value_date = serializers.DateField(help_text="The day of the payout, at most the business date.")
    reference = serializers.CharField(max_length=64, help_text="The bank's reference of the payout.")
    first_due_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="As the product says when empty."
    )
    hold_sequence = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="The entry that set the money aside."
    )


class HoldInput(serializers.Serializer[Any]):
    """Money set aside."""

    amount_paise = serializers.IntegerField(help_text=_PAISE)
    until = serializers.DateField(help_text="The last day on which it may be drawn.")
    reference = serializers.CharField(
        max_length=64, allow_blank=True, default="", help_text="The reference of the payout."
    )


class ReleaseInput(serializers.Serializer[Any]):
    """Money set aside no more."""

    hold_sequence = serializers.IntegerField(help_text="The entry that set the money aside.")


class LimitRaiseInput(serializers.Serializer[Any]):
    """A higher limit, on the borrower's request."""

    limit_paise = serializers.IntegerField(help_text=_PAISE)
    request_reference = serializers.CharField(max_length=64, help_text="The borrower's own letter or message.")
    requested_on = serializers.DateField()
    requested_paise = serializers.IntegerField(help_text="The limit that was asked for, in paise.")
    evaluation = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="How the request was evaluated."
    )


class LimitLowerInput(serializers.Serializer[Any]):
    """A lower limit."""

    limit_paise = serializers.IntegerField(help_text="In paise; below what is drawn is allowed.")


class BlockInput(serializers.Serializer[Any]):
    """Nothing to be drawn for now."""

    block_reason = serializers.ChoiceField(choices=BLOCK_REASONS)


class RenewInput(serializers.Serializer[Any]):
    """A later last day."""

    valid_until = serializers.DateField()
