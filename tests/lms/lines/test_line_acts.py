"""Limit up and down, block and unblock, expiry, renewal and closure."""

from datetime import date
from typing import Any

import pytest

from lms.models import CreditLine, LineFact
from lms.services.lines.acts import (
    BlockReason,
    LimitRequest,
    line_block,
    line_close,
    line_limit_lower,
    line_limit_raise,
    line_renew,
    line_unblock,
)
from lms.services.lines.drawdowns import line_hold
from tests.factories.book import balances, receive
from tests.factories.lines import VALID_UNTIL, assert_line_verified, draw, left, line_refused, loan_of
from tests.factories.lms import next_key, set_business_date

LENT = date(2026, 1, 1)
LAKH = 1_00_000_00


def request(**changed: Any) -> LimitRequest:
    """Ask for two lakh on 1 January 2026."""
    values: dict[str, Any] = {
        "reference": "Message 77",
        "requested_on": LENT,
        "requested_paise": 2 * LAKH,
        "evaluation": "Income proof seen, 24 % of income goes to instalments",
    }
    return LimitRequest(**{**values, **changed})


def raise_limit(line: CreditLine, limit_paise: int, asked: LimitRequest | None, **options: Any) -> LineFact:
    """Raise the limit, and read the line anew."""
    values = {"idempotency_key": next_key("up"), **options}
    fact = line_limit_raise(line_id=line.pk, limit_paise=limit_paise, request=asked, **values)
    line.refresh_from_db()
    return fact


def lower_limit(line: CreditLine, limit_paise: int) -> LineFact:
    """Lower the limit, and read the line anew."""
    fact = line_limit_lower(
        line_id=line.pk, limit_paise=limit_paise, reason="Income fell", idempotency_key=next_key("down")
    )
    line.refresh_from_db()
    return fact


def block(line: CreditLine) -> LineFact:
    """Block the line."""
    return line_block(
        line_id=line.pk,
        block_reason=BlockReason.FRAUD_SUSPECTED,
        reason="Phone was stolen",
        idempotency_key=next_key("block"),
    )


def renew(line: CreditLine, valid_until: date) -> LineFact:
    """Give the line a later last day."""
    return line_renew(
        line_id=line.pk, valid_until=valid_until, reason="Yearly review", idempotency_key=next_key("renew")
    )


def close(line: CreditLine) -> LineFact:
    """Close the line, and read it anew."""
    fact = line_close(line_id=line.pk, reason="Asked for", idempotency_key=next_key("close"))
    line.refresh_from_db()
    return fact


def test_limit_goes_up_on_request_and_the_request_is_kept(line: CreditLine) -> None:
    fact = raise_limit(line, 1_50_000_00, request())

    assert (line.limit_paise, left(line)) == (1_50_000_00, (0, 0, 1_50_000_00))
    assert fact.details == {
        "request": "Message 77",
        "requested_on": "2026-01-01",
        "requested_paise": 2 * LAKH,
        "evaluation": "Income proof seen, 24 % of income goes to instalments",
    }
    assert balances("CL")["LINE_COMMITMENT"] == 1_50_000_00
    assert_line_verified(line)


@pytest.mark.parametrize(
    ("limit_paise", "asked", "code"),
    [
        (2 * LAKH, None, "lms.limit_increase_without_request"),
        (2 * LAKH, request(reference=" "), "lms.limit_increase_without_request"),
        (2 * LAKH, request(requested_paise=0), "lms.limit_increase_without_request"),
        (2 * LAKH, request(evaluation=""), "lms.limit_increase_not_evaluated"),
        (2 * LAKH + 1, request(), "lms.limit_above_request"),
        (2 * LAKH, request(requested_on=date(2026, 1, 2)), "lms.limit_request_day_invalid"),
        (2 * LAKH, request(requested_on=date(2025, 12, 31)), "lms.limit_request_day_invalid"),
        (LAKH, request(), "lms.limit_unchanged"),
        (10_00_001_00, request(requested_paise=11 * LAKH), "lms.sanction_outside_limits"),
        (0, request(), "lms.amount_not_positive"),
    ],
)
def test_limit_increase_without_an_explicit_evaluated_request_is_refused(
    line: CreditLine, limit_paise: int, asked: LimitRequest | None, code: str
) -> None:
    with line_refused(code):
        raise_limit(line, limit_paise, asked)


def test_one_request_raises_the_limit_once(line: CreditLine) -> None:
    raise_limit(line, 1_50_000_00, request(), idempotency_key="up")

    raise_limit(line, 1_50_000_00, request(), idempotency_key="up")
    with line_refused("lms.limit_request_used"):
        raise_limit(line, 2 * LAKH, request())


def test_limit_below_what_is_drawn_leaves_nothing_available(line: CreditLine) -> None:
    draw(line, 60_000_00, LENT)

    lower_limit(line, 50_000_00)

    assert left(line) == (60_000_00, 0, 0)
    assert "LINE_COMMITMENT" not in balances("CL")
    with line_refused("lms.line_limit_exceeded"):
        draw(line, 1_000_00, LENT)
    assert_line_verified(line)


@pytest.mark.parametrize(("limit_paise", "code"), [(LAKH, "lms.limit_unchanged"), (-1, "lms.amount_not_positive")])
def test_limit_is_lowered_to_less_and_not_below_zero(line: CreditLine, limit_paise: int, code: str) -> None:
    with line_refused(code):
        lower_limit(line, limit_paise)


def test_blocked_line_is_not_drawn_on_until_it_is_unblocked(line: CreditLine) -> None:
    block(line)

    with line_refused("lms.line_blocked"):
        draw(line, 1_000_00, LENT)
    with line_refused("lms.line_already_blocked"):
        block(line)
    assert (left(line), balances("CL")) == ((0, 0, 0), {})

    line_unblock(line_id=line.pk, reason="New phone verified", idempotency_key="unblock")

    assert left(line) == (0, 0, LAKH)
    with line_refused("lms.line_not_blocked"):
        line_unblock(line_id=line.pk, reason="Again", idempotency_key="again")


def test_money_set_aside_before_a_block_or_the_last_day_has_left_and_is_booked(line: CreditLine) -> None:
    held = line_hold(
        line_id=line.pk,
        customer_id=line.customer_id,
        amount_paise=10_000_00,
        until=date(2027, 1, 2),
        idempotency_key="hold",
    )
    block(line)
    set_business_date(date(2027, 1, 1))

    draw(line, 10_000_00, date(2027, 1, 1), hold_sequence=held.sequence)

    assert left(line) == (10_000_00, 0, 0)


def test_drawdown_after_the_last_day_is_refused_until_the_line_is_renewed(line: CreditLine) -> None:
    set_business_date(VALID_UNTIL)
    draw(line, 1_000_00, VALID_UNTIL)
    set_business_date(date(2027, 1, 1))

    with line_refused("lms.line_expired"):
        draw(line, 1_000_00, VALID_UNTIL)
    assert left(line) == (1_000_00, 0, 0)
    with line_refused("lms.line_validity_invalid"):
        renew(line, date(2027, 1, 1))

    renew(line, date(2027, 12, 31))

    assert left(line) == (1_000_00, 0, 99_000_00)


def test_line_is_closed_when_nothing_is_drawn_and_stays_closed(line: CreditLine) -> None:
    loan = loan_of(draw(line, 10_000_00, LENT))
    with line_refused("lms.line_drawn"):
        close(line)
    set_business_date(date(2026, 4, 1))
    for row in loan.instalments.order_by("number"):
        receive(loan, row.due_paise, row.due_date)
    assert loan.status == "CLOSED"

    close(line)

    assert (line.closed_on, left(line)) == (date(2026, 4, 1), (0, 0, 0))
    with line_refused("lms.line_closed"):
        draw(line, 1_000_00, date(2026, 4, 1))
    with line_refused("lms.line_closed"):
        raise_limit(line, 2 * LAKH, request())
    assert_line_verified(line)


def test_line_with_money_set_aside_is_not_closed(line: CreditLine) -> None:
    line_hold(line_id=line.pk, customer_id=line.customer_id, amount_paise=1, until=LENT, idempotency_key="hold")

    with line_refused("lms.line_holds_open"):
        close(line)


def test_acts_that_need_a_reason_are_refused_without_one(line: CreditLine) -> None:
    with line_refused("lms.reason_missing"):
        line_close(line_id=line.pk, reason=" ", idempotency_key="close")
    with line_refused("lms.reason_missing"):
        line_limit_lower(line_id=line.pk, limit_paise=1, reason="", idempotency_key="down")
    with line_refused("lms.idempotency_key_missing"):
        line_close(line_id=line.pk, reason="Asked for", idempotency_key="")
