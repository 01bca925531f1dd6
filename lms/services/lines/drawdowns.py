"""Money from a credit line: set aside for a payout, given back, and drawn as a loan of its own."""

from dataclasses import asdict, dataclass
from datetime import date

from django.contrib.auth.models import User

from lms.engine.lines import LineEvent, LineEventKind, LineHold
from lms.errors import ValueDateBeforeSanction, ValueDateInFuture
from lms.errors.lines import (
    DrawdownNotWhole,
    LineExpired,
    LineHoldDiffers,
    LineHoldOver,
    LineHoldUnknown,
    LineOfOtherCustomer,
    LineValidityInvalid,
)
from lms.models import CreditLine, LineFact, Loan
from lms.services.checks import amount_check, drawdown_reference_of, key_check, reference_check
from lms.services.lines.guards import new_money_check
from lms.services.lines.record import LineBook, LineEntry, LineOrder, line_record
from lms.services.loans import loan_disburse, loan_sanction


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownTerms:
    """What is chosen with each drawdown; the rate is the line's, the rest its product version's.

    `hold_sequence` names the entry that set the money aside before it was paid out. `kept_back_paise` is what the
    payout would keep back for dues of the customer: anything but zero is refused.
    """

    amount_paise: int
    instalment_count: int
    value_date: date
    reference: str
    first_due_date: date | None = None
    hold_sequence: int | None = None
    kept_back_paise: int = 0


def line_draw(
    *,
    line_id: int,
    customer_id: int,
    drawdown: DrawdownTerms,
    idempotency_key: str,
    reason: str = "",
    actor: User | None = None,
) -> LineFact:
    """Draw on a line: a loan of its own is sanctioned and paid out whole, and the limit is used by its principal.

    Money that was set aside is drawn even when the line expired or was blocked meanwhile: it has left already.

    Args:
        customer_id: who draws; the line has to be this customer's.
        drawdown: amount, instalments, value date, bank reference of the payout.

    Returns:
        The line's fact, with the loan; that of the first call with the same key and content.

    Raises:
        LineOfOtherCustomer, LineUnknown, LineClosed: the line cannot be drawn on by this customer.
        DrawdownNotWhole: part of the money would pay the customer's own dues.
        LineHoldUnknown, LineHoldOver, LineHoldDiffers: nothing, not any more, or another amount was set aside.
        The refusals of `new_money_check` where nothing was set aside.
        ValueDateInFuture, ValueDateBeforeSanction, LineExpired: the value date is outside the line's validity.
        SanctionOutsideLimits and the other refusals of `loan_sanction` and `loan_disburse`.

    Source: design 4 (drawdowns are loans of their own), regulation 2.
    """
    amount_check(amount_paise=drawdown.amount_paise)
    kept = reference_check(reference=drawdown.reference)
    key_check(idempotency_key=f"{idempotency_key}:loan" if idempotency_key.strip() else "")

    def decide(book: LineBook) -> LineEntry:
        _customer_check(book, customer_id)
        _draw_check(book, drawdown)
        loan = _loan_paid_out(book.line, drawdown, order, kept)
        event = LineEvent(
            sequence=book.next_sequence,
            kind=LineEventKind.DRAW,
            value_date=drawdown.value_date,
            amount_paise=drawdown.amount_paise,
            hold_sequence=drawdown.hold_sequence,
            loan_id=loan.pk,
        )
        return LineEntry(event=event, reference=kept, details={"instalment_count": drawdown.instalment_count})

    order = LineOrder(
        action="lms.line_draw",
        line_id=line_id,
        content={key: _plain(value) for key, value in asdict(drawdown).items()} | {"customer": customer_id},
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def _loan_paid_out(line: CreditLine, drawdown: DrawdownTerms, order: LineOrder, reference: str) -> Loan:
    """Sanction the loan that a drawdown is, and record its payout."""
    loan = loan_sanction(
        customer=line.customer,
        product_version=line.product_version,
        principal_paise=drawdown.amount_paise,
        annual_rate_pct=line.annual_rate_pct,
        instalment_count=drawdown.instalment_count,
        sanctioned_on=drawdown.value_date,
        first_due_date=drawdown.first_due_date,
        idempotency_key=f"{order.idempotency_key}:loan",
        reason=order.reason,
        actor=order.actor,
        is_drawdown=True,
    )
    loan_disburse(
        loan_id=loan.pk,
        amount_paise=drawdown.amount_paise,
        value_date=drawdown.value_date,
        reference=reference,
        idempotency_key=f"{order.idempotency_key}:out",
        reason=order.reason,
        actor=order.actor,
        credit_reference=drawdown_reference_of(customer_id=line.customer_id, reference=reference),
    )
    return loan


def line_hold(
    *,
    line_id: int,
    customer_id: int,
    amount_paise: int,
    until: date,
    idempotency_key: str,
    reference: str = "",
    reason: str = "",
    actor: User | None = None,
) -> LineFact:
    """Set money of a line aside for a payout that is on its way; it is not available meanwhile.

    Args:
        until: last day on which it may be drawn; after it the money is available again by itself.

    Returns:
        The fact; its sequence is what `line_draw` and `line_release` name.

    Raises:
        LineOfOtherCustomer: the line is another's.
        LineValidityInvalid: the last day is over already.
        The refusals of `new_money_check`.
    """
    amount_check(amount_paise=amount_paise)
    kept = reference_check(reference=reference, is_required=False)

    def decide(book: LineBook) -> LineEntry:
        _customer_check(book, customer_id)
        if until < book.business_date:
            raise LineValidityInvalid(valid_until=until, day=book.business_date)
        new_money_check(book=book, amount_paise=amount_paise)
        event = LineEvent(
            sequence=book.next_sequence,
            kind=LineEventKind.HOLD,
            value_date=book.business_date,
            amount_paise=amount_paise,
            until=until,
        )
        return LineEntry(event=event, reference=kept)

    order = LineOrder(
        action="lms.line_hold",
        line_id=line_id,
        content={
            "customer": customer_id,
            "amount_paise": amount_paise,
            "until": until.isoformat(),
            "reference": kept,
        },
        idempotency_key=idempotency_key,
        reason=reason,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def line_release(
    *, line_id: int, hold_sequence: int, idempotency_key: str, reason: str, actor: User | None = None
) -> LineFact:
    """Give back what was set aside: the payout failed, or will not be made.

    Raises:
        LineHoldUnknown, LineHoldOver: nothing, or nothing any more, is set aside by that entry.
        ReasonMissing: the reason is empty.
    """

    def decide(book: LineBook) -> LineEntry:
        hold = _hold(book, hold_sequence)
        event = LineEvent(
            sequence=book.next_sequence,
            kind=LineEventKind.RELEASE,
            value_date=book.business_date,
            amount_paise=hold.amount_paise,
            hold_sequence=hold.sequence,
        )
        return LineEntry(event=event)

    order = LineOrder(
        action="lms.line_release",
        line_id=line_id,
        content={"hold_sequence": hold_sequence},
        idempotency_key=idempotency_key,
        reason=reason,
        is_reason_required=True,
        actor=actor,
    )
    return line_record(order=order, decide=decide)


def _customer_check(book: LineBook, customer_id: int) -> None:
    if book.line.customer_id != customer_id:
        raise LineOfOtherCustomer(line=book.line.number, customer=customer_id)


def _draw_check(book: LineBook, drawdown: DrawdownTerms) -> None:
    if drawdown.kept_back_paise:
        raise DrawdownNotWhole(line=book.line.number, kept_back_paise=drawdown.kept_back_paise)
    if drawdown.value_date > book.business_date:
        raise ValueDateInFuture(value_date=drawdown.value_date, business_date=book.business_date)
    if drawdown.value_date < book.line.opened_on:
        raise ValueDateBeforeSanction(value_date=drawdown.value_date, sanctioned_on=book.line.opened_on)
    if drawdown.hold_sequence is None:
        new_money_check(book=book, amount_paise=drawdown.amount_paise)
    else:
        hold = _hold(book, drawdown.hold_sequence)
        if hold.amount_paise != drawdown.amount_paise:
            raise LineHoldDiffers(amount_paise=drawdown.amount_paise, held_paise=hold.amount_paise)
    if drawdown.value_date > book.state.valid_until and drawdown.hold_sequence is None:
        raise LineExpired(line=book.line.number, valid_until=book.state.valid_until)


def _hold(book: LineBook, sequence: int) -> LineHold:
    placed = next((event for event in book.events if event.sequence == sequence), None)
    if placed is None or placed.kind is not LineEventKind.HOLD:
        raise LineHoldUnknown(line=book.line.number, sequence=sequence)
    hold = next((hold for hold in book.state.holds if hold.sequence == sequence), None)
    if hold is None:
        raise LineHoldOver(line=book.line.number, sequence=sequence)
    return hold


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
