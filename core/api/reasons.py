"""Endpoint of the reason codes."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import StaffView
from core.business_date import business_date
from core.reasons.models import ReasonCode
from core.reasons.services import reason_codes


class ReasonCodeSerializer(serializers.ModelSerializer[ReasonCode]):
    """A reason that an act may be done for."""

    class Meta:
        model = ReasonCode
        fields = ("act_group", "code", "text", "active_from", "active_until")


class ReasonCodesQuery(serializers.Serializer[Any]):
    """Of which act, on which day."""

    act = serializers.CharField(max_length=40, help_text="The act as its address names it, such as `waive`.")
    on_date = serializers.DateField(required=False, help_text="The business date when it is not given.")


class ReasonCodesView(StaffView):
    """Reason codes of an act."""

    permissions = ("core.view_reasoncode",)

    @extend_schema(
        operation_id="reason_codes_list", parameters=[ReasonCodesQuery], responses=ReasonCodeSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List the codes in force: those of the act, and those of all acts."""
        asked = self.asked(ReasonCodesQuery)
        rows = reason_codes(act=asked["act"], on_date=asked.get("on_date") or business_date())
        return Response(ReasonCodeSerializer(rows, many=True).data)
