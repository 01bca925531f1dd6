"""Acts on a credit line that lend nothing: limit up and down, block and unblock, renewal, closure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.contrib.auth.models import User

from lms.engine.lines import LineEvent, LineEventKind
from lms.engine.state import LoanStatus
from lms.errors import SanctionOutsideLimits
from lms.errors.lines import (
    LimitAboveRequest,
    LimitIncreaseNotEvaluated,
    LimitIncreaseWithoutRequest,
    LimitRequestDayInvalid,
    LimitRequestUsed,
    LimitUnchanged,
    LineAlreadyBlocked,
    LineBorrowerNonPerforming,
    LineDrawn,
    LineHoldsOpen,
    LineNotBlocked,
    LineValidityInvalid,
)
from lms.models import LineFact
from lms.services.checks import AMOUNT_MAX_PAISE, amount_check, reason_check, reference_check
from lms.services.lines.guards import borrower_check
from lms.services.lines.record import LineBook, LineEntry, LineOrder, line_record
from lms.services.lines.standing import non_performing_loan


class BlockReason(StrEnum):
    """Why nothing may be drawn on a line for now."""

    FRAUD_SUSPECTED = "FRAUD_SUSPECTED"
    CREDIT_WORSE = "CREDIT_WORSE"
    KYC_DUE = "KYC_DUE"
    BORROWER_ASKED = "BORROWER_ASKED"
    LEGAL = "LEGAL"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRequest:
    """What the borrower asked for, and how it was evaluated; kept with the new limit.

    `reference` names the paper or message of the request, `requested_paise` the limit that was asked for.
    """

    reference: str
    requested_on: date
    requested_paise: int
    evaluation: str


def line_limit_raise(
    *,
    line_id: int,
    limit_paise: int,
    request: LimitRequest | None,
    idempotency_key: str,
    reason: str = "",
    actor: User | None = None,
) -> LineFact:
    """Raise the limit of a line, at most to what its borrower asked for: there is no automatic increase.

    Args:
        limit_paise: the new limit, within the product version's range.
        request: the borrower's explicit request with its evaluation.

    Raises:
        LimitIncreaseWithoutRequest, LimitIncreaseNotEvaluated: request or evaluation is missing.
        LimitAboveRequest, LimitRequestDayInvalid, LimitRequestUsed: the request does not carry the new limit.
        LimitUnchanged, SanctionOutsideLimits: it is no increase, or above what the product allows.
        LineBorrowerNonPerforming, DrawdownWhileOverdue, CustomerCoolingOff: the borrower may have no new money.

    Source: regulation 2 (no automatic increase of a credit limit; only on explicit request, evaluated and recorded).
    """
    amount_check(amount_paise=limit_paise)
    if request is None or not request.reference.strip() or request.requested_paise <= 0:
        raise LimitIncreaseWithoutRequest()
    asked = reference_check(reference=request.reference)
    if not request.evaluation.strip():
        raise LimitIncreaseNotEvaluated(request=asked)
    reason_check(reason=request.evaluation)
    details = {
        "request": asked,
        "requested_on": request.requested_on.isoformat(),
        "requested_paise": request.requested_paise,
        "evaluation": request.evaluation.strip(),
    }

    def decide(book: LineBook) -> LineEntry:
        _raise_check(book, limit_paise, asked, request)
        return LineEntry(event=_limit(book, limit_paise), reference=asked, details=details)

    order = LineOrder(
        action="lms.line_limit_raise",
        line_id=line_id,
        content={"limit_paise": limit_paise, **details},
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_limit_lower(
    *, line_id: int, limit_paise: int, idempotency_key: str, reason: str, actor: User | None = None
) -> LineFact:
    """Lower the limit of a line, below what is drawn if need be: nothing is available then until enough is repaid.

    Args:
        limit_paise: the new limit, from zero.

    Raises:
        LimitUnchanged: it is no decrease.
        ReasonMissing: the reason is empty.
    """
    if not 0 <= limit_paise <= AMOUNT_MAX_PAISE:
        amount_check(amount_paise=limit_paise)

    def decide(book: LineBook) -> LineEntry:
        if limit_paise >= book.state.limit_paise:
            raise _unchanged(book, limit_paise, "lower")
        return LineEntry(event=_limit(book, limit_paise))

    order = LineOrder(
        action="lms.line_limit_lower",
        line_id=line_id,
        content={"limit_paise": limit_paise},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_block(
    *, line_id: int, block_reason: BlockReason, idempotency_key: str, reason: str, actor: User | None = None
) -> LineFact:
    """Let nothing be drawn on a line until it is unblocked; drawdowns that run go on.

    Raises:
        LineAlreadyBlocked: it is blocked.
        ReasonMissing: the reason is empty.
    """
    code = BlockReason(block_reason).value

    def decide(book: LineBook) -> LineEntry:
        if book.state.is_blocked:
            raise LineAlreadyBlocked(line=book.line.number)
        return LineEntry(event=_plain(book, LineEventKind.BLOCK), details={"block_reason": code})

    order = LineOrder(
        action="lms.line_block",
        line_id=line_id,
        content={"block_reason": code},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_unblock(*, line_id: int, idempotency_key: str, reason: str, actor: User | None = None) -> LineFact:
    """Let a blocked line be drawn on again.

    Raises:
        LineNotBlocked: it is not blocked.
        ReasonMissing: the reason is empty.
    """

    def decide(book: LineBook) -> LineEntry:
        if not book.state.is_blocked:
            raise LineNotBlocked(line=book.line.number)
        return LineEntry(event=_plain(book, LineEventKind.UNBLOCK))

    order = LineOrder(
        action="lms.line_unblock",
        line_id=line_id,
        content={},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_renew(
    *, line_id: int, valid_until: date, idempotency_key: str, reason: str, actor: User | None = None
) -> LineFact:
    """Give a line a later last day; a line that expired can be drawn on again.

    Raises:
        LineValidityInvalid: the day is over, or not later than the present one.
        LineBorrowerNonPerforming, DrawdownWhileOverdue, CustomerCoolingOff: the borrower may have no new money.
        ReasonMissing: the reason is empty.
    """

    def decide(book: LineBook) -> LineEntry:
        earliest = max(book.business_date, book.state.valid_until)
        if valid_until <= earliest:
            raise LineValidityInvalid(valid_until=valid_until, day=earliest)
        _borrower_check(book)
        return LineEntry(event=_plain(book, LineEventKind.RENEW, until=valid_until))

    order = LineOrder(
        action="lms.line_renew",
        line_id=line_id,
        content={"valid_until": valid_until.isoformat()},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_close(*, line_id: int, idempotency_key: str, reason: str, actor: User | None = None) -> LineFact:
    """Close a line of which nothing is drawn or set aside.

    Raises:
        LineDrawn: a drawdown still runs.
        LineHoldsOpen: money is set aside.
        ReasonMissing: the reason is empty.
    """

    def decide(book: LineBook) -> LineEntry:
        drawn = frozenset(book.state.loan_ids)
        running = next((loan for loan in book.loans if loan.pk in drawn and loan.status == LoanStatus.ACTIVE), None)
        if running is not None:
            raise LineDrawn(line=book.line.number, loan=running.number)
        if book.state.holds:
            raise LineHoldsOpen(line=book.line.number, held_paise=book.state.held_paise)
        return LineEntry(event=_plain(book, LineEventKind.CLOSE))

    order = LineOrder(
        action="lms.line_close",
        line_id=line_id,
        content={},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def _raise_check(book: LineBook, limit_paise: int, asked: str, request: LimitRequest) -> None:
    line, version = book.line, book.line.product_version
    if limit_paise <= book.state.limit_paise:
        raise _unchanged(book, limit_paise, "raise")
    if limit_paise > request.requested_paise:
        raise LimitAboveRequest(limit_paise=limit_paise, requested_paise=request.requested_paise)
    if not line.opened_on <= request.requested_on <= book.business_date:
        raise LimitRequestDayInvalid(
            requested_on=request.requested_on, opened_on=line.opened_on, business_date=book.business_date
        )
    used = LineFact.objects.filter(line=line, kind=LineEventKind.LIMIT, reference=asked).first()
    if used is not None:
        raise LimitRequestUsed(request=asked, line=line.number, sequence=used.sequence)
    if limit_paise > version.principal_max_paise:
        raise SanctionOutsideLimits(
            figure="Limit in paise",
            value=limit_paise,
            low=version.principal_min_paise,
            high=version.principal_max_paise,
            product=line.product_code,
        )
    _borrower_check(book)


def _borrower_check(book: LineBook) -> None:
    if (loan := non_performing_loan(loans=book.loans)) is not None:
        raise LineBorrowerNonPerforming(line=book.line.number, loan=loan.number)
    borrower_check(customer_id=book.line.customer_id, loans=book.loans, today=book.business_date)


def _unchanged(book: LineBook, wanted_paise: int, change: str) -> LimitUnchanged:
    return LimitUnchanged(
        line=book.line.number, limit_paise=book.state.limit_paise, wanted_paise=wanted_paise, change=change
    )


def _limit(book: LineBook, limit_paise: int) -> LineEvent:
    return LineEvent(
        sequence=book.next_sequence,
        kind=LineEventKind.LIMIT,
        value_date=book.business_date,
        amount_paise=limit_paise,
    )


def _plain(book: LineBook, kind: LineEventKind, *, until: date | None = None) -> LineEvent:
    return LineEvent(sequence=book.next_sequence, kind=kind, value_date=book.business_date, until=until)
