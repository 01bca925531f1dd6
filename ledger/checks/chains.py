"""Chains of hashes: the entries of an account, and the seals over the journals."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Max

from ledger.hashing import entry_hash, merkle_root
from ledger.models import NO_HASH, AccountBalance, Entry, Journal, Seal, SealTip
from ledger.sealing import leaves_of, leaves_read, seal_hash, tips_hash

_READ_AT_ONCE = 10_000
_COLUMNS = ("account_id", "seq", "journal_id", "leg", "delta_paise", "balance_after_paise", "hash")
Row = tuple[Any, ...]


def entries_chain(*, is_incremental: bool = False) -> Iterator[str]:
    """The hash of each entry follows from the one before it; with sequence and balance, which makes it I4 too.

    Args:
        is_incremental: begin at the tips that the last seal of each account recorded, instead of at the beginning.
    """
    tips = _tips() if is_incremental else {}
    ends = dict(AccountBalance.objects.order_by("pk").values_list("pk", "seq"))
    for account_id, end in ends.items():
        seq, balance, tip = tips.get(account_id, (0, 0, NO_HASH))
        if is_incremental and seq and not Entry.objects.filter(account_id=account_id, seq=seq, hash=tip).exists():
            yield f"account {account_id} entry {seq}: it is not the entry that was sealed"
        if end > seq or not is_incremental:
            yield from _chain_breaks(account_id, seq, balance, tip)


def seals_chain() -> Iterator[str]:
    """I10: seals are numbered without a gap, each follows from the one before it, and no journal lies between two."""
    previous, number, last = NO_HASH, 0, -1
    for seal in Seal.objects.order_by("no").defer("leaves"):
        if seal.no != number + 1:
            yield f"seal {seal.no}: seal {number + 1} before it is missing"
        if seal.previous_hash != previous or seal.first_journal <= last:
            yield f"seal {seal.no}: it does not follow from the seal before it"
        if bytes(seal.seal_hash) != seal_hash(seal=seal):
            yield f"seal {seal.no}: its own figures were changed"
        between = Journal.objects.filter(pk__gt=last, pk__lt=seal.first_journal).order_by("pk")
        for journal_id in between.values_list("pk", flat=True)[:1]:
            yield f"journal {journal_id}: was inserted before seal {seal.no}"
        previous, number, last = seal.seal_hash, seal.no, seal.last_journal


def seals_cover(*, last_only: bool = False) -> Iterator[str]:
    """The journals of each seal are those that were sealed: none altered, deleted, inserted or cut off.

    Args:
        last_only: look at the latest seal alone.
    """
    numbers = Seal.objects.order_by("-no").values_list("no", flat=True)
    for number in sorted(numbers[:1] if last_only else numbers):
        yield from _seal_breaks(Seal.objects.get(no=number))


def _seal_breaks(seal: Seal) -> Iterator[str]:
    sealed = leaves_read(packed=bytes(seal.leaves))
    if not sealed or merkle_root(leaves=list(sealed.values())) != seal.root or len(sealed) != seal.journals:
        yield f"seal {seal.no}: its own leaves were changed"
    found = dict(leaves_of(first_journal=seal.first_journal, last_journal=seal.last_journal))
    for journal_id in sorted(sealed.keys() | found.keys()):
        if journal_id not in found:
            yield f"journal {journal_id}: was deleted after seal {seal.no}"
        elif journal_id not in sealed:
            yield f"journal {journal_id}: was inserted after seal {seal.no}"
        elif sealed[journal_id] != found[journal_id]:
            yield f"journal {journal_id}: was altered after seal {seal.no}"
    yield from _tip_breaks(seal)


def _tip_breaks(seal: Seal) -> Iterator[str]:
    """Compare the tips of a seal with what it was sealed over, and with the entries that are there."""
    tips = {(tip.account_id, tip.seq): tip for tip in SealTip.objects.filter(seal=seal)}
    ordered = sorted((tip.account_id, tip.seq, tip.balance_paise, bytes(tip.tip_hash)) for tip in tips.values())
    if tips_hash(tips=ordered) != seal.tips_hash:
        yield f"seal {seal.no}: its tips were changed"
    for (account_id, seq), tip in tips.items():
        entry = Entry.objects.filter(account_id=account_id, seq=seq).first()
        if entry is None or entry.hash != tip.tip_hash or entry.balance_after_paise != tip.balance_paise:
            yield f"account {account_id} entry {seq}: it is not the entry that was sealed by seal {seal.no}"


def _tips() -> Mapping[int, tuple[int, int, bytes]]:
    latest = dict(SealTip.objects.order_by().values_list("account_id").annotate(Max("seq")))
    tips = SealTip.objects.filter(seq__in=set(latest.values())).values_list(
        "account_id", "seq", "balance_paise", "tip_hash"
    )
    return {
        account_id: (seq, balance, bytes(tip)) for account_id, seq, balance, tip in tips if latest[account_id] == seq
    }


def _chain_breaks(account_id: int, seq: int, balance: int, tip: bytes) -> Iterator[str]:
    """Walk the entries of an account in batches; after a break, go on from what is stored."""
    while rows := _batch(account_id, seq):
        for row in rows:
            if not _follows(row, seq, balance, tip):
                yield f"account {account_id} entry {row[1]}: its hash does not follow from the entry before it"
            seq, balance, tip = row[1], row[5], row[6]


def _batch(account_id: int, after_seq: int) -> Sequence[Row]:
    entries = Entry.objects.filter(account_id=account_id, seq__gt=after_seq).order_by("seq")
    return list(entries.values_list(*_COLUMNS)[:_READ_AT_ONCE])


def _follows(row: Row, seq: int, balance: int, tip: bytes) -> bool:
    account_id, row_seq, journal_id, leg, delta, balance_after, stored = row
    expected = entry_hash(
        previous=tip,
        account_id=account_id,
        seq=row_seq,
        journal_id=journal_id,
        leg=leg,
        delta_paise=delta,
        balance_after_paise=balance_after,
    )
    return bool(row_seq == seq + 1 and balance_after == balance + delta and stored == expected)
