"""Endpoint that posts many receipts: each on its own, so that a refused one leaves the others alone."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import DONE, WAITING
from core.api.errors import NotFound as NothingThere
from core.api.exceptions import refusal_body
from core.api.schema import RefusalSerializer
from core.api.views import KeyedView, answered
from core.errors import KistError
from core.idempotency.services import Answer, request_answer_keep, request_replay
from lms.acts import act_of
from lms.acts.inputs import ReceiptInput
from lms.api.acts import Sent, act_answer
from lms.api.loans import loan_of

MOST = 200
REFUSED = "REFUSED"
_ACT = act_of(slug="receipt")
_OUTSIDE = ("loan", "reason")


class ReceiptLineSerializer(ReceiptInput):
    """One receipt of a loan."""

    loan = serializers.CharField(max_length=64, help_text="Number of the loan.")
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class ReceiptsInput(serializers.Serializer[Any]):
    """Receipts in the order in which they are posted."""

    receipts: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=ReceiptLineSerializer(), min_length=1, max_length=MOST
    )


class ReceiptOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one receipt."""

    position = serializers.IntegerField(help_text="Place in the list that was sent, from 0.")
    loan = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[DONE, WAITING, REFUSED])
    address = serializers.CharField(allow_null=True, help_text="Of the loan, or of the request that waits.")
    sequence = serializers.IntegerField(allow_null=True, help_text="The new entry of the loan.")
    refusal = RefusalSerializer(allow_null=True)


class ReceiptsSerializer(serializers.Serializer[Any]):
    """What became of each receipt."""

    done = serializers.IntegerField()
    waiting = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = ReceiptOutcomeSerializer(many=True)


class BulkReceiptsView(KeyedView):
    """Many receipts."""

    permissions = (_ACT.permission,)

    @extend_schema(operation_id="receipts_post_many", request=ReceiptsInput, responses=ReceiptsSerializer)
    def post(self, request: Request) -> Response:
        """Post up to 200 receipts, each in a transaction of its own.

        A repeat with the same key gives the first answer. One that was cut off goes on where it stopped: what was
        posted is found by its own key.
        """
        scope, key, content = self.scope(), self.key(), self.content()
        sent = self.sent(ReceiptsInput)["receipts"]
        if earlier := request_replay(scope=scope, key=key, content=content):
            return answered(earlier)
        results = [self._post(position, line) for position, line in enumerate(sent)]
        counts = {
            name: sum(result["outcome"] == outcome for result in results)
            for name, outcome in (("done", DONE), ("waiting", WAITING), ("refused", REFUSED))
        }
        answer = Answer(status_code=200, body={**counts, "results": results})
        kept = request_answer_keep(scope=scope, key=key, content=content, answer=answer, owner=self.actor())
        return answered(kept)

    def _post(self, position: int, line: dict[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in line.items() if name not in _OUTSIDE}
        result: dict[str, Any] = {"position": position, "loan": line["loan"], "address": None, "sequence": None}
        try:
            answer = act_answer(
                act=_ACT,
                loan=loan_of(line["loan"]),
                sent=Sent(values=values, reason=line["reason"], reason_code=""),
                actor=self.actor(),
                key=f"{self.service_key()}:{position}",
            )
        except NotFound:
            return {**result, "outcome": REFUSED, "refusal": refusal_body(NothingThere())}
        except KistError as refusal:
            return {**result, "outcome": REFUSED, "refusal": refusal_body(refusal)}
        body = answer.body
        fact = body.get("fact")
        return {
            **result,
            "outcome": body["outcome"],
            "address": body["address"],
            "sequence": fact["sequence"] if fact else None,
            "refusal": None,
        }
