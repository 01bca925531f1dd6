"""Keep what a payment says of its payer, once, encrypted."""

from typing import Final

from core.fields import blind_index
from customers.values import ACCOUNT_PURPOSE
from payments.models import IncomingPayment, PaymentPayer
from payments.vendors.heard import PayerTold

VPA_PURPOSE: Final = "payments.vpa"


def payer_keep(*, payment: IncomingPayment, told: PayerTold) -> None:
    """Keep what was told of the payer of a locked payment, in the caller's transaction; what is known stays."""
    if told == PayerTold() or PaymentPayer.objects.filter(payment=payment).exists():
        return
    PaymentPayer.objects.create(
        payment=payment,
        name=told.name,
        phone=told.phone,
        vpa=told.vpa,
        narration=told.narration,
        vpa_index=blind_index(told.vpa, purpose=VPA_PURPOSE) if told.vpa else "",
        account_index=blind_index(told.account, purpose=ACCOUNT_PURPOSE) if told.account else "",
    )
