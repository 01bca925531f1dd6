"""Endpoints of what late transfers cost: the dated rules, and every amount that was booked."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.inputs import ReasonInput
from core.api.views import KeyedView, PagedView
from core.idempotency.services import Answer
from payments.api.rows import rows_of
from payments.models import CompensationRule, PayoutCompensation, Rail
from payments.services.compensations import CompensationTerms, compensation_rule_publish
from payments.services.vendors import COMPENSATION, COMPENSATION_OWED


class CompensationSerializer(serializers.ModelSerializer[PayoutCompensation]):
    """What is owed to a borrower for a payout that took too long."""

    payout = serializers.CharField(source="payout.number")
    loan = serializers.CharField(source="payout.loan.number")
    rail = serializers.CharField(source="rule.rail")

    class Meta:
        model = PayoutCompensation
        fields = (
            "id",
            "payout",
            "loan",
            "rail",
            "sent_on",
            "ended_on",
            "late_days",
            "amount_paise",
            "booked_on",
        )


class CompensationRuleSerializer(serializers.ModelSerializer[CompensationRule]):
    """What a late transfer on a rail costs from a day on."""

    rail = serializers.CharField()

    class Meta:
        model = CompensationRule
        fields = ("id", "rail", "valid_from", "free_days", "paise_per_day", "expense_code", "owed_code", "source")


class CompensationsQuery(serializers.Serializer[Any]):
    """Which amounts."""

    payout = serializers.CharField(max_length=20, required=False, help_text="Number of the payout.")
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")
    booked_on = serializers.DateField(required=False)


class CompensationRulesQuery(serializers.Serializer[Any]):
    """Which rules."""

    rail = serializers.ChoiceField(choices=Rail.values, required=False)


class CompensationRuleInput(ReasonInput):
    """A rule to be; it counts for transfers that are sent from that day on."""

    rail = serializers.ChoiceField(choices=Rail.choices)
    valid_from = serializers.DateField(help_text="The business date or later.")
    free_days = serializers.IntegerField(min_value=0, max_value=30, help_text="Days of the calendar after the first.")
    paise_per_day = serializers.IntegerField(help_text="Of each further day, in paise.")
    expense_code = serializers.CharField(max_length=32, default=COMPENSATION)
    owed_code = serializers.CharField(max_length=32, default=COMPENSATION_OWED)
    # The framework takes declared fields out of the class, so its own `source` stays what it is.
    source = serializers.CharField(  # type: ignore[assignment]  # the row calls it so
        max_length=200, help_text="The circular or the policy."
    )


class CompensationsView(PagedView):
    """Compensation."""

    permissions = ("payments.view_payoutcompensation",)

    @extend_schema(
        operation_id="compensations_list",
        parameters=[CompensationsQuery],
        responses=CompensationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List what was booked for late payouts, latest first; it is owed on the account that the rule names."""
        columns = {"payout": "payout__number", "loan": "payout__loan__number"}
        rows = PayoutCompensation.objects.select_related("payout__loan", "rule")
        return self.page(rows_of(rows, self.asked(CompensationsQuery), **columns), CompensationSerializer)


class CompensationRulesView(PagedView):
    """Rules of compensation."""

    permissions = ("payments.view_compensationrule",)

    @extend_schema(
        operation_id="compensation_rules_list",
        parameters=[CompensationRulesQuery],
        responses=CompensationRuleSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List what late transfers cost, the rule that was published last first."""
        rows = rows_of(CompensationRule.objects.all(), self.asked(CompensationRulesQuery))
        return self.page(rows, CompensationRuleSerializer)


class CompensationRulePublishView(KeyedView):
    """A new rule."""

    permissions = ("payments.publish_compensationrule",)

    @extend_schema(
        operation_id="compensation_rules_publish",
        request=CompensationRuleInput,
        responses={201: CompensationRuleSerializer},
    )
    def post(self, request: Request) -> Response:
        """Publish what a late transfer on a rail costs from a day on; no row is ever changed."""
        sent = self.sent(CompensationRuleInput)
        rail = Rail(sent.pop("rail"))
        terms = CompensationTerms(**{name: sent.pop(name) for name in CompensationTerms.__slots__})

        def publish() -> Answer:
            rule = compensation_rule_publish(rail=rail, terms=terms, actor=self.actor(), **sent)
            return Answer(status_code=201, body=dict(CompensationRuleSerializer(rule).data))

        return self.once(publish)
