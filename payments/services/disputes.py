"""What staff do about a dispute: add papers, contest it, accept it, or enter how it ended."""

import hashlib
from typing import Final

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from core import audit
from core.approvals.services import Attachment
from core.clock import database_now
from core.transactions import run_in_transaction
from lms.services.checks import reason_check
from payments.desk_errors import DisputeAnswered, DisputeDecided, DisputePaperMissing, DisputeUnknown
from payments.locks import disputes_for_update
from payments.models import Dispute, DisputeAnswer, DisputePaper, DisputeState, IncomingPayment
from payments.services.chargebacks import FOLLOWING, dispute_end
from payments.services.incoming import payment_lock

BY_STAFF: Final = "STAFF"


def dispute_paper_add(*, dispute_id: int, paper: Attachment, actor: User) -> DisputePaper:
    """Keep a paper with a dispute; the same content again gives the first.

    Raises:
        DisputeUnknown: there is no such dispute.
        DisputeDecided: it was won or lost.
    """
    dispute = dispute_get(dispute_id=dispute_id)
    _undecided(dispute)
    digest = hashlib.sha256(paper.content).hexdigest()
    if earlier := dispute.papers.filter(content_hash=digest).first():
        return earlier
    row = DisputePaper(dispute=dispute, name=paper.name[:120], content_hash=digest, added_by=actor)
    # The file is there before the row that names it: no file is written inside a transaction.
    row.file.save(digest, ContentFile(paper.content), save=False)

    def add() -> DisputePaper:
        try:
            with transaction.atomic():
                row.pk = None
                row.save(force_insert=True)
        except IntegrityError:
            return dispute.papers.get(content_hash=digest)
        detail = {"name": row.name, "content_hash": digest}
        audit.record(actor=actor, action="payments.dispute_paper_add", obj=dispute, detail=detail)
        return row

    return run_in_transaction(add)


def dispute_contest(*, dispute_id: int, reason: str, actor: User) -> Dispute:
    """Write down that a dispute is contested with the papers that it has; the money stays where it is.

    Raises:
        DisputeUnknown, ReasonMissing: the input is wrong.
        DisputeDecided, DisputeAnswered: there is nothing to contest.
        DisputePaperMissing: nothing speaks for us.
    """
    reason_check(reason=reason, is_required=True)

    def contest() -> Dispute:
        dispute, _payment = _locked(dispute_id)
        _unanswered(dispute)
        if not dispute.papers.exists():
            raise DisputePaperMissing(dispute=dispute.vendor_reference)
        _answer(dispute, DisputeAnswer.CONTESTED, reason, actor)
        audit.record(actor=actor, action="payments.dispute_contest", obj=dispute, reason=reason)
        return dispute

    return run_in_transaction(contest)


def dispute_accept(*, dispute_id: int, reason: str, actor: User) -> Dispute:
    """Accept a dispute: the payer keeps the money, the receipt is taken back, and the borrower owes again.

    Raises:
        DisputeUnknown, ReasonMissing: the input is wrong.
        DisputeDecided, DisputeAnswered: there is nothing to accept.
        DisputeNeedsPerson, and the refusals of `fact_reverse`: the money is no longer where it could be taken from.
    """
    reason_check(reason=reason, is_required=True)

    def accept() -> Dispute:
        dispute, payment = _locked(dispute_id)
        _unanswered(dispute)
        _answer(dispute, DisputeAnswer.ACCEPTED, reason, actor)
        dispute_end(dispute=dispute, payment=payment, state=DisputeState.LOST, decided_from=BY_STAFF)
        _audit(dispute, "payments.dispute_accept", reason, actor)
        return dispute

    return run_in_transaction(accept)


def dispute_decide(*, dispute_id: int, outcome: DisputeState, reason: str, actor: User) -> Dispute:
    """Enter by hand how a dispute ended, as the gateway's letter says; a repeat changes nothing.

    Raises:
        DisputeUnknown, ReasonMissing: the input is wrong.
        DisputeDecided: another decision stands.
        DisputeNeedsPerson, and the refusals of `fact_reverse` and `receipt_post`: it cannot be booked.
    """
    reason_check(reason=reason, is_required=True)

    def decide() -> Dispute:
        dispute, payment = _locked(dispute_id)
        if dispute.state == outcome != DisputeState.OPEN:
            return dispute
        if outcome not in FOLLOWING[DisputeState(dispute.state)]:
            raise _decided(dispute)
        dispute_end(dispute=dispute, payment=payment, state=outcome, decided_from=BY_STAFF)
        _audit(dispute, "payments.dispute_decide", reason, actor)
        return dispute

    return run_in_transaction(decide)


def dispute_get(*, dispute_id: int) -> Dispute:
    """Return a dispute with its payment.

    Raises:
        DisputeUnknown: there is none.
    """
    dispute = Dispute.objects.select_related("payment__loan", "vendor").filter(pk=dispute_id).first()
    if dispute is None:
        raise DisputeUnknown(dispute=dispute_id)
    return dispute


def _locked(dispute_id: int) -> tuple[Dispute, IncomingPayment]:
    seen = dispute_get(dispute_id=dispute_id)
    payment = payment_lock(payment_id=seen.payment_id)
    return disputes_for_update().get(pk=dispute_id), payment


def _answer(dispute: Dispute, answer: DisputeAnswer, reason: str, actor: User) -> None:
    dispute.answer, dispute.answer_reason = answer, reason
    dispute.answered_at, dispute.answered_by = database_now(), actor
    dispute.save(update_fields=["answer", "answer_reason", "answered_at", "answered_by"])


def _unanswered(dispute: Dispute) -> None:
    _undecided(dispute)
    if dispute.answer != DisputeAnswer.NONE:
        raise DisputeAnswered(dispute=dispute.vendor_reference, answer=dispute.get_answer_display())


def _undecided(dispute: Dispute) -> None:
    if not FOLLOWING[DisputeState(dispute.state)]:
        raise _decided(dispute)


def _decided(dispute: Dispute) -> DisputeDecided:
    return DisputeDecided(dispute=dispute.vendor_reference, state=dispute.get_state_display())


def _audit(dispute: Dispute, action: str, reason: str, actor: User) -> None:
    detail = {"amount_paise": dispute.amount_paise, "payment": dispute.payment.number, "state": dispute.state}
    audit.record(actor=actor, action=action, obj=dispute, reason=reason, detail=detail)
