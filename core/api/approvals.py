"""Endpoints of requests that wait for a second person."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.exceptions import refusal_body
from core.api.papers import PaperSerializer
from core.api.views import KeyedView, PagedView, StaffView
from core.approvals.errors import ApprovalChanged, ApprovalExpired
from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_approve, approval_reject, approval_withdraw
from core.idempotency.services import Answer

_SEE = ("core.view_approvalrequest",)


class ApprovalSummarySerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A request: what is wanted, by whom, and how it stands."""

    made_by = serializers.CharField(source="made_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)
    address = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "description",
            "subject_type",
            "subject_id",
            "amount_paise",
            "reason",
            "state",
            "made_by",
            "made_at",
            "expires_at",
            "decided_by",
            "decided_at",
            "decision_reason",
            "result_type",
            "result_id",
            "address",
        )

    def get_address(self, request: ApprovalRequest) -> str:
        """Return where the request is read."""
        return reverse("api-approval", args=[request.pk])


class ApprovalSerializer(ApprovalSummarySerializer):
    """A request with its data, and the effect to look at before deciding."""

    payload = serializers.JSONField()
    effect = serializers.JSONField(help_text="What the act would do: figures, entries, postings, schedule.")
    papers = PaperSerializer(source="attachments", many=True)
    effect_hash = serializers.CharField(help_text="Send it back when you approve: it names the effect that you saw.")

    class Meta(ApprovalSummarySerializer.Meta):
        fields = (*ApprovalSummarySerializer.Meta.fields, "payload", "effect", "effect_hash", "recomputed_at", "papers")


class ApprovalsQuery(serializers.Serializer[Any]):
    """Which requests."""

    state = serializers.ChoiceField(choices=ApprovalState.choices, required=False)
    kind = serializers.CharField(max_length=60, required=False)
    made_by = serializers.CharField(max_length=150, required=False, help_text="User name of the maker.")


class ApproveInput(serializers.Serializer[Any]):
    """A decision to let the act happen."""

    seen_effect_hash = serializers.CharField(max_length=64, help_text="`effect_hash` as you read it.")
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class RejectInput(serializers.Serializer[Any]):
    """A decision to turn the request down."""

    reason = serializers.CharField(max_length=500, help_text="Told to the maker.")


class WithdrawInput(serializers.Serializer[Any]):
    """The maker takes the request back."""

    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class ApprovalsView(PagedView):
    """Requests for acts."""

    permissions = _SEE

    @extend_schema(
        operation_id="approvals_list",
        parameters=[ApprovalsQuery],
        responses=ApprovalSummarySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List requests, latest first."""
        asked = self.asked(ApprovalsQuery)
        names = {"state": "state", "kind": "kind", "made_by": "made_by__username"}
        wanted = {names[name]: value for name, value in asked.items()}
        rows = ApprovalRequest.objects.filter(**wanted).select_related("made_by", "decided_by")
        return self.page(rows.defer("payload", "effect"), ApprovalSummarySerializer)


class ApprovalView(StaffView):
    """One request."""

    permissions = _SEE

    @extend_schema(operation_id="approvals_read", responses=ApprovalSerializer)
    def get(self, request: Request, request_id: int) -> Response:
        """Show a request with its effect."""
        return Response(ApprovalSerializer(_request(request_id)).data)


class ApproveView(KeyedView):
    """Approval of one request."""

    permissions = _SEE

    @extend_schema(operation_id="approvals_approve", request=ApproveInput, responses=ApprovalSerializer)
    def post(self, request: Request, request_id: int) -> Response:
        """Approve a request and do its act; the permission is that of the act."""
        sent = self.sent(ApproveInput)
        _request(request_id)

        def approve() -> Answer:
            try:
                approval_approve(request_id=request_id, actor=self.actor(), **sent)
            except (ApprovalExpired, ApprovalChanged) as refusal:
                # These two leave something: the request is closed, or shows its new effect. A raise would undo it.
                return Answer(status_code=refusal.http_status, body=refusal_body(refusal))
            return _answer(request_id)

        return self.once(approve)


class RejectView(KeyedView):
    """Rejection of one request."""

    permissions = _SEE

    @extend_schema(operation_id="approvals_reject", request=RejectInput, responses=ApprovalSerializer)
    def post(self, request: Request, request_id: int) -> Response:
        """Turn a request down; the permission is that of the act."""
        sent = self.sent(RejectInput)
        _request(request_id)

        def reject() -> Answer:
            approval_reject(request_id=request_id, actor=self.actor(), **sent)
            return _answer(request_id)

        return self.once(reject)


class WithdrawView(KeyedView):
    """Withdrawal of one's own request."""

    permissions = _SEE

    @extend_schema(operation_id="approvals_withdraw", request=WithdrawInput, responses=ApprovalSerializer)
    def post(self, request: Request, request_id: int) -> Response:
        """Take one's own request back."""
        sent = self.sent(WithdrawInput)
        _request(request_id)

        def withdraw() -> Answer:
            approval_withdraw(request_id=request_id, actor=self.actor(), **sent)
            return _answer(request_id)

        return self.once(withdraw)


def _request(request_id: int) -> ApprovalRequest:
    row = ApprovalRequest.objects.select_related("made_by", "decided_by").filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return row


def _answer(request_id: int) -> Answer:
    return Answer(status_code=200, body=dict(ApprovalSerializer(_request(request_id)).data))
