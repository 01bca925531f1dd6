"""Money in suspense, disputes, refunds and a bank's answer for the demo lender: real payments at the simulators."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from typing import Any, Final

from django.contrib.auth.models import User
from ulid import ULID

from core.acts.registry import Act, ActWaiting
from core.acts.submitting import act_submit
from core.approvals.services import Attachment, approval_approve
from core.clock import database_now
from lms.engine.state import LoanStatus
from lms.models import Loan
from payments.acts.answers import BANK_ANSWER_ACT
from payments.acts.disputes import ACCEPT_ACT
from payments.acts.incoming import APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT
from payments.demo.vendors import control
from payments.models import Dispute, IncomingPayment, Payout, PayoutState, ProviderAttempt, Vendor
from payments.services.chargebacks import dispute_told
from payments.services.compensations import compensation_book
from payments.services.disputes import dispute_paper_add
from payments.services.incoming import payment_told
from payments.services.payout_answers import local_day
from payments.services.suspense import suspense_apply, suspense_keep
from payments.services.vendors import collect_client_of
from payments.vendors.answers import LinkOrder
from payments.vendors.heard import DisputeHeard, DisputeTold, PayerTold, PaymentHeard

_LETTER: Final = Attachment(name="letter.pdf", content=b"%PDF-1.4\n% A letter of the demo lender's papers.\n")
_LATE_DAYS: Final = 4
_ODD_PAISE: Final = 7_500_00


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One payment that nobody asked for: what it says of its payer, how long ago it came, and what becomes of it."""

    says: str
    age: timedelta = timedelta(0)
    end: str = ""


_CASES: Final = (
    _Case(says="number", age=timedelta(days=34)),
    _Case(says="phone", age=timedelta(days=5)),
    _Case(says="name", age=timedelta(hours=60)),
    _Case(says="nothing", age=timedelta(hours=30), end="KEPT"),
    _Case(says="phone", age=timedelta(hours=3), end="APPLY ASKED"),
    _Case(says="number", end="DISPUTED"),
    _Case(says="number", end="ACCEPTED"),
    _Case(says="number", end="GIVEN BACK"),
    _Case(says="number", end="MOVE ASKED"),
)


def desk_fill(*, address: str) -> int:
    """Let payments come in that nobody asked for, decide about some as staff would, and return how many there are.

    Args:
        address: where the simulators listen.
    """
    loans = list(Loan.objects.filter(status=LoanStatus.ACTIVE).select_related("customer").order_by("-pk")[:20])
    vendor = Vendor.objects.filter(code="razorpay").first()
    if not loans or vendor is None:
        return 0
    maker = User.objects.get(username="finance")
    others = cycle(reversed(loans))
    for loan, case in zip(cycle(loans), _CASES, strict=False):
        payment = _paid(vendor, loan, case, address)
        _end(payment, case, (loan, next(others)), maker, address)
        IncomingPayment.objects.filter(pk=payment.pk).update(created_at=database_now() - case.age)
    _bank_answers(maker)
    _late_transfer()
    return len(_CASES)


def _paid(vendor: Vendor, loan: Loan, case: _Case, address: str) -> IncomingPayment:
    """Let somebody pay an order at the gateway that is none of ours, and learn of it as a look-up tells it."""
    amount_paise = loan.instalment_paise if case.says == "phone" and loan.instalment_paise else _ODD_PAISE
    client = collect_client_of(vendor=vendor)
    expires = int((database_now() + timedelta(days=1)).timestamp())
    order = LinkOrder(
        our_reference=str(ULID()), amount_paise=amount_paise, description="", expires_epoch=expires, is_order=True
    )
    opened = client.link_open(order).vendor_reference
    control(address=address, path="pay", ask=opened, method="upi")
    looked = client.link_look(our_reference="", vendor_reference=opened, is_order=True)
    heard = next(row for row in looked if isinstance(row, PaymentHeard))
    return payment_told(vendor=vendor, heard=replace(heard, payer=_payer(loan, case)), source="WEBHOOK")


def _payer(loan: Loan, case: _Case) -> PayerTold:
    customer = loan.customer
    known = {
        "number": PayerTold(name=customer.full_name, narration=f"EMI {loan.number}"),
        "phone": PayerTold(phone=customer.phone, vpa=f"{customer.number.lower()}@upi"),
        "name": PayerTold(name=customer.full_name.upper(), narration="loan payment"),
    }
    return known.get(case.says, PayerTold(narration="thank you"))


def _end(payment: IncomingPayment, case: _Case, loans: tuple[Loan, Loan], maker: User, address: str) -> None:
    loan, other = loans
    if case.end == "KEPT":
        suspense_keep(payment_id=payment.pk, reason="Asked the payer's bank who sent it", actor=maker)
    elif case.end == "APPLY ASKED":
        _ask(APPLY_ACT, payment.pk, {"loan": loan}, maker)
    elif case.end:
        suspense_apply(payment_id=payment.pk, loan_id=loan.pk, reason="The payer named the loan", actor=maker)
        payment.refresh_from_db()
    if case.end == "MOVE ASKED":
        _ask(MOVE_ACT, payment.pk, {"loan": other}, maker)
    elif case.end == "GIVEN BACK":
        _agree(_ask(GIVE_BACK_ACT, payment.pk, {}, maker))
    elif case.end in ("DISPUTED", "ACCEPTED"):
        dispute = _disputed(payment, address)
        dispute_paper_add(dispute_id=dispute.pk, paper=_LETTER, actor=maker)
        if case.end == "ACCEPTED":
            _agree(_ask(ACCEPT_ACT, dispute.pk, {}, maker))


def _disputed(payment: IncomingPayment, address: str) -> Dispute:
    told = control(address=address, path="dispute", payment=payment.vendor_reference)
    assert payment.vendor is not None  # noqa: S101  # it came through one
    heard = DisputeHeard(
        told=DisputeTold.OPEN,
        vendor_reference=str(told["id"]),
        payment_reference=str(payment.vendor_reference),
        amount_paise=payment.amount_paise,
        reason="unauthorised_transaction",
        respond_by=database_now() + timedelta(days=2),
    )
    return dispute_told(vendor=payment.vendor, heard=heard)


def _ask(act: Act, subject_id: int, values: dict[str, Any], maker: User) -> ActWaiting:
    outcome = act_submit(
        act=act,
        subject_id=subject_id,
        values=values,
        reason="As the payer has written",
        reason_code="OTHER" if act.is_code_required else "",
        actor=maker,
        idempotency_key=f"demo:{act.slug}:{subject_id}",
        attachments=(_LETTER,),
    )
    assert isinstance(outcome, ActWaiting)  # noqa: S101  # each of these always needs a second person
    return outcome


def _agree(waiting: ActWaiting) -> None:
    manager = User.objects.get(username="manager")
    approval_approve(request_id=waiting.request.pk, seen_effect_hash=waiting.request.effect_hash, actor=manager)


def _bank_answers(maker: User) -> None:
    """Enter that the bank never had the payout which waits for a person."""
    parked = Payout.objects.filter(state=PayoutState.SENT, saga_id__isnull=False).order_by("pk").first()
    if parked is not None:
        values = {"told": "FAILED", "utr": "", "reference": "Letter 17", "answered_on": local_day(database_now())}
        _ask(BANK_ANSWER_ACT, parked.pk, values, maker)


def _late_transfer() -> None:
    """Let a paid payout have been sent some days before it arrived."""
    payout = Payout.objects.filter(state=PayoutState.PAID, rail="IMPS").order_by("pk").first()
    if payout is not None:
        sent_at = payout.changed_at - timedelta(days=_LATE_DAYS)
        ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).update(first_sent_at=sent_at)
        compensation_book(payout_id=payout.pk)
