"""Number one side of a transfer on its account."""

from typing import Final

from ledger.hashing import entry_hash
from ledger.models import AccountBalance
from ledger.rows import Value

ENTRY_COLUMNS: Final = "account_id,seq,journal_id,leg,delta_paise,balance_after_paise,hash"
ENTRY_ROW: Final = "({:d},{:d},{:d},{:d},{:d},{:d},X'{}')"


def entry_row(*, balance: AccountBalance, journal_id: int, leg: int, delta_paise: int) -> tuple[Value, ...]:
    """Move a locked balance by one side of a transfer, and return the row of the entry that says so.

    Returns:
        Values in the order of `ENTRY_COLUMNS`, for `ENTRY_ROW`. The balance is changed in memory only.
    """
    balance.seq += 1
    balance.balance_paise += delta_paise
    balance.tip_hash = entry_hash(
        previous=balance.tip_hash,
        account_id=balance.pk,
        seq=balance.seq,
        journal_id=journal_id,
        leg=leg,
        delta_paise=delta_paise,
        balance_after_paise=balance.balance_paise,
    )
    return (balance.pk, balance.seq, journal_id, leg, delta_paise, balance.balance_paise, balance.tip_hash.hex())
