"""Goods and services tax: dated rules, the lender's registrations, and the documents that were issued."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.fields import PaiseField, RecordedAtField
from customers.models import Customer


class SupplyKind(models.TextChoices):
    """What a lender supplies, as the tax law sees it."""

    FEE = "FEE", "Fee"
    INTEREST = "INTEREST", "Interest"
    PENAL = "PENAL", "Penal charge"


class TaxTreatment(models.TextChoices):
    """Whether a supply is taxed, exempt, or no supply at all."""

    TAXABLE = "TAXABLE", "Taxable"
    EXEMPT = "EXEMPT", "Exempt"
    OUTSIDE = "OUTSIDE", "Outside GST"


class TaxDocumentKind(models.TextChoices):
    """What a tax document does to the tax of a supply: an invoice begins it, the notes correct it."""

    INVOICE = "INVOICE", "Invoice"
    CREDIT_NOTE = "CREDIT_NOTE", "Credit note"
    DEBIT_NOTE = "DEBIT_NOTE", "Debit note"


class TaxDocumentReason(models.TextChoices):
    """Why a tax document was issued."""

    LEVIED = "LEVIED", "Charge levied"
    REVERSED = "REVERSED", "Charge reversed"
    WAIVED = "WAIVED", "Charge waived"
    WAIVER_REVERSED = "WAIVER_REVERSED", "Waiver reversed"


class TaxRule(models.Model):
    """How a kind of supply, or one charge of it, is taxed from a day on; the latest row in force counts."""

    supply = models.CharField(max_length=8, choices=SupplyKind.choices)
    # Empty: every charge of the kind that has no row of its own.
    charge_code = models.CharField(max_length=40, blank=True)
    effective_from = models.DateField()
    treatment = models.CharField(max_length=8, choices=TaxTreatment.choices)
    rate_bps = models.PositiveIntegerField("rate in basis points", default=0)
    sac = models.CharField("SAC", max_length=8)
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["supply", "charge_code", "-effective_from"]
        permissions = [("publish_taxrule", "Can publish tax rules"), ("view_gst_register", "Can see the GST register")]
        constraints = [
            models.UniqueConstraint(fields=["supply", "charge_code", "effective_from"], name="tax_rule_has_one_start"),
            models.CheckConstraint(condition=Q(supply__in=SupplyKind.values), name="tax_rule_supply_is_known"),
            models.CheckConstraint(
                condition=Q(treatment=TaxTreatment.TAXABLE, rate_bps__gt=0, rate_bps__lte=10_000)
                | Q(treatment__in=[TaxTreatment.EXEMPT, TaxTreatment.OUTSIDE], rate_bps=0),
                name="tax_rule_rate_fits_treatment",
            ),
            # Circular 245/02/2025-GST: regulation 4 and 10.
            models.CheckConstraint(
                condition=~Q(supply=SupplyKind.PENAL) | Q(treatment=TaxTreatment.OUTSIDE),
                name="penal_charges_bear_no_gst",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charge_code or self.get_supply_display()} from {self.effective_from}"


class GstLimit(models.Model):
    """A figure of the return law from a day on, such as from which value on an invoice is large."""

    class Name(models.TextChoices):
        """Which figure."""

        B2C_LARGE_ABOVE = "B2C_LARGE_ABOVE", "Inter-State invoice to a consumer is large above"

    name = models.CharField(max_length=24, choices=Name.choices)
    effective_from = models.DateField()
    amount_paise = PaiseField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["name", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["name", "effective_from"], name="gst_limit_has_one_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} from {self.effective_from}"


class GstDeadline(models.Model):
    """Until which day of the year after a financial year its invoices can be corrected, for notes from a day on."""

    effective_from = models.DateField(unique=True)
    month = models.PositiveSmallIntegerField()
    day = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["-effective_from"]
        verbose_name = "GST deadline"
        constraints = [
            models.CheckConstraint(
                condition=Q(month__gte=4, month__lte=12, day__gte=1, day__lte=30), name="gst_deadline_is_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"Credit notes until {self.day}.{self.month}. from {self.effective_from}"


class GstRegistration(models.Model):
    """The lender's registration in a state as it reads from a day on; the latest row of a state counts."""

    state_code = models.CharField(max_length=2)
    effective_from = models.DateField()
    gstin = models.CharField("GSTIN", max_length=15)
    legal_name = models.CharField(max_length=160)
    address = models.CharField(max_length=300)
    # Supplies borrowers of every state in which the lender has no registration.
    is_principal = models.BooleanField("principal place of business", default=False)
    # False from the day on which the registration is given up.
    is_active = models.BooleanField(default=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["state_code", "-effective_from"]
        verbose_name = "GST registration"
        permissions = [("publish_gstregistration", "Can publish GST registrations")]
        constraints = [
            models.UniqueConstraint(fields=["state_code", "effective_from"], name="gst_registration_has_one_start"),
            models.CheckConstraint(condition=~Q(legal_name=""), name="gst_registration_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.gstin} from {self.effective_from}"


class TaxDocument(models.Model):
    """An invoice, credit note or debit note: what it says is as it was when it was issued; append-only.

    The place of supply is the borrower's recorded state at that moment; notes keep that of their invoice, so that a
    later address moves no tax. The reference names the object charged and its entry that caused the document.
    """

    kind = models.CharField(max_length=11, choices=TaxDocumentKind.choices)
    number = models.CharField(max_length=16, unique=True)
    series = models.CharField(max_length=8)
    serial = models.PositiveIntegerField()
    financial_year = models.CharField(max_length=7)
    issued_on = models.DateField()
    supplied_on = models.DateField()
    registration = models.ForeignKey(GstRegistration, on_delete=models.PROTECT, related_name="+")
    supplier_state = models.CharField(max_length=2)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    recipient_name = models.CharField(max_length=160)
    place_of_supply = models.CharField(max_length=2)
    reference_type = models.CharField(max_length=40)
    reference_id = models.BigIntegerField()
    reference_entry = models.PositiveIntegerField()
    reference_label = models.CharField(max_length=40)
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="notes")
    reason = models.CharField(max_length=16, choices=TaxDocumentReason.choices)
    charge_code = models.CharField(max_length=40)
    sac = models.CharField("SAC", max_length=8)
    rate_bps = models.PositiveIntegerField("rate in basis points")
    taxable_paise = PaiseField()
    cgst_paise = PaiseField("CGST", default=0)
    sgst_paise = PaiseField("SGST", default=0)
    igst_paise = PaiseField("IGST", default=0)
    recorded_at = RecordedAtField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["supplier_state", "issued_on", "id"], name="tax_document_by_month"),
            models.Index(
                fields=["reference_type", "reference_id", "reference_entry"], name="tax_document_by_reference"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "serial"], name="tax_document_number_is_used_once"),
            models.CheckConstraint(condition=Q(kind__in=TaxDocumentKind.values), name="tax_document_kind_is_known"),
            models.CheckConstraint(condition=Q(taxable_paise__gt=0), name="tax_document_value_is_positive"),
            models.CheckConstraint(
                condition=Q(cgst_paise__gte=0, sgst_paise__gte=0, igst_paise__gte=0),
                name="tax_document_tax_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(place_of_supply=F("supplier_state"), igst_paise=0)
                | (~Q(place_of_supply=F("supplier_state")) & Q(cgst_paise=0, sgst_paise=0)),
                name="tax_document_tax_is_of_its_place",
            ),
            models.CheckConstraint(
                condition=Q(kind=TaxDocumentKind.INVOICE, original=None)
                | (~Q(kind=TaxDocumentKind.INVOICE) & Q(original__isnull=False)),
                name="tax_note_names_its_invoice",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def tax_paise(self) -> int:
        """Sum of the three taxes."""
        return self.cgst_paise + self.sgst_paise + self.igst_paise

    @property
    def total_paise(self) -> int:
        """Value and tax."""
        return self.taxable_paise + self.tax_paise

    @property
    def sign(self) -> int:
        """-1 for a credit note, which takes tax back."""
        return -1 if self.kind == TaxDocumentKind.CREDIT_NOTE else 1
