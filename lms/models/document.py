"""Documents that left the house: what each one said, in which words, and the jobs that issue many at once."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class DocumentKind(models.TextChoices):
    """What a document is."""

    SCHEDULE = "SCHEDULE", "Repayment schedule"
    STATEMENT = "STATEMENT", "Statement of account"
    RECEIPT = "RECEIPT", "Receipt"
    INTEREST = "INTEREST", "Interest certificate"
    FORECLOSURE = "FORECLOSURE", "Foreclosure letter"
    NO_DUES = "NO_DUES", "No-dues certificate"
    GST_INVOICE = "GST_INVOICE", "GST invoice"
    GST_CREDIT_NOTE = "GST_CREDIT_NOTE", "GST credit note"
    GST_DEBIT_NOTE = "GST_DEBIT_NOTE", "GST debit note"


class DocumentLanguage(models.TextChoices):
    """Languages that documents are written in, by their ISO 639-1 codes in capitals."""

    EN = "EN", "English"
    HI = "HI", "हिन्दी"


class LenderProfile(models.Model):
    """How the lender is named on paper from a day on; the latest row that is in force counts, none is ever changed."""

    effective_from = models.DateField(unique=True)
    name = models.CharField(max_length=160)
    address = models.CharField(max_length=300)
    # The certificate of registration with the Reserve Bank, and the company's own number.
    registration_number = models.CharField(max_length=60)
    company_number = models.CharField(max_length=21, blank=True)
    phone = models.CharField(max_length=30)
    email = models.EmailField()
    grievance_officer = models.CharField(max_length=120)
    # Where the public page that verifies documents is reached, without a slash at its end.
    site = models.CharField(max_length=120)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        permissions = [("publish_lenderprofile", "Can publish how the lender is named on documents")]

    def __str__(self) -> str:
        return f"{self.name} from {self.effective_from}"


class DocumentJob(models.Model):
    """One kind of document for many loans."""

    class State(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"

    kind = models.CharField(max_length=16, choices=DocumentKind)
    language = models.CharField(max_length=2, choices=DocumentLanguage)
    # What every document of the job is about, such as its financial year.
    subject = models.JSONField(default=dict)
    product_code = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    loans_total = models.PositiveIntegerField()
    chunks_total = models.PositiveIntegerField()
    chunks_done = models.PositiveIntegerField(default=0)
    documents_done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [("run_documentjob", "Can issue documents for many loans at once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, job {self.pk}"


class DocumentJobChunk(models.Model):
    """A range of loans whose documents are issued in one transaction; claimed by lease and fence."""

    class State(models.TextChoices):
        PENDING = "PENDING", "Pending"
        DONE = "DONE", "Done"

    job = models.ForeignKey(DocumentJob, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first_loan_id = models.BigIntegerField()
    last_loan_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    # Nobody else works on it while the lease runs; a higher fence shuts out a worker that only slept.
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    documents = models.PositiveIntegerField(default=0)
    # Loans that got none: number and the code of the refusal.
    problems = models.JSONField(default=list)
    file = models.FileField(upload_to="documents/", blank=True)

    class Meta:
        ordering = ["job", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_document_chunk_per_number"),
            models.CheckConstraint(
                condition=Q(first_loan_id__lte=F("last_loan_id")), name="document_chunk_range_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} part {self.number}"


class Document(models.Model):
    """One document as it was issued: never changed, at most superseded by another row or withdrawn."""

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=16, choices=DocumentKind)
    financial_year = models.CharField(max_length=7)
    serial = models.PositiveIntegerField()
    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="documents", db_index=False)
    language = models.CharField(max_length=2, choices=DocumentLanguage)
    # What it is about: the day, the period, the entry. The same subject asked again gives the figures of today.
    subject = models.JSONField()
    as_of = models.DateField()
    # How many entries of the loan were known: the exact cut of the second clock.
    fact_count = models.PositiveIntegerField()
    known_at = models.DateTimeField()
    # Amounts in paise and days, without words: what a later look compares.
    figures = models.JSONField()
    # Everything that is printed, and the hash of it, of which the document shows the beginning.
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    page_form = models.PositiveSmallIntegerField()
    renderer = models.CharField(max_length=40)
    # Null until the file was made the first time, right after the row.
    pdf_sha256 = models.CharField(max_length=64, null=True, db_index=True)  # noqa: DJ001  # unset is no text
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=200, null=True)  # noqa: DJ001  # unset is no text
    job_chunk = models.ForeignKey(DocumentJobChunk, null=True, on_delete=models.PROTECT, related_name="issued")
    idempotency_key = models.CharField(max_length=96, unique=True)
    request_hash = models.CharField(max_length=64)
    issued_on = models.DateField()
    issued_at = models.DateTimeField(auto_now_add=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("issue_document", "Can issue a document"),
            ("download_document", "Can download a document, with the personal data in it"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "financial_year", "serial"], name="one_document_per_serial"),
        ]
        indexes = [models.Index(fields=["loan", "-id"], name="document_loan")]

    def __str__(self) -> str:
        return self.number
