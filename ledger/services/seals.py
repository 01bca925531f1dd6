"""Seal the journals, and carry the seals out of the house."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import IO, Any, Final

from django.db.models import Max

from core.transactions import run_in_transaction
from ledger.errors import SealFileWrong
from ledger.hashing import merkle_root
from ledger.locks import seals_for_update
from ledger.models import NO_HASH, AccountBalance, Journal, Seal, SealTip
from ledger.sealing import leaves_of, leaves_pack, seal_hash, tips_hash

JOURNALS_PER_SEAL: Final = 10_000
# Longer than any transaction that posts: a journal that is recorded but not committed yet must not be passed over.
GRACE: Final = timedelta(minutes=10)
_HASHES: Final = ("root", "tips_hash", "previous_hash", "seal_hash")
_NUMBERS: Final = ("no", "first_journal", "last_journal", "journals", "total_paise")


def ledger_seal(*, now: datetime, grace: timedelta = GRACE) -> tuple[Seal, ...]:
    """Seal every journal that is older than the grace and not sealed yet.

    Args:
        now: the instant of sealing.
        grace: how long a posting's transaction may take; younger journals, and all that are numbered after the first
            of them, wait for the next seal.

    Returns:
        The new seals, each over up to `JOURNALS_PER_SEAL` journals.

    Source: money 7.10.
    """
    seals = []
    while seal := run_in_transaction(lambda: _seal_next(now, grace)):
        seals.append(seal)
    return tuple(seals)


def seals_export(*, to: IO[str], after_no: int = 0) -> int:
    """Write seals to a file, one JSON object per line, to be kept where nobody who runs the database can change it.

    Args:
        after_no: only seals after this one.

    Returns:
        How many were written.
    """
    count = 0
    for seal in Seal.objects.filter(no__gt=after_no).order_by("no").defer("leaves"):
        to.write(json.dumps(_line(seal)) + "\n")
        count += 1
    return count


def seals_compare(*, lines: Iterable[str]) -> Iterator[str]:
    """Hold an exported file against the seals that the ledger has now, and tell each difference.

    Raises:
        SealFileWrong: a line is no seal.
    """
    for place, text in enumerate(lines, start=1):
        try:
            kept = json.loads(text)
            number = int(kept["no"])
        except (ValueError, KeyError, TypeError):
            raise SealFileWrong(line=place) from None
        seal = Seal.objects.filter(no=number).defer("leaves").first()
        if seal is None:
            yield f"seal {number}: is in the file but not in the ledger, which was cut off before it"
        elif _line(seal) != kept:
            yield f"seal {number}: differs from the file, over journals {seal.first_journal} to {seal.last_journal}"


def _seal_next(now: datetime, grace: timedelta) -> Seal | None:
    last = seals_for_update().defer("leaves").first()
    after = last.last_journal if last else 0
    unsealed = Journal.objects.filter(pk__gt=after)
    young = unsealed.filter(recorded_at__gt=now - grace).order_by("pk").values_list("pk", flat=True).first()
    ready = unsealed if young is None else unsealed.filter(pk__lt=young)
    numbers = list(ready.order_by("pk").values_list("pk", "total_paise")[:JOURNALS_PER_SEAL])
    if not numbers:
        return None
    return _seal(last, numbers, now)


def _seal(last: Seal | None, numbers: list[tuple[int, int]], now: datetime) -> Seal:
    leaves = list(leaves_of(first_journal=numbers[0][0], last_journal=numbers[-1][0]))
    tips = _moved_tips()
    seal = Seal(
        no=last.no + 1 if last else 1,
        first_journal=numbers[0][0],
        last_journal=numbers[-1][0],
        journals=len(leaves),
        total_paise=sum(total for _, total in numbers),
        root=merkle_root(leaves=[leaf for _, leaf in leaves]),
        tips_hash=tips_hash(tips=tips),
        previous_hash=last.seal_hash if last else NO_HASH,
        leaves=leaves_pack(leaves=leaves),
        sealed_at=now,
    )
    seal.seal_hash = seal_hash(seal=seal)
    seal.save(force_insert=True)
    SealTip.objects.bulk_create(
        [
            SealTip(seal=seal, account_id=account_id, seq=seq, balance_paise=balance, tip_hash=tip)
            for account_id, seq, balance, tip in tips
        ],
        batch_size=1_000,
    )
    return seal


def _moved_tips() -> list[tuple[int, int, int, bytes]]:
    """Return where the accounts stand whose entries moved since they were recorded last."""
    known = dict(SealTip.objects.order_by().values_list("account_id").annotate(Max("seq")))
    rows = AccountBalance.objects.order_by("pk").values_list("pk", "seq", "balance_paise", "tip_hash")
    return [(pk, seq, balance, bytes(tip)) for pk, seq, balance, tip in rows if seq > known.get(pk, 0)]


def _line(seal: Seal) -> dict[str, Any]:
    numbers = {name: int(getattr(seal, name)) for name in _NUMBERS}
    return {**numbers, **{name: bytes(getattr(seal, name)).hex() for name in _HASHES}}
