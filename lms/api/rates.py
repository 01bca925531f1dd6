"""Endpoints of changes of rates: begin one, see what it means for each loan, set its jobs going."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import WorkersUnreachable
from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from lms import tasks
from lms.models import Benchmark, Product, RateCampaign, RateChoice, RateNotice
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_summary

_SEE = ("lms.view_ratecampaign",)
_CHANGE = ("lms.change_rate",)
_PCT: dict[str, Any] = {"max_digits": 9, "decimal_places": 4, "required": False}


class RateChangeSerializer(serializers.ModelSerializer[RateCampaign]):
    """A change of rates."""

    benchmark = serializers.CharField(source="benchmark.code", default=None, allow_null=True)
    product = serializers.CharField(source="product.code", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=RateCampaign.State.choices)

    class Meta:
        model = RateCampaign
        fields: tuple[str, ...] = (
            "id",
            "state",
            "benchmark",
            "new_rate_pct",
            "product",
            "delta_pct",
            "effective_date",
            "reason",
            "announced_on",
            "finished_at",
        )


class ProgressSerializer(serializers.Serializer[Any]):
    """How far it is: loans by state, and sums in paise over those that it is possible for."""

    loans = serializers.IntegerField()
    pending = serializers.IntegerField()
    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    undone = serializers.IntegerField()
    principal_paise = serializers.IntegerField()
    before_instalment_paise = serializers.IntegerField()
    after_instalment_paise = serializers.IntegerField()


class RateChangeDetailSerializer(serializers.Serializer[Any]):
    """A change of rates and how far it is."""

    change = RateChangeSerializer()
    progress = ProgressSerializer()


class NoticeSerializer(serializers.ModelSerializer[RateNotice]):
    """What a change means for one loan."""

    loan = serializers.CharField(source="loan.number")
    options = serializers.JSONField(help_text="Instalment in paise and number of instalments left, by choice.")
    state = serializers.ChoiceField(choices=RateNotice.State.choices)
    choice = serializers.ChoiceField(choices=RateChoice.choices)

    class Meta:
        model = RateNotice
        fields = (
            "id",
            "loan",
            "state",
            "old_rate_pct",
            "new_rate_pct",
            "choice",
            "is_chosen",
            "principal_paise",
            "before_instalment_paise",
            "before_count",
            "after_instalment_paise",
            "after_count",
            "options",
            "send_by",
            "announced_on",
            "refusal_code",
            "refusal",
        )


class NoticesQuery(serializers.Serializer[Any]):
    """Which loans of the change."""

    state = serializers.ChoiceField(choices=RateNotice.State.choices, required=False)


class RateChangeInput(serializers.Serializer[Any]):
    """A change to be worked out: a benchmark's new value, or a difference for a product."""

    benchmark: serializers.SlugRelatedField[Benchmark] = serializers.SlugRelatedField(
        slug_field="code", queryset=Benchmark.objects.all(), required=False, help_text="Code of the benchmark."
    )
    new_rate_pct = serializers.DecimalField(help_text="Its new value, in per cent a year.", **_PCT)
    product: serializers.SlugRelatedField[Product] = serializers.SlugRelatedField(
        slug_field="code", queryset=Product.objects.all(), required=False, help_text="Or the code of a product."
    )
    delta_pct = serializers.DecimalField(help_text="By how much its rates move; below zero: down.", **_PCT)
    effective_date = serializers.DateField(help_text="The new rates count from this day.")
    default_choice = serializers.ChoiceField(
        choices=RateChoice.choices, required=False, help_text="For borrowers who do not choose."
    )
    reason = serializers.CharField(max_length=200)


class RateChangesView(PagedView):
    """Changes of rates."""

    permissions = _SEE

    @extend_schema(operation_id="rate_changes_list", responses=RateChangeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List changes of rates, latest first."""
        return self.page(RateCampaign.objects.select_related("benchmark", "product"), RateChangeSerializer)


class RateChangeView(StaffView):
    """One change of rates."""

    permissions = _SEE

    @extend_schema(operation_id="rate_changes_read", responses=RateChangeDetailSerializer)
    def get(self, request: Request, campaign_id: int) -> Response:
        """Show a change and how far it is."""
        return Response(_shown(campaign_of(campaign_id)))


class RateNoticesView(PagedView):
    """Loans of a change of rates."""

    permissions = _SEE

    @extend_schema(operation_id="rate_notices_list", parameters=[NoticesQuery], responses=NoticeSerializer(many=True))
    def get(self, request: Request, campaign_id: int) -> Response:
        """List what a change means loan by loan."""
        rows = campaign_of(campaign_id).notices.select_related("loan").filter(**self.asked(NoticesQuery))
        return self.page(rows, NoticeSerializer)


class RateChangeBeginView(KeyedView):
    """A new change of rates."""

    permissions = _CHANGE

    @extend_schema(
        operation_id="rate_changes_begin", request=RateChangeInput, responses={201: RateChangeDetailSerializer}
    )
    def post(self, request: Request) -> Response:
        """Begin a change of rates, and hand it to the workers; no loan changes before it is announced."""
        sent = self.sent(RateChangeInput)

        def begin() -> Answer:
            campaign = rate_campaign_create(idempotency_key=self.service_key(), actor=self.actor(), **sent)
            address = reverse("api-rate-change", args=[campaign.pk])
            return Answer(status_code=201, body={**_shown(campaign), "address": address})

        answer = self.once(begin)
        _send(tasks.rate_campaign_prepare, answer.data["change"]["id"])
        return answer


class _JobView(KeyedView):
    permissions = _CHANGE

    def start(self, task: Any, campaign_id: int) -> Response:
        """Hand a job to the workers, once for each key."""
        campaign = campaign_of(campaign_id)
        answer = self.once(lambda: Answer(status_code=202, body=_shown(campaign)))
        _send(task, campaign.pk)
        return answer


class RateChangePrepareView(_JobView):
    """Work that stopped."""

    @extend_schema(operation_id="rate_changes_prepare", request=None, responses={202: RateChangeDetailSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Go on working a change out where a stopped job was."""
        return self.start(tasks.rate_campaign_prepare, campaign_id)


class RateChangeRunView(_JobView):
    """The day of the new rates."""

    @extend_schema(operation_id="rate_changes_run", request=None, responses={202: RateChangeDetailSerializer})
    def post(self, request: Request, campaign_id: int) -> Response:
        """Give the loans of an announced change their new rate; those that have it are left alone."""
        return self.start(tasks.rate_campaign_run, campaign_id)


def campaign_of(campaign_id: int) -> RateCampaign:
    """Return a change of rates.

    Raises:
        NotFound: there is none.
    """
    campaign = RateCampaign.objects.select_related("benchmark", "product").filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound
    return campaign


def notice_of(notice_id: int) -> RateNotice:
    """Return a notice of a new rate.

    Raises:
        NotFound: there is none.
    """
    notice = RateNotice.objects.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    return notice


def _shown(campaign: RateCampaign) -> dict[str, Any]:
    shown = {"change": campaign, "progress": rate_campaign_summary(campaign=campaign)}
    return dict(RateChangeDetailSerializer(shown).data)


def _send(task: Any, campaign_id: int) -> None:
    """Hand a job to the workers, who do it once however often they are told.

    Raises:
        WorkersUnreachable: no worker can be told now.
    """
    try:
        task.apply_async(kwargs={"campaign_id": campaign_id}, retry=False)
    except OperationalError as error:
        raise WorkersUnreachable() from error
