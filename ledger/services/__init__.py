"""Every write to the ledger."""

from ledger.services.charts import chart_seed, product_accounts_create
from ledger.services.journals import MovementAmount, journal_post, journal_reverse

__all__ = ["MovementAmount", "chart_seed", "journal_post", "journal_reverse", "product_accounts_create"]
