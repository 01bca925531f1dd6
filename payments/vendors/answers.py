"""What vendors tell us, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers.models import UPI_BRANCH
from payments.models import CheckState, Rail
from payments.protocol import Told

__all__ = [
    "AccountNews",
    "LinkNews",
    "LinkOrder",
    "PayoutNews",
    "PayoutOrder",
    "ProofCall",
    "ProofNews",
    "ProofOrder",
    "RefundOrder",
    "Told",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """What a vendor is asked to pay; `idempotency_key` is the same for every try of one intent."""

    our_reference: str
    idempotency_key: str
    amount_paise: int
    rail: Rail
    holder_name: str
    account_number: str
    ifsc: str
    payee_reference: str
    narration: str

    @property
    def is_upi(self) -> bool:
        """Whether it goes to a UPI address, which then stands as the account's number."""
        return self.rail == Rail.UPI


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutNews:
    """What was told of a payout, by an answer, a look-up or a webhook."""

    told: Told
    vendor_reference: str = ""
    utr: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOrder:
    """An account that a vendor is asked to prove, or a UPI address in place of its number."""

    our_reference: str
    holder_name: str
    account_number: str
    ifsc: str

    @property
    def is_upi(self) -> bool:
        """Whether it is a UPI address."""
        return self.ifsc == UPI_BRANCH


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofNews:
    """What was told of an account; `holder_name` is the bank's own."""

    state: CheckState
    holder_name: str = ""
    vendor_reference: str = ""
    utr: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProofCall:
    """What to send to a vendor about a proof, in its own shape."""

    method: str
    path: str
    json: Mapping[str, Any] | None = None
    params: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOrder:
    """A payment that a borrower is asked for; `is_order` is one that is paid within an app."""

    our_reference: str
    amount_paise: int
    description: str
    expires_epoch: int
    is_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkNews:
    """A link or an order that the vendor has opened, and the page on which it is paid."""

    vendor_reference: str
    order_reference: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """An account that may pay into a virtual account; `vendor_reference` is how the vendor knows it."""

    account_number: str
    ifsc: str
    vendor_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNews:
    """A virtual account that the vendor has opened, and who it says may pay into it; nobody listed is everybody."""

    vendor_reference: str
    account_number: str
    ifsc: str
    payers: tuple[Payer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A payment that a vendor is asked to give back; `idempotency_key` is the same for every try of one intent."""

    our_reference: str
    idempotency_key: str
    payment_reference: str
    order_reference: str
    amount_paise: int


def payer_known(news: AccountNews, *, account_number: str, ifsc: str) -> Payer | None:
    """Return how the vendor knows an account that may pay into a virtual account; None when it may not."""
    found = (payer for payer in news.payers if (payer.account_number, payer.ifsc) == (account_number, ifsc))
    return next(found, None)
