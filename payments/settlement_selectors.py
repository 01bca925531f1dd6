"""What is known of settlements: the sums of their parts, and for how long a credit was not seen at the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from payments.models import PartKind, Settlement, SettlementPart
from payments.services.rules import rules_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSum:
    """All parts of a kind together, in paise; the fee without its tax."""

    kind: PartKind
    count: int
    amount_paise: int
    fee_paise: int
    tax_paise: int
    net_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A credit that was not seen at the bank: for how many days, and whether that is too long."""

    days: int
    is_late: bool


def settlement_sums(*, parts: Sequence[SettlementPart]) -> list[PartSum]:
    """Add the parts of a settlement up by kind: what the gateway took, gave back and kept; no query."""
    sums = []
    for kind in PartKind:
        own = [part for part in parts if part.kind == kind]
        if own:
            sums.append(
                PartSum(
                    kind=kind,
                    count=len(own),
                    amount_paise=sum(part.amount_paise for part in own),
                    fee_paise=sum(part.fee_paise - part.tax_paise for part in own),
                    tax_paise=sum(part.tax_paise for part in own),
                    net_paise=sum(part.net_paise for part in own),
                )
            )
    return sums


def credit_days(*, settlement: Settlement, today: date, late_after_days: int | None = None) -> Unseen | None:
    """Tell for how long a settlement's credit was not seen on our bank's statement; None for one that was.

    Args:
        late_after_days: the threshold of today, where the caller has read it for many settlements.
    """
    if settlement.credited_on is not None:
        return None
    days = (today - settlement.booked_on).days
    late_after = rules_on(day=today).settlement_late_days if late_after_days is None else late_after_days
    return Unseen(days=days, is_late=days > late_after)
