"""Post many journals at once: same rules, few statements."""

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction

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
    known = _known(list(postings))
    fresh = [posting for key, posting in postings.items() if key not in known]
    for booked_on in sorted({posting.journal.booked_on for posting in fresh}):
        booking_check(booked_on=booked_on)
    if fresh:
        with transaction.atomic():
            known |= _save(fresh, sync_ids)
    return tuple(
        same_journal(earlier=known[key], wanted=postings[key].journal) if key in postings else None for key in keys
    )


def _known(keys: Sequence[str]) -> dict[str, Journal]:
    found: dict[str, Journal] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        rows = Journal.objects.filter(idempotency_key__in=keys[start : start + _KEYS_AT_ONCE]).order_by()
        found |= {journal.idempotency_key: journal for journal in rows}
    return found


def _save(fresh: Sequence[Posting], sync_ids: Collection[int]) -> dict[str, Journal]:
    """Save journals with their legs; when one of the keys was taken meanwhile, one by one."""
    try:
        journals_insert(journals=[posting.journal for posting in fresh])
    except IntegrityError:
        return {posting.journal.idempotency_key: posting_save(posting=posting, sync_ids=sync_ids) for posting in fresh}
    numbers = _numbers([posting.journal.idempotency_key for posting in fresh])
    for posting in fresh:
        posting.journal.pk = numbers[posting.journal.idempotency_key]
    postings_write(postings=fresh, sync_ids=sync_ids)
    return {posting.journal.idempotency_key: posting.journal for posting in fresh}


def _numbers(keys: Sequence[str]) -> dict[str, int]:
    """Read the keys of new journals: not every database returns those of a bulk insert."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        rows = Journal.objects.filter(idempotency_key__in=keys[start : start + _KEYS_AT_ONCE]).order_by()
        found |= dict(rows.values_list("idempotency_key", "pk"))
    return found
