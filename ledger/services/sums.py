"""Keep the sums of what was sealed: by account, product, value date and day of booking."""

from datetime import date

from django.db.models import Sum

from core.transactions import run_in_transaction
from ledger.locks import day_sum_reach_for_update
from ledger.models import DaySum, Seal, Transfer

_Key = tuple[int, str, date, date]
_AT_ONCE = 1_000


def ledger_sum() -> int:
    """Add the journals that were sealed since the last time to the sums of their days, a seal at a time.

    Returns:
        How many seals were added.

    Source: decision 0048.
    """
    seals = 0
    while run_in_transaction(_sum_next_seal):
        seals += 1
    return seals


def ledger_sums_rebuild() -> int:
    """Throw the sums away and take them again from every sealed journal; return how many seals they are of."""
    run_in_transaction(_forget)
    return ledger_sum()


def _forget() -> None:
    reach = day_sum_reach_for_update()
    DaySum.objects.all().delete()
    reach.last_journal = 0
    reach.save()


def _sum_next_seal() -> bool:
    reach = day_sum_reach_for_update()
    last = (
        Seal.objects.filter(last_journal__gt=reach.last_journal).order_by("no").values_list("last_journal", flat=True)
    )
    upto = last.first()
    if upto is None:
        return False
    _add(_sums(after=reach.last_journal, upto=upto))
    reach.last_journal = upto
    reach.save()
    return True


def _sums(*, after: int, upto: int) -> dict[_Key, list[int]]:
    """Return debits and credits of a range of journals."""
    found: dict[_Key, list[int]] = {}
    of_range = Transfer.objects.filter(journal_id__gt=after, journal_id__lte=upto).order_by()
    for place, side in enumerate(("debit_account_id", "credit_account_id")):
        rows = of_range.values_list(side, "journal__product_code", "value_date", "booked_on")
        for *key, paise in rows.annotate(Sum("amount_paise")):
            account_id, product_code, value_date, booked_on = key
            found.setdefault((account_id, product_code, value_date, booked_on), [0, 0])[place] += int(paise)
    return found


def _add(sums: dict[_Key, list[int]]) -> None:
    """Add to the rows that there are, and make the others; whoever calls holds the lock on the reach."""
    days = {key[2] for key in sums}
    known = {
        (row.account_id, row.product_code, row.value_date, row.booked_on): row
        for row in DaySum.objects.filter(booked_on__in={key[3] for key in sums}, value_date__in=days)
    }
    changed: list[DaySum] = []
    new: list[DaySum] = []
    for key, (debit_paise, credit_paise) in sums.items():
        row = known.get(key)
        if row is None:
            account_id, product_code, value_date, booked_on = key
            row = DaySum(account_id=account_id, product_code=product_code, value_date=value_date, booked_on=booked_on)
        (new if row.pk is None else changed).append(row)
        row.debit_paise += debit_paise
        row.credit_paise += credit_paise
    DaySum.objects.bulk_create(new, batch_size=_AT_ONCE)
    DaySum.objects.bulk_update(changed, ["debit_paise", "credit_paise"], batch_size=_AT_ONCE)
