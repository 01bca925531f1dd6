"""What may be asked of loans in the query of an address."""

from typing import Any

from rest_framework import serializers

from core.business_date import business_date
from lms.api.serializers import CLASSES, STATUSES


class LoansQuery(serializers.Serializer[Any]):
    """Which loans."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)
    asset_class = serializers.ChoiceField(choices=CLASSES, required=False)
    product = serializers.CharField(max_length=20, required=False, help_text="Code of the product.")
    customer = serializers.CharField(max_length=32, required=False, help_text="Number of the customer.")
    days_past_due_from = serializers.IntegerField(min_value=0, max_value=100_000, required=False)

    _COLUMNS = {
        "status": "status",
        "asset_class": "asset_class",
        "product": "product_code",
        "customer": "customer__number",
        "days_past_due_from": "days_past_due__gte",
    }

    def condition(self) -> dict[str, Any]:
        """Return the question as the table takes it."""
        return {self._COLUMNS[name]: value for name, value in self.validated_data.items()}


class KnownQuery(serializers.Serializer[Any]):
    """As known when."""

    known_at = serializers.DateTimeField(
        required=False, help_text="Entries recorded after this instant do not count; all count when it is not given."
    )


class MomentQuery(KnownQuery):
    """As of which day, and as known when."""

    as_of = serializers.DateField(
        required=False, help_text="A day up to the business date; the latest one when it is not given."
    )

    def validate_as_of(self, value: Any) -> Any:
        """Refuse a day that has not come: what it brings is not known."""
        if value > (today := business_date()):
            raise serializers.ValidationError(f"The books are on {today}.")
        return value


class StatementQuery(KnownQuery):
    """Which days."""

    from_date = serializers.DateField(required=False)
    to_date = serializers.DateField(required=False, help_text="The business date when it is not given.")

    def validate_to_date(self, value: Any) -> Any:
        """Refuse a day that has not come."""
        if value > (today := business_date()):
            raise serializers.ValidationError(f"The books are on {today}.")
        return value


class FigureQuery(MomentQuery):
    """Which figure of the loan."""

    figure = serializers.CharField(
        max_length=60, help_text="A field of the state, such as `outstanding.interest`, `instalments.3.due.interest`."
    )


class QuoteQuery(serializers.Serializer[Any]):
    """On which day."""

    on_date = serializers.DateField(required=False, help_text="The business date when it is not given.")
