"""Post many journals at once: same rules, few statements."""

from collections.abc import Collection, Mapping, Sequence

from django.db import IntegrityError, connection, transaction

from ledger.errors import PeriodClosed
from ledger.models import Journal
from ledger.services.journals import JournalOrder, postings_of
from ledger.services.periods import booking_check
from ledger.services.posting import Posting, journals_insert, posting_save, postings_write, same_journal

_KEYS_AT_ONCE = 500


def journals_post_many(*, orders: Sequence[JournalOrder]) -> tuple[Journal | None, ...]:
    """Post movements of any products as one journal each, in the caller's transaction: all of them, or none.

    About 100 to 1,000 orders are a good size.

    Args:
        orders: their keys differ.

    Returns:
        The journals in the order of the orders; that of the first call for a key that was posted before; None where
        nothing moves.

    Raises:
        The refusals of `journal_post`.
        ValueError: two orders have the same key.
    """
    keys = [order.idempotency_key for order in orders]
    if len(set(keys)) != len(keys):
        raise ValueError("Two orders of a bulk posting have the same key.")
    postings, sync_ids = postings_of(orders=orders)
    try:
        for booked_on in sorted({posting.journal.booked_on for posting in postings.values()}):
            booking_check(booked_on=booked_on)
    except PeriodClosed:
        # A repeat of what is there already needs no open month.
        found = _known(postings)
        if found.keys() != postings.keys():
            raise
    else:
        found = _save(postings, sync_ids) if postings else {}
    return tuple(found.get(key) for key in keys)


def _known(postings: Mapping[str, Posting]) -> dict[str, Journal]:
    found = Journal.objects.filter(idempotency_key__in=list(postings)).order_by()
    return {
        journal.idempotency_key: same_journal(earlier=journal, wanted=postings[journal.idempotency_key].journal)
        for journal in found
    }


def _save(postings: Mapping[str, Posting], sync_ids: Collection[int]) -> dict[str, Journal]:
    """Save journals with their legs; when one of the keys is taken, one by one, as single postings would be.

    The keys are not looked up first: under the highest isolation that would lock the gaps that the journals go into.
    """
    fresh = list(postings.values())
    with transaction.atomic():
        try:
            journals_insert(journals=[posting.journal for posting in fresh])
        except IntegrityError:
            return {
                key: posting_save(posting=posting, sync_ids=_sync_of(posting, sync_ids))
                for key, posting in postings.items()
            }
        numbers = _numbers(list(postings))
        for key, posting in postings.items():
            posting.journal.pk = numbers[key]
        postings_write(postings=fresh, sync_ids=sync_ids)
    return {key: posting.journal for key, posting in postings.items()}


def _numbers(keys: Sequence[str]) -> dict[str, int]:
    """Read the keys of new journals: not every database returns those of a bulk insert."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            wanted = keys[start : start + _KEYS_AT_ONCE]
            marks = ",".join(["%s"] * len(wanted))
            cursor.execute(
                f"SELECT idempotency_key, id FROM ledger_journal WHERE idempotency_key IN ({marks})",  # noqa: S608  # only our own names and numbers stand in it
                wanted,
            )
            found |= dict(cursor.fetchall())
    return found


def _sync_of(posting: Posting, sync_ids: Collection[int]) -> frozenset[int]:
    accounts = {account_id for leg in posting.legs for account_id in (leg.debit_account_id, leg.credit_account_id)}
    return frozenset(accounts & set(sync_ids))
