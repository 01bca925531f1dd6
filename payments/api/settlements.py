"""Endpoints of settlements: what each is made of, what nobody can explain, and its credit at the bank."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import KeyedView, PagedView, StaffView
from core.business_date import business_date
from core.idempotency.services import Answer
from payments.api.rows import row_of, rows_of
from payments.models import PartKind, Settlement, SettlementPart, SettlementStanding
from payments.services.settlement_parts import settlement_credit_seen, settlement_problems
from payments.settlement_selectors import credit_days, settlement_sums

_SEE = ("payments.view_settlement",)
# A report may have ten thousand lines that nobody knows; all of them are counted.
_SHOWN = 200


class SettlementSerializer(serializers.ModelSerializer[Settlement]):
    """Money that a gateway says it has paid to our bank, less its fees."""

    vendor = serializers.CharField(source="vendor.code")
    standing = serializers.CharField()
    difference_paise = serializers.IntegerField(help_text="What it is more than its parts; 0 while they are not known.")
    credited_by = serializers.CharField(source="credited_by.username", default=None, allow_null=True)
    address = serializers.SerializerMethodField()

    class Meta:
        model = Settlement
        fields = (
            "id",
            "vendor",
            "vendor_reference",
            "amount_paise",
            "fee_paise",
            "tax_paise",
            "utr",
            "booked_on",
            "told_at",
            "standing",
            "parts_paise",
            "difference_paise",
            "credited_on",
            "credited_by",
            "address",
        )

    def get_address(self, settlement: Settlement) -> str:
        """Return where the settlement is read."""
        return reverse("api-settlement", args=[settlement.pk])


class PartSerializer(serializers.ModelSerializer[SettlementPart]):
    """One line of the gateway's report: what it adds to a settlement, or takes from it."""

    kind = serializers.CharField()
    payment = serializers.CharField(source="payment.number", default=None, allow_null=True)
    loan = serializers.CharField(source="payment.loan.number", default=None, allow_null=True)

    class Meta:
        model = SettlementPart
        fields = (
            "id",
            "kind",
            "vendor_reference",
            "payment",
            "loan",
            "amount_paise",
            "fee_paise",
            "tax_paise",
            "net_paise",
            "utr",
        )


class PartSumSerializer(serializers.Serializer[Any]):
    """All parts of a kind together; the fee without its tax."""

    kind = serializers.CharField()
    count = serializers.IntegerField()
    amount_paise = serializers.IntegerField()
    fee_paise = serializers.IntegerField()
    tax_paise = serializers.IntegerField()
    net_paise = serializers.IntegerField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Why it is not explained, and what a person does about it."""

    what = serializers.CharField()
    todo = serializers.CharField()


class SettlementDetailSerializer(serializers.Serializer[Any]):
    """A settlement, what it comes to, and what does not add up."""

    settlement = SettlementSerializer()
    sums = PartSumSerializer(many=True)
    problems = ProblemSerializer(many=True, help_text=f"The first {_SHOWN} of them.")
    problem_count = serializers.IntegerField()
    credit_days = serializers.IntegerField(allow_null=True, help_text="For how long its credit was not seen.")
    is_late = serializers.BooleanField(help_text="Its credit takes longer than the thresholds give it.")


class SettlementsQuery(serializers.Serializer[Any]):
    """Which settlements."""

    vendor = serializers.CharField(max_length=24, required=False, help_text="Code of the vendor.")
    standing = serializers.ChoiceField(choices=SettlementStanding.values, required=False)
    utr = serializers.CharField(max_length=35, required=False)
    is_credited = serializers.BooleanField(required=False, help_text="Its credit was seen on the bank's statement.")


class PartsQuery(serializers.Serializer[Any]):
    """Which lines."""

    kind = serializers.ChoiceField(choices=PartKind.values, required=False)
    is_known = serializers.BooleanField(required=False, help_text="The payment is one of ours.")


class CreditInput(serializers.Serializer[Any]):
    """The credit as it stands on the bank's statement."""

    utr = serializers.CharField(max_length=35)
    amount_paise = serializers.IntegerField(help_text="In paise.")
    credited_on = serializers.DateField(help_text="Day of the credit.")


class SettlementsView(PagedView):
    """Settlements."""

    permissions = _SEE

    @extend_schema(
        operation_id="settlements_list", parameters=[SettlementsQuery], responses=SettlementSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List settlements, latest first."""
        asked = self.asked(SettlementsQuery)
        rows = _settlements()
        if (is_credited := asked.pop("is_credited", None)) is not None:
            rows = rows.filter(credited_on__isnull=not is_credited)
        return self.page(rows_of(rows, asked, vendor="vendor__code"), SettlementSerializer)


class SettlementView(StaffView):
    """One settlement."""

    permissions = _SEE

    @extend_schema(operation_id="settlements_read", responses=SettlementDetailSerializer)
    def get(self, request: Request, settlement_id: int) -> Response:
        """Show what a settlement is made of, and what nobody can explain."""
        return Response(_shown(row_of(_settlements(), pk=settlement_id)))


class SettlementPartsView(PagedView):
    """Lines of a settlement."""

    permissions = _SEE

    @extend_schema(operation_id="settlement_parts_list", parameters=[PartsQuery], responses=PartSerializer(many=True))
    def get(self, request: Request, settlement_id: int) -> Response:
        """List the lines of a settlement, latest first."""
        asked = self.asked(PartsQuery)
        rows = row_of(_settlements(), pk=settlement_id).parts.select_related("payment__loan")
        if (is_known := asked.pop("is_known", None)) is not None:
            rows = rows.filter(payment__isnull=not is_known)
        return self.page(rows_of(rows, asked), PartSerializer)


class SettlementCreditView(KeyedView):
    """A credit on the statement."""

    permissions = ("payments.confirm_settlement",)

    @extend_schema(operation_id="settlements_credit", request=CreditInput, responses=SettlementSerializer)
    def post(self, request: Request, settlement_id: int) -> Response:
        """Note that a settlement's credit stands on our bank's statement, as it is written there."""
        sent = self.sent(CreditInput)
        row_of(_settlements(), pk=settlement_id)

        def note() -> Answer:
            row = settlement_credit_seen(settlement_id=settlement_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=dict(SettlementSerializer(row).data))

        return self.once(note)


def _settlements() -> QuerySet[Settlement]:
    return Settlement.objects.select_related("vendor", "credited_by")


def _shown(settlement: Settlement) -> dict[str, Any]:
    parts = list(settlement.parts.select_related("payment").order_by("kind", "pk"))
    problems = settlement_problems(settlement=settlement, parts=parts)
    credit = credit_days(settlement=settlement, today=business_date())
    shown = {
        "settlement": settlement,
        "sums": settlement_sums(parts=parts),
        "problems": problems[:_SHOWN],
        "problem_count": len(problems),
        "credit_days": credit.days if credit else None,
        "is_late": credit is not None and credit.is_late,
    }
    return dict(SettlementDetailSerializer(shown).data)
