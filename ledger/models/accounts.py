"""The chart of accounts, who uses which account, and where each account stands."""

from django.db import models
from django.db.models import F, Q

from core.fields import PaiseField
from ledger.fields import HashField

NO_HASH = bytes(32)


class AccountKind(models.TextChoices):
    """The five kinds of account, and memo accounts off the balance sheet; assets and expenses grow by debits."""

    ASSET = "ASSET", "Asset"
    LIABILITY = "LIABILITY", "Liability"
    EQUITY = "EQUITY", "Equity"
    INCOME = "INCOME", "Income"
    EXPENSE = "EXPENSE", "Expense"
    MEMO = "MEMO", "Memo"


class AccountRole(models.TextChoices):
    """What an account does for a product; posting rules speak of roles, a product maps them to accounts."""

    BANK = "BANK", "Bank"
    LOAN_PRINCIPAL = "LOAN_PRINCIPAL", "Loan principal"
    INTEREST_RECEIVABLE = "INTEREST_RECEIVABLE", "Interest receivable"
    FEE_RECEIVABLE = "FEE_RECEIVABLE", "Fees and tax receivable"
    PENAL_RECEIVABLE = "PENAL_RECEIVABLE", "Penal charges receivable"
    INTEREST_INCOME = "INTEREST_INCOME", "Interest income"
    FEE_INCOME = "FEE_INCOME", "Fee income"
    PENAL_INCOME = "PENAL_INCOME", "Penal charges income"
    GST_PAYABLE = "GST_PAYABLE", "GST payable"
    EXCESS = "EXCESS", "Excess money of borrowers"
    INTEREST_SUSPENSE = "INTEREST_SUSPENSE", "Interest suspense of NPAs"
    PENAL_SUSPENSE = "PENAL_SUSPENSE", "Penal charges suspense of NPAs"
    FEE_SUSPENSE = "FEE_SUSPENSE", "Fee suspense of NPAs"
    WAIVER_EXPENSE = "WAIVER_EXPENSE", "Amounts waived"
    WRITE_OFF_EXPENSE = "WRITE_OFF_EXPENSE", "Loans written off"
    RECOVERY_INCOME = "RECOVERY_INCOME", "Recovery of written-off loans"
    TAKEOVER_CLEARING = "TAKEOVER_CLEARING", "Clearing of loans taken over"
    LINE_COMMITMENT = "LINE_COMMITMENT", "Undrawn credit lines"
    LINE_COMMITMENT_CONTRA = "LINE_COMMITMENT_CONTRA", "Undrawn credit lines, contra"
    PERFORMING_PROVISION = "PERFORMING_PROVISION", "Provision for performing loans"
    NPA_PROVISION = "NPA_PROVISION", "Provision for non-performing loans"
    PROVISION_EXPENSE = "PROVISION_EXPENSE", "Provisions made"


class AccountMode(models.TextChoices):
    """When an account's entries are written.

    SYNC: with the posting, which locks the balance; only such an account can have limits and holds. DEFERRED: the
    posting appends its legs, and a roller numbers them later, so that any number of postings go on side by side.
    """

    SYNC = "SYNC", "With the posting"
    DEFERRED = "DEFERRED", "By the roller"


class Account(models.Model):
    """One account of the chart."""

    code = models.CharField(max_length=48, unique=True)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    is_active = models.BooleanField(default=True)
    mode = models.CharField(max_length=8, choices=AccountMode.choices, default=AccountMode.DEFERRED)
    # Control accounts get their postings from loans alone: a line by hand would part them from the sub-ledger.
    is_manual_allowed = models.BooleanField("manual journals allowed", default=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind_is_known"),
            models.CheckConstraint(condition=Q(mode__in=AccountMode.values), name="account_mode_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductAccount(models.Model):
    """Which account plays a role for a product."""

    product_code = models.CharField(max_length=32)
    role = models.CharField(max_length=24, choices=AccountRole.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="product_accounts")

    class Meta:
        ordering = ["product_code", "role"]
        constraints = [
            models.UniqueConstraint(fields=["product_code", "role"], name="product_has_one_account_per_role"),
            models.CheckConstraint(condition=Q(role__in=AccountRole.values), name="product_account_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.product_code} {self.role}"


class AccountBalance(models.Model):
    """Where an account stands: the one ledger row that changes. Balance is debits less credits of its entries.

    `seq` and `tip_hash` are those of the last entry. Legs that the roller has not reached are not in it.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    seq = models.BigIntegerField(default=0)
    balance_paise = PaiseField(default=0)
    hold_debit_paise = PaiseField(default=0)
    hold_credit_paise = PaiseField(default=0)
    min_paise: "PaiseField[int | None, int | None]" = PaiseField(null=True, blank=True)
    max_paise: "PaiseField[int | None, int | None]" = PaiseField(null=True, blank=True)
    tip_hash = HashField(default=NO_HASH)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(seq__gte=0), name="balance_seq_is_not_negative"),
            models.CheckConstraint(
                condition=Q(hold_debit_paise__gte=0, hold_credit_paise__gte=0), name="balance_holds_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(min_paise=None) | Q(balance_paise__gte=F("min_paise") + F("hold_credit_paise")),
                name="balance_is_above_its_minimum",
            ),
            models.CheckConstraint(
                condition=Q(max_paise=None) | Q(balance_paise__lte=F("max_paise") - F("hold_debit_paise")),
                name="balance_is_below_its_maximum",
            ),
        ]

    def __str__(self) -> str:
        return f"Balance of account {self.account_id}"
