"""Foreclosure quotes that were given to borrowers."""

from django.conf import settings
from django.db import models

from core.fields import PaiseField, RecordedAtField
from lms.models.loan import Loan, LoanFact


class StoredQuote(models.Model):
    """What closes a loan, day by day while the quote holds; written once."""

    number = models.CharField(max_length=20, unique=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="quotes")
    quoted_on = models.DateField()
    valid_until = models.DateField()
    # The loan's entries when it was quoted: another entry changes the figures.
    fact_count = models.PositiveIntegerField()
    # The lender asked for the money: no charge for closing early.
    is_lender_asking = models.BooleanField(default=False)
    # One object for each day that the quote holds, as the engine's quote writes it; amounts in paise.
    days = models.JSONField()
    total_paise = PaiseField()
    reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=96, unique=True)
    content_hash = models.CharField(max_length=64)
    recorded_at = RecordedAtField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # The entry by which the loan was closed with this quote; it may be reversed, and the loan closed again.
    closed_by = models.ForeignKey(LoanFact, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "foreclosure quote"

    def __str__(self) -> str:
        return self.number
