"""Endpoints of documents: issue one, read it, download its file, and have many issued."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from kombu.exceptions import OperationalError
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import WorkersUnreachable
from core.api.views import KeyedView, PagedView, StaffView, answered
from core.idempotency.services import Answer, request_answer_keep, request_replay
from lms.api.loans import loan_of
from lms.documents.cases import Subject
from lms.documents.issuing import document_download, document_issue
from lms.documents.jobs import document_job_create
from lms.models.document import Document, DocumentJob, DocumentKind, DocumentLanguage
from lms.tasks import documents_bulk

_SEE = ("lms.view_document",)
_LIGHT = ("content", "figures")


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document as it was issued."""

    loan = serializers.CharField(source="loan.number")
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    language = serializers.ChoiceField(choices=DocumentLanguage.choices)
    subject = serializers.JSONField()
    supersedes = serializers.CharField(source="supersedes.number", default=None, allow_null=True)
    address = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = (
            "id",
            "number",
            "kind",
            "loan",
            "language",
            "subject",
            "as_of",
            "known_at",
            "issued_on",
            "content_hash",
            "pdf_sha256",
            "supersedes",
            "withdrawn_at",
            "address",
            "file",
        )

    def get_address(self, document: Document) -> str:
        """Return where the document is read."""
        return reverse("api-document", args=[document.number])

    def get_file(self, document: Document) -> str:
        """Return where its file is."""
        return reverse("api-document-file", args=[document.number])


class SubjectInput(serializers.Serializer[Any]):
    """What a document is about; which fields count follows from its kind."""

    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    language = serializers.ChoiceField(choices=DocumentLanguage.choices, default=DocumentLanguage.EN.value)
    as_of = serializers.DateField(required=False)
    from_date = serializers.DateField(required=False)
    year = serializers.IntegerField(
        required=False, min_value=1900, max_value=2200, help_text="The year in which the financial year begins."
    )


class IssueInput(SubjectInput):
    """A document of one loan."""

    sequence = serializers.IntegerField(required=False, help_text="The entry that a receipt is of.")
    tax_number = serializers.CharField(max_length=16, required=False, help_text="Number of a GST invoice or note.")
    quote = serializers.CharField(max_length=20, required=False, help_text="Number of a stored foreclosure quote.")
    known_at = serializers.DateTimeField(required=False, help_text="What was recorded later does not count.")


class JobInput(SubjectInput):
    """Documents of many loans."""

    product_code = serializers.CharField(max_length=20, required=False, help_text="Loans of one product only.")


class DocumentsQuery(serializers.Serializer[Any]):
    """Which documents."""

    loan = serializers.CharField(max_length=64, required=False, help_text="Number of the loan.")
    kind = serializers.ChoiceField(choices=DocumentKind.choices, required=False)


class JobSerializer(serializers.ModelSerializer[DocumentJob]):
    """Documents for many loans, and how far the workers are."""

    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    language = serializers.ChoiceField(choices=DocumentLanguage.choices)
    state = serializers.ChoiceField(choices=DocumentJob.State.choices)
    subject = serializers.JSONField()
    address = serializers.SerializerMethodField()

    class Meta:
        model = DocumentJob
        fields = (
            "id",
            "kind",
            "language",
            "subject",
            "product_code",
            "state",
            "loans_total",
            "chunks_total",
            "chunks_done",
            "documents_done",
            "refused",
            "created_at",
            "finished_at",
            "address",
        )

    def get_address(self, job: DocumentJob) -> str:
        """Return where the job is watched."""
        return reverse("api-document-job", args=[job.pk])


class DocumentsView(PagedView):
    """Documents."""

    permissions = _SEE

    @extend_schema(operation_id="documents_list", parameters=[DocumentsQuery], responses=DocumentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List documents, latest first."""
        asked = self.asked(DocumentsQuery)
        rows = Document.objects.select_related("loan", "supersedes").defer(*_LIGHT)
        if "loan" in asked:
            rows = rows.filter(loan=loan_of(asked["loan"]))
        if "kind" in asked:
            rows = rows.filter(kind=asked["kind"])
        return self.page(rows, DocumentSerializer)


class DocumentView(StaffView):
    """One document."""

    permissions = _SEE

    @extend_schema(operation_id="documents_read", responses=DocumentSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show a document: what it is about, and the hashes that prove it."""
        return Response(DocumentSerializer(_document_of(number)).data)


class FileView(StaffView):
    """The file of a document."""

    permissions = ("lms.download_document",)

    @extend_schema(
        operation_id="document_file_read",
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "The file.")},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Download the file; the audit trail says who did."""
        document, pdf = document_download(document_id=_document_of(number).pk, actor=self.actor())
        name = f'attachment; filename="{document.number}.pdf"'
        return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": name})


class IssueView(KeyedView):
    """A new document."""

    permissions = ("lms.issue_document",)

    @extend_schema(operation_id="documents_issue", request=IssueInput, responses={201: DocumentSerializer})
    def post(self, request: Request, number: str) -> Response:
        """Issue a document of a loan.

        The file is made after its row is committed, so the answer is kept afterwards: a repeat finds the document.
        """
        loan = loan_of(number)
        sent = self.sent(IssueInput)
        scope, key, content = self.scope(), self.key(), self.content()
        if earlier := request_replay(scope=scope, key=key, content=content):
            return answered(earlier)
        kind, language = DocumentKind(sent.pop("kind")), DocumentLanguage(sent.pop("language"))
        document = document_issue(
            loan_id=loan.pk,
            kind=kind,
            language=language,
            subject=Subject(**sent),
            idempotency_key=self.service_key(),
            actor=self.actor(),
        )
        answer = Answer(status_code=201, body=dict(DocumentSerializer(document).data))
        kept = request_answer_keep(scope=scope, key=key, content=content, answer=answer, owner=self.actor())
        return answered(kept)


class JobsView(PagedView):
    """Jobs."""

    permissions = ("lms.view_documentjob",)

    @extend_schema(operation_id="document_jobs_list", responses=JobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the jobs, latest first."""
        return self.page(DocumentJob.objects.all(), JobSerializer)


class JobView(StaffView):
    """One job."""

    permissions = ("lms.view_documentjob",)

    @extend_schema(operation_id="document_jobs_read", responses=JobSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        """Show how far a job is."""
        job = DocumentJob.objects.filter(pk=job_id).first()
        if job is None:
            raise NotFound
        return Response(JobSerializer(job).data)


class JobStartView(KeyedView):
    """A new job."""

    permissions = ("lms.run_documentjob",)

    @extend_schema(operation_id="document_jobs_start", request=JobInput, responses={201: JobSerializer})
    def post(self, request: Request) -> Response:
        """Have one kind of document issued for many loans; the workers are told again with each repeat."""
        sent = self.sent(JobInput)
        kind, language = DocumentKind(sent.pop("kind")), DocumentLanguage(sent.pop("language"))
        product_code = sent.pop("product_code", "")

        def create() -> Answer:
            job = document_job_create(
                kind=kind,
                language=language,
                subject=Subject(**sent),
                product_code=product_code,
                idempotency_key=self.service_key(),
                actor=self.actor(),
            )
            return Answer(status_code=201, body=dict(JobSerializer(job).data))

        answer = self.once(create)
        try:
            documents_bulk.apply_async(kwargs={"job_id": answer.data["id"]}, retry=False)
        except OperationalError as error:
            raise WorkersUnreachable() from error
        return answer


def _document_of(number: str) -> Document:
    rows = Document.objects.select_related("loan", "supersedes").defer(*_LIGHT)
    document = rows.filter(number=number.upper()).first()
    if document is None:
        raise NotFound
    return document
