"""Payments that their payers dispute: held by the gateway while it is open, taken off the loan when it is lost."""

from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction

from core.clock import database_now
from core.inbox.errors import EntityUnknown
from core.transactions import run_in_transaction
from payments.desk_errors import DisputeContradicted
from payments.errors import AmountDiffers
from payments.locks import disputes_for_update
from payments.models import UNDECIDED, Dispute, DisputeState, IncomingPayment, PaymentState, Vendor
from payments.receipt_errors import DisputeNeedsPerson
from payments.services.incoming import money_move, payment_lock, payment_to, put_on_loan
from payments.services.suspense import receipt_reverse
from payments.services.vendors import DISPUTED, POOL_BANK, SUSPENSE, vendor_accounts
from payments.vendors.heard import DisputeHeard, DisputeTold

_STATES: Final = {
    DisputeTold.OPEN: DisputeState.OPEN,
    DisputeTold.WON: DisputeState.WON,
    DisputeTold.LOST: DisputeState.LOST,
    DisputeTold.CLOSED: DisputeState.CLOSED,
}
# A decision stands; what was closed without one may still be decided.
FOLLOWING: Final[dict[DisputeState, tuple[DisputeState, ...]]] = {
    DisputeState.OPEN: (DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED),
    DisputeState.CLOSED: (DisputeState.WON, DisputeState.LOST),
    DisputeState.WON: (),
    DisputeState.LOST: (),
}
_BACK: Final = (DisputeState.WON, DisputeState.CLOSED)
_DECIDED: Final = (DisputeState.WON, DisputeState.LOST)
BY_GATEWAY: Final = "GATEWAY"


def dispute_told(*, vendor: Vendor, heard: DisputeHeard) -> Dispute:
    """Learn something of a dispute, in whatever order it is told.

    While it is open the gateway keeps the amount: a receivable of ours, and the borrower's receipt stands. Won, the
    gateway holds it for us again. Lost, the receipt is taken back and the borrower owes again; of a payment that was
    disputed in part, the rest is posted anew.

    Raises:
        EntityUnknown: the payment is not known, or has not come in yet.
        AmountDiffers: it is about more than the payment, or was told with another amount.
        DisputeNeedsPerson: the payment is no longer where a decision could take it from.
        DisputeContradicted: a person has entered the opposite.
    """

    def told() -> Dispute:
        seen = IncomingPayment.objects.filter(vendor=vendor, vendor_reference=heard.payment_reference).first()
        if seen is None or seen.state in (PaymentState.CREATED, PaymentState.FAILED):
            raise EntityUnknown(entity=f"payment {heard.payment_reference}, which is disputed")
        payment = payment_lock(payment_id=seen.pk)
        dispute, is_new = _row(vendor, payment, heard)
        if dispute.amount_paise != heard.amount_paise or (is_new and heard.amount_paise > payment.left_paise):
            raise AmountDiffers(
                what="Payment",
                reference=payment.number,
                asked_paise=payment.amount_paise,
                told_paise=heard.amount_paise,
            )
        state = _STATES[heard.told]
        if is_new:
            _hold(dispute, payment, "opened")
        _contradiction_check(dispute, state)
        if state in FOLLOWING[DisputeState(dispute.state)]:
            dispute_end(dispute=dispute, payment=payment, state=state, decided_from=BY_GATEWAY)
        _deadline_keep(dispute, heard)
        return dispute

    return run_in_transaction(told)


def dispute_end(*, dispute: Dispute, payment: IncomingPayment, state: DisputeState, decided_from: str) -> None:
    """Book how a locked dispute of a locked payment ended, in the caller's transaction.

    Args:
        state: one of `FOLLOWING` for the state that it has.
        decided_from: who told: the gateway, or a person by hand.

    Raises:
        DisputeNeedsPerson: the payment is no longer where the decision could take it from.
        The refusals of `fact_reverse` and `receipt_post`.
    """
    was_back = dispute.state == DisputeState.CLOSED
    if state in _BACK and not was_back:
        _give_back(dispute, payment)
    if state == DisputeState.LOST:
        if was_back:
            _hold(dispute, payment, "reopened")
        _lose(dispute, payment)
    dispute.state, dispute.decided_at, dispute.decided_from = state, database_now(), decided_from
    dispute.save(update_fields=["state", "decided_at", "decided_from"])


def _row(vendor: Vendor, payment: IncomingPayment, heard: DisputeHeard) -> tuple[Dispute, bool]:
    rows = disputes_for_update().filter(vendor=vendor, vendor_reference=heard.vendor_reference)
    if row := rows.first():
        return row, False
    try:
        with transaction.atomic():
            row = Dispute.objects.create(
                payment=payment,
                vendor=vendor,
                vendor_reference=heard.vendor_reference,
                amount_paise=heard.amount_paise,
                reason=heard.reason,
                opened_at=database_now(),
                respond_by=heard.respond_by,
            )
    except IntegrityError:
        return rows.get(), False
    return row, True


def _contradiction_check(dispute: Dispute, told: DisputeState) -> None:
    is_by_hand = dispute.decided_from not in ("", BY_GATEWAY) and dispute.state in _DECIDED
    if is_by_hand and told in _DECIDED and told != dispute.state:
        raise DisputeContradicted(
            dispute=dispute.vendor_reference, state=dispute.get_state_display(), told=DisputeState(told).label
        )


def _deadline_keep(dispute: Dispute, heard: DisputeHeard) -> None:
    """Keep the deadline that was told first; events come in any order, and a first one may not name it."""
    if dispute.respond_by is None and heard.respond_by is not None:
        dispute.respond_by = heard.respond_by
        dispute.save(update_fields=["respond_by"])


def _hold(dispute: Dispute, payment: IncomingPayment, suffix: str) -> None:
    taken = vendor_accounts(vendor=dispute.vendor).taken_code
    _move(dispute, payment, _Move(suffix, "DISPUTE_OPENED", debit=DISPUTED, credit=taken))


def _give_back(dispute: Dispute, payment: IncomingPayment) -> None:
    taken = vendor_accounts(vendor=dispute.vendor).taken_code
    _move(dispute, payment, _Move("back", "DISPUTE_WON", debit=taken, credit=DISPUTED))


def _lose(dispute: Dispute, payment: IncomingPayment) -> None:
    reason = f"Disputed by the payer and lost: {dispute.reason or 'no reason given'}"
    is_applied = payment.state == PaymentState.APPLIED
    if not is_applied and payment.state not in UNDECIDED:
        raise DisputeNeedsPerson(
            dispute=dispute.vendor_reference, payment=payment.number, state=payment.get_state_display()
        )
    if is_applied:
        receipt_reverse(payment=payment, reason=reason)
    held = POOL_BANK if is_applied else SUSPENSE
    _move(dispute, payment, _Move("lost", "DISPUTE_LOST", debit=held, credit=DISPUTED))
    payment.lost_paise += dispute.amount_paise
    if not payment.left_paise:
        payment_to(payment=payment, state=PaymentState.CHARGED_BACK, source="DISPUTE", note=reason)
    elif is_applied:
        assert payment.loan is not None  # noqa: S101  # its receipt was on it
        put_on_loan(payment=payment, loan=payment.loan, came_from=None, source="DISPUTE", reason=reason[:200])
    else:
        payment_to(payment=payment, state=PaymentState(payment.state), source="DISPUTE", note=reason)


@dataclass(frozen=True, slots=True)
class _Move:
    suffix: str
    event: str
    debit: str
    credit: str


def _move(dispute: Dispute, payment: IncomingPayment, move: _Move) -> None:
    money_move(
        payment=payment,
        suffix=f"dispute:{dispute.pk}:{move.suffix}",
        event=move.event,
        debit=move.debit,
        credit=move.credit,
        amount_paise=dispute.amount_paise,
    )
