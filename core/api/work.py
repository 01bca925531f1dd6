"""Endpoints of work under way: sagas and messages, what holds them up, and what a person may do about it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.inputs import ReasonInput
from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from core.inbox.models import InboxMessage, MessageState
from core.inbox.services import message_file, message_replay
from core.sagas.models import Saga, SagaEvent, SagaState
from core.sagas.services import saga_compensate, saga_park, saga_retry
from core.selectors import saga_picture

_SEE_SAGAS = ("core.view_saga",)
_DECIDE = ("core.decide_saga",)
_SEE_MESSAGES = ("core.view_inboxmessage",)


class SagaSerializer(serializers.ModelSerializer[Saga]):
    """Work in several steps, and how it stands."""

    state = serializers.CharField()
    awaits = serializers.CharField(help_text="What lets it go on by itself when it is told, while it is parked.")
    address = serializers.SerializerMethodField()

    class Meta:
        model = Saga
        fields = (
            "id",
            "kind",
            "intent_key",
            "state",
            "problem",
            "awaits",
            "subject_type",
            "subject_id",
            "priority",
            "started_at",
            "changed_at",
            "finished_at",
            "address",
        )

    def get_address(self, saga: Saga) -> str:
        """Return where the saga is read."""
        return reverse("api-saga", args=[saga.pk])


class SagaStepSerializer(serializers.Serializer[Any]):
    """One step; those that were not reached have no state."""

    title = serializers.CharField()
    state = serializers.CharField()
    is_pivot = serializers.BooleanField(help_text="What comes after it cannot be undone by us.")
    attempts = serializers.IntegerField()
    problem = serializers.CharField()
    run_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next.")


class SagaEventSerializer(serializers.ModelSerializer[SagaEvent]):
    """One line of a saga's timeline."""

    class Meta:
        model = SagaEvent
        fields = ("at", "step", "what", "note")


class SagaDetailSerializer(serializers.Serializer[Any]):
    """A saga with its steps and its timeline."""

    saga = SagaSerializer()
    steps = SagaStepSerializer(many=True)
    events = SagaEventSerializer(many=True)


class SagasQuery(serializers.Serializer[Any]):
    """Which sagas."""

    state = serializers.ChoiceField(choices=SagaState.choices, required=False, help_text="MANUAL: needs a person.")
    kind = serializers.CharField(max_length=48, required=False, help_text="Such as `payments.payout`.")
    subject_type = serializers.CharField(max_length=60, required=False, help_text="Such as `payments.payout`.")
    subject_id = serializers.CharField(max_length=64, required=False)


class MessageSerializer(serializers.ModelSerializer[InboxMessage]):
    """A webhook or an event that reached us, without its content."""

    state = serializers.CharField()
    filed_by: "serializers.SlugRelatedField[User]" = serializers.SlugRelatedField(
        "username", read_only=True, help_text="Who has filed it, if a person did."
    )
    address = serializers.SerializerMethodField()

    class Meta:
        model = InboxMessage
        fields = (
            "id",
            "source",
            "event_id",
            "kind",
            "entity",
            "queue",
            "priority",
            "state",
            "attempts",
            "error",
            "filed_by",
            "received_at",
            "next_at",
            "applied_at",
            "address",
        )

    def get_address(self, message: InboxMessage) -> str:
        """Return where the message is read."""
        return reverse("api-message", args=[message.pk])


class MessagesQuery(serializers.Serializer[Any]):
    """Which messages."""

    state = serializers.ChoiceField(
        choices=MessageState.choices, required=False, help_text="POISON: failed. PARKED: waits for what it speaks of."
    )
    # The framework takes declared fields out of the class, so its own `source` stays what it is.
    source = serializers.CharField(max_length=60, required=False)  # type: ignore[assignment]  # the row calls it so
    kind = serializers.CharField(max_length=96, required=False)


class SagasView(PagedView):
    """Sagas."""

    permissions = _SEE_SAGAS

    @extend_schema(operation_id="sagas_list", parameters=[SagasQuery], responses=SagaSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List sagas, latest first."""
        return self.page(Saga.objects.filter(**self.asked(SagasQuery)), SagaSerializer)


class SagaView(StaffView):
    """One saga."""

    permissions = _SEE_SAGAS

    @extend_schema(operation_id="sagas_read", responses=SagaDetailSerializer)
    def get(self, request: Request, saga_id: int) -> Response:
        """Show how far a saga is, and what happened to it."""
        saga = _saga_of(saga_id)
        shown = {"saga": saga, "steps": saga_picture(saga=saga), "events": saga.events.all()}
        return Response(SagaDetailSerializer(shown).data)


class _DecisionView(KeyedView):
    permissions = _DECIDE

    def decide(self, saga_id: int, act: Callable[..., Saga]) -> Response:
        """Decide about a saga, once for each key."""
        sent = self.sent(ReasonInput)
        _saga_of(saga_id)

        def decide() -> Answer:
            saga = act(saga_id=saga_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=dict(SagaSerializer(saga).data))

        return self.once(decide)


class SagaRetryView(_DecisionView):
    """A parked saga that goes on."""

    @extend_schema(operation_id="sagas_retry", request=ReasonInput, responses=SagaSerializer)
    def post(self, request: Request, saga_id: int) -> Response:
        """Let a parked saga try the step again at which it stopped."""
        return self.decide(saga_id, saga_retry)


class SagaParkView(_DecisionView):
    """A saga that stops."""

    @extend_schema(operation_id="sagas_park", request=ReasonInput, responses=SagaSerializer)
    def post(self, request: Request, saga_id: int) -> Response:
        """Stop a saga before its next step until somebody decides."""
        return self.decide(saga_id, saga_park)


class SagaCompensateView(_DecisionView):
    """A saga that is undone."""

    @extend_schema(operation_id="sagas_compensate", request=ReasonInput, responses=SagaSerializer)
    def post(self, request: Request, saga_id: int) -> Response:
        """Undo what a saga did, if it has not passed its point of no return."""
        return self.decide(saga_id, saga_compensate)


class MessagesView(PagedView):
    """Messages."""

    permissions = _SEE_MESSAGES

    @extend_schema(operation_id="messages_list", parameters=[MessagesQuery], responses=MessageSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List messages, latest first; their content is read on their page, which keeps who did."""
        rows = InboxMessage.objects.filter(**self.asked(MessagesQuery)).select_related("filed_by")
        return self.page(rows.defer("raw", "headers"), MessageSerializer)


class MessageView(StaffView):
    """One message."""

    permissions = _SEE_MESSAGES

    @extend_schema(operation_id="messages_read", responses=MessageSerializer)
    def get(self, request: Request, message_id: int) -> Response:
        """Show where a message stands, and what it failed for."""
        return Response(MessageSerializer(_message_of(message_id)).data)


class _MessageActView(KeyedView):
    def act(self, message_id: int, change: Callable[..., InboxMessage]) -> Response:
        """Change a message, once for each key."""
        sent = self.sent(ReasonInput)
        _message_of(message_id)

        def act() -> Answer:
            message = change(message_id=message_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=dict(MessageSerializer(message).data))

        return self.once(act)


class MessageReplayView(_MessageActView):
    """A message that is tried again."""

    permissions = ("core.replay_message",)

    @extend_schema(operation_id="messages_replay", request=ReasonInput, responses=MessageSerializer)
    def post(self, request: Request, message_id: int) -> Response:
        """Let a message that is parked, failed or filed by a person be tried again at once, from its first try."""
        return self.act(message_id, message_replay)


class MessageFileView(_MessageActView):
    """A message that nobody can read."""

    permissions = ("core.file_message",)

    @extend_schema(operation_id="messages_file", request=ReasonInput, responses=MessageSerializer)
    def post(self, request: Request, message_id: int) -> Response:
        """Close a message that failed, without effect; it can be opened again by trying it again."""
        return self.act(message_id, message_file)


def _saga_of(saga_id: int) -> Saga:
    saga = Saga.objects.filter(pk=saga_id).first()
    if saga is None:
        raise NotFound
    return saga


def _message_of(message_id: int) -> InboxMessage:
    message = InboxMessage.objects.select_related("filed_by").defer("raw", "headers").filter(pk=message_id).first()
    if message is None:
        raise NotFound
    return message
