"""What happened to a loan: dated facts, appended and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lms.engine.terms import Component


class PrepaymentEffect(StrEnum):
    """What a part-prepayment makes smaller."""

    CUT_INSTALMENT = "CUT_INSTALMENT"
    CUT_TENOR = "CUT_TENOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of every fact.

    `sequence` is the order of recording within the loan (unique, from 1); `value_date` is the day on which it counts;
    `amount_paise` is zero where the kind has no amount.
    """

    sequence: int
    value_date: date
    amount_paise: int = 0
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disburse(Fact):
    """Money lent; several make tranches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Fact):
    """The standing of a loan brought in from another book: `amount_paise` is its principal outstanding.

    Instalments up to `instalments_paid` count as settled elsewhere; later ones due by the value date are overdue with
    their principal. Arrears are parts of the amounts owed that day: interest overdue is what `interest_arrears_paise`
    says, not what those instalments would have borne.
    """

    instalments_paid: int
    interest_arrears_paise: int = 0
    fee_arrears_paise: int = 0
    penal_arrears_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive(Fact):
    """Money from the borrower; `transaction_kind` and the `asset_class` of that day pick the waterfall."""

    transaction_kind: str = ""
    asset_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Fact):
    """A fee levied, GST apart: `amount_paise` is without `tax_paise`. `is_kept_back`: paid out of the disbursal."""

    code: str
    tax_paise: int = 0
    due_date: date | None = None
    is_kept_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Penal(Fact):
    """A penal charge levied by hand (planned ones follow from the penal plan)."""

    code: str = "PENAL"
    due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive(Fact):
    """Part of what is owed given up, oldest first; `charge_sequence` names one charge of the component, due or not.

    `tax_paise` of a waived fee: the tax on the same charges that is given up with it, on top of `amount_paise`.
    """

    component: Component
    charge_sequence: int | None = None
    tax_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce(Fact):
    """A presented payment returned unpaid; reverses `receipt_sequence` where one was booked, and levies the charge."""

    receipt_sequence: int | None = None
    charge_paise: int = 0
    tax_paise: int = 0
    reason_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepay(Fact):
    """Principal paid ahead of its time, after all dues."""

    effect: PrepaymentEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange(Fact):
    """A new annual rate from `value_date` on."""

    annual_rate_pct: Decimal
    effect: PrepaymentEffect = PrepaymentEffect.CUT_INSTALMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule(Fact):
    """The rest of the loan on other dates, tenor or rate; `is_restructure` marks a concession for distress."""

    new_due_date: date | None = None
    from_due_date: date | None = None
    extra_instalments: int = 0
    annual_rate_pct: Decimal | None = None
    grace_principal_count: int = 0
    grace_interest_count: int = 0
    is_restructure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moratorium(Fact):
    """No instalment falls due from `start_date`, else the value date, to `end_date`.

    `is_restructure` marks a concession for distress, which it is from the value date on.
    """

    end_date: date
    is_interest_capitalised: bool = False
    is_restructure: bool = False
    start_date: date | None = None

    @property
    def first_date(self) -> date:
        """First day of the range."""
        return self.start_date or self.value_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Fact):
    """No interest from `start_date`, else the value date, to `end_date`, both inclusive.

    `is_penal`: the planned penal charges rest in that time, and interest runs on.
    """

    end_date: date
    start_date: date | None = None
    is_penal: bool = False

    @property
    def first_date(self) -> date:
        """First day of the range."""
        return self.start_date or self.value_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Restructure(Fact):
    """A concession for distress that leaves the schedule as it is, such as a settlement paid over a long time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Fact):
    """Part of the claim accepted for the whole; the rest is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Fact):
    """Off the books, the claim stays; no amount means all that is owed.

    `is_technical`: recovery goes on as before; otherwise it has been tried in vain. The figures are the same.
    """

    is_technical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover(Fact):
    """Money on a loan already written off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreclose(Fact):
    """The whole debt paid on one day, with the charge of the terms."""

    charge_paise: int = 0
    tax_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Fact):
    """Excess paid back to the borrower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse(Fact):
    """The fact `reversed_sequence` never took effect."""

    reversed_sequence: int
