"""Callers at the same moment on one line: together they never draw more than the limit."""

from collections import Counter
from datetime import date
from functools import partial

import pytest
from django.db import connection

from lms.models import CreditLine, LineFact, Loan
from lms.services.lines.acts import line_limit_lower
from lms.services.lines.drawdowns import line_hold
from lms.services.receipts import receipt_post
from tests.callers import at_once
from tests.factories.book import assert_verified
from tests.factories.lines import assert_line_verified, draw, left, loan_of, make_line, make_line_version
from tests.factories.lms import make_customer, set_business_date

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

TODAY = date(2026, 1, 1)
CALLERS = 64
levels = pytest.mark.parametrize("_isolation", ["read committed", "repeatable read", "serializable"], indirect=True)


@pytest.fixture(autouse=True)
def _isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads' connections run at a level; ours in production is the first."""
    monkeypatch.setitem(
        connection.settings_dict["OPTIONS"], "isolation_level", getattr(request, "param", "read committed")
    )


@pytest.fixture
def line(transactional_db: None) -> CreditLine:
    """Return a line of 1,00,000 rupees, committed."""
    set_business_date(TODAY)
    return make_line()


@levels
def test_drawdowns_at_once_never_exceed_the_limit(line: CreditLine) -> None:
    results = at_once(*(partial(draw, line, 10_000_00, TODAY, key=f"draw-{n}") for n in range(CALLERS)))

    codes = Counter(result for result in results if isinstance(result, str))
    assert codes == {"lms.line_limit_exceeded": CALLERS - 10}
    assert sum(isinstance(result, LineFact) for result in results) == 10
    assert left(line) == (1_00_000_00, 0, 0)
    assert list(LineFact.objects.order_by("sequence").values_list("sequence", flat=True)) == [*range(1, 12)]
    assert_line_verified(line)


def test_one_key_from_many_callers_is_one_drawdown(line: CreditLine) -> None:
    call = partial(draw, line, 10_000_00, TODAY, key="once", reference="OUT-1")

    results = at_once(*[call] * 12)

    assert len(set(results)) == 1
    assert Loan.objects.count() == 1
    assert left(line) == (10_000_00, 0, 90_000_00)


def test_holds_drawdowns_and_a_lower_limit_at_once_leave_nothing_above_it(line: CreditLine) -> None:
    hold = partial(line_hold, line_id=line.pk, customer_id=line.customer_id, amount_paise=10_000_00, until=TODAY)
    lower = partial(line_limit_lower, line_id=line.pk, limit_paise=50_000_00, reason="Review", idempotency_key="down")

    results = at_once(
        *(partial(draw, line, 10_000_00, TODAY, key=f"draw-{n}") for n in range(8)),
        lower,
        *(partial(hold, idempotency_key=f"hold-{n}") for n in range(8)),
    )

    drawn, held, available = left(line)
    before_lowering = LineFact.objects.get(kind="LIMIT").sequence - 2
    assert isinstance(results[8], LineFact)
    assert drawn + held == 10_000_00 * max(before_lowering, 5)
    assert available == 0
    assert_line_verified(line)


def test_receipts_and_drawdowns_of_one_customer_at_once_add_up(line: CreditLine) -> None:
    loan = loan_of(draw(line, 50_000_00, TODAY))
    pay = partial(receipt_post, loan_id=loan.pk, amount_paise=100_00, value_date=TODAY)

    results = at_once(
        *(partial(pay, reference=f"IN-{n}", idempotency_key=f"pay-{n}") for n in range(8)),
        *(partial(draw, line, 10_000_00, TODAY, key=f"draw-{n}") for n in range(8)),
    )

    assert results.count("lms.line_limit_exceeded") == 3
    assert left(line) == (1_00_000_00, 0, 0)
    loan.refresh_from_db()
    assert loan.excess_paise == 800_00
    assert_verified(loan)
    assert_line_verified(line)


def test_first_drawdowns_on_two_lines_of_one_customer_wait_for_each_other(transactional_db: None) -> None:
    set_business_date(TODAY)
    customer, version = make_customer(), make_line_version()
    lines = [make_line(customer=customer, version=version) for _ in range(2)]

    results = at_once(*(partial(draw, lines[n % 2], 20_000_00, TODAY, key=f"draw-{n}") for n in range(12)))

    assert results.count("lms.line_limit_exceeded") == 2
    assert [left(line) for line in lines] == [(1_00_000_00, 0, 0)] * 2


def test_one_key_sanctions_one_line(transactional_db: None) -> None:
    set_business_date(TODAY)
    sanction = partial(make_line, customer=make_customer(), version=make_line_version(), key="once")

    lines = at_once(*[sanction] * 8)

    assert len(set(lines)) == 1
    assert CreditLine.objects.count() == LineFact.objects.count() == 1
