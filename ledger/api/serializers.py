"""What the tools of staff are told of the books; amounts are paise."""

from typing import Any

from rest_framework import serializers

from ledger.models import Account, Journal, Transfer
from ledger.questions import Clock


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account of the chart."""

    class Meta:
        model = Account
        fields = ("id", "code", "name", "kind", "mode", "is_active", "is_manual_allowed")


class TrialBalanceRowSerializer(serializers.Serializer[Any]):
    """One account: its balance on the side where it falls, and what moved on either side."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    debit_paise = serializers.IntegerField()
    credit_paise = serializers.IntegerField()
    debit_turnover_paise = serializers.IntegerField()
    credit_turnover_paise = serializers.IntegerField()


class TrialBalanceSerializer(serializers.Serializer[Any]):
    """Every account that ever moved; the totals are equal."""

    rows = TrialBalanceRowSerializer(many=True)
    debit_total_paise = serializers.IntegerField()
    credit_total_paise = serializers.IntegerField()
    is_balanced = serializers.BooleanField()


def _clock(default: Clock) -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=[clock.value for clock in Clock],
        default=default.value,
        help_text="By the day that movements count from, or by the day on which they were booked.",
    )


class BooksQuery(serializers.Serializer[Any]):
    """By which clock, as known when, of which product."""

    clock = _clock(Clock.VALUE_DATE)
    known_at = serializers.DateTimeField(required=False, help_text="Only what was recorded by this instant.")
    product = serializers.CharField(max_length=32, required=False, help_text="Only what this product's journals moved.")

    def question(self) -> dict[str, Any]:
        """Return the question as the selectors take it."""
        asked = dict(self.validated_data)
        return {
            "clock": Clock(asked["clock"]),
            "known_at": asked.get("known_at"),
            "product_code": asked.get("product"),
        }


class TrialBalanceQuery(BooksQuery):
    """Up to which day."""

    as_of = serializers.DateField(required=False, help_text="Last day that counts; everything when it is not given.")


class ReportQuery(BooksQuery):
    """Which days; a closed month keeps its figures when it is asked for by the day of booking."""

    from_date = serializers.DateField(required=False, help_text="First day; that of the financial year if not given.")
    to_date = serializers.DateField(required=False, help_text="Last day; the business date if not given.")
    clock = _clock(Clock.BOOKED_ON)


class BalanceSheetQuery(BooksQuery):
    """Which day."""

    clock = _clock(Clock.BOOKED_ON)
    as_of = serializers.DateField(required=False, help_text="The day; the business date if not given.")


class ReportRowSerializer(serializers.Serializer[Any]):
    """One account on the side where its kind grows, in total and by product."""

    code = serializers.CharField()
    name = serializers.CharField()
    total_paise = serializers.IntegerField()
    by_product = serializers.ListField(child=serializers.IntegerField())


class ReportPartSerializer(serializers.Serializer[Any]):
    """The accounts of one kind, and their sum."""

    rows = ReportRowSerializer(many=True)
    total_paise = serializers.IntegerField()
    by_product = serializers.ListField(child=serializers.IntegerField())


class ProfitAndLossSerializer(serializers.Serializer[Any]):
    """Income less expenses; `products` names the places of every `by_product`, "" is what has no product."""

    products = serializers.ListField(child=serializers.CharField(allow_blank=True))
    income = ReportPartSerializer()
    expenses = ReportPartSerializer()
    profit_paise = serializers.IntegerField()
    profit_by_product = serializers.ListField(child=serializers.IntegerField())


class BalanceSheetSerializer(serializers.Serializer[Any]):
    """What there is and whose it is; profit is what income and expenses made since the books began."""

    products = serializers.ListField(child=serializers.CharField(allow_blank=True))
    assets = ReportPartSerializer()
    liabilities = ReportPartSerializer()
    equity = ReportPartSerializer()
    profit_paise = serializers.IntegerField()
    profit_by_product = serializers.ListField(child=serializers.IntegerField())
    is_balanced = serializers.BooleanField()


class StatementQuery(BooksQuery):
    """Which days, and where the page begins."""

    from_date = serializers.DateField(required=False)
    to_date = serializers.DateField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=100)
    after = serializers.RegexField(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}:[0-9]{1,18}$", required=False, help_text="`next_page` of the page before."
    )


class StatementLineSerializer(serializers.Serializer[Any]):
    """One transfer seen from its account, with the balance after it: debits less credits."""

    transfer_id = serializers.IntegerField()
    journal_id = serializers.IntegerField()
    value_date = serializers.DateField()
    booked_on = serializers.DateField()
    event = serializers.CharField()
    narration = serializers.CharField()
    reference_type = serializers.CharField()
    reference_id = serializers.IntegerField()
    counter_account_code = serializers.CharField()
    counter_account_name = serializers.CharField()
    debit_paise = serializers.IntegerField()
    credit_paise = serializers.IntegerField()
    balance_paise = serializers.IntegerField()


class StatementSerializer(serializers.Serializer[Any]):
    """One page of a statement."""

    account = serializers.CharField(help_text="Code of the account.")
    opening_paise = serializers.IntegerField()
    lines = StatementLineSerializer(many=True)
    closing_paise = serializers.IntegerField()
    next_page = serializers.CharField(allow_null=True, help_text="Ask for it as `after`; null on the last page.")


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """One amount from one account to another."""

    debit_account = serializers.CharField(source="debit_account.code")
    credit_account = serializers.CharField(source="credit_account.code")

    class Meta:
        model = Transfer
        fields = ("leg", "debit_account", "credit_account", "amount_paise")


class JournalSerializer(serializers.ModelSerializer[Journal]):
    """A posting."""

    class Meta:
        model = Journal
        fields: tuple[str, ...] = (
            "id",
            "event",
            "reference_type",
            "reference_id",
            "product_code",
            "value_date",
            "booked_on",
            "recorded_at",
            "reverses_id",
            "total_paise",
            "narration",
        )


class JournalDetailSerializer(JournalSerializer):
    """A posting with its transfers."""

    transfers = TransferSerializer(many=True)

    class Meta(JournalSerializer.Meta):
        fields = (*JournalSerializer.Meta.fields, "transfers")


class JournalsQuery(serializers.Serializer[Any]):
    """Which journals."""

    reference_type = serializers.CharField(max_length=40, required=False, help_text="Kind of object, `lms.loan`.")
    reference_id = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    event = serializers.CharField(max_length=40, required=False)
    booked_on = serializers.DateField(required=False)
    value_date = serializers.DateField(required=False)


class ManualLineInput(serializers.Serializer[Any]):
    """An account with either a debit or a credit."""

    account_code = serializers.CharField(max_length=48)
    debit_paise = serializers.IntegerField(min_value=0, max_value=10**18 - 1, default=0)
    credit_paise = serializers.IntegerField(min_value=0, max_value=10**18 - 1, default=0)


class ManualJournalInput(serializers.Serializer[Any]):
    """A journal by hand, and why it is wanted."""

    lines: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=ManualLineInput(), min_length=2, max_length=100
    )
    value_date = serializers.DateField(help_text="The day that it belongs to; it is booked on this day.")
    narration = serializers.CharField(max_length=200, help_text="Without names of persons.")
    product_code = serializers.CharField(max_length=32, allow_blank=True, default="")
    reason = serializers.CharField(max_length=500)
    reason_code = serializers.CharField(max_length=40, help_text="One of the reason codes of `manual-journal`.")
