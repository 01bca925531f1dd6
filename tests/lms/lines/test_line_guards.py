"""No drawdown pays its customer's own dues, and nobody who is behind gets new money."""

from datetime import date, timedelta
from functools import partial

import pytest

from core.errors import KistError
from lms.models import ClassificationEntry, CreditLine, LineParameters, Loan
from lms.services.customer_merges import customers_merge
from lms.services.day_end import day_end_run
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.lines.acts import LimitRequest, line_limit_raise, line_renew
from lms.services.lines.commitments import commitments_true_up
from lms.services.lines.drawdowns import line_hold
from lms.services.lines.rules import LineRule, line_parameters_publish, line_parameters_seed, line_rule_on
from lms.services.settlements import settlement_post
from lms.services.transfers import excess_transfer
from tests.factories.book import assert_verified, balances, receive, reverse
from tests.factories.lines import assert_line_verified, draw, left, line_refused, loan_of, make_line, standing
from tests.factories.lms import make_customer, make_loan, make_version, next_key, set_business_date

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)


@pytest.fixture
def other(line: CreditLine) -> Loan:
    """Return a personal loan of the line's customer; its first instalment of 11,348 is due on 1 February 2026."""
    return make_loan(customer=line.customer, version=make_version())


def publish(effective_from: date, **changed: int) -> LineParameters:
    """Publish guards."""
    return line_parameters_publish(
        effective_from=effective_from, rule=LineRule(**changed), source="Board of 1 March", reason="New policy"
    )


def test_no_drawdown_while_dues_are_overdue_on_any_loan_of_the_customer(line: CreditLine, other: Loan) -> None:
    set_business_date(DUE)
    draw(line, 1_000_00, DUE)
    set_business_date(date(2026, 2, 2))

    with line_refused("lms.drawdown_while_overdue"):
        draw(line, 1_000_00, date(2026, 2, 2))

    receive(other, 11_348_00, date(2026, 2, 2))
    draw(line, 1_000_00, date(2026, 2, 2))
    assert left(line) == (2_000_00, 0, 98_000_00)


def test_guard_against_overdue_dues_is_a_dated_row(line: CreditLine, other: Loan) -> None:
    publish(date(2026, 2, 2), refuse_from_days_past_due=3)
    set_business_date(date(2026, 2, 3))

    draw(line, 1_000_00, date(2026, 2, 3))

    set_business_date(date(2026, 2, 4))
    with line_refused("lms.drawdown_while_overdue"):
        draw(line, 1_000_00, date(2026, 2, 4))


def test_no_drawdown_pays_own_dues_by_its_payout_reference(line: CreditLine, other: Loan) -> None:
    set_business_date(DUE)
    drawn = loan_of(draw(line, 11_348_00, DUE, reference="UTR-OUT"))

    for loan, channel in ((other, "BANK"), (other, "UPI"), (drawn, "BANK")):
        with line_refused("lms.drawdown_pays_own_dues"):
            receive(loan, 11_348_00, DUE, reference="utr-out", channel=channel)

    receive(other, 11_348_00, DUE, reference="UTR-OWN")
    assert other.overdue_paise == 0


def test_no_drawdown_pays_own_dues_by_foreclosing_with_its_payout(line: CreditLine, other: Loan) -> None:
    draw(line, 90_000_00, LENT, reference="UTR-OUT")
    quote = foreclosure_quote(loan=other, on_date=LENT)

    with line_refused("lms.drawdown_pays_own_dues"):
        loan_foreclose(
            loan_id=other.pk,
            amount_paise=quote.total_paise,
            value_date=LENT,
            reference="UTR-OUT",
            idempotency_key="foreclose",
        )


def test_payout_of_a_stranger_is_no_matter_of_this_customer(line: CreditLine, other: Loan) -> None:
    stranger = make_line(version=line.product_version)
    draw(stranger, 1_000_00, LENT, reference="UTR-OUT")

    receive(other, 1_000_00, LENT, reference="UTR-OUT")

    assert other.excess_paise == 1_000_00


def test_money_that_came_back_may_be_posted_once_the_drawdown_is_reversed(line: CreditLine, other: Loan) -> None:
    drawn = loan_of(draw(line, 1_000_00, LENT, reference="UTR-OUT"))
    reverse(drawn, 1)

    receive(other, 1_000_00, LENT, reference="UTR-OUT")

    assert other.excess_paise == 1_000_00


def test_no_drawdown_pays_own_dues_by_keeping_part_of_the_payout_back(line: CreditLine, other: Loan) -> None:
    with line_refused("lms.drawdown_not_whole"):
        draw(line, 20_000_00, LENT, kept_back_paise=11_348_00)


def test_no_drawdown_pays_own_dues_by_a_transfer_of_its_excess(line: CreditLine, other: Loan) -> None:
    set_business_date(DUE)
    drawn = loan_of(draw(line, 20_000_00, DUE))
    receive(drawn, 12_000_00, DUE)
    move = partial(
        excess_transfer, from_loan_id=drawn.pk, to_loan_id=other.pk, amount_paise=11_348_00, reason="Asked for"
    )

    with line_refused("lms.drawdown_pays_own_dues"):
        move(value_date=DUE, idempotency_key=next_key("move"))

    later = DUE + timedelta(days=30)
    set_business_date(later)
    receive(drawn, 12_000_00, later)
    move(value_date=later, idempotency_key=next_key("move"))
    assert_verified(other)


def test_excess_of_another_loan_may_pay_a_drawdown(line: CreditLine, other: Loan) -> None:
    drawn = loan_of(draw(line, 20_000_00, LENT))
    receive(other, 5_000_00, LENT)

    excess_transfer(
        from_loan_id=other.pk,
        to_loan_id=drawn.pk,
        amount_paise=5_000_00,
        value_date=LENT,
        reason="Asked for",
        idempotency_key="move",
    )

    drawn.refresh_from_db()
    assert drawn.excess_paise == 5_000_00


def test_non_performing_borrower_blocks_the_line_and_draws_its_loans_along(line: CreditLine, other: Loan) -> None:
    drawn = loan_of(draw(line, 20_000_00, LENT))
    for number in (1, 2, 3):
        row = drawn.instalments.get(number=number)
        set_business_date(row.due_date)
        receive(drawn, row.due_paise, row.due_date)
    set_business_date(date(2026, 4, 1))
    again = loan_of_line(line, 10_000_00)
    set_business_date(date(2026, 5, 2))
    day_end_run(to_date=date(2026, 5, 2))

    again.refresh_from_db()
    other.refresh_from_db()
    assert (other.asset_class, again.asset_class) == ("SUB_STANDARD", "SUB_STANDARD")
    entry = ClassificationEntry.objects.get(loan=again, asset_class="SUB_STANDARD")
    assert (entry.caused_by_id, entry.on_date) == (other.pk, date(2026, 5, 2))
    assert (standing(line).hindrance, left(line)[2]) == ("NON_PERFORMING", 0)
    with line_refused("lms.line_borrower_non_performing"):
        draw(line, 1_000_00, date(2026, 5, 3))
    with line_refused("lms.line_borrower_non_performing"):
        line_renew(line_id=line.pk, valid_until=date(2027, 6, 1), reason="Review", idempotency_key="renew")


def loan_of_line(line: CreditLine, amount_paise: int) -> Loan:
    """Draw on 1 April 2026 although a personal loan is behind: the policy of the test allows it."""
    publish(date(2026, 4, 1), refuse_from_days_past_due=9999)
    return loan_of(draw(line, amount_paise, date(2026, 4, 1)))


def test_nothing_is_drawn_for_a_year_after_a_settlement(line: CreditLine, other: Loan) -> None:
    settlement_post(
        loan_id=other.pk,
        amount_paise=50_000_00,
        value_date=LENT,
        reference="UTR-SETTLE",
        reason="Compromise",
        idempotency_key="settle",
    )

    for day in (LENT, date(2026, 12, 31)):
        set_business_date(day)
        with line_refused("lms.customer_cooling_off"):
            draw(line, 1_000_00, day)

    set_business_date(date(2027, 1, 1))
    with line_refused("lms.line_expired"):
        draw(line, 1_000_00, date(2027, 1, 1))


def test_guards_hold_for_money_set_aside_and_for_a_higher_limit_too(line: CreditLine, other: Loan) -> None:
    set_business_date(date(2026, 2, 2))

    with line_refused("lms.drawdown_while_overdue"):
        line_hold(
            line_id=line.pk,
            customer_id=line.customer_id,
            amount_paise=1_000_00,
            until=date(2026, 2, 3),
            idempotency_key="hold",
        )
    with line_refused("lms.drawdown_while_overdue"):
        line_limit_raise(
            line_id=line.pk,
            limit_paise=2_00_000_00,
            request=LimitRequest(
                reference="Message 1", requested_on=LENT, requested_paise=2_00_000_00, evaluation="Income seen"
            ),
            idempotency_key="up",
        )


def test_commitment_follows_repayment_expiry_and_class_when_it_is_trued_up(line: CreditLine) -> None:
    loan = loan_of(draw(line, 30_000_00, LENT))
    row = loan.instalments.get(number=1)
    set_business_date(row.due_date)
    receive(loan, row.due_paise, row.due_date)
    assert balances("CL")["LINE_COMMITMENT"] == 70_000_00

    assert (commitments_true_up(today=row.due_date), commitments_true_up(today=row.due_date)) == (1, 0)

    assert balances("CL")["LINE_COMMITMENT"] == 70_000_00 + row.due["principal"]
    assert_line_verified(line)
    set_business_date(date(2027, 1, 1))
    commitments_true_up(today=date(2027, 1, 1))
    assert "LINE_COMMITMENT" not in balances("CL")
    assert_line_verified(line)


def test_guards_are_published_once_a_day_and_never_for_closed_days(db: None) -> None:
    set_business_date(LENT)
    line_parameters_seed()
    line_parameters_seed()
    assert line_rule_on(day=LENT) == LineRule(refuse_from_days_past_due=1, own_dues_days=30)

    publish(DUE, own_dues_days=60)

    assert line_rule_on(day=DUE - timedelta(days=1)).own_dues_days == 30
    assert line_rule_on(day=DUE).own_dues_days == 60
    for day, days, code in (
        (DUE, 1, "lms.line_parameters_date_taken"),
        (LENT - timedelta(days=1), 1, "lms.line_parameters_in_past"),
        (LENT, 0, "lms.line_parameters_invalid"),
    ):
        with pytest.raises(KistError) as caught:
            publish(day, refuse_from_days_past_due=days)
        assert caught.value.code == code
    assert LineParameters.objects.count() == 2


def test_no_drawdown_pays_own_dues_after_its_customer_was_merged(line: CreditLine, other: Loan) -> None:
    draw(line, 1_000_00, LENT, reference="UTR-OUT")
    survivor = make_customer()
    own = make_loan(customer=survivor, version=other.product_version)

    customers_merge(
        survivor_id=survivor.pk, absorbed_id=line.customer_id, reason="Same person", idempotency_key="merge"
    )

    line.refresh_from_db()
    assert (line.customer_id, left(line)) == (survivor.pk, (1_000_00, 0, 99_000_00))
    with line_refused("lms.drawdown_pays_own_dues"):
        receive(own, 1_000_00, LENT, reference="UTR-OUT")
    draw(line, 2_000_00, LENT)
    assert_line_verified(line)
