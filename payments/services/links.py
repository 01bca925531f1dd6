"""Ask borrowers for payments: links and orders."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from ulid import ULID

from core import audit
from core.clock import database_now
from core.sagas.services import saga_start, saga_wake
from core.sequences import take_numbers
from core.transactions import run_in_transaction
from ledger.services.content import content_hash
from lms.engine.state import LoanStatus
from lms.models import Loan
from lms.services.borrowers import loan_lock
from lms.services.checks import amount_check, key_check
from payments.locks import links_for_update
from payments.models import LinkForm, LinkState, PaymentLink, Vendor
from payments.receipt_errors import LinkExpiryNotAhead, LinkKeyReused, LoanTakesNoPayment
from payments.vendors.answers import LinkNews
from payments.vendors.heard import LinkHeard, LinkTold

COLLECT_SAGA: Final = "payments.collect"
HOURS_MOST: Final = 24 * 180
_RANK: Final = {
    LinkState.OPENING: 0,
    LinkState.OPEN: 1,
    LinkState.FAILED: 2,
    LinkState.EXPIRED: 2,
    LinkState.CANCELLED: 2,
    LinkState.PAID: 3,
}
_STATES: Final = {
    LinkTold.OPEN: LinkState.OPEN,
    LinkTold.PAID: LinkState.PAID,
    LinkTold.EXPIRED: LinkState.EXPIRED,
    LinkTold.CANCELLED: LinkState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """What a link is asked for with."""

    loan_id: int
    amount_paise: int
    idempotency_key: str
    form: LinkForm = LinkForm.LINK
    hours: int = 72
    actor: User | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of what makes a repeat the same request."""
        return content_hash(content=[self.loan_id, self.amount_paise, self.form, self.hours])


def link_request(*, request: LinkRequest) -> PaymentLink:
    """Ask for a payment and start the saga that opens the link and follows it until it is paid or expired.

    Raises:
        LoanTakesNoPayment: the loan does not run.
        LinkExpiryNotAhead: the hours are out of range.
        LinkKeyReused: the key asked for something else.
        AmountNotPositive, AmountTooLarge, IdempotencyKeyMissing, LoanUnknown: the input is wrong.
    """
    amount_check(amount_paise=request.amount_paise)
    key_check(idempotency_key=request.idempotency_key)
    if not 1 <= request.hours <= HOURS_MOST:
        raise LinkExpiryNotAhead(most=HOURS_MOST)
    return run_in_transaction(lambda: _request(request))


def link_opened(*, link_id: int, news: LinkNews) -> PaymentLink:
    """Write down where a link is paid."""

    def opened() -> PaymentLink:
        link = links_for_update().get(pk=link_id)
        link.vendor_reference = news.vendor_reference or link.vendor_reference
        link.order_reference = news.order_reference or link.order_reference
        link.address = news.address or link.address
        return _to(link, LinkState.OPEN)

    return run_in_transaction(opened)


def link_told(*, vendor: Vendor, heard: LinkHeard) -> PaymentLink | None:
    """Learn what became of a link and wake whoever follows it; None when it is not ours.

    What was paid stays paid, in whatever order it is told; the money itself comes by the payment.
    """

    def told() -> PaymentLink | None:
        mine = links_for_update().filter(vendor=vendor)
        link = mine.filter(our_reference=heard.our_reference).first() if heard.our_reference else None
        link = link or mine.filter(vendor_reference=heard.vendor_reference).first()
        if link is None:
            return None
        link.vendor_reference = link.vendor_reference or heard.vendor_reference
        link.order_reference = link.order_reference or heard.order_reference
        return _to(link, _STATES[heard.told])

    link = run_in_transaction(told)
    if link is not None and link.saga_id is not None and link.state in (LinkState.PAID, LinkState.CANCELLED):
        saga_wake(saga_id=link.saga_id)
    return link


def link_failed(*, link_id: int, problem: str) -> None:
    """Write down that a link could not be opened, in the caller's transaction."""
    link = links_for_update().get(pk=link_id)
    link.problem = problem[:255]
    _to(link, LinkState.FAILED)


def link_expire(*, link_id: int) -> None:
    """Write down that nobody has paid a link in its time."""

    def expire() -> None:
        _to(links_for_update().get(pk=link_id), LinkState.EXPIRED)

    run_in_transaction(expire)


def _request(request: LinkRequest) -> PaymentLink:
    earlier = PaymentLink.objects.filter(idempotency_key=request.idempotency_key).first()
    if earlier is not None:
        return _same(earlier, request)
    loan = loan_running(loan_id=request.loan_id)
    now = database_now()
    link = PaymentLink(
        number=f"PL{take_numbers(name='payments.link')[0]:08d}",
        form=request.form,
        loan=loan,
        customer_id=loan.customer_id,
        amount_paise=request.amount_paise,
        description=f"Loan {loan.number}",
        our_reference=str(ULID()),
        expires_at=_expiry(now, request.hours),
        requested_by=request.actor,
        requested_at=now,
        changed_at=now,
        idempotency_key=request.idempotency_key,
        content_hash=request.content_hash,
    )
    try:
        with transaction.atomic():
            link.save(force_insert=True)
    except IntegrityError:
        return _same(PaymentLink.objects.get(idempotency_key=request.idempotency_key), request)
    saga = saga_start(
        kind=COLLECT_SAGA,
        intent_key=link.number,
        context={"link_id": link.pk},
        subject_type="payments.paymentlink",
        subject_id=link.pk,
    )
    link.saga_id = saga.pk
    link.save(update_fields=["saga_id"])
    detail = {"loan": loan.number, "amount_paise": link.amount_paise}
    audit.record(actor=request.actor, action="payments.link_request", obj=link, detail=detail)
    return link


def loan_running(*, loan_id: int) -> Loan:
    """Lock a loan that somebody may be asked to pay, in the caller's transaction.

    Raises:
        LoanTakesNoPayment: it does not run.
        LoanUnknown: there is none.
    """
    loan = loan_lock(loan_id=loan_id)
    if loan.status != LoanStatus.ACTIVE:
        raise LoanTakesNoPayment(loan=loan.number, status=loan.status.lower().replace("_", " "))
    return loan


def _expiry(now: datetime, hours: int) -> datetime:
    return (now + timedelta(hours=hours)).replace(microsecond=0)


def _same(earlier: PaymentLink, request: LinkRequest) -> PaymentLink:
    if earlier.content_hash != request.content_hash:
        raise LinkKeyReused(link=earlier.number)
    return earlier


def _to(link: PaymentLink, state: LinkState) -> PaymentLink:
    if _RANK[state] > _RANK[LinkState(link.state)]:
        link.state, link.changed_at = state, database_now()
    link.save()
    return link
