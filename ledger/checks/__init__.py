"""The invariants of the ledger as one question: does everything add up, and where not."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial

from ledger.checks import chains, invariants, tax
from ledger.checks.report import CheckReport, Finding, finding
from ledger.models import LedgerCheck, Seal
from ledger.snapshots import one_instant

__all__ = ["CheckReport", "Finding", "broken_invariants", "check_register", "ledger_check", "ledger_check_keep"]


@dataclass(frozen=True, slots=True)
class _Check:
    code: str
    title: str
    offences: Callable[[], Iterator[str]]


_OF_OTHERS: dict[str, _Check] = {}


def check_register(*, code: str, title: str, offences: Callable[[], Iterator[str]]) -> None:
    """Let an app above add an invariant of its own to the one question; called from its `ready`.

    Args:
        code: how it is called, such as I8.
        offences: gives one line for each row that breaks it, and none when it holds.

    Raises:
        ValueError: another app has the code.
    """
    wanted = _Check(code, title, offences)
    if _OF_OTHERS.setdefault(code, wanted) != wanted:
        raise ValueError(f"Two invariants are called {code}.")


def ledger_check(*, is_incremental: bool = False) -> CheckReport:
    """Check I1 to I7 and I10, hashes, seals, the tax register and what other apps added, as of one instant.

    Args:
        is_incremental: only what was posted since the last seal, beginning at the tips that it recorded; of the seals
            themselves the chain and the latest one.

    Source: money appendix B and 7.10.
    """
    with one_instant():
        return CheckReport(findings=tuple(_findings(is_incremental)), is_incremental=is_incremental)


def ledger_check_keep(*, is_incremental: bool = False) -> LedgerCheck:
    """Check the invariants and keep the outcome, for those who look later."""
    report = ledger_check(is_incremental=is_incremental)
    return LedgerCheck.objects.create(
        is_incremental=is_incremental,
        is_held=report.is_held,
        seconds=Decimal(f"{report.seconds:.3f}"),
        results=[{**asdict(found), "seconds": round(found.seconds, 3)} for found in report.findings],
    )


def broken_invariants() -> tuple[str, ...]:
    """Return the codes of the invariants that do not hold over the whole ledger."""
    return ledger_check().broken


def _findings(is_incremental: bool) -> list[Finding]:
    last = Seal.objects.order_by("-no").values_list("last_journal", flat=True).first() if is_incremental else None
    after = last or 0
    running = invariants.running_balances_add_up
    return [
        finding("I1", "All balances add up to zero", invariants.trial_balance_is_zero),
        finding(
            "I2", "Every transfer has its two sides", partial(invariants.transfers_have_both_sides, after_journal=after)
        ),
        finding("I3", "Headers match their legs", partial(invariants.headers_match_legs, after_journal=after)),
        *([] if is_incremental else [finding("I4", "Running balances add up without a gap", running)]),
        finding("I5", "Balances are those of the last entries", invariants.balances_are_tips),
        finding("I6", "Held amounts equal the active holds", invariants.holds_are_counted),
        finding("I7", "Reversals mirror their originals", partial(invariants.reversals_mirror, after_journal=after)),
        finding(
            "I4" if is_incremental else "H",
            "Entries follow from one another by sequence, balance and hash",
            partial(chains.entries_chain, is_incremental=is_incremental),
        ),
        finding("I10", "Seals form a chain without a hole", chains.seals_chain),
        finding("S", "Sealed journals are as they were", partial(chains.seals_cover, last_only=is_incremental)),
        *([] if is_incremental else [finding("DS", "Sums of days add up", invariants.day_sums_add_up)]),
        *([] if is_incremental else [finding("G", "Tax documents equal their journals", tax.register_equals_ledger)]),
        *(finding(check.code, check.title, check.offences) for check in _OF_OTHERS.values()),
    ]
