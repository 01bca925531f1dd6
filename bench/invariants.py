"""The invariants on a million entries, each with its time."""

import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from ledger.backfill import ledger_backfill
from ledger.checks import ledger_check
from ledger.checks.report import Finding
from ledger.models import AccountRole, Entry, ProductAccount
from ledger.services import ledger_roll, ledger_seal

JOURNALS, LEGS = 100_000, 5
ROUNDS = 3
BAR_SECONDS = 3.0
# The running-balance query of the reference took 0.30 s for 149,000 entries on the machine that the bar was set on.
REFERENCE_SECONDS = 0.30 * 1_000_000 / 149_000
_REFERENCE = """
SELECT COUNT(*) FROM (SELECT seq, delta_paise, balance_after_paise, COALESCE(LAG(balance_after_paise) OVER w, 0) pb,
  COALESCE(LAG(seq) OVER w, 0) ps FROM ledger_entry WINDOW w AS (PARTITION BY account_id ORDER BY seq)) x
WHERE balance_after_paise <> pb + delta_paise OR seq <> ps + 1
"""
_JOURNALS = """
INSERT INTO ledger_journal (idempotency_key, content_hash, event, reference_type, reference_id, product_code,
  value_date, booked_on, recorded_at, legs, total_paise, narration)
SELECT CONCAT('million:', seq), SHA2(seq, 256), 'BENCH', 'bench', seq, 'BENCH', '2026-04-10', '2026-04-10',
  '2026-04-10 06:00:00', {legs}, {legs} * (100 + seq % 900), '' FROM seq_1_to_{journals}
"""
_TRANSFERS = """
INSERT INTO ledger_transfer (journal_id, leg, debit_account_id, credit_account_id, amount_paise, value_date, booked_on)
SELECT j.id, {leg}, {debit}, {credit}, 100 + j.reference_id % 900, j.value_date, j.booked_on
FROM ledger_journal j WHERE j.reference_type = 'bench' AND j.idempotency_key LIKE 'million:%%'
"""


def invariants_report() -> None:
    """Fill the ledger up to a million entries, then print the time of every invariant."""
    _fill()
    begun = time.perf_counter()
    rolled = ledger_roll(limit=5_000)
    seconds = time.perf_counter() - begun
    print(f"{'roller, a million legs':<48} {rolled / seconds:>9,.0f}/s")
    reference = float("inf")
    best: dict[str, Finding] = {}
    for _ in range(ROUNDS):
        # In turn, so that a neighbour slows both.
        reference = min(reference, _reference())
        for found in ledger_check().findings:
            known = best.get(found.code)
            best[found.code] = found if known is None or found.seconds < known.seconds else known
    factor = reference / REFERENCE_SECONDS
    for found in best.values():
        print(f"  {found.code:<4} {found.title:<62} {found.seconds:7.3f} s  {'held' if found.is_held else 'BROKEN'}")
    numbered = sum(best[f"I{number}"].seconds for number in range(1, 8))
    print(
        f"{f'I1 to I7 on {Entry.objects.count():,} entries':<48} {numbered:7.2f} s  "
        f"bar {BAR_SECONDS:.2f} s x machine {factor:.2f} = {BAR_SECONDS * factor:.2f} s"
    )
    ledger_seal(now=timezone.now(), grace=timedelta(0))
    since = ledger_check(is_incremental=True)
    print(f"{'since the last seal':<48} {since.seconds:7.2f} s  broken: {', '.join(since.broken) or 'nothing'}")


def _fill() -> None:
    # Tax is posted with its documents alone, which these journals lack.
    roles = ProductAccount.objects.filter(product_code="BENCH").exclude(role=AccountRole.GST_PAYABLE)
    accounts = list(roles.values_list("account_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_JOURNALS.format(legs=LEGS, journals=JOURNALS))
        for leg in range(1, LEGS + 1):
            cursor.execute(
                _TRANSFERS.format(leg=leg, debit=accounts[leg], credit=accounts[leg + LEGS]).replace("%%", "%")
            )
    ledger_backfill(connection=connection)


def _reference() -> float:
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCE)
    return time.perf_counter() - begun
