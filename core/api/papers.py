"""Papers of requests: sent with an act, and read by who may decide on it."""

import binascii
from base64 import b64decode
from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from core.api.views import StaffView
from core.approvals.models import ApprovalAttachment
from core.approvals.papers import ENDINGS, MAX_BYTES, may_read_paper, paper_problem
from core.approvals.services import Attachment

# Four characters for three bytes, and the last ones filled up.
_MAX_CHARACTERS: Final = (MAX_BYTES + 2) // 3 * 4


class PaperInput(serializers.Serializer[Any]):
    """A paper for the person who decides."""

    name = serializers.CharField(max_length=120, help_text=f"With its ending: {', '.join(ENDINGS)}.")
    content = serializers.CharField(max_length=_MAX_CHARACTERS, help_text="The file in base 64, up to 5 MB.")

    def validate(self, sent: dict[str, Any]) -> Attachment:
        """Return the paper.

        Raises:
            ValidationError: it is no base 64, too large, or of a kind that nobody can look at.
        """
        try:
            content = b64decode(sent["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise serializers.ValidationError({"content": "This is no base 64."}) from error
        if problem := paper_problem(name=sent["name"], size=len(content)):
            raise serializers.ValidationError({"name": problem})
        return Attachment(name=sent["name"], content=content)


class PaperSerializer(serializers.ModelSerializer[ApprovalAttachment]):
    """A paper that came with a request."""

    address = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalAttachment
        fields = ("id", "name", "content_hash", "uploaded_at", "address")

    def get_address(self, paper: ApprovalAttachment) -> str:
        """Return where the file is read."""
        return reverse("api-approval-paper", args=[paper.request_id, paper.pk])


class PaperView(StaffView):
    """The file of a paper."""

    permissions = ("core.view_approvalrequest",)

    @extend_schema(
        operation_id="approval_paper_read",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file.")},
    )
    def get(self, request: Request, request_id: int, paper_id: int) -> HttpResponse:
        """Download a paper; for who made its request, and who may decide on it."""
        rows = ApprovalAttachment.objects.select_related("request")
        paper = rows.filter(pk=paper_id, request_id=request_id).first()
        if paper is None:
            raise NotFound
        if not may_read_paper(paper=paper, user=self.actor()):
            raise PermissionDenied
        with paper.file.open("rb") as file:
            content = file.read()
        where = content_disposition_header(as_attachment=True, filename=paper.name) or "attachment"
        return HttpResponse(content, content_type="application/octet-stream", headers={"Content-Disposition": where})
