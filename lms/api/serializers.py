"""What the tools of staff are told of loans and products; amounts are paise, rates are yearly per cent as text."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from lms.engine.classification import AssetClass
from lms.engine.state import LoanStatus
from lms.models import Loan, LoanFact, Product, ProductVersion, StoredQuote

STATUSES = [status.value for status in LoanStatus]
CLASSES = [asset_class.value for asset_class in AssetClass]


class LoanSummarySerializer(serializers.ModelSerializer[Loan]):
    """A loan as its row has it: at the day-end of `figures_as_of`."""

    customer = serializers.CharField(source="customer.number", help_text="Number of the customer.")
    status = serializers.ChoiceField(choices=STATUSES)
    asset_class = serializers.ChoiceField(choices=CLASSES)
    figures_as_of = serializers.DateField(source="as_of", allow_null=True)

    class Meta:
        model = Loan
        fields = (
            "id",
            "number",
            "external_reference",
            "customer",
            "product_code",
            "status",
            "asset_class",
            "days_past_due",
            "principal_paise",
            "principal_outstanding_paise",
            "overdue_paise",
            "excess_paise",
            "next_due_date",
            "next_due_paise",
            "sanctioned_on",
            "disbursed_on",
            "closed_on",
            "figures_as_of",
        )


class AmountsSerializer(serializers.Serializer[Any]):
    """Paise by component."""

    principal = serializers.IntegerField()
    interest = serializers.IntegerField()
    fee = serializers.IntegerField()
    tax = serializers.IntegerField()
    penal = serializers.IntegerField()
    total = serializers.IntegerField()


class LoanStateSerializer(serializers.Serializer[Any]):
    """The fold of a loan's entries at the day-end of `as_of`."""

    as_of = serializers.DateField()
    status = serializers.ChoiceField(choices=STATUSES)
    outstanding = AmountsSerializer()
    overdue = AmountsSerializer()
    accrued_not_due_paise = serializers.IntegerField()
    excess_paise = serializers.IntegerField()
    undrawn_paise = serializers.IntegerField()
    instalment_paise = serializers.IntegerField()
    annual_rate_pct = serializers.CharField()
    oldest_unpaid_due_date = serializers.DateField(allow_null=True)
    days_past_due = serializers.IntegerField()
    next_due_date = serializers.DateField(allow_null=True)
    next_due_paise = serializers.IntegerField()
    closed_on = serializers.DateField(allow_null=True)


class LoanDetailSerializer(serializers.Serializer[Any]):
    """A loan: what was agreed, and how it stands on the day that was asked for."""

    loan = LoanSummarySerializer()
    terms = serializers.JSONField(help_text="What was agreed at the sanction.")
    state = LoanStateSerializer()
    known_at = serializers.DateTimeField(allow_null=True, default_timezone=UTC)
    waiting_requests = serializers.ListField(
        child=serializers.IntegerField(), help_text="Requests on this loan that wait for a second person."
    )


class InstalmentSerializer(serializers.Serializer[Any]):
    """One row of the schedule with what happened to it."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    from_date = serializers.DateField()
    due_date = serializers.DateField()
    balance_before_paise = serializers.IntegerField()
    balance_after_paise = serializers.IntegerField()
    due = AmountsSerializer()
    paid = AmountsSerializer()
    waived = AmountsSerializer()
    written_off = AmountsSerializer()
    open = AmountsSerializer()
    paid_on = serializers.DateField(allow_null=True)


class ScheduleSerializer(serializers.Serializer[Any]):
    """The schedule as it stands on a day."""

    loan = serializers.CharField()
    as_of = serializers.DateField()
    instalments = InstalmentSerializer(many=True)


class LoanStatementLineSerializer(serializers.Serializer[Any]):
    """One entry: how it was applied, and what is owed at the end of its day."""

    value_date = serializers.DateField()
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    amount_paise = serializers.IntegerField()
    principal_paise = serializers.IntegerField()
    interest_paise = serializers.IntegerField()
    fee_paise = serializers.IntegerField()
    tax_paise = serializers.IntegerField()
    penal_paise = serializers.IntegerField()
    excess_paise = serializers.IntegerField()
    balance_paise = serializers.IntegerField()


class LoanStatementSerializer(serializers.Serializer[Any]):
    """The statement that a borrower gets."""

    loan = serializers.CharField()
    from_date = serializers.DateField(allow_null=True)
    to_date = serializers.DateField()
    lines = LoanStatementLineSerializer(many=True)


class FactSerializer(serializers.ModelSerializer[LoanFact]):
    """One entry of a loan; never changed."""

    details = serializers.JSONField()
    recorded_by = serializers.CharField(source="recorded_by.username", default=None, allow_null=True)

    class Meta:
        model = LoanFact
        fields = (
            "id",
            "sequence",
            "kind",
            "value_date",
            "amount_paise",
            "reference",
            "details",
            "reason",
            "recorded_on",
            "recorded_at",
            "recorded_by",
        )


class QuoteSerializer(serializers.Serializer[Any]):
    """What closes a loan on a day."""

    on_date = serializers.DateField()
    principal_paise = serializers.IntegerField()
    interest_paise = serializers.IntegerField()
    fee_paise = serializers.IntegerField()
    tax_paise = serializers.IntegerField()
    penal_paise = serializers.IntegerField()
    charge_paise = serializers.IntegerField()
    charge_tax_paise = serializers.IntegerField()
    excess_paise = serializers.IntegerField()
    total_paise = serializers.IntegerField()
    per_day_interest_paise = serializers.IntegerField()


class StoredQuoteSerializer(serializers.ModelSerializer[StoredQuote]):
    """What closes a loan, day by day while the quote holds."""

    loan = serializers.CharField(source="loan.number")
    days = QuoteSerializer(many=True)

    class Meta:
        model = StoredQuote
        fields = ("id", "number", "loan", "quoted_on", "valid_until", "is_lender_asking", "total_paise", "days")


class VersionSerializer(serializers.ModelSerializer[ProductVersion]):
    """One dated set of terms."""

    terms_template = serializers.JSONField()

    class Meta:
        model = ProductVersion
        fields = (
            "id",
            "number",
            "effective_from",
            "terms_template",
            "principal_min_paise",
            "principal_max_paise",
            "rate_min_pct",
            "rate_max_pct",
            "instalment_count_min",
            "instalment_count_max",
            "published_at",
        )


class ProductSerializer(serializers.ModelSerializer[Product]):
    """What the lender sells."""

    class Meta:
        model = Product
        fields: tuple[str, ...] = ("id", "code", "name", "is_active")


class ProductDetailSerializer(ProductSerializer):
    """A product with its versions, latest first."""

    versions = VersionSerializer(many=True)

    class Meta(ProductSerializer.Meta):
        fields = (*ProductSerializer.Meta.fields, "versions")
