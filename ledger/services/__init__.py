"""Every write to the ledger."""

from ledger.services.bulk import journals_post_many
from ledger.services.charts import account_create, account_limits_set, account_open, chart_seed, product_accounts_create
from ledger.services.holds import HoldOrder, hold_place, hold_post, hold_void, holds_expire
from ledger.services.house_journals import house_journal_post
from ledger.services.journals import JournalOrder, MovementAmount, journal_post, journal_reverse
from ledger.services.manual_journals import ManualJournal, ManualLine, manual_journal_check, manual_journal_post
from ledger.services.periods import period_hard_close, period_reopen, period_soft_close, periods_create
from ledger.services.rolling import account_roll, ledger_requeue, ledger_roll
from ledger.services.seals import ledger_seal, seals_compare, seals_export
from ledger.services.sums import ledger_sum, ledger_sums_rebuild

__all__ = [
    "HoldOrder",
    "JournalOrder",
    "ManualJournal",
    "ManualLine",
    "MovementAmount",
    "account_create",
    "account_limits_set",
    "account_open",
    "account_roll",
    "chart_seed",
    "hold_place",
    "hold_post",
    "hold_void",
    "holds_expire",
    "house_journal_post",
    "journal_post",
    "journal_reverse",
    "journals_post_many",
    "ledger_requeue",
    "ledger_roll",
    "ledger_seal",
    "ledger_sum",
    "ledger_sums_rebuild",
    "manual_journal_check",
    "manual_journal_post",
    "period_hard_close",
    "period_reopen",
    "period_soft_close",
    "periods_create",
    "product_accounts_create",
    "seals_compare",
    "seals_export",
]
