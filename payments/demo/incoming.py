"""Money in every way that it arrives: over the counter, into accounts of loans, by link, and settled with us."""

from typing import Any, Final

from django.contrib.auth.models import User

from core.business_date import business_date
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.demo.payouts import HASTE, PACE, saga_work
from payments.demo.vendors import control
from payments.models import CounterReceipt, PaymentLink, Vendor
from payments.services.deposit_asking import DepositOrder, deposit_submit
from payments.services.deposits import Cheque, CounterOrder, cheque_bounce, cheque_clear, counter_take, deposit_make
from payments.services.links import LinkRequest, link_request
from payments.services.settlements import settlement_told
from payments.services.virtual_accounts import payer_allow, virtual_account_request
from payments.vendors.razorpay_events import settlement_heard

_LOANS: Final = 8
_OWN: Final = ("50100011112222", "HDFC0000123")
_OTHER: Final = ("91000000000001", "SBIN0000001")
_METHODS: Final = ("upi", "netbanking", "card")


def incoming_fill(*, address: str) -> int:
    """Take money in every way through the simulators and services, and return how many payments there are.

    Args:
        address: where the simulators listen.
    """
    cashier, finance = User.objects.get(username="operations"), User.objects.get(username="finance")
    loans = list(Loan.objects.filter(status=LoanStatus.ACTIVE, instalment_paise__gt=0).order_by("-pk")[:_LOANS])
    if len(loans) < _LOANS:
        return 0
    control(address=address, path="scenario", **HASTE)
    _counter(loans[:5], cashier, finance)
    _gateway(address, loans[5:], cashier)
    control(address=address, path="scenario", **PACE)
    return CounterReceipt.objects.count() + PaymentLink.objects.count() + 2


def _counter(loans: list[Loan], cashier: User, finance: User) -> None:
    """Leave cash in a drawer and on a slip, and cheques with us, at the bank, cleared and bounced."""
    today = business_date()
    cash = [_take(loan, cashier) for loan in loans[:3]]
    cheques = [
        _take(loan, cashier, Cheque(number=f"{412_300 + number}", bank="State bank, Pune", dated=today))
        for number, loan in enumerate(loans)
    ]
    deposit_submit(
        order=DepositOrder(
            payment_ids=[row.payment_id for row in cash[:2]],
            bank_reference="CASH-0091",
            deposited_on=today,
            reason="Carried by the guard",
            actor=cashier,
            idempotency_key="demo:slip",
        )
    )
    brought = [row.payment_id for row in cheques[:4]]
    deposit_make(payment_ids=brought, bank_reference="CHQ-0417", deposited_on=today, actor=cashier)
    cheque_clear(payment_id=brought[0], actor=finance)
    cheque_bounce(payment_id=brought[1], reason="Memo of the branch", reason_code="01", actor=finance)


def _take(loan: Loan, cashier: User, cheque: Cheque | None = None) -> CounterReceipt:
    kind = "cheque" if cheque else "cash"
    return counter_take(
        order=CounterOrder(
            loan_id=loan.pk,
            amount_paise=loan.instalment_paise,
            idempotency_key=f"demo:{kind}:{loan.pk}",
            cheque=cheque,
            actor=cashier,
        )
    )


def _gateway(address: str, loans: list[Loan], cashier: User) -> None:
    """Let borrowers pay by link and into an account, and the gateway settle: once as it should, once short."""
    vendor = Vendor.objects.get(code="razorpay")
    account = virtual_account_request(loan_id=loans[0].pk, actor=cashier)
    links = [_link(loan, cashier) for loan in loans]
    saga_work(rounds=1)
    account.refresh_from_db()
    payer_allow(account_id=account.pk, label="Salary account", account_number=_OWN[0], ifsc=_OWN[1], actor=cashier)
    for (number, ifsc), paise in ((_OWN, 7_500_00), (_OTHER, 2_500_00)):
        sender = {"payer": "A payer", "payer_account": number, "payer_ifsc": ifsc}
        control(address=address, path="credit", account_number=account.account_number, paise=paise, **sender)
    for link, method in zip(links[:2], _METHODS, strict=False):
        control(address=address, path="pay", ask=link.our_reference, method=method)
    PaymentLink.objects.filter(looks=0).update(looks=1)
    saga_work(rounds=1)
    _settle(address, vendor)
    control(address=address, path="pay", ask=links[2].our_reference, method=_METHODS[2])
    saga_work(rounds=1)
    _settle(address, vendor, short_paise=1_25)
    saga_work(rounds=1)


def _link(loan: Loan, cashier: User) -> PaymentLink:
    return link_request(
        request=LinkRequest(
            loan_id=loan.pk,
            amount_paise=loan.instalment_paise,
            idempotency_key=f"demo:link:{loan.pk}",
            actor=cashier,
        )
    )


def _settle(address: str, vendor: Vendor, **more: int) -> None:
    settled: dict[str, Any] | None = control(address=address, path="settle", vendor=vendor.code, **more)
    if settled:
        entity = {**settled, "amount": settled["paise"], "fees": settled["fee"]}
        settlement_told(vendor=vendor, heard=settlement_heard(entity))
