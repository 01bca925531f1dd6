"""Bodies that several endpoints take."""

from typing import Any

from rest_framework import serializers

REASON_MOST = 200


class ReasonInput(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=REASON_MOST, help_text="For the next person who looks at it.")
