"""Random lives of two lines of one customer: drawn, held and available always add up to the limit."""

from contextlib import suppress
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.business_date import business_date
from core.errors import KistError
from lms.models import CreditLine, Loan
from lms.services.lines.acts import BlockReason, line_block, line_limit_lower, line_unblock
from lms.services.lines.commitments import commitments_true_up
from lms.services.lines.drawdowns import line_hold
from tests.factories.book import balances, receive, reverse
from tests.factories.lines import assert_line_verified, draw, make_line, standing
from tests.factories.lms import next_key, set_business_date

LAKH = 1_00_000_00
AMOUNTS = st.integers(1_000_00, LAKH)
ACTS = st.one_of(
    st.tuples(st.just("draw"), AMOUNTS),
    st.tuples(st.just("hold"), AMOUNTS),
    st.tuples(st.just("draw held"), AMOUNTS),
    st.tuples(st.just("pay"), AMOUNTS),
    st.tuples(st.just("reverse"), st.integers(1, 3)),
    st.tuples(st.just("lower"), AMOUNTS),
    st.tuples(st.just("block"), st.just(0)),
    st.tuples(st.just("unblock"), st.just(0)),
    st.tuples(st.just("later"), st.integers(1, 20)),
)


def do(line: CreditLine, act: str, value: int) -> None:
    """Do one act on the line or on its latest drawdown; a refusal is a life too."""
    today = business_date()
    loan = Loan.objects.filter(line_fact__line=line).order_by("-pk").first()
    holds = list(line.facts.filter(kind="HOLD"))
    match act, loan, holds:
        case "draw", _, _:
            draw(line, value, today)
        case "hold", _, _:
            until = today + timedelta(days=5)
            line_hold(
                line_id=line.pk,
                customer_id=line.customer_id,
                amount_paise=value,
                until=until,
                idempotency_key=next_key("hold"),
            )
        case "draw held", _, [*_, hold]:
            draw(line, hold.amount_paise, today, hold_sequence=hold.sequence)
        case "pay", Loan(), _:
            receive(loan, value, today)
        case "reverse", Loan(), _:
            reverse(loan, value)
        case "lower", _, _:
            line_limit_lower(line_id=line.pk, limit_paise=value, reason="Review", idempotency_key=next_key("down"))
        case "block", _, _:
            line_block(
                line_id=line.pk, block_reason=BlockReason.OTHER, reason="Look", idempotency_key=next_key("block")
            )
        case "unblock", _, _:
            line_unblock(line_id=line.pk, reason="Seen", idempotency_key=next_key("unblock"))
        case "later", _, _:
            set_business_date(today + timedelta(days=value))


class LineLives(TestCase):
    """The same invariants after every act."""

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(acts=st.lists(st.tuples(st.integers(0, 1), ACTS), min_size=3, max_size=12))
    def test_what_is_drawn_held_and_available_never_passes_the_limit(
        self, acts: list[tuple[int, tuple[str, int]]]
    ) -> None:
        set_business_date(date(2026, 1, 1))
        first = make_line()
        lines = [first, make_line(customer=first.customer, version=first.product_version)]

        for place, (act, value) in acts:
            before = standing(lines[place])
            with suppress(KistError):
                do(lines[place], act, value)
            after = standing(lines[place])
            principal = Loan.objects.filter(line_fact__line=lines[place]).values_list(
                "principal_outstanding_paise", flat=True
            )
            assert after.drawn_paise == sum(principal)
            assert after.available_paise >= 0
            # Only a lower limit, or money that turned out not to have come, leaves a line above its limit.
            is_meant = act in {"lower", "reverse", "draw held"}
            assert is_meant or after.over_limit_paise <= before.over_limit_paise

        commitments_true_up(today=business_date())
        undrawn = sum(standing(line).undrawn_paise for line in lines)
        assert balances("CL").get("LINE_COMMITMENT", 0) == undrawn
        for line in lines:
            assert_line_verified(line)
