"""Drawing on a line: loans of their own, what they leave of the limit, and what restores it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from core.models import AuditEntry
from lms.engine.terms import Component
from lms.models import CreditLine, LineFact, Loan
from lms.services.lines.drawdowns import DrawdownTerms, line_draw, line_hold, line_release
from lms.services.loans import loan_disburse
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified, balances, receive, reverse
from tests.factories.lines import (
    assert_line_verified,
    draw,
    left,
    line_refused,
    loan_of,
    make_line,
    standing,
)
from tests.factories.lms import (
    make_customer,
    make_sanctioned_loan,
    make_version,
    next_key,
    set_business_date,
)

LENT = date(2026, 1, 1)
LAKH = 1_00_000_00


def hold(line: CreditLine, amount_paise: int, until: date = date(2026, 1, 3)) -> LineFact:
    """Set money of the line aside."""
    fact = line_hold(
        line_id=line.pk,
        customer_id=line.customer_id,
        amount_paise=amount_paise,
        until=until,
        idempotency_key=next_key("hold"),
    )
    line.refresh_from_db()
    return fact


def test_sanction_lends_nothing_and_books_the_commitment_off_the_balance_sheet(line: CreditLine) -> None:
    assert (line.number, line.limit_paise, line.opened_on) == ("C00000001", LAKH, LENT)
    assert left(line) == (0, 0, LAKH)
    assert balances("CL") == {"LINE_COMMITMENT": LAKH, "LINE_COMMITMENT_CONTRA": -LAKH}
    assert_line_verified(line)


def test_drawdown_is_a_loan_of_its_own_with_its_own_schedule(line: CreditLine) -> None:
    fact = draw(line, 30_000_00, LENT)

    loan = loan_of(fact)
    assert (loan.customer_id, loan.product_code, loan.principal_paise) == (line.customer_id, "CL", 30_000_00)
    assert (loan.annual_rate_pct, loan.status, loan.instalments.count()) == (Decimal(24), "ACTIVE", 3)
    assert left(line) == (30_000_00, 0, 70_000_00)
    assert (balances("CL")["LINE_COMMITMENT"], balances("CL")["LOAN_PRINCIPAL"]) == (70_000_00, 30_000_00)
    assert_verified(loan)
    assert_line_verified(line)


def test_repaid_principal_is_available_again_and_interest_is_not_counted(line: CreditLine) -> None:
    loan = loan_of(draw(line, 30_000_00, LENT))
    due = loan.instalments.get(number=1)
    set_business_date(due.due_date)

    receive(loan, due.due_paise, due.due_date)

    # 31 days of 24 % on 30,000.
    assert due.due["interest"] == 611_51
    assert left(line) == (30_000_00 - due.due["principal"], 0, 70_000_00 + due.due["principal"])


def test_reversed_drawdown_restores_the_limit_and_is_not_paid_out_again(line: CreditLine) -> None:
    loan = loan_of(draw(line, 30_000_00, LENT))

    reverse(loan, 1)

    assert left(line) == (0, 0, LAKH)
    with line_refused("lms.drawdown_by_line_only"):
        loan_disburse(
            loan_id=loan.pk, amount_paise=30_000_00, value_date=LENT, reference="AGAIN", idempotency_key="again"
        )
    assert draw(line, LAKH, LENT).amount_paise == LAKH


def test_reversed_receipt_takes_the_limit_back_and_may_leave_the_line_above_it(line: CreditLine) -> None:
    loan = loan_of(draw(line, LAKH, LENT))
    due = loan.instalments.get(number=1)
    set_business_date(due.due_date)
    receipt = receive(loan, due.due_paise, due.due_date)
    draw(line, due.due["principal"], due.due_date)

    reverse(loan, receipt.sequence)

    assert left(line) == (LAKH + due.due["principal"], 0, 0)
    assert standing(line).over_limit_paise == due.due["principal"]


def test_waived_principal_does_not_come_back_to_the_limit(line: CreditLine) -> None:
    loan = loan_of(draw(line, 30_000_00, LENT))
    due_on = loan.instalments.get(number=1).due_date
    set_business_date(due_on)

    waiver_grant(
        loan_id=loan.pk,
        component=Component.PRINCIPAL,
        amount_paise=1_000_00,
        value_date=due_on,
        reason="Goodwill",
        idempotency_key="waive",
    )

    assert (standing(line).given_up_paise, left(line)) == (1_000_00, (29_000_00, 0, 70_000_00))
    assert_line_verified(line)


def test_more_than_is_available_is_refused_and_exactly_that_is_not(line: CreditLine) -> None:
    draw(line, 60_000_00, LENT)

    with line_refused("lms.line_limit_exceeded"):
        draw(line, 40_000_01, LENT)

    draw(line, 40_000_00, LENT)
    assert left(line) == (LAKH, 0, 0)


def test_same_key_draws_once_and_other_content_is_refused(line: CreditLine) -> None:
    first = draw(line, 10_000_00, LENT, key="once", reference="OUT-1")

    assert draw(line, 10_000_00, LENT, key="once", reference="OUT-1") == first
    assert Loan.objects.count() == 1
    with line_refused("lms.idempotency_key_reused"):
        draw(line, 10_000_01, LENT, key="once", reference="OUT-1")


def test_one_payout_is_one_drawdown(line: CreditLine) -> None:
    draw(line, 10_000_00, LENT, reference="OUT-1")

    with line_refused("lms.reference_reused"):
        draw(line, 20_000_00, LENT, reference="out-1")


def test_drawdown_on_anothers_line_is_refused(line: CreditLine) -> None:
    stranger = make_customer()

    with line_refused("lms.line_of_other_customer"):
        line_draw(
            line_id=line.pk,
            customer_id=stranger.pk,
            drawdown=DrawdownTerms(amount_paise=1_000_00, instalment_count=3, value_date=LENT, reference="OUT"),
            idempotency_key="theft",
        )
    with line_refused("lms.line_of_other_customer"):
        line_hold(line_id=line.pk, customer_id=stranger.pk, amount_paise=1, until=LENT, idempotency_key="theft")
    with line_refused("lms.line_unknown"):
        draw(CreditLine(pk=999_999, customer_id=stranger.pk), 1_000_00, LENT)


@pytest.mark.parametrize("amount_paise", [0, -1])
def test_amount_of_zero_or_less_is_refused(line: CreditLine, amount_paise: int) -> None:
    with line_refused("lms.amount_not_positive"):
        draw(line, amount_paise, LENT)
    with line_refused("lms.amount_not_positive"):
        hold(line, amount_paise)
    with line_refused("lms.amount_not_positive"):
        make_line(customer=line.customer, version=line.product_version, limit_paise=amount_paise)


@pytest.mark.parametrize(
    ("value_date", "code"),
    [(date(2026, 1, 2), "lms.value_date_in_future"), (date(2025, 12, 31), "lms.value_date_before_sanction")],
)
def test_drawdown_outside_the_books_is_refused(line: CreditLine, value_date: date, code: str) -> None:
    with line_refused(code):
        draw(line, 10_000_00, value_date)


def test_drawdown_outside_the_products_limits_is_refused(line: CreditLine) -> None:
    with line_refused("lms.sanction_outside_limits"):
        draw(line, 999_99, LENT)
    with line_refused("lms.sanction_outside_limits"):
        draw(line, 10_000_00, LENT, instalment_count=121)


def test_money_set_aside_is_not_available_and_a_drawdown_uses_it(line: CreditLine) -> None:
    held = hold(line, 60_000_00)
    assert left(line) == (0, 60_000_00, 40_000_00)
    with line_refused("lms.line_limit_exceeded"):
        draw(line, 40_000_01, LENT)
    with line_refused("lms.line_hold_differs"):
        draw(line, 50_000_00, LENT, hold_sequence=held.sequence)

    draw(line, 60_000_00, LENT, hold_sequence=held.sequence)

    assert left(line) == (60_000_00, 0, 40_000_00)
    with line_refused("lms.line_hold_over"):
        draw(line, 60_000_00, LENT, hold_sequence=held.sequence)
    with line_refused("lms.line_hold_unknown"):
        draw(line, 60_000_00, LENT, hold_sequence=1)
    assert_line_verified(line)


def test_released_or_run_out_money_is_available_again(line: CreditLine) -> None:
    held = hold(line, 60_000_00)
    hold(line, 30_000_00, until=LENT)

    line_release(line_id=line.pk, hold_sequence=held.sequence, reason="Payout failed", idempotency_key="back")

    assert left(line) == (0, 30_000_00, 70_000_00)
    with line_refused("lms.line_hold_over"):
        line_release(line_id=line.pk, hold_sequence=held.sequence, reason="Again", idempotency_key="again")
    set_business_date(date(2026, 1, 2))
    assert left(line) == (0, 0, LAKH)


def test_hold_cannot_end_before_it_begins(line: CreditLine) -> None:
    with line_refused("lms.line_validity_invalid"):
        hold(line, 1_000_00, until=date(2025, 12, 31))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"is_kyc_full": False}, "lms.line_needs_full_kyc"),
        ({"kyc_reference": " "}, "lms.line_needs_full_kyc"),
        ({"limit_paise": 10_00_000_00 + 1}, "lms.sanction_outside_limits"),
        ({"annual_rate_pct": Decimal("48.5")}, "lms.sanction_outside_limits"),
        ({"valid_until": LENT}, "lms.line_validity_invalid"),
    ],
)
def test_line_outside_the_rules_is_not_sanctioned(line: CreditLine, changed: dict[str, Any], code: str) -> None:
    with line_refused(code):
        make_line(customer=line.customer, version=line.product_version, **changed)


def test_same_key_sanctions_once(line: CreditLine) -> None:
    customer = make_customer()
    first = make_line(customer=customer, version=line.product_version, key="once")

    assert make_line(customer=customer, version=line.product_version, key="once") == first
    with line_refused("lms.idempotency_key_reused"):
        make_line(customer=customer, version=line.product_version, key="once", limit_paise=1_000_00)


def test_products_of_lines_and_of_loans_are_not_mixed(line: CreditLine) -> None:
    with line_refused("lms.loan_product_needed"):
        make_sanctioned_loan(customer=line.customer, version=line.product_version)
    version = make_version()
    with line_refused("lms.line_product_needed"):
        make_line(customer=line.customer, version=version)


def test_facts_of_a_line_are_kept_and_told_to_the_audit_trail(line: CreditLine) -> None:
    draw(line, 10_000_00, LENT)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LineFact.objects.filter(line=line).update(amount_paise=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LineFact.objects.all()._raw_delete("default")
    actions = AuditEntry.objects.filter(object_type="lms.creditline").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["lms.line_sanction", "lms.line_draw"]
