"""Fingerprints of entries and journals, and the tree over them."""

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

_ENTRY = struct.Struct(">qqqHqq")


def entry_hash(
    *,
    previous: bytes,
    account_id: int,
    seq: int,
    journal_id: int,
    leg: int,
    delta_paise: int,
    balance_after_paise: int,
) -> bytes:
    """Return the hash of an entry, chained to the one before it on its account.

    Source: money 7.2.
    """
    fields = _ENTRY.pack(account_id, seq, journal_id, leg, delta_paise, balance_after_paise)
    return hashlib.sha256(previous + fields).digest()


def journal_leaf(*, journal: Mapping[str, Any], transfers: Sequence[Sequence[Any]]) -> bytes:
    """Return the hash of a journal with its transfers, over every column of both.

    Args:
        journal: columns and values as the database gives them.
        transfers: columns of each transfer, by leg.
    """
    content: list[Any] = [sorted((name, _plain(value)) for name, value in journal.items())]
    content.append([[_plain(value) for value in transfer] for transfer in transfers])
    return hashlib.sha256(b"\x00" + json.dumps(content, separators=(",", ":")).encode()).digest()


def merkle_root(*, leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves in their order; a last one without a partner goes up as it is.

    Inner nodes and leaves are told apart by their first byte, so that a node can never pass for a leaf.
    """
    if not leaves:
        raise ValueError("A tree has at least one leaf.")
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
