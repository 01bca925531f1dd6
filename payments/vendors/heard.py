"""What a webhook speaks of, in our words; a vendor's reader turns each of its events into these."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from payments.models import PartKind
from payments.vendors.answers import PayoutNews, ProofNews


class PaymentTold(StrEnum):
    """What is said of a payment by a borrower."""

    CREATED = "CREATED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"


class LinkTold(StrEnum):
    """What is said of a link or an order."""

    OPEN = "OPEN"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class RefundTold(StrEnum):
    """What is said of a refund of a payment."""

    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"


class DisputeTold(StrEnum):
    """What is said of a payment that its payer disputes."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutHeard:
    """A payout; the amount is compared with what was asked for."""

    our_reference: str
    amount_paise: int | None
    news: PayoutNews


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofHeard:
    """The proof of an account."""

    our_reference: str
    news: ProofNews


@dataclass(frozen=True, slots=True, kw_only=True)
class DowntimeHeard:
    """That a way of paying does not work, or works again."""

    vendor_reference: str
    method: str
    instrument: str
    status: str
    began_epoch: int | None
    ended_epoch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerTold:
    """What is said of a payer, and what they wrote beside their payment; empty where a vendor tells nothing."""

    name: str = ""
    phone: str = ""
    vpa: str = ""
    account: str = ""
    narration: str = ""


NOBODY_TOLD: Final = PayerTold()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHeard:
    """A payment by a borrower, with what it was made for: a link, an order or a virtual account."""

    told: PaymentTold
    vendor_reference: str
    amount_paise: int
    method: str = ""
    utr: str = ""
    fee_paise: int = 0
    tax_paise: int = 0
    link_reference: str = ""
    order_reference: str = ""
    our_reference: str = ""
    account_reference: str = ""
    payer_account: str = ""
    payer_ifsc: str = ""
    reason: str = ""
    paid_epoch: int | None = None
    payer: PayerTold = NOBODY_TOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeard:
    """A link or an order."""

    told: LinkTold
    vendor_reference: str
    our_reference: str
    order_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundHeard:
    """A refund of a payment."""

    told: RefundTold
    vendor_reference: str
    our_reference: str
    payment_reference: str
    amount_paise: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeHeard:
    """A payment that its payer disputes."""

    told: DisputeTold
    vendor_reference: str
    payment_reference: str
    amount_paise: int
    reason: str = ""
    respond_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementHeard:
    """Money that a gateway has taken from borrowers and paid to our bank, less its fees; `fee_paise` includes tax."""

    vendor_reference: str
    amount_paise: int
    fee_paise: int
    tax_paise: int
    utr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHeard:
    """One line of what a settlement is made of; `net_paise` is what it adds, `fee_paise` includes tax."""

    kind: PartKind
    vendor_reference: str
    amount_paise: int
    net_paise: int
    fee_paise: int = 0
    tax_paise: int = 0
    utr: str = ""


Heard = (
    PayoutHeard | ProofHeard | DowntimeHeard | PaymentHeard | LinkHeard | RefundHeard | DisputeHeard | SettlementHeard
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event as it lies in the inbox: its name, what it is about, and the state it tells, without reading further."""

    kind: str
    entity: str
    status: str = ""


def word(value: object) -> str:
    """Return a name, a number or a state as text; nothing for what cannot be one."""
    return str(value or "") if isinstance(value, str | int) else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event says; nothing when it concerns nothing of ours."""

    heard: tuple[Heard, ...] = field(default=())
