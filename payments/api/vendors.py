"""Endpoints of vendors' health: how each does at what it is asked for, and what waits on the accounts of its money."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import StaffView
from payments.health import clearing_accounts, vendors_health

_SEE = ("payments.view_vendor",)


class HealthSerializer(serializers.Serializer[Any]):
    """One vendor's operation in the last hour, and what of it is still open."""

    vendor = serializers.CharField(source="vendor.code")
    operation = serializers.CharField()
    circuit = serializers.CharField(help_text="closed: it is asked. open: it failed too often. switched off.")
    calls = serializers.IntegerField()
    failures = serializers.IntegerField(help_text="Calls that nothing was learnt from.")
    failure_pct = serializers.IntegerField(help_text="Per cent, rounded up.")
    median_seconds = serializers.IntegerField(allow_null=True, help_text="From the first call to the final answer.")
    cost_paise = serializers.IntegerField(allow_null=True, help_text="Of one call.")
    oldest_open_at = serializers.DateTimeField(allow_null=True, help_text="Since when the oldest call is open.")
    tone = serializers.CharField(help_text="green, then amber, orange and red from 24, 48 and 72 hours on.")


class ClearingSerializer(serializers.Serializer[Any]):
    """An account that money passes through."""

    account = serializers.CharField(source="account.code")
    name = serializers.CharField(source="account.name")
    balance_paise = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True, help_text="Since when the oldest amount lies there.")
    unexplained_paise = serializers.IntegerField(help_text="What no payout or payment stands for; always 0 when well.")
    tone = serializers.CharField(help_text="green, then amber, orange and red; red for what is not explained.")


class VendorHealthView(StaffView):
    """How vendors do."""

    permissions = _SEE

    @extend_schema(operation_id="vendor_health_list", responses=HealthSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List how each vendor does at each operation that it has a route for."""
        return Response(HealthSerializer(vendors_health(), many=True).data)


class ClearingView(StaffView):
    """What waits for a counterpart."""

    permissions = _SEE

    @extend_schema(operation_id="clearing_accounts_list", responses=ClearingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the accounts that vendors' money passes through, with the age of what is unmatched on each."""
        return Response(ClearingSerializer(clearing_accounts(), many=True).data)
