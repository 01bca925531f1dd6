"""Sums of what was sealed: reports read them in place of every transfer since the books began."""

from django.db import models

from core.fields import PaiseField
from ledger.models.accounts import Account


class DaySum(models.Model):
    """What sealed journals of a product moved on an account, by both of their dates: a cache of the transfers."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    product_code = models.CharField(max_length=32)
    value_date = models.DateField()
    booked_on = models.DateField()
    debit_paise = PaiseField(default=0)
    credit_paise = PaiseField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["account", "product_code", "value_date", "booked_on"], name="one_day_sum_per_account_and_dates"
            )
        ]

    def __str__(self) -> str:
        return f"Account {self.account_id} {self.product_code} {self.value_date}"


class DaySumReach(models.Model):
    """How far the sums go: one row, with the number of the last journal that is in them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    last_journal = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="day_sum_reach_has_one_row")]

    def __str__(self) -> str:
        return f"up to journal {self.last_journal}"
