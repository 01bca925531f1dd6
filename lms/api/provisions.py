"""Endpoints that read provisions: the runs of the month-ends, and each loan's part."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import PagedView, StaffView
from lms.models import ProvisionResult, ProvisionRun

_SEE = ("lms.view_provisionrun",)


class RunSerializer(serializers.ModelSerializer[ProvisionRun]):
    """Provisions of a month-end."""

    state = serializers.ChoiceField(choices=ProvisionRun.State.choices)

    class Meta:
        model = ProvisionRun
        fields: tuple[str, ...] = (
            "id",
            "month_end",
            "number",
            "state",
            "loans_total",
            "loans_done",
            "started_at",
            "computed_at",
            "posted_on",
        )


class RunTotalSerializer(serializers.Serializer[Any]):
    """What a run comes to for a product, class and stage; amounts are paise."""

    product = serializers.CharField()
    asset_class = serializers.CharField()
    stage = serializers.IntegerField()
    loans = serializers.IntegerField()
    funded_paise = serializers.IntegerField()
    iracp_paise = serializers.IntegerField()
    ecl_paise = serializers.IntegerField()


class RunDetailSerializer(serializers.Serializer[Any]):
    """A run with its sums; `problems` are the loans that could not be worked out."""

    run = RunSerializer()
    totals = RunTotalSerializer(many=True)
    problems = serializers.JSONField()


class ResultSerializer(serializers.ModelSerializer[ProvisionResult]):
    """Provision of one loan, or of a credit line that no running loan is drawn from."""

    loan = serializers.CharField(source="loan.number", allow_null=True, default=None)
    line = serializers.CharField(source="line.number", allow_null=True, default=None)
    asset_class = serializers.CharField()

    class Meta:
        model = ProvisionResult
        fields = (
            "id",
            "loan",
            "line",
            "product_code",
            "segment",
            "asset_class",
            "stage",
            "days_past_due",
            "npa_since",
            "principal_paise",
            "interest_paise",
            "charges_paise",
            "suspended_paise",
            "undrawn_paise",
            "line_undrawn_paise",
            "funded_paise",
            "iracp_paise",
            "ecl_paise",
        )


class ResultsQuery(serializers.Serializer[Any]):
    """Which loans."""

    product = serializers.CharField(max_length=20, required=False)
    asset_class = serializers.CharField(max_length=12, required=False)
    stage = serializers.IntegerField(min_value=1, max_value=3, required=False)

    _COLUMNS = {"product": "product_code", "asset_class": "asset_class", "stage": "stage"}

    def condition(self) -> dict[str, Any]:
        """Return the question as the table takes it."""
        return {self._COLUMNS[name]: value for name, value in self.validated_data.items()}


class RunsView(PagedView):
    """Runs of provisions."""

    permissions = _SEE

    @extend_schema(operation_id="provision_runs_list", responses=RunSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the runs, latest first."""
        return self.page(ProvisionRun.objects.defer("totals", "movement", "problems"), RunSerializer)


class RunView(StaffView):
    """One run of provisions."""

    permissions = _SEE

    @extend_schema(operation_id="provision_runs_read", responses=RunDetailSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Show a run with its sums by product, class and stage."""
        run = _run_of(run_id)
        totals = [dict(zip(RunTotalSerializer().fields, row, strict=True)) for row in run.totals]
        return Response(RunDetailSerializer({"run": run, "totals": totals, "problems": run.problems}).data)


class ResultsView(PagedView):
    """Loans of a run."""

    permissions = _SEE

    @extend_schema(
        operation_id="provision_results_list", parameters=[ResultsQuery], responses=ResultSerializer(many=True)
    )
    def get(self, request: Request, run_id: int) -> Response:
        """List the part of each loan, and of each undrawn line, of a run."""
        rows = ProvisionResult.objects.filter(run=_run_of(run_id), **self.query(ResultsQuery).condition())
        return self.page(rows.select_related("loan", "line"), ResultSerializer)


def _run_of(run_id: int) -> ProvisionRun:
    run = ProvisionRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run
