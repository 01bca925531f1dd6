"""Money that is on its way out of a loan: apps above tell of it, and nothing else may count on it meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lms.errors import MoneyOnItsWay
from lms.models import FactKind, Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOut:
    """An amount that was asked for and is not in the book yet, and the name under which it is found."""

    name: str
    amount_paise: int


MoneyOutOf = Callable[[int], Sequence[MoneyOut]]
_SOURCES: dict[str, dict[str, MoneyOutOf]] = {}


def money_out_register(*, kind: FactKind, code: str, source: MoneyOutOf) -> None:
    """Let an app above tell what is on its way; called from its `ready`.

    Args:
        kind: the entry that will book it: a disbursal or a refund.
        code: names the teller.
        source: gets the key of a locked loan.
    """
    _SOURCES.setdefault(kind, {})[code] = source


def money_out_check(*, loan: Loan, kind: FactKind, amount_paise: int, free_paise: int) -> None:
    """Refuse an entry by hand that would take what is on its way already.

    Args:
        loan: locked, so that nothing is asked for meanwhile.
        kind: of the entry.
        free_paise: what there is of it, the money on its way included.

    Raises:
        MoneyOnItsWay: what is left beside it is less than the amount.
    """
    out = [money for source in _SOURCES.get(kind, {}).values() for money in source(loan.pk)]
    left_paise = free_paise - sum(money.amount_paise for money in out)
    if out and amount_paise > left_paise:
        raise MoneyOnItsWay(
            loan=loan.number,
            payout=out[0].name,
            out_paise=out[0].amount_paise,
            left_paise=max(left_paise, 0),
            amount_paise=amount_paise,
        )
