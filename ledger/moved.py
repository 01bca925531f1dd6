"""What moved on every account: read from the sums of days as far as they go, and from the transfers after them."""

from django.db.models import BigIntegerField, F, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ledger.models import DaySum, DaySumReach, Transfer
from ledger.questions import Question

# Debits and credits in paise, by account and product.
Moved = dict[int, dict[str, tuple[int, int]]]


def moved_by(question: Question, *, is_proof: bool = False) -> Moved:
    """Return debits and credits of each account that moved, by product.

    Sealed journals never change, so that their sums are as exact as they are. Sums and transfers are read by one
    statement: a seal that is added meanwhile is in one of them and not in both.

    Args:
        question: what counts; what was known at an instant, and single events, are read from the transfers alone.
        is_proof: read every transfer, because the sums themselves are in question.
    """
    is_summed = question.known_at is None and question.event is None and not is_proof
    rows = Transfer.objects.filter(question.transfers()).order_by()
    if is_summed:
        reach = DaySumReach.objects.filter(pk=1).values("last_journal")
        rows = rows.filter(journal_id__gt=Coalesce(Subquery(reach), Value(0)))
    parts = _side(rows, "debit_account_id").union(_side(rows, "credit_account_id"), all=True)
    if is_summed:
        sums = DaySum.objects.filter(question.day_sums()).order_by().values_list("account_id", "product_code")
        parts = parts.union(sums.annotate(debits=Sum("debit_paise"), credits=Sum("credit_paise")), all=True)
    found: Moved = {}
    for account_id, product_code, debits, credits_ in parts:
        of_account = found.setdefault(account_id, {})
        before = of_account.get(product_code, (0, 0))
        of_account[product_code] = (before[0] + int(debits), before[1] + int(credits_))
    return found


def _side(rows: QuerySet[Transfer], side: str) -> QuerySet[Transfer, tuple[int, str, int, int]]:
    nothing = Value(0, output_field=BigIntegerField())
    total = Sum("amount_paise")
    is_debit = side == "debit_account_id"
    grouped = rows.values_list(F(side), F("journal__product_code"))
    return grouped.annotate(debits=total if is_debit else nothing, credits=nothing if is_debit else total)
