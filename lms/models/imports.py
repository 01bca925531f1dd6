"""Imports of loans from another book: one batch per file and map, one row per line."""

from django.conf import settings
from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models

from core.fields import PaiseField


def import_storage() -> Storage:
    """Return the storage of uploaded tapes."""
    return storages["default"]


class ImportBatch(models.Model):
    """One file under one map: uploaded, checked by a dry run, then committed in chunks."""

    class State(models.TextChoices):
        UPLOADED = "UPLOADED", "Uploaded"
        CHECKING = "CHECKING", "Dry run running"
        CHECKED = "CHECKED", "Dry run finished"
        COMMITTING = "COMMITTING", "Commit running"
        COMMITTED = "COMMITTED", "Committed"

    file = models.FileField(upload_to="imports/", storage=import_storage)
    file_name = models.CharField(max_length=120)
    file_hash = models.CharField(max_length=64)
    map_name = models.CharField(max_length=60)
    map_text = models.TextField()
    map_hash = models.CharField(max_length=64)
    product_code = models.CharField(max_length=20)
    snapshot_date = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    # Counts the dry runs begun: one that was overtaken by another stops.
    check_number = models.PositiveIntegerField(default=0)
    # Until the dry run has read the whole file, an estimate by its lines.
    rows_total = models.PositiveIntegerField(default=0)
    rows_checked = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    instalment_exact = models.PositiveIntegerField(default=0)
    balance_exact = models.PositiveIntegerField(default=0)
    explained = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    balance_paise = PaiseField(default=0)
    is_skipping_rejected = models.BooleanField(default=False)
    # Why the last dry run or commit stopped, in the words of the refusal; empty when it did not.
    refusal = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "import batches"
        permissions = [("run_import", "Can upload, check and commit loans from another book")]
        constraints = [models.UniqueConstraint(fields=["file_hash", "map_hash"], name="one_batch_per_file_and_map")]

    def __str__(self) -> str:
        return f"Import {self.pk} {self.file_name}"


class ImportRow(models.Model):
    """One line of a tape: what it says, how its replay compares, and what became of it."""

    class State(models.TextChoices):
        READY = "READY", "Ready"
        REJECTED = "REJECTED", "Rejected"
        IMPORTED = "IMPORTED", "Imported"
        UNCHANGED = "UNCHANGED", "In the book already"

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField()
    reference = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=9, choices=State)
    # The figures of the line in our units, and a fingerprint of them.
    values = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    # List of {"column", "code", "message"}; a row with any is rejected.
    problems = models.JSONField(default=list)
    instalments_paid = models.PositiveIntegerField(null=True)
    instalment_paise = PaiseField(null=True)
    instalment_difference_paise = PaiseField(null=True)
    balance_paise = PaiseField(null=True)
    balance_difference_paise = PaiseField(null=True)
    is_instalment_exact = models.BooleanField(default=False)
    is_balance_exact = models.BooleanField(default=False)
    cause = models.CharField(max_length=14, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    is_explained = models.BooleanField(default=False)
    loan = models.ForeignKey("lms.Loan", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["batch", "line"]
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="one_import_row_per_line")]
        indexes = [
            models.Index(fields=["batch", "state", "line"], name="import_row_batch_state"),
            models.Index(fields=["reference"], name="import_row_reference"),
            models.Index(fields=["loan"], name="import_row_loan"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line} {self.reference}"
