"""What becomes of bureau files: sent, answered, rejected records, and disputes of borrowers."""

from django.db import models
from django.db.models import F, Q

from core.fields import PaiseField, RecordedAtField
from lms.models.bureau import Bureau, BureauCycle, BureauParameters, BureauRecord, staff_key


class BureauSubmission(models.Model):
    """The file of a cycle for one credit information company."""

    class State(models.TextChoices):
        """How far the file got."""

        BUILT = "BUILT", "Built"
        SENT = "SENT", "Sent"
        ACCEPTED = "ACCEPTED", "Accepted"
        PARTLY = "PARTLY", "Accepted in part"
        REJECTED = "REJECTED", "Rejected as a whole"

    cycle = models.ForeignKey(BureauCycle, on_delete=models.PROTECT, related_name="submissions")
    bureau = models.CharField(max_length=8, choices=Bureau)
    member_code = models.CharField(max_length=30)
    member_name = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=State, default=State.BUILT)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    # What the bureau gave when it took the file.
    reference = models.CharField(max_length=64, blank=True)
    sent_on = models.DateField(null=True)
    sent_by = staff_key()
    is_late = models.BooleanField(default=False)
    answered_on = models.DateField(null=True)
    answered_by = staff_key()
    rejected_records = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["cycle", "bureau"]
        constraints = [models.UniqueConstraint(fields=["cycle", "bureau"], name="one_submission_per_bureau")]

    def __str__(self) -> str:
        return f"{self.get_bureau_display()}, {self.cycle.reference_date}"


class BureauRejection(models.Model):
    """A record that a bureau did not take: to be put right and sent again with the next cycle."""

    class State(models.TextChoices):
        """How far it is put right."""

        OPEN = "OPEN", "To be fixed"
        FIXED = "FIXED", "Fixed, goes with the next cycle"
        RESENT = "RESENT", "Sent again"

    submission = models.ForeignKey(BureauSubmission, on_delete=models.PROTECT, related_name="rejections")
    record = models.ForeignKey(BureauRecord, on_delete=models.PROTECT, related_name="rejections")
    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="+")
    reason_code = models.CharField(max_length=40)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    # The reference date of the cycle that it has to be in.
    due_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    fixed_by = staff_key()
    fixed_at = models.DateTimeField(null=True)
    resent_in = models.ForeignKey(BureauCycle, null=True, on_delete=models.PROTECT, related_name="+")
    imported_by = staff_key()
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["due_on", "pk"]
        permissions = [("fix_bureau_rejection", "Can mark rejected bureau records as fixed")]
        constraints = [
            models.UniqueConstraint(fields=["submission", "record", "reason_code"], name="one_rejection_per_reason")
        ]
        indexes = [
            models.Index(fields=["state", "due_on", "id"], name="rejection_worklist"),
            models.Index(fields=["loan", "state"], name="rejection_of_loan"),
        ]

    def __str__(self) -> str:
        return f"{self.reason_code} of {self.loan_id}"


class BureauDispute(models.Model):
    """A borrower's complaint about what was reported, and the clock that runs on it."""

    class State(models.TextChoices):
        """Who has to act."""

        WITH_LENDER = "WITH_LENDER", "With us"
        WITH_BUREAU = "WITH_BUREAU", "With the bureau"
        RESOLVED = "RESOLVED", "Resolved"

    class Outcome(models.TextChoices):
        """What the look at it gave."""

        CORRECTED = "CORRECTED", "Corrected"
        REFUSED = "REFUSED", "Correction refused"

    class Payer(models.TextChoices):
        """Who was late and pays."""

        LENDER = "LENDER", "Lender"
        BUREAU = "BUREAU", "Bureau"

    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="bureau_disputes")
    bureau = models.CharField(max_length=8, choices=Bureau)
    reference = models.CharField(max_length=64)
    parameters = models.ForeignKey(BureauParameters, on_delete=models.PROTECT, related_name="+")
    # The day on which the borrower complained, to whomever; the clock starts there.
    received_on = models.DateField()
    lender_due_on = models.DateField()
    due_on = models.DateField()
    # The end of the share of whoever has to act.
    next_due_on = models.DateField()
    state = models.CharField(max_length=11, choices=State, default=State.WITH_LENDER)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    # One of the reasons for which a correction may be refused.
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=200, blank=True)
    answered_on = models.DateField(null=True)
    resolved_on = models.DateField(null=True)
    compensation_paise = PaiseField(default=0)
    payer = models.CharField(max_length=6, choices=Payer, blank=True)
    credit_due_on = models.DateField(null=True)
    credited_on = models.DateField(null=True)
    credit_reference = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_by = staff_key()
    recorded_at = RecordedAtField(auto_now_add=True)

    class Meta:
        ordering = ["next_due_on", "pk"]
        permissions = [("handle_bureau_dispute", "Can record, answer and resolve disputes of bureau data")]
        constraints = [
            models.UniqueConstraint(fields=["bureau", "reference"], name="one_dispute_per_reference"),
            models.CheckConstraint(condition=Q(lender_due_on__lt=F("due_on")), name="dispute_dates_in_order"),
            models.CheckConstraint(condition=Q(compensation_paise__gte=0), name="dispute_compensation_not_negative"),
        ]
        indexes = [
            models.Index(fields=["state", "next_due_on", "id"], name="dispute_worklist"),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.reference}"
