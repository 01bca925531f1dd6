"""What the class of a loan should have been on days that were closed with another one."""

from django.db import models
from django.db.models import F, Q

from core.fields import RecordedAtField
from lms.models.loan import ClassificationEntry, Loan, LoanFact


class ClassificationCorrection(models.Model):
    """The class of some past days by what an entry made known later; append-only.

    The diary keeps the class as it was told: to the borrower, to the bureau and in the books. The latest correction of
    a day says what it should have been.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="class_corrections", db_index=False)
    # The entry that made it known: of the loan, or of another loan of its borrower.
    fact = models.ForeignKey(LoanFact, on_delete=models.PROTECT, related_name="class_corrections")
    from_date = models.DateField()
    to_date = models.DateField()
    # The class as the diary and earlier corrections had it.
    told_class = models.CharField(max_length=12, choices=ClassificationEntry._meta.get_field("asset_class").choices)
    asset_class = models.CharField(max_length=12, choices=ClassificationEntry._meta.get_field("asset_class").choices)
    npa_since = models.DateField(null=True)
    # On the first of the days.
    days_past_due = models.PositiveIntegerField()
    # The loan of the borrower whose arrears explain the class, and since when they were unpaid.
    caused_by = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="+")
    cause_due_date = models.DateField(null=True)
    reason = models.CharField(max_length=200)
    recorded_on = models.DateField()
    recorded_at = RecordedAtField(auto_now_add=True)

    class Meta:
        ordering = ["loan", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(from_date__lte=F("to_date")), name="class_correction_days_in_order"),
            models.CheckConstraint(condition=~Q(told_class=F("asset_class")), name="class_correction_corrects"),
            models.CheckConstraint(condition=Q(to_date__lt=F("recorded_on")), name="class_correction_of_closed_days"),
        ]
        indexes = [models.Index(fields=["loan", "to_date"], name="class_correction_by_day")]

    def __str__(self) -> str:
        return f"{self.asset_class} from {self.from_date} to {self.to_date}"
