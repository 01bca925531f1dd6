"""Every write to the ledger."""

from ledger.services.bulk import journals_post_many
from ledger.services.charts import account_create, chart_seed, product_accounts_create
from ledger.services.journals import JournalOrder, MovementAmount, journal_post, journal_reverse
from ledger.services.periods import period_hard_close, period_reopen, period_soft_close, periods_create
from ledger.services.rolling import account_roll, ledger_requeue, ledger_roll

__all__ = [
    "JournalOrder",
    "MovementAmount",
    "account_create",
    "account_roll",
    "chart_seed",
    "journal_post",
    "journal_reverse",
    "journals_post_many",
    "ledger_requeue",
    "ledger_roll",
    "period_hard_close",
    "period_reopen",
    "period_soft_close",
    "periods_create",
    "product_accounts_create",
]
