"""What credit information companies are told: dated rules, cycles and their records."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.fields import PaiseField


def staff_key() -> "models.ForeignKey[models.Model | None, models.Model | None]":
    """Return the column that says which member of staff did something; null for the system."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")


class Bureau(models.TextChoices):
    """The four credit information companies."""

    CIBIL = "CIBIL", "TransUnion CIBIL"
    EQUIFAX = "EQUIFAX", "Equifax"
    EXPERIAN = "EXPERIAN", "Experian"
    CRIF = "CRIF", "CRIF High Mark"


class FileKind(models.TextChoices):
    """Whether a file has every account or those that changed."""

    FULL = "FULL", "Full"
    INCREMENTAL = "INCREMENTAL", "Incremental"


class BureauParameters(models.Model):
    """Reference dates, deadlines and the clock of disputes, from a day on; append-only.

    The last day of every month is a reference date too, of a full file.
    """

    effective_from = models.DateField(unique=True)
    # Days of the month from 1 to 28.
    full_days = models.JSONField(default=list, blank=True)
    incremental_days = models.JSONField(default=list, blank=True)
    full_within_days = models.PositiveSmallIntegerField()
    incremental_within_days = models.PositiveSmallIntegerField()
    layout = models.CharField(max_length=20)
    # Customers are told of what is reported from so many days past due on.
    alert_from_days = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)], default=1)
    dispute_days = models.PositiveSmallIntegerField()
    dispute_lender_days = models.PositiveSmallIntegerField()
    dispute_paise_per_day = PaiseField()
    dispute_credit_working_days = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    published_by = staff_key()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "bureau parameters"
        permissions = [("publish_bureau_rows", "Can publish rules, members and account types of bureau files")]
        constraints = [
            models.CheckConstraint(
                condition=Q(dispute_lender_days__gte=1) & Q(dispute_days__gt=F("dispute_lender_days")),
                name="lender_share_within_dispute_days",
            )
        ]

    def __str__(self) -> str:
        return f"Bureau rules from {self.effective_from}"


class BureauMembership(models.Model):
    """How a credit information company knows the lender, from a day on; append-only. None: no file is made for it."""

    bureau = models.CharField(max_length=8, choices=Bureau)
    effective_from = models.DateField()
    member_code = models.CharField(max_length=30)
    member_name = models.CharField(max_length=16)
    published_by = staff_key()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["bureau", "-effective_from"]
        constraints = [models.UniqueConstraint(fields=["bureau", "effective_from"], name="one_membership_per_day")]

    def __str__(self) -> str:
        return f"{self.get_bureau_display()} from {self.effective_from}"


class BureauAccountType(models.Model):
    """What a product's loans are called in bureau files, from a day on; append-only."""

    product_code = models.CharField(max_length=20)
    effective_from = models.DateField()
    account_type = models.CharField(max_length=2)
    published_by = staff_key()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["product_code", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["product_code", "effective_from"], name="one_account_type_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.product_code} is {self.account_type} from {self.effective_from}"


class BureauCycle(models.Model):
    """The files of one reference date, from what was known at the cut-off."""

    class State(models.TextChoices):
        """Life of a cycle."""

        RUNNING = "RUNNING", "Running"
        BUILT = "BUILT", "Built"

    reference_date = models.DateField(unique=True)
    kind = models.CharField(max_length=11, choices=FileKind)
    due_on = models.DateField()
    # Reference date of the last files that every bureau has: what ended after it is reported once more.
    previous_date = models.DateField()
    parameters = models.ForeignKey(BureauParameters, on_delete=models.PROTECT, related_name="+")
    layout = models.CharField(max_length=20)
    # Nothing that was recorded later is in the files, however late they are built; of the accounts, nothing that was
    # recorded after the books left the reference date.
    cut_off_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    loans_total = models.PositiveIntegerField(default=0)
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    problems = models.PositiveIntegerField(default=0)
    # Records by cause, and accounts reported in default.
    totals = models.JSONField(default=dict)
    # Every bureau has the files: later cycles are compared with this one.
    is_sent = models.BooleanField(default=False)
    # Customers are told in the order of the records; all of those up to this one have been.
    alerted_upto = models.BigIntegerField(default=0)
    alerts = models.PositiveIntegerField(default=0)
    created_by = staff_key()
    created_at = models.DateTimeField(auto_now_add=True)
    built_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-reference_date"]
        permissions = [
            ("build_bureau_file", "Can build bureau files"),
            ("download_bureau_file", "Can download bureau files, with the personal data in them"),
            ("send_bureau_file", "Can record that bureau files were sent and how they were answered"),
        ]

    def __str__(self) -> str:
        return f"Bureau cycle of {self.reference_date}"


class BureauChunk(models.Model):
    """A range of loans whose records are written in one transaction; claimed by lease and fence."""

    class State(models.TextChoices):
        """Life of a part."""

        PENDING = "PENDING", "Pending"
        DONE = "DONE", "Done"

    cycle = models.ForeignKey(BureauCycle, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    first_loan_id = models.BigIntegerField()
    last_loan_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    problems = models.PositiveIntegerField(default=0)
    # By bureau: the stored part of its file, and the hash of that part.
    files = models.JSONField(default=dict)
    hashes = models.JSONField(default=dict)

    class Meta:
        ordering = ["cycle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="one_bureau_chunk_per_number"),
            models.CheckConstraint(condition=Q(first_loan_id__lte=F("last_loan_id")), name="bureau_chunk_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} part {self.number}"


class RecordCause(models.TextChoices):
    """Why an account is in a file."""

    OPENED = "OPENED", "Opened"
    CLOSED = "CLOSED", "Closed"
    OVERDUE = "OVERDUE", "Overdue status changed"
    CHANGED = "CHANGED", "Changed"
    RESENT = "RESENT", "Corrected after a rejection"
    UNCHANGED = "UNCHANGED", "As before"


class BureauRecord(models.Model):
    """One account in the files of a cycle: what it was worked out from, without anything personal; append-only."""

    cycle = models.ForeignKey(BureauCycle, on_delete=models.PROTECT, related_name="record_rows", db_index=False)
    chunk = models.ForeignKey(BureauChunk, on_delete=models.PROTECT, related_name="record_rows")
    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="+", db_index=False)
    # The borrower at the time, who may have been merged since.
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    # Entries of the loan that were known, and the class by the diary: all that the record follows from.
    fact_count = models.PositiveIntegerField()
    asset_class = models.CharField(max_length=12)
    cause = models.CharField(max_length=9, choices=RecordCause)
    days_past_due = models.PositiveIntegerField()
    overdue_rupees = models.BigIntegerField()
    balance_rupees = models.BigIntegerField()
    # Written off, settled or restructured, by the code of the layout.
    facility_status = models.CharField(max_length=2, blank=True)
    is_closed = models.BooleanField(default=False)
    # Keyed, because it covers personal data: equal content has equal marks.
    content_mark = models.CharField(max_length=64)

    class Meta:
        ordering = ["cycle", "pk"]
        constraints = [models.UniqueConstraint(fields=["cycle", "loan"], name="one_bureau_record_per_cycle")]
        indexes = [
            models.Index(fields=["loan", "cycle"], name="bureau_record_loan"),
            models.Index(fields=["customer"], name="bureau_record_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.cycle_id} {self.loan_id}"


class BureauProblem(models.Model):
    """An account that a bureau would reject, and which is therefore in no file of the cycle; append-only."""

    cycle = models.ForeignKey(BureauCycle, on_delete=models.PROTECT, related_name="problem_rows", db_index=False)
    chunk = models.ForeignKey(BureauChunk, on_delete=models.PROTECT, related_name="problem_rows")
    loan = models.ForeignKey("lms.Loan", on_delete=models.PROTECT, related_name="+")
    # Names of what is missing or malformed.
    codes = models.JSONField()

    class Meta:
        ordering = ["cycle", "pk"]
        constraints = [models.UniqueConstraint(fields=["cycle", "loan"], name="one_bureau_problem_per_cycle")]

    def __str__(self) -> str:
        return f"{self.cycle_id} {self.loan_id}"
