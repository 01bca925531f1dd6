"""The book as it was summed last: what the first page and the portfolio of a large book are made of."""

from django.db import models


class BookSnapshot(models.Model):
    """Loans and amounts by status, product, class and days past due at an instant; one row, written anew each time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    taken_at = models.DateTimeField()
    cells = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="book_snapshot_has_one_row")]

    def __str__(self) -> str:
        return f"Book of {self.taken_at}"
