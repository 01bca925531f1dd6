"""What a seal is computed from."""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from ledger.hashing import journal_leaf
from ledger.models import Journal, Seal, Transfer

_LEAF: Final = struct.Struct(">q32s")
_READ_AT_ONCE: Final = 2_000
_JOURNAL_COLUMNS: Final = tuple(field.attname for field in Journal._meta.local_concrete_fields)
_TRANSFER_COLUMNS: Final = ("leg", "debit_account_id", "credit_account_id", "amount_paise", "value_date", "booked_on")


def leaves_of(*, first_journal: int, last_journal: int) -> Iterator[tuple[int, bytes]]:
    """Compute the leaf of every journal of a range from what the tables hold now, in the order of their numbers."""
    after = first_journal - 1
    while rows := _journals(after, last_journal):
        legs = _legs(after, rows[-1]["id"])
        for row in rows:
            yield row["id"], journal_leaf(journal=row, transfers=legs.get(row["id"], []))
        after = rows[-1]["id"]


def leaves_pack(*, leaves: Iterable[tuple[int, bytes]]) -> bytes:
    """Write leaves the way that a seal keeps them."""
    return b"".join(_LEAF.pack(journal_id, leaf) for journal_id, leaf in leaves)


def leaves_read(*, packed: bytes) -> dict[int, bytes]:
    """Read the leaves of a seal by journal; what is no whole leaf is left out, and makes the seal broken."""
    whole = len(packed) - len(packed) % _LEAF.size
    return dict(_LEAF.iter_unpack(packed[:whole]))


def seal_hash(*, seal: Seal) -> bytes:
    """Return the hash of a seal over all its figures and the seal before it."""
    fields = (
        seal.no,
        seal.first_journal,
        seal.last_journal,
        seal.journals,
        int(seal.total_paise),
        bytes(seal.root).hex(),
        bytes(seal.tips_hash).hex(),
        bytes(seal.previous_hash).hex(),
    )
    return hashlib.sha256("|".join(map(str, fields)).encode()).digest()


def tips_hash(*, tips: Sequence[tuple[int, int, int, bytes]]) -> bytes:
    """Return the hash over the tips of accounts: account, sequence, balance and hash of each."""
    lines = "\n".join(f"{account}|{seq}|{balance}|{tip.hex()}" for account, seq, balance, tip in tips)
    return hashlib.sha256(lines.encode()).digest()


def _journals(after: int, last: int) -> list[dict[str, Any]]:
    rows = Journal.objects.filter(pk__gt=after, pk__lte=last).order_by("pk")
    return list(rows.values(*_JOURNAL_COLUMNS)[:_READ_AT_ONCE])


def _legs(after: int, last: int) -> Mapping[int, list[tuple[Any, ...]]]:
    rows = Transfer.objects.filter(journal_id__gt=after, journal_id__lte=last).order_by("journal_id", "leg", "pk")
    found = rows.values_list("journal_id", *_TRANSFER_COLUMNS)
    return {journal_id: [tuple(leg[1:]) for leg in legs] for journal_id, legs in groupby(found, key=lambda leg: leg[0])}
