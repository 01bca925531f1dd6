"""A credit line from its sanction to its closure, in a lender's words, each balance asserted; and both clocks."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from lms.lines import LineStatementRow, line_as_of, line_statement
from lms.models import CreditLine, LineFact, Loan
from lms.services.day_end import day_end_run
from lms.services.lines.acts import LimitRequest, line_close, line_limit_lower, line_limit_raise
from lms.services.lines.commitments import commitments_true_up
from lms.services.lines.drawdowns import line_hold
from lms.services.lines.verification import line_verify, lines_verify
from tests.factories.book import assert_verified, balances, receive, reverse
from tests.factories.lines import assert_line_verified, draw, left, loan_of
from tests.factories.lms import set_business_date

LENT = date(2026, 1, 1)


def night_before(day: date) -> None:
    """Close the day before a day; the days before that are closed with it."""
    set_business_date(day - timedelta(days=1))
    day_end_run(to_date=day - timedelta(days=1))


def committed() -> int:
    """Return what the memo account of undrawn lines holds."""
    return balances("CL").get("LINE_COMMITMENT", 0)


def day_of(rows: tuple[LineStatementRow, ...], day: date) -> list[tuple[str, int, int, int]]:
    """Return what, principal, drawn and available of a day's rows."""
    return [
        (row.what, row.principal_paise, row.drawn_paise, row.available_paise) for row in rows if row.value_date == day
    ]


def test_life_of_a_credit_line(line: CreditLine) -> None:
    # Sanctioned on 1 January: 1,00,000 rupees until the end of the year.
    assert (left(line), committed()) == ((0, 0, 1_00_000_00), 1_00_000_00)

    # A payout of 40,000 is on its way: the money is set aside, then drawn.
    held = line_hold(
        line_id=line.pk,
        customer_id=line.customer_id,
        amount_paise=40_000_00,
        until=date(2026, 1, 3),
        reference="Payout 1",
        idempotency_key="hold",
    )
    assert (left(line), committed()) == ((0, 40_000_00, 60_000_00), 1_00_000_00)
    first = loan_of(draw(line, 40_000_00, LENT, hold_sequence=held.sequence, reference="OUT-1"))
    assert (left(line), committed()) == ((40_000_00, 0, 60_000_00), 60_000_00)

    # The first instalment of 1 February: 13,871 rupees, of them 815.34 interest for 31 days.
    night_before(date(2026, 2, 1))
    row = first.instalments.get(number=1)
    receive(first, row.due_paise, row.due_date)
    paid = row.due["principal"]
    assert (row.due_paise, paid, row.due["interest"]) == (13_871_00, 13_055_66, 815_34)
    assert left(line) == (40_000_00 - paid, 0, 60_000_00 + paid)
    assert committed() == 60_000_00
    commitments_true_up(today=row.due_date)
    assert committed() == 60_000_00 + paid

    # He asks for more, gets it, and draws 90,000 in February.
    line_limit_raise(
        line_id=line.pk,
        limit_paise=1_20_000_00,
        request=LimitRequest(
            reference="Letter 5", requested_on=row.due_date, requested_paise=1_50_000_00, evaluation="Paid on the day"
        ),
        idempotency_key="up",
    )
    assert left(line) == (40_000_00 - paid, 0, 80_000_00 + paid)
    second = loan_of(draw(line, 90_000_00, row.due_date, reference="OUT-2"))
    assert (left(line), committed()) == ((1_30_000_00 - paid, 0, paid - 10_000_00), paid - 10_000_00)

    # The second payout failed: the drawdown is reversed, and the limit is there again.
    reverse(second, 1)
    assert left(line) == (40_000_00 - paid, 0, 80_000_00 + paid)

    # The limit is lowered below what is drawn: nothing is available until enough is repaid.
    line_limit_lower(line_id=line.pk, limit_paise=20_000_00, reason="Lost his job", idempotency_key="down")
    assert (left(line), committed()) == ((40_000_00 - paid, 0, 0), 0)

    # Everything is repaid, and the line closed.
    for number in (2, 3):
        row = first.instalments.get(number=number)
        night_before(row.due_date)
        receive(first, row.due_paise, row.due_date)
    assert (first.status, left(line)) == ("CLOSED", (0, 0, 20_000_00))
    line_close(line_id=line.pk, reason="Asked for", idempotency_key="close")
    assert (left(line), committed(), balances("CL").get("LOAN_PRINCIPAL", 0)) == ((0, 0, 0), 0, 0)
    for loan in (first, second):
        assert_verified(loan)
    assert_line_verified(line)

    # The statement tells it by value date, and what was drawn adds up to nothing.
    rows = line_statement(line=line, to_date=date(2026, 4, 1))
    assert day_of(rows, LENT) == [
        ("Sanction", 0, 40_000_00, 60_000_00),
        ("Set aside", 0, 40_000_00, 60_000_00),
        ("Drawdown", 40_000_00, 40_000_00, 60_000_00),
    ]
    assert [what for what, *_ in day_of(rows, date(2026, 2, 1))] == [
        "Limit change",
        "Drawdown, reversed",
        "Limit change",
        "Receipt",
    ]
    assert day_of(rows, date(2026, 4, 1))[0] == ("Closure", 0, 0, 0)
    assert sum(row.principal_paise for row in rows) == 0
    assert line_statement(line=line, to_date=date(2026, 4, 1), from_date=date(2026, 4, 1)) == tuple(
        row for row in rows if row.value_date == date(2026, 4, 1)
    )


def test_line_as_of_a_day_and_as_known_at_an_instant(line: CreditLine) -> None:
    set_business_date(date(2026, 1, 10))
    draw(line, 10_000_00, date(2026, 1, 10))
    before = timezone.now()
    backdated = draw(line, 20_000_00, date(2026, 1, 5))

    def seen(as_of: date, known: bool = True) -> tuple[int, int] | None:
        found = line_as_of(line=line, as_of=as_of, known_at=None if known else before)
        return None if found is None else (found.standing.drawn_paise, found.standing.available_paise)

    assert backdated.recorded_at > before
    assert seen(date(2025, 12, 31)) is None
    assert seen(date(2026, 1, 4)) == (0, 1_00_000_00)
    assert seen(date(2026, 1, 5)) == (20_000_00, 80_000_00)
    assert seen(date(2026, 1, 5), known=False) == (0, 1_00_000_00)
    assert seen(date(2026, 1, 10)) == (30_000_00, 70_000_00)
    assert seen(date(2026, 1, 10), known=False) == (10_000_00, 90_000_00)
    assert seen(date(2027, 1, 1)) == (30_000_00, 0)


def test_class_of_the_borrower_hinders_as_of_the_days_it_lasted(line: CreditLine) -> None:
    draw(line, 10_000_00, LENT)
    night_before(date(2026, 5, 3))

    def hindrance(as_of: date) -> str | None:
        found = line_as_of(line=line, as_of=as_of)
        assert found is not None
        return found.standing.hindrance

    assert hindrance(date(2026, 5, 1)) is None
    assert hindrance(date(2026, 5, 2)) == "NON_PERFORMING"


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        ({"limit_paise": 1}, "limit_paise is 1, should be 10000000"),
        ({"is_blocked": True}, "is_blocked is True, should be False"),
        ({"valid_until": date(2030, 1, 1)}, "valid_until is 2030-01-01, should be 2026-12-31"),
        ({"fact_count": 7}, "fact_count is 7, should be 2"),
        ({"committed_paise": 5}, "committed_paise is 5, should be 9000000"),
        ({"closed_on": LENT}, "closed_on is 2026-01-01, should be None"),
    ],
)
def test_damaged_cache_of_a_line_is_found(line: CreditLine, change: dict[str, object], figure: str) -> None:
    draw(line, 10_000_00, LENT)
    CreditLine.objects.filter(pk=line.pk).update(**change)

    found = [str(item) for batch in lines_verify(today=LENT) for item in batch.differences]

    assert found == [f"Loan {line.number}: {figure}"]


def test_drawn_that_is_not_the_principal_of_the_loans_is_found(line: CreditLine) -> None:
    loan = loan_of(draw(line, 10_000_00, LENT))
    Loan.objects.filter(pk=loan.pk).update(principal_outstanding_paise=1)

    found = line_verify(line=line, today=LENT).differences

    assert [(item.figure, item.stored, item.expected) for item in found] == [("drawn", "1", "1000000")]
    assert LineFact.objects.filter(line=line).count() == 2
