"""Provisions: the dated rows that they follow, and what each month-end made of every loan."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.fields import PaiseField, RecordedAtField
from lms.engine.classification import AssetClass
from lms.engine.provisions import WHOLE_BPS, Basis, Category, Layer, RateKind
from lms.engine.provisions_ecl import Profile
from lms.models.line import CreditLine
from lms.models.loan import Loan


def _choices(enum: type) -> list[tuple[str, str]]:
    """Stored code and shown text of a StrEnum's members."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]  # type: ignore[attr-defined]  # an enum of texts


def _published_by() -> "models.ForeignKey[models.Model | None, models.Model | None]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")


class ProvisionParameters(models.Model):
    """Where the lender stands from a day on: layer, what the books carry, stages and scenarios; append-only."""

    effective_from = models.DateField(unique=True)
    layer = models.CharField(max_length=6, choices=_choices(Layer))
    basis = models.CharField("books carry", max_length=5, choices=_choices(Basis))
    stage_2_from_days = models.PositiveSmallIntegerField(default=31)
    stage_3_from_days = models.PositiveSmallIntegerField(default=91)
    # Rows of name, weight_bps, pd_factor_bps and lgd_factor_bps; the weights add up to 10,000.
    scenarios = models.JSONField()
    source = models.CharField(max_length=200)
    published_by = _published_by()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "provision parameters"
        permissions = [("publish_provision_rows", "Can publish rates and parameters of provisions")]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage_2_from_days__gte=1) & Q(stage_3_from_days__gt=models.F("stage_2_from_days")),
                name="days_of_stages_rise",
            )
        ]

    def __str__(self) -> str:
        return f"Provision parameters from {self.effective_from}"


class ProvisionRate(models.Model):
    """A prudential rate from a day on; an empty layer or category stands for any; append-only."""

    kind = models.CharField(max_length=12, choices=_choices(RateKind))
    layer = models.CharField(max_length=6, choices=_choices(Layer), blank=True)
    category = models.CharField(max_length=14, choices=_choices(Category), blank=True)
    secured_bps = models.PositiveIntegerField()
    unsecured_bps = models.PositiveIntegerField()
    effective_from = models.DateField()
    source = models.CharField(max_length=200)
    published_by = _published_by()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["kind", "layer", "category", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "layer", "category", "effective_from"], name="one_provision_rate_per_day"
            ),
            models.CheckConstraint(
                condition=Q(secured_bps__lte=WHOLE_BPS) & Q(unsecured_bps__lte=WHOLE_BPS),
                name="provision_rate_is_at_most_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.layer} {self.category} from {self.effective_from}".replace("  ", " ")


class EclParameters(models.Model):
    """Chances of default and losses of a segment from a day on; an empty segment stands for any; append-only."""

    segment = models.CharField(max_length=20, blank=True)
    effective_from = models.DateField()
    lgd_secured_bps = models.PositiveIntegerField()
    lgd_unsecured_bps = models.PositiveIntegerField()
    ccf_bps = models.PositiveIntegerField()
    profile = models.CharField(max_length=10, choices=_choices(Profile), default=Profile.AMORTISING)
    # By class from STANDARD to SMA_2: the chance in millionths to have defaulted by the end of each year.
    curves = models.JSONField()
    source = models.CharField(max_length=200)
    published_by = _published_by()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["segment", "-effective_from"]
        verbose_name = "ECL parameters"
        verbose_name_plural = "ECL parameters"
        constraints = [
            models.UniqueConstraint(fields=["segment", "effective_from"], name="one_ecl_row_per_segment_and_day"),
            models.CheckConstraint(
                condition=Q(lgd_secured_bps__lte=WHOLE_BPS)
                & Q(lgd_unsecured_bps__lte=WHOLE_BPS)
                & Q(ccf_bps__lte=WHOLE_BPS),
                name="ecl_shares_are_at_most_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"ECL {self.segment or 'any segment'} from {self.effective_from}"


class ProvisionSegment(models.Model):
    """What a product's loans are to provisions from a day on; append-only. A product without a row is unsecured."""

    product_code = models.CharField(max_length=20)
    effective_from = models.DateField()
    segment = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=14, choices=_choices(Category), default=Category.GENERAL)
    secured_bps = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=200)
    published_by = _published_by()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["product_code", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["product_code", "effective_from"], name="one_segment_per_product_and_day"),
            models.CheckConstraint(condition=Q(secured_bps__lte=WHOLE_BPS), name="security_is_at_most_the_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.product_code} in {self.segment or 'no segment'} from {self.effective_from}"


class ProvisionMark(models.Model):
    """A loan put on, or taken off, the watch list or the relief for a calamity; the latest of a day counts."""

    class Kind(models.TextChoices):
        """What a loan can be marked as."""

        WATCH_LIST = "WATCH_LIST", "Watch list"
        CALAMITY = "CALAMITY", "Relief for a calamity"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="provision_marks")
    kind = models.CharField(max_length=10, choices=Kind)
    is_set = models.BooleanField()
    on_date = models.DateField()
    reason = models.CharField(max_length=200)
    recorded_by = _published_by()
    recorded_at = RecordedAtField(auto_now_add=True)

    class Meta:
        ordering = ["loan", "-on_date", "-pk"]
        permissions = [("mark_loan_risk", "Can put loans on the watch list or mark them for relief")]

    def __str__(self) -> str:
        return f"{self.kind} {'from' if self.is_set else 'until'} {self.on_date}"


class ProvisionRun(models.Model):
    """Provisions of one month-end, worked out once; a later run of the same month-end knows more."""

    class State(models.TextChoices):
        """Life of a run."""

        RUNNING = "RUNNING", "Running"
        COMPUTED = "COMPUTED", "Worked out"
        POSTED = "POSTED", "Posted"
        REVERSED = "REVERSED", "Reversed"

    month_end = models.DateField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    parameters = models.ForeignKey(ProvisionParameters, on_delete=models.PROTECT, related_name="+")
    # The month-end that the movement begins at, None for the first one.
    opening = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    computed_at = models.DateTimeField(null=True)
    started_by = _published_by()
    # Borrowers are worked off in the order of their keys; the run goes on after this one.
    last_customer_id = models.BigIntegerField(default=0)
    loans_total = models.PositiveIntegerField(default=0)
    loans_done = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    # Rows of product, class, stage, loans, funded, IRACP and ECL paise.
    totals = models.JSONField(default=list)
    # By "stage" and "asset_class", and figure "ecl" and "iracp": cells of the engine's movement.
    movement = models.JSONField(default=dict)
    posted_on = models.DateField(null=True)

    class Meta:
        ordering = ["-month_end", "-number"]
        permissions = [
            ("run_provisions", "Can work provisions out and ask for their posting"),
            ("approve_provisions", "Can let provisions be posted"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["month_end", "number"], name="one_provision_run_per_number"),
        ]

    def __str__(self) -> str:
        return f"Provisions of {self.month_end} no. {self.number}"


class ProvisionResult(models.Model):
    """Provision of one loan at one month-end, with everything that explains it; append-only.

    A credit line that no running loan was drawn from has a result of its own: it has no loan to stand behind.
    """

    run = models.ForeignKey(ProvisionRun, on_delete=models.PROTECT, related_name="results", db_index=False)
    loan = models.ForeignKey(
        Loan, null=True, on_delete=models.PROTECT, related_name="provision_results", db_index=False
    )
    line = models.ForeignKey(
        CreditLine, null=True, on_delete=models.PROTECT, related_name="provision_results", db_index=False
    )
    product_code = models.CharField(max_length=20)
    segment = models.CharField(max_length=20, blank=True)
    asset_class = models.CharField(max_length=12, choices=_choices(AssetClass))
    stage = models.PositiveSmallIntegerField()
    days_past_due = models.PositiveIntegerField()
    npa_since = models.DateField(null=True)
    is_restructured = models.BooleanField()
    is_on_watch_list = models.BooleanField()
    principal_paise = PaiseField()
    interest_paise = PaiseField()
    charges_paise = PaiseField()
    suspended_paise = PaiseField()
    undrawn_paise = PaiseField()
    # Of the credit line behind it, or of the line itself.
    line_undrawn_paise = PaiseField(default=0)
    funded_paise = PaiseField()
    secured_bps = models.PositiveIntegerField()
    # Keys of the dated rows; those rows are never deleted, and an index for each would only slow the run.
    rate_id = models.BigIntegerField()
    extra_rate_id = models.BigIntegerField(null=True)
    ecl_row_id = models.BigIntegerField()
    eir_bps = models.PositiveIntegerField()
    months_left = models.PositiveIntegerField()
    factor_units = models.BigIntegerField()
    iracp_paise = PaiseField()
    ecl_paise = PaiseField()
    # Facts of the loan, or of the line, that were known: with the same number of them a later run need not replay.
    fact_count = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["loan", "run"], name="one_provision_per_loan_and_run"),
            models.UniqueConstraint(fields=["line", "run"], name="one_provision_per_line_and_run"),
            models.CheckConstraint(
                condition=Q(line__isnull=True, loan__isnull=False) | Q(line__isnull=False, loan__isnull=True),
                name="provision_of_a_loan_or_a_line",
            ),
            models.CheckConstraint(
                condition=Q(iracp_paise__gte=0) & Q(ecl_paise__gte=0), name="provision_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["run", "product_code", "asset_class", "stage"], name="provision_result_drill")]

    def __str__(self) -> str:
        return f"{self.number} {self.asset_class} {self.iracp_paise}"

    @property
    def number(self) -> str:
        """Number of the loan, or of the line."""
        return self.loan.number if self.loan is not None else self.line.number if self.line is not None else ""


class ProvisionPosting(models.Model):
    """What a run, or its reversal, moved in the ledger; append-only. The sums are what the ledger carries."""

    class Head(models.TextChoices):
        """Which balance moved."""

        PERFORMING = "PERFORMING", "Provision for performing loans"
        NPA = "NPA", "Provision for non-performing loans"
        RESERVE = "RESERVE", "Impairment reserve"

    run = models.ForeignKey(ProvisionRun, on_delete=models.PROTECT, related_name="postings")
    # Empty for the reserve, which is the lender's as a whole.
    product_code = models.CharField(max_length=20, blank=True)
    head = models.CharField(max_length=10, choices=Head)
    target_paise = PaiseField()
    # Signed: what the balance had to move by.
    amount_paise = PaiseField()
    is_reversal = models.BooleanField(default=False)
    journal = models.ForeignKey("ledger.Journal", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["run", "is_reversal", "product_code", "head"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "product_code", "head", "is_reversal"], name="one_provision_posting_per_head"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_code} {self.head} {self.amount_paise}"
