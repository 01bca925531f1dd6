"""Endpoints that read credit lines."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import PagedView, StaffView
from core.business_date import business_date
from lms.api.queries import KnownQuery, MomentQuery, StatementQuery
from lms.lines import line_as_of, line_by_number, line_facts, line_statement
from lms.models import CreditLine, LineFact

_SEE = ("lms.view_creditline",)


class LineSerializer(serializers.ModelSerializer[CreditLine]):
    """A credit line as its row has it."""

    customer = serializers.CharField(source="customer.number", help_text="Number of the customer.")

    class Meta:
        model = CreditLine
        fields = (
            "id",
            "number",
            "customer",
            "product_code",
            "annual_rate_pct",
            "limit_paise",
            "opened_on",
            "valid_until",
            "is_blocked",
            "closed_on",
        )


class HoldSerializer(serializers.Serializer[Any]):
    """Money set aside."""

    sequence = serializers.IntegerField()
    amount_paise = serializers.IntegerField()
    until = serializers.DateField()


class DrawdownSerializer(serializers.Serializer[Any]):
    """A loan that was drawn, on the day that was asked for."""

    loan = serializers.CharField()
    status = serializers.CharField()
    principal_paise = serializers.IntegerField()


class LineDetailSerializer(serializers.Serializer[Any]):
    """A credit line on the day that was asked for; amounts are paise."""

    line = LineSerializer()
    as_of = serializers.DateField()
    limit_paise = serializers.IntegerField()
    drawn_paise = serializers.IntegerField()
    given_up_paise = serializers.IntegerField()
    held_paise = serializers.IntegerField()
    available_paise = serializers.IntegerField()
    valid_until = serializers.DateField()
    hindrance = serializers.CharField(allow_blank=True, help_text="Why nothing can be drawn; empty when it can.")
    holds = HoldSerializer(many=True)
    drawdowns = DrawdownSerializer(many=True)


class LineRowSerializer(serializers.Serializer[Any]):
    """One entry of a statement: paise that it drew (+) or gave back (-), and the line after its day."""

    value_date = serializers.DateField()
    what = serializers.CharField()
    loan = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True)
    amount_paise = serializers.IntegerField()
    principal_paise = serializers.IntegerField()
    limit_paise = serializers.IntegerField()
    drawn_paise = serializers.IntegerField()
    available_paise = serializers.IntegerField()


class LineStatementSerializer(serializers.Serializer[Any]):
    """What happened on a line and its drawdowns."""

    line = serializers.CharField()
    from_date = serializers.DateField(allow_null=True)
    to_date = serializers.DateField()
    lines = LineRowSerializer(many=True)


class LineFactSerializer(serializers.ModelSerializer[LineFact]):
    """One entry of a line; never changed."""

    details = serializers.JSONField()
    loan = serializers.CharField(source="loan.number", default=None, allow_null=True)
    recorded_by = serializers.CharField(source="recorded_by.username", default=None, allow_null=True)

    class Meta:
        model = LineFact
        fields = (
            "id",
            "sequence",
            "kind",
            "value_date",
            "amount_paise",
            "until",
            "hold_sequence",
            "loan",
            "reference",
            "details",
            "reason",
            "recorded_on",
            "recorded_at",
            "recorded_by",
        )


class LinesQuery(serializers.Serializer[Any]):
    """Which lines."""

    customer = serializers.CharField(max_length=32, required=False, help_text="Number of the customer.")
    product = serializers.CharField(max_length=20, required=False, help_text="Code of the product.")
    is_closed = serializers.BooleanField(required=False, allow_null=True, default=None)


class LinesView(PagedView):
    """Credit lines."""

    permissions = _SEE

    @extend_schema(operation_id="lines_list", parameters=[LinesQuery], responses=LineSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List credit lines, latest first."""
        asked = self.asked(LinesQuery)
        rows = CreditLine.objects.select_related("customer")
        if "customer" in asked:
            rows = rows.filter(customer__number=asked["customer"])
        if "product" in asked:
            rows = rows.filter(product_code=asked["product"])
        if asked["is_closed"] is not None:
            rows = rows.filter(closed_on__isnull=not asked["is_closed"])
        return self.page(rows, LineSerializer)


class LineView(StaffView):
    """One credit line."""

    permissions = _SEE

    @extend_schema(operation_id="lines_read", parameters=[MomentQuery], responses=LineDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show a line as of any day, as known at any instant; before it was opened there is none."""
        line = line_of(number)
        asked = self.asked(MomentQuery)
        as_of = asked.get("as_of") or business_date()
        found = line_as_of(line=line, as_of=as_of, known_at=asked.get("known_at"))
        if found is None:
            raise NotFound
        standing = found.standing
        shown = {
            "line": line,
            "as_of": as_of,
            "limit_paise": standing.limit_paise,
            "drawn_paise": standing.drawn_paise,
            "given_up_paise": standing.given_up_paise,
            "held_paise": standing.held_paise,
            "available_paise": standing.available_paise,
            "valid_until": found.state.valid_until,
            "hindrance": standing.hindrance or "",
            "holds": found.state.holds,
            "drawdowns": [
                {"loan": loan.number, "status": state.status, "principal_paise": state.outstanding.principal}
                for loan, state in found.drawdowns
            ],
        }
        return Response(LineDetailSerializer(shown).data)


class LineStatementView(StaffView):
    """Statement of a credit line."""

    permissions = _SEE

    @extend_schema(operation_id="line_statement_read", parameters=[StatementQuery], responses=LineStatementSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show what happened on the line and its drawdowns between two days."""
        line = line_of(number)
        asked = {"from_date": None, "to_date": business_date(), **self.asked(StatementQuery)}
        rows = line_statement(line=line, **asked)
        return Response(LineStatementSerializer({"line": line.number, "lines": rows, **asked}).data)


class LineFactsView(PagedView):
    """Entries of a credit line."""

    permissions = _SEE

    @extend_schema(operation_id="line_facts_list", parameters=[KnownQuery], responses=LineFactSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        """List the entries, latest recorded first."""
        rows = line_facts(line=line_of(number), **self.asked(KnownQuery))
        return self.page(rows, LineFactSerializer)


def line_of(number: str) -> CreditLine:
    """Return the credit line with a number.

    Raises:
        NotFound: there is none.
    """
    line = line_by_number(number=number)
    if line is None:
        raise NotFound
    return line
