"""A few credit lines with drawdowns, so that their pages have something to show."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from random import Random

from core.errors import KistError
from customers.models import Customer
from lms.demo.catalogue import GST_PCT
from lms.engine.codec import terms_to_dict
from lms.engine.terms import ChargeTerm, PenalMethod, PenalPlan, Terms
from lms.models import CreditLine
from lms.services.guards import cooling_of
from lms.services.lines.acts import BlockReason, LimitRequest, line_block, line_limit_raise
from lms.services.lines.drawdowns import DrawdownTerms, line_draw, line_hold
from lms.services.lines.opening import LineOffer, line_sanction
from lms.services.lines.rules import line_parameters_seed
from lms.services.products import product_create, product_version_publish

_LINES = 6
_KYC = "V-CIP of the demo lender"


def lines_fill(*, customer_ids: Sequence[int], effective_from: date, today: date, rng: Random) -> int:
    """Sanction lines for some customers as of the business date, draw on them, raise one limit and block one line.

    Args:
        customer_ids: who borrows; those who are behind get no drawdown, as in life.
        effective_from: when the product begins.
        today: the business date.

    Returns:
        How many lines there are.
    """
    line_parameters_seed()
    product = product_create(code="CL", name="Credit line", is_line=True)
    terms = Terms(
        principal_paise=50_000_00,
        annual_rate_pct=Decimal(22),
        instalment_count=6,
        charges=(
            ChargeTerm(code="BOUNCE", amount_paise=500_00, tax_pct=GST_PCT),
            ChargeTerm(code="STATEMENT", amount_paise=100_00, tax_pct=GST_PCT),
        ),
        penal_plan=PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(24), grace_days=3),
    )
    version = product_version_publish(
        product=product,
        terms_template=terms_to_dict(terms),
        principal_min_paise=1_000_00,
        principal_max_paise=5_00_000_00,
        rate_min_pct=Decimal(16),
        rate_max_pct=Decimal(30),
        instalment_count_min=3,
        instalment_count_max=12,
        effective_from=effective_from,
        reason="Opening of the demo lender",
    )
    lines = []
    candidates = Customer.objects.filter(pk__in=list(customer_ids)[: 3 * _LINES]).order_by("pk")
    fit = (customer for customer in candidates if not cooling_of(customer_id=customer.pk, on_date=today))
    for customer in islice(fit, _LINES):
        offer = LineOffer(
            limit_paise=rng.choice((50_000_00, 1_00_000_00, 2_00_000_00)),
            annual_rate_pct=Decimal(rng.choice((20, 22, 24))),
            valid_until=today + timedelta(days=365),
            is_kyc_full=True,
            kyc_reference=_KYC,
        )
        key = f"demo:line:{customer.pk}"
        line = line_sanction(customer=customer, product_version=version, offer=offer, idempotency_key=key)
        lines.append(line)
        _live(line, today, rng)
    if lines:
        _raise_and_block(lines, today)
    return len(lines)


def _live(line: CreditLine, today: date, rng: Random) -> None:
    """Draw once or twice, and set money aside for the next payout; a borrower who is behind is refused."""
    try:
        for number in range(rng.choice((1, 2))):
            drawdown = DrawdownTerms(
                amount_paise=line.limit_paise // rng.choice((4, 5)),
                instalment_count=rng.choice((3, 6, 9)),
                value_date=today,
                reference=f"DEMO-OUT-{line.pk}-{number}",
            )
            line_draw(
                line_id=line.pk,
                customer_id=line.customer_id,
                drawdown=drawdown,
                idempotency_key=f"demo:draw:{line.pk}:{number}",
            )
        line_hold(
            line_id=line.pk,
            customer_id=line.customer_id,
            amount_paise=5_000_00,
            until=today + timedelta(days=7),
            reference="Payout on its way",
            idempotency_key=f"demo:hold:{line.pk}",
        )
    except KistError:
        return


def _raise_and_block(lines: Sequence[CreditLine], today: date) -> None:
    line_block(
        line_id=lines[-1].pk,
        block_reason=BlockReason.KYC_DUE,
        reason="Papers run out this month",
        idempotency_key="demo:block",
    )
    request = LimitRequest(
        reference="Message of the borrower",
        requested_on=today,
        requested_paise=2 * lines[0].limit_paise,
        evaluation="Income proof seen; instalments stay below 40 % of income",
    )
    try:
        line_limit_raise(
            line_id=lines[0].pk,
            limit_paise=lines[0].limit_paise * 3 // 2,
            request=request,
            idempotency_key="demo:raise",
        )
    except KistError:
        return
