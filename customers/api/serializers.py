"""What the tools of staff are told of a customer: names, and the last digits of what identifies a person."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from core.states import STATES
from customers.models import BankAccount, Customer, CustomerKind
from customers.values import mask_account, mask_pan, mask_phone


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """A customer with masked identifiers."""

    phone_masked = serializers.SerializerMethodField()
    pan_masked = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields: tuple[str, ...] = (
            "id",
            "number",
            "kind",
            "full_name",
            "phone_masked",
            "pan_masked",
            "state_code",
            "created_at",
        )

    def get_phone_masked(self, customer: Customer) -> str:
        """Show the last digits."""
        return mask_phone(customer.phone)

    def get_pan_masked(self, customer: Customer) -> str:
        """Show the last characters; empty without a PAN."""
        return mask_pan(customer.pan)


class BankAccountSerializer(serializers.ModelSerializer[BankAccount]):
    """An account of a customer with its number masked."""

    account_number_masked = serializers.SerializerMethodField()

    class Meta:
        model = BankAccount
        fields = ("id", "account_number_masked", "ifsc", "is_primary")

    def get_account_number_masked(self, account: BankAccount) -> str:
        """Show the last characters."""
        return mask_account(account.account_number)


class CustomerDetailSerializer(CustomerSerializer):
    """A customer with his accounts."""

    bank_accounts = BankAccountSerializer(many=True)

    class Meta(CustomerSerializer.Meta):
        fields = (*CustomerSerializer.Meta.fields, "bank_accounts")


class CustomerInput(serializers.Serializer[Any]):
    """A new customer."""

    full_name = serializers.CharField(max_length=160, help_text="As on the PAN card.")
    kind = serializers.ChoiceField(choices=CustomerKind.choices, default=CustomerKind.INDIVIDUAL.value)
    phone = serializers.CharField(max_length=20, help_text="Ten digits.")
    pan = serializers.CharField(max_length=10, allow_blank=True, default="")
    email = serializers.CharField(max_length=254, allow_blank=True, default="")
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    state_code = serializers.ChoiceField(choices=[state.code for state in STATES])


class CustomerCreatedSerializer(CustomerSerializer):
    """A new customer, and where it is read."""

    address = serializers.SerializerMethodField()

    class Meta(CustomerSerializer.Meta):
        fields = (*CustomerSerializer.Meta.fields, "address")

    def get_address(self, customer: Customer) -> str:
        """Return where the customer is read."""
        return reverse("api-customer", args=[customer.number])


class CustomersQuery(serializers.Serializer[Any]):
    """Which customers."""

    kind = serializers.ChoiceField(choices=("INDIVIDUAL", "BUSINESS"), required=False)
    state_code = serializers.CharField(max_length=2, required=False)


class SearchInput(serializers.Serializer[Any]):
    """What is known of a customer; it travels in the body, because addresses are written to logs."""

    text = serializers.CharField(
        max_length=160, help_text="Number, PAN in full, phone in full, begun or its end, or words of the name."
    )
    limit = serializers.IntegerField(min_value=1, max_value=50, default=20)
