"""What is known of cash and cheques: the drawers of a day, what is with us, and what lies at the bank uncleared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, Min, QuerySet, Sum

from ledger.models import Account
from ledger.selectors import balance_now
from payments.models import CounterKind, CounterReceipt, SlipState
from payments.services.rules import rules_on
from payments.services.vendors import CASH_IN_HAND

SHOWN: Final = 50
# A list of what one slip may hold; more than this is another slip.
SLIP_MOST: Final = 200


@dataclass(slots=True, kw_only=True)
class Drawer:
    """What one member of staff took on a day, and what of everything that they took is still with them."""

    username: str
    user_id: int | None = None
    cash_paise: int = 0
    cash_count: int = 0
    cheque_paise: int = 0
    cheque_count: int = 0
    left_cash_paise: int = 0
    left_cheques: int = 0
    oldest_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """All drawers of a day, and whether the books have as much cash as they hold."""

    drawers: tuple[Drawer, ...]
    cash_paise: int
    cheque_paise: int
    cheque_count: int
    booked_paise: int

    @property
    def difference_paise(self) -> int:
        """Return by how much the books differ from the drawers."""
        return self.booked_paise - self.cash_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBank:
    """A cheque that lies at the bank: for how many days, and whether that is too long."""

    receipt: CounterReceipt
    days: int
    is_late: bool


def till_on(*, day: date) -> Till:
    """Return what each member of staff took on a day and what of it has not gone to the bank."""
    drawers: dict[str, Drawer] = {}
    columns = ("taken_by_id", "taken_by__username", "kind")
    taken = CounterReceipt.objects.filter(taken_on=day).order_by().values_list(*columns)
    for user_id, name, kind, paise, count in taken.annotate(paise=Sum("payment__amount_paise"), count=Count("pk")):
        drawer = _drawer(drawers, user_id, name)
        if kind == CounterKind.CASH:
            drawer.cash_paise, drawer.cash_count = paise, count
        else:
            drawer.cheque_paise, drawer.cheque_count = paise, count
    cheque_paise = 0
    left = CounterReceipt.objects.filter(kind__in=CounterKind.values, state=SlipState.RECEIVED).order_by()
    sums = {"paise": Sum("payment__amount_paise"), "count": Count("pk"), "oldest": Min("taken_on")}
    for user_id, name, kind, paise, count, oldest in left.values_list(*columns).annotate(**sums):
        drawer = _drawer(drawers, user_id, name)
        drawer.oldest_on = min(filter(None, (drawer.oldest_on, oldest)))
        if kind == CounterKind.CASH:
            drawer.left_cash_paise = paise
        else:
            drawer.left_cheques = count
            cheque_paise += paise
    rows = tuple(sorted(drawers.values(), key=lambda row: row.username))
    account = Account.objects.filter(code=CASH_IN_HAND).first()
    return Till(
        drawers=rows,
        cash_paise=sum(row.left_cash_paise for row in rows),
        cheque_paise=cheque_paise,
        cheque_count=sum(row.left_cheques for row in rows),
        booked_paise=balance_now(account=account) if account else 0,
    )


def cheques_in_clearing() -> QuerySet[CounterReceipt]:
    """Return the cheques that were brought to the bank and have neither cleared nor bounced, the oldest first."""
    rows = CounterReceipt.objects.filter(kind=CounterKind.CHEQUE, state=SlipState.DEPOSITED)
    return rows.select_related("payment__loan", "deposit").order_by("pk")


def cheques_at_bank(*, receipts: Iterable[CounterReceipt], today: date) -> list[AtBank]:
    """Tell for how long each of these lies at the bank; those that are no cheque in clearing are left out."""
    late_days = rules_on(day=today).cheque_late_days
    return [
        AtBank(receipt=row, days=(days := (today - row.deposit.deposited_on).days), is_late=days > late_days)
        for row in receipts
        if row.deposit is not None and (row.kind, row.state) == (CounterKind.CHEQUE, SlipState.DEPOSITED)
    ]


def receipts_with_us(*, kind: CounterKind) -> Sequence[CounterReceipt]:
    """Return what a slip can be made of, the oldest first."""
    rows = CounterReceipt.objects.filter(kind=kind, state=SlipState.RECEIVED)
    return list(rows.select_related("payment__loan", "taken_by").order_by("pk")[:SLIP_MOST])


def _drawer(drawers: dict[str, Drawer], user_id: int | None, username: str | None) -> Drawer:
    name = username or "system"
    return drawers.setdefault(name, Drawer(username=name, user_id=user_id))
