"""The loan account: facts are the truth, everything else here is a cache of their fold."""

from django.conf import settings
from django.db import models

from core.fields import PaiseField, RecordedAtField
from lms.engine.classification import AssetClass
from lms.engine.state import Head, LoanStatus, Movement, RowKind
from lms.engine.terms import Component


def _choices(enum: type) -> list[tuple[str, str]]:
    """Stored code and shown text of a StrEnum's members."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]  # type: ignore[attr-defined]  # an enum of texts


class FactKind(models.TextChoices):
    """What can happen to a loan; the stored code of each fact of the engine."""

    DISBURSE = "DISBURSE", "Disbursal"
    TAKE_OVER = "TAKE_OVER", "Taken over"
    RECEIVE = "RECEIVE", "Receipt"
    CHARGE = "CHARGE", "Charge"
    PENAL = "PENAL", "Penal charge"
    WAIVE = "WAIVE", "Waiver"
    BOUNCE = "BOUNCE", "Bounce"
    PREPAY = "PREPAY", "Part-prepayment"
    RATE_CHANGE = "RATE_CHANGE", "Rate change"
    RESCHEDULE = "RESCHEDULE", "Reschedule"
    MORATORIUM = "MORATORIUM", "Moratorium"
    PAUSE = "PAUSE", "Pause"
    RESTRUCTURE = "RESTRUCTURE", "Restructuring"
    SETTLE = "SETTLE", "Settlement"
    WRITE_OFF = "WRITE_OFF", "Write-off"
    RECOVER = "RECOVER", "Recovery"
    FORECLOSE = "FORECLOSE", "Foreclosure"
    REFUND = "REFUND", "Refund of excess"
    REVERSE = "REVERSE", "Reversal"


class Loan(models.Model):
    """One loan account: agreed terms, and the fold of its facts at the day-end of `as_of`."""

    number = models.CharField(max_length=30, unique=True)
    # The account's name in the book it came from; null for loans born here.
    external_reference = models.CharField(max_length=64, null=True, blank=True, unique=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False)
    product_version = models.ForeignKey("lms.ProductVersion", on_delete=models.PROTECT, related_name="loans")
    product_code = models.CharField(max_length=20)
    terms = models.JSONField()
    sanctioned_on = models.DateField()
    principal_paise = PaiseField()
    annual_rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    # A repeated sanction gives the first loan; both are written once.
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    # Caches of replay(terms, facts, as_of): as_of is `closed_upto`, or the last fact's value date where that is later.
    status = models.CharField(max_length=12, choices=_choices(LoanStatus), default=LoanStatus.SANCTIONED)
    disbursed_on = models.DateField(null=True)
    as_of = models.DateField(null=True)
    closed_upto = models.DateField(null=True)
    current_rate_pct = models.DecimalField(max_digits=9, decimal_places=4)
    principal_outstanding_paise = PaiseField(default=0)
    interest_outstanding_paise = PaiseField(default=0)
    fee_outstanding_paise = PaiseField(default=0)
    tax_outstanding_paise = PaiseField(default=0)
    penal_outstanding_paise = PaiseField(default=0)
    accrued_not_due_paise = PaiseField(default=0)
    overdue_paise = PaiseField(default=0)
    excess_paise = PaiseField(default=0)
    undrawn_paise = PaiseField(default=0)
    instalment_paise = PaiseField(default=0)
    oldest_unpaid_due_date = models.DateField(null=True)
    days_past_due = models.PositiveIntegerField(default=0)
    next_due_date = models.DateField(null=True)
    next_due_paise = PaiseField(default=0)
    closed_on = models.DateField(null=True)
    # The class is the borrower's: it follows the worst of his loans, and changes at a day-end, or at once by an act
    # such as a write-off.
    asset_class = models.CharField(max_length=12, choices=_choices(AssetClass), default=AssetClass.STANDARD)
    npa_since = models.DateField(null=True)
    # Value date of the latest restructuring that stands; the loan is non-performing while it is set.
    restructured_on = models.DateField(null=True)
    # What closes a quiet day without a replay: AccrualLine fields and "from", the day they start at; they hold on
    # every day before `next_change_date`.
    accrual_lines = models.JSONField(default=list)
    next_change_date = models.DateField(null=True)
    # Cumulative paise by "MOVEMENT:HEAD" that the ledger has booked for this loan.
    booked = models.JSONField(default=dict)
    # The part of `booked` that the journal of a batch posted for this and many other loans; written once.
    booked_with_batch = models.JSONField(default=dict)
    state_hash = models.CharField(max_length=64, default="")
    fact_count = models.PositiveIntegerField(default=0)
    # A freeze, a settlement in parts or a quote was once made: acts and pages look for one in force. Never taken back.
    is_watched = models.BooleanField(default=False)
    # Drawn from a credit line; written once.
    is_drawdown = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        # One permission per act on the screens; roles are made of these.
        permissions = [
            ("sanction_loan", "Can sanction a loan"),
            ("disburse_loan", "Can disburse a loan"),
            ("post_receipt", "Can post a receipt"),
            ("reverse_fact", "Can reverse a fact"),
            ("levy_charge", "Can levy a charge"),
            ("grant_waiver", "Can grant a waiver"),
            ("record_bounce", "Can record a bounce"),
            ("prepay_loan", "Can post a part-prepayment"),
            ("foreclose_loan", "Can foreclose a loan"),
            ("refund_excess", "Can refund excess"),
            ("write_off_loan", "Can write a loan off"),
            ("post_recovery", "Can post money on a loan written off"),
            ("settle_loan", "Can settle a loan for less than is owed"),
            ("change_rate", "Can change the rate of a loan"),
            ("reschedule_loan", "Can reschedule, suspend or pause a loan"),
            ("freeze_loan", "Can freeze a loan or a customer, and lift a freeze"),
            ("approve_backdated", "Can approve back-dated acts and reversals"),
            ("approve_concession", "Can approve waivers, settlements and write-offs"),
            ("approve_new_terms", "Can approve new rates, dates and tenors"),
            ("approve_money_back", "Can approve refunds and transfers of excess"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(principal_paise__gt=0), name="loan_principal_positive")
        ]
        indexes = [
            models.Index(fields=["customer"], name="loan_customer"),
            models.Index(fields=["status", "closed_upto"], name="loan_status_closed_upto"),
            # The first one sorts by class, the latest loan first; the second one reads a class the worst loan first.
            models.Index(fields=["asset_class"], name="loan_asset_class"),
            models.Index(fields=["asset_class", "days_past_due"], name="loan_class_by_days"),
            models.Index(fields=["days_past_due"], name="loan_days_past_due"),
            # Lists are narrowed down to the days of disbursal; it is written once.
            models.Index(fields=["disbursed_on"], name="loan_disbursed_on"),
            # A payment of unknown purpose is looked for by its amount; an instalment changes seldom.
            models.Index(fields=["instalment_paise"], name="loan_instalment"),
        ]

    def __str__(self) -> str:
        return self.number


class LoanFact(models.Model):
    """One thing that happened to a loan; appended, never changed or deleted (triggers refuse it)."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="facts", db_index=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=FactKind)
    value_date = models.DateField()
    amount_paise = PaiseField(default=0)
    reference = models.CharField(max_length=64, blank=True)
    # Bank reference that may be credited once, "CHANNEL:REFERENCE"; null for facts without one, and set free when the
    # credit is reversed, because the money must be postable to the right loan. The one column that may change.
    credit_reference = models.CharField(max_length=96, null=True, unique=True)  # noqa: DJ001  # unset is no text
    details = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_on = models.DateField()
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["loan", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["loan", "sequence"], name="one_fact_per_sequence"),
            models.CheckConstraint(condition=models.Q(amount_paise__gte=0), name="fact_amount_not_negative"),
            models.CheckConstraint(
                condition=models.Q(value_date__lte=models.F("recorded_on")), name="fact_not_in_the_future"
            ),
        ]
        indexes = [
            models.Index(fields=["value_date"], name="fact_value_date"),
            models.Index(fields=["reference"], name="fact_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value_date}"


class Instalment(models.Model):
    """Cache: one row of the schedule as it stands."""

    loan = models.ForeignKey(Loan, on_delete=models.CASCADE, related_name="instalments", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=14, choices=_choices(RowKind))
    from_date = models.DateField()
    due_date = models.DateField()
    balance_before_paise = PaiseField()
    balance_after_paise = PaiseField()
    # Paise by component name: principal, interest, fee, tax, penal.
    due = models.JSONField()
    paid = models.JSONField()
    waived = models.JSONField()
    written_off = models.JSONField()
    due_paise = PaiseField()
    open_paise = PaiseField()
    paid_in_advance_paise = PaiseField(default=0)
    paid_late_paise = PaiseField(default=0)
    paid_on = models.DateField(null=True)

    class Meta:
        ordering = ["loan", "number"]
        constraints = [models.UniqueConstraint(fields=["loan", "number"], name="one_instalment_per_number")]
        indexes = [models.Index(fields=["due_date"], name="instalment_due_date")]

    def __str__(self) -> str:
        return f"{self.number} due {self.due_date}"


class Allocation(models.Model):
    """Cache: part of a fact applied to one component of one instalment; `position` keeps the order of application."""

    loan = models.ForeignKey(Loan, on_delete=models.CASCADE, related_name="allocations", db_index=False)
    position = models.PositiveIntegerField()
    fact_sequence = models.PositiveIntegerField()
    instalment_number = models.PositiveIntegerField(null=True)
    # Empty: held as excess.
    component = models.CharField(max_length=10, choices=_choices(Component), blank=True)
    amount_paise = PaiseField()
    applied_on = models.DateField()
    is_from_excess = models.BooleanField(default=False)

    class Meta:
        ordering = ["loan", "position"]
        constraints = [models.UniqueConstraint(fields=["loan", "position"], name="one_allocation_per_position")]
        indexes = [models.Index(fields=["loan", "fact_sequence"], name="allocation_loan_fact")]

    def __str__(self) -> str:
        return f"{self.component or 'EXCESS'} {self.amount_paise}"


class LoanCharge(models.Model):
    """Cache: one fee, its tax or one penal charge, and what of it is open."""

    loan = models.ForeignKey(Loan, on_delete=models.CASCADE, related_name="charges")
    # Place among the loan's charges, by instalment and then in the order of levying.
    position = models.PositiveIntegerField()
    # The entry that levied it; null for a charge that follows from the terms.
    fact_sequence = models.PositiveIntegerField(null=True)
    component = models.CharField(max_length=10, choices=_choices(Component))
    due_date = models.DateField()
    instalment_number = models.PositiveIntegerField()
    amount_paise = models.BigIntegerField()
    open_paise = models.BigIntegerField()

    class Meta:
        ordering = ["loan", "position"]
        constraints = [models.UniqueConstraint(fields=["loan", "position"], name="one_charge_per_position")]

    def __str__(self) -> str:
        return f"{self.component} {self.amount_paise}"


class LoanAccrual(models.Model):
    """What one day-end booked on one loan and head: the drill-down of the day's aggregated journal; append-only.

    The sum of these, of the loan's own journals and of `Loan.booked_with_batch` is `Loan.booked`.
    """

    SUSPENDED = "SUSPENDED"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="accruals")
    booked_on = models.DateField()
    movement = models.CharField(max_length=12, choices=[*_choices(Movement), (SUSPENDED, "Suspended")])
    head = models.CharField(max_length=10, choices=_choices(Head))
    # Signed: a difference may go back.
    amount_paise = PaiseField()
    product_code = models.CharField(max_length=20)
    asset_class = models.CharField(max_length=12, choices=_choices(AssetClass))

    class Meta:
        ordering = ["booked_on", "loan"]
        constraints = [
            models.UniqueConstraint(
                fields=["booked_on", "loan", "movement", "head"], name="one_accrual_per_day_and_head"
            )
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.head} {self.amount_paise}"


class ClassificationEntry(models.Model):
    """Diary: why this class on this day, and from which due date; append-only."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="classification_entries")
    on_date = models.DateField()
    previous_class = models.CharField(max_length=12, choices=_choices(AssetClass))
    asset_class = models.CharField(max_length=12, choices=_choices(AssetClass))
    days_past_due = models.PositiveIntegerField()
    oldest_unpaid_due_date = models.DateField(null=True)
    # The loan of the same borrower that decides the class; itself where it is its own cause.
    caused_by = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    # The oldest unpaid instalment of that loan; empty where nothing unpaid decides, and in entries of earlier versions.
    cause_due_date = models.DateField(null=True)
    cause_instalment = models.PositiveIntegerField(null=True)
    # The entry of the loan that gave the class at once, or took it back; null where a day-end did.
    fact_sequence = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=200)
    recorded_at = RecordedAtField(auto_now_add=True)

    class Meta:
        ordering = ["loan", "-on_date", "-pk"]
        verbose_name_plural = "classification entries"
        indexes = [models.Index(fields=["on_date"], name="classification_on_date")]

    def __str__(self) -> str:
        return f"{self.on_date} {self.asset_class}"
